"""A tracked mail is opened and clicked in a browser until its lead is hot; the way out works with and without script."""

import json

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import PHONE
from tests.browser.stage import until

MAIL = """
import json
from accounts.models import User
from intent.tracking.links import wrap
from leads.models import Lead
from lio.tenancy import org_scope
organization = User.objects.get(email="ada@acme.example").organization
with org_scope(organization):
    mail = wrap(organization, Lead.objects.get(email={email!r}), {html!r}, message_id={message})
print(json.dumps([mail.html, mail.unsubscribe_url]))
"""
AGENT = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"
HTML = ('<h1>Our offer</h1><p><a href="http://shop.example/prices">Prices</a> and '
        '<a href="http://shop.example/demo">a demo</a></p>')


def a_mail(stage, acme, name, message):
    """(HTML of a mail to a new lead, address of its way out)."""
    email = f"{name}@mailed.example".lower()
    acme.lead(first_name=name, last_name="Mailed", email=email)
    return json.loads(stage.manage("shell", "-v", "0", "-c", MAIL.format(email=email, html=HTML, message=message)))


def test_from_a_tracked_mail_to_a_hot_lead(visit, stage, acme):
    html, _ = a_mail(stage, acme, "Opens", 501)
    reader = visit(user_agent=AGENT)  # its own says that it is headless, which makes it a scanner
    reader.route("http://shop.example/*", lambda route: route.fulfill(content_type="text/html", body="<h1>Shop</h1>"))
    reader.route("http://webmail.example/", lambda route: route.fulfill(content_type="text/html", body=html))
    for _ in range(3):
        with reader.expect_response("**/track/open/*") as picture:
            reader.goto("http://webmail.example/")
        assert picture.value.status == 200
    for link in ("Prices", "a demo"):
        reader.goto("http://webmail.example/")
        reader.get_by_role("link", name=link).click()
        expect(reader.get_by_role("heading", name="Shop")).to_be_visible()
    assert reader.url == "http://shop.example/demo" and reader.context.cookies() == []

    def hot():
        return [one for one in acme.get("/api/intent-alert/hot-leads?limit=100") if one["email"] == "opens@mailed.example"]

    until(hot, 30, stage.log)
    assert hot()[0]["intent_score"] >= 55
    alerts = acme.get(f"/api/intent-alert/lead/{hot()[0]['lead_id']}")
    assert {"email_opened", "email_opened_3x", "link_clicked"} == {one["signal_type"] for one in alerts}
    page = visit("ada@acme.example")
    page.goto("/hot/")
    row = page.locator("tr", has_text="Opens Mailed")
    expect(row).to_contain_text("E-mail opened three times")
    row.locator("summary").click()
    row.get_by_role("button", name="Called").click()
    expect(row).to_contain_text("Answered")
    assert all(one["is_acknowledged"] for one in acme.get(f"/api/intent-alert/lead/{hot()[0]['lead_id']}"))


@pytest.mark.parametrize("scripted", [True, False], ids=["with script", "without script"])
def test_the_way_out_and_back(visit, stage, acme, scripted):
    name = "Leaves" if scripted else "Goes"
    _, address = a_mail(stage, acme, name, 502 + scripted)

    def said():
        [lead] = [one for one in acme.get(f"/api/lead/list?search_value={name}&limit=100") if one["first_name"] == name]
        return lead["do_not_contact"]

    page = visit(java_script_enabled=scripted, viewport=PHONE)
    page.goto(address)
    assert said() is False
    page.get_by_role("button", name="Unsubscribe").click()
    expect(page.get_by_role("status")).to_contain_text("You will get no more mail")
    assert said() is True
    page.get_by_role("button", name="That was a mistake").click()
    expect(page.get_by_role("status")).to_contain_text("You will get mail again")
    assert said() is False and page.context.cookies() == []


def test_the_pages_of_the_way_out_are_sound(visit, stage, acme, sound):
    _, address = a_mail(stage, acme, "Sound", 510)
    page, found = visit(), []
    for step in (None, "Unsubscribe", "That was a mistake", "/api/v1/track/click/nothing"):
        if step is None or step.startswith("/"):
            page.goto(step or address)
        else:
            page.get_by_role("button", name=step).click()
            expect(page.get_by_role("status")).to_be_visible()
        found += sound(page)
    assert not found, "\n".join(found)
