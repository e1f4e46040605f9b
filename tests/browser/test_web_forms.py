"""A form is built in the settings and filled in by a stranger, with and without script, by itself and inside another site."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import DESK, PHONE


def build(page, name, *, live):
    """A form with a question of its own, built as a member does; answers its link."""
    page.goto("/settings/forms")
    page.get_by_role("link", name="New form").click()
    preview = page.frame_locator("#preview iframe")
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_label("Heading").fill(f"Ask {name}")
    if not live:
        page.get_by_role("button", name="Preview").click()
    expect(preview.get_by_role("heading", name=f"Ask {name}")).to_be_visible()
    page.get_by_label("Field to add").select_option(label="Message")
    page.get_by_role("button", name="Add question").click()
    expect(page.get_by_label("Question for notes")).to_have_value("Message")
    page.get_by_label("Question for notes").fill("What do you need?")
    page.get_by_role("button", name="Move Message up").click()
    questions = page.locator(".question input[name^=label]")
    expect(questions.nth(4)).to_have_value("What do you need?")
    page.get_by_role("button", name="Remove Phone").click()
    expect(page.get_by_label("Question for phone_number")).to_have_count(0)
    page.get_by_label("Consent").fill("You may call me.")
    page.get_by_label("Thank-you text").fill("We will call you.")
    page.get_by_label("Allowed domains").fill("shop.example")
    page.get_by_role("button", name="Save form").click()
    expect(page.locator("#toasts")).to_contain_text(f"{name} is saved.")
    expect(questions).to_have_count(5)
    assert [one.input_value() for one in questions.all()] == [
        "First name", "Last name", "Email", "What do you need?", "Company"]
    expect(preview.get_by_label("What do you need?")).to_be_visible()
    assert "<iframe" in page.get_by_label("For your own site").input_value()
    return page.get_by_label("Link", exact=True).input_value()


def fill_in(page, name):
    """What a stranger does with the form's page, first wrongly."""
    page.get_by_label("First name").fill("Nora")
    page.get_by_label("Last name").fill(name)
    page.get_by_label("Email").fill(f"{name}@visitor".lower())
    page.get_by_label("What do you need?").fill("Ten pallets")
    page.get_by_label("You may call me.").check()
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("alert")).to_contain_text("Email: Must be an e-mail address")
    expect(page.get_by_label("Email")).to_be_focused()
    expect(page.get_by_label("What do you need?")).to_have_value("Ten pallets")
    page.get_by_label("Email").fill(f"{name}@visitor.example".lower())
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("status")).to_contain_text("We will call you.")


@pytest.mark.parametrize("scripted", [True, False], ids=["with script", "without script"])
def test_a_form_is_built_shared_and_filled_in(visit, acme, scripted):
    name = "Scripted" if scripted else "Plain"
    page = visit("ada@acme.example", anew=not scripted, java_script_enabled=scripted)
    link = build(page, name, live=scripted)
    stranger = visit(java_script_enabled=scripted, viewport=PHONE)
    stranger.goto(f"{link}?utm_source=letter")
    fill_in(stranger, name)
    assert stranger.context.cookies() == []
    page.goto("/settings/forms")
    row = page.locator("tbody tr", has_text=name)
    expect(row).to_contain_text("100 %")
    page.goto(f"/leads/?search_value={name}")
    page.get_by_role("link", name=f"Nora {name}").first.click()
    timeline = page.get_by_role("region", name="Timeline")
    expect(timeline).to_contain_text(f"sent the form {name}")
    expect(timeline).to_contain_text("Agreed to: You may call me.")
    expect(page.locator("#fields")).to_contain_text("letter")


def test_the_form_inside_another_site(visit, stage, acme):
    """Shown on an allowed domain and its subdomains, nowhere else."""
    form = acme.post("/api/web-forms", {"name": "Embedded", "allowed_domains": ["shop.example"]})["data"]
    for site, shown in (("shop.example", True), ("www.shop.example", True), ("evil.example", False)):
        page = visit()
        page.route(f"http://{site}/", lambda route: route.fulfill(
            content_type="text/html", body=f'<title>x</title><iframe src="{form["url"]}" width="600" height="700"></iframe>'))
        page.goto(f"http://{site}/")
        frame = page.frame_locator("iframe")
        if shown:
            frame.get_by_label("First name").fill("Emma")
            frame.get_by_label("Last name").fill("Bedded")
            frame.get_by_label("Email").fill(f"emma@{site}")
            frame.get_by_role("button", name="Send").click()
            expect(frame.get_by_role("status")).to_contain_text("Thank you")
        else:
            expect(frame.get_by_label("First name")).to_have_count(0)
            page.said[:] = [line for line in page.said if "frame-ancestors" not in line]
    assert acme.get("/api/lead/list?search_value=Bedded&limit=100")[1]["email"] == "emma@shop.example"


def test_a_visitor_is_led_on_to_the_owners_site(visit, acme):
    """Browsers hold the redirect after a form against the page's policy."""
    form = acme.post("/api/web-forms", {"name": "Leading", "allowed_domains": ["shop.example"],
                                        "redirect_url": "http://www.shop.example/thanks"})["data"]
    page = visit()
    page.route("http://www.shop.example/thanks", lambda route: route.fulfill(content_type="text/html", body="<h1>Grazie</h1>"))
    page.goto(form["url"])
    page.get_by_label("First name").fill("Led")
    page.get_by_label("Last name").fill("On")
    page.get_by_label("Email").fill("led@on.example")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("heading", name="Grazie")).to_be_visible()


def test_what_was_held_is_taken(visit, acme):
    form = acme.post("/api/web-forms", {"name": "Guarded"})["data"]
    page = visit()
    page.goto(form["url"])
    page.get_by_label("First name").fill("Ro")
    page.get_by_label("Last name").fill("Bott")
    page.get_by_label("Email").fill("ro@bott.example")
    page.locator(".trap input").evaluate("input => { input.value = 'x' }")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("status")).to_contain_text("Thank you")
    ada = visit("ada@acme.example")
    ada.goto("/settings/forms")
    ada.get_by_role("link", name="Look at").click()
    ada.get_by_role("button", name="Take ro@bott.example").click()
    expect(ada.get_by_role("heading", name="Ro Bott")).to_be_visible()


def test_the_pages_of_forms_are_sound(visit, acme, sound):
    acme.post("/api/custom-fields/add", {"label": "Area", "kind": "choices", "options": ["North", "South"]})
    form = acme.post("/api/web-forms", {
        "name": "Sound", "intro": "Hello.", "consent_text": "Yes? https://shop.example/privacy", "color": "#ffe600",
        "fields": [{"name": "email", "required": True}, {"name": "area"}, {"name": "notes"},
                   {"name": "news", "type": "checkbox"}, {"name": "country", "type": "choice", "options": ["Peru"]},
                   {"name": "when", "type": "date"}]})["data"]
    dark = acme.post("/api/web-forms", {"name": "Dark", "color": "#0b2a6b", "background": "#0a1440"})["data"]
    found, stranger, ada = [], visit(), visit("ada@acme.example")
    for page, address in ((stranger, form["url"]), (stranger, dark["url"]), (stranger, "/api/v1/web-form/nothinghere"),
                          (ada, f"/settings/forms/{form['id']}"), (ada, "/settings/forms")):
        page.goto(address)
        found += sound(page)
    stranger.goto(form["url"])
    stranger.evaluate("document.querySelector('form').noValidate = true")
    stranger.get_by_role("button", name="Send").click()
    expect(stranger.get_by_role("alert")).to_be_visible()
    found += sound(stranger)
    assert not found, "\n".join(found)


def test_hostile_words_stay_words(visit, acme):
    """Whatever an owner or a visitor writes, nothing of it runs; a dialog or a refusal of the policy fails the test."""
    hostile = '"><img src=x onerror=alert(1)><script>alert(2)</script>'
    words = dict.fromkeys(("name", "title", "intro", "consent_text", "success_message"), hostile) | {"button": hostile[:40]}
    asked = [{"name": "email", "label": hostile}, {"name": "notes", "label": hostile}]
    form = acme.post("/api/web-forms", {**words, "fields": asked})["data"]
    stranger, ada = visit(viewport=DESK), visit("ada@acme.example")
    stranger.goto(f"{form['url']}?utm_source={hostile}")
    stranger.locator("#f0").fill("x@hostile.example")
    stranger.locator("#f1").fill(hostile)
    stranger.locator("#f2").check()
    stranger.get_by_role("button").click()
    expect(stranger.get_by_role("status")).to_contain_text("<script>")
    for address in ("/settings/forms", f"/settings/forms/{form['id']}", "/leads/?search_value=hostile"):
        ada.goto(address)
        expect(ada.locator("img[src=x]")).to_have_count(0)
    ada.get_by_role("link", name="x@hostile.example").first.click()
    expect(ada.get_by_role("region", name="Timeline")).to_contain_text("<script>")
