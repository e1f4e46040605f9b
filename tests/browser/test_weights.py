"""The weights of signals in a real browser: changed, previewed on the leads that were won and lost, saved, taken back."""

import re

from playwright.sync_api import expect


def test_a_weight_is_changed_previewed_saved_and_taken_back(visit, acme):
    lead = acme.lead(first_name="Wanda", last_name="Won", email="wanda@won.example")
    acme.post("/api/intent-alert/signal", {"lead_id": lead, "signal_type": "manual"})
    acme.post(f"/api/lead/update/{lead}", {"status": 5})
    page = visit("ada@acme.example")
    page.goto("/settings/signals")
    weight = page.get_by_label("Noted by hand")
    expect(weight).to_have_value("25")
    weight.fill("60")
    page.get_by_role("button", name="Preview").click()
    past = page.get_by_role("region", name="On the leads that you won and lost")
    expect(past.get_by_role("row", name="Hot before they were won").get_by_role("cell")).to_have_text(
        [re.compile(r"^Hot before they were won, of \d+$"), "0", "1"])  # others may have won leads without signals
    now, then = (float(text) for text in past.get_by_role("row", name="Engagement of won leads").get_by_role("cell")
                 .all_inner_texts()[1:])
    assert 0 < now < then <= 60
    assert acme.get("/api/intent-alert/settings")["weights"]["manual"] == 25  # nothing is saved yet
    page.get_by_role("button", name="Save", exact=True).first.click()
    expect(page.locator("#toasts")).to_contain_text("The weights are saved.")
    assert acme.get("/api/intent-alert/settings")["weights"]["manual"] == 60
    page.locator("#toasts").get_by_role("button", name="Undo").click()
    expect(weight).to_have_value("25")
    assert acme.get("/api/intent-alert/settings")["weights"]["manual"] == 25
