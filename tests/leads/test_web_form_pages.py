"""Hosted forms in the settings: the list, the builder with its preview, what was held."""

import html
import re

import pytest

from accounts import roles
from leads.models import HeldSubmission, Lead, WebForm
from leads.web_forms import editing
from leads.web_forms.asking import TRAP
from lio.tenancy import org_scope
from lookups import fields
from tests.conftest import sign_in
from tests.factories import make_member

HX = {"HX-Request": "true"}
JANE = {"first_name": "Jane", "last_name": "Doe", "email": "jane@shop.example"}


@pytest.fixture
def form(rep):
    with org_scope(rep.organization):
        return editing.add(rep.organization, name="Contact", by=rep)


def fresh(form):
    with org_scope(form.organization_id):
        return WebForm.objects.get(pk=form.pk)


def state(browser, address):
    """What the builder's form at this address would post, as it stands."""
    page = browser.get(address).content.decode()
    page = page[page.index('id="builder-form"') : page.index('aria-label="Preview"')]
    posted: dict = {}
    for tag in re.findall(r"<input[^>]*>", page):
        found = dict(re.findall(r'(\w+)="([^"]*)"', tag))
        if found.get("type") == "checkbox" and "checked" not in tag:
            continue
        if "name" in found:
            value = found.get("value", "on" if found.get("type") == "checkbox" else "")
            posted.setdefault(found["name"], []).append(html.unescape(value))
    for name, inner in re.findall(r'<select[^>]*name="([^"]+)"[^>]*>(.*?)</select>', page, re.S):
        chosen = re.search(r'<option value="([^"]*)" selected', inner) or re.search(r'<option value="([^"]*)"', inner)
        posted[name] = [chosen[1]]
    for name, inner in re.findall(r'<textarea[^>]*name="([^"]+)"[^>]*>(.*?)</textarea>', page, re.S):
        posted[name] = [html.unescape(inner).strip()]
    return posted


def names(form):
    return [field["name"] for field in fresh(form).fields]


def test_the_list_shows_figures_and_closes_a_form(browser, rep, form):
    browser.get(form.path)
    browser.get(form.path)
    browser.post(form.path, JANE)
    page = browser.get("/settings/forms").content.decode()
    assert "50 %" in page and form.url in page and "Contact us" in page
    assert browser.post("/settings/forms", {"off": form.pk}).status_code == 302
    assert not fresh(form).is_active and "Closed" in browser.get("/settings/forms").content.decode()
    browser.post("/settings/forms", {"on": form.pk})
    assert fresh(form).is_active
    assert browser.post("/settings/forms", {"on": "x"}).status_code == 404


def test_a_form_is_built_from_nothing(browser, rep):
    sent = state(browser, "/settings/forms/add") | {"name": "Webinar", "color": "#aa0000", "allowed_domains": "shop.example\n"}
    answer = browser.post("/settings/forms/add", sent | {"do": "save"})
    assert answer.status_code == 302
    with org_scope(rep.organization):
        made = WebForm.objects.get(name="Webinar")
    assert answer.url == f"/settings/forms/{made.pk}"
    assert (made.color, made.allowed_domains, made.background, made.capture_utm) == ("#aa0000", ["shop.example"], "", True)
    assert names(made) == ["first_name", "last_name", "email", "phone_number", "company"]
    page = browser.get(answer.url).content.decode()
    assert "&lt;iframe src=&quot;" in page or '&lt;iframe src="' in page
    assert made.url in page and "Shown on shop.example only." in page


def test_what_is_saved_unchanged_stays_as_it_is(browser, rep, form):
    with org_scope(rep.organization):
        editing.update(form.pk, rep.organization, {
            "title": "A <b>", "intro": "Line\nline", "consent_text": "Ok?", "background": "#101010", "assigned_to": rep,
            "allowed_domains": ["shop.example"], "redirect_url": "https://shop.example/a", "capture_utm": False,
            "fields": [{"name": "email"}, {"name": "country", "type": "choice", "options": ["Peru", "Chile"]}]}, by=rep)
    before = fresh(form)
    answer = browser.post(f"/settings/forms/{form.pk}", state(browser, f"/settings/forms/{form.pk}") | {"do": "save"})
    assert answer.status_code == 302
    after = fresh(form)
    for field in WebForm._meta.concrete_fields:
        if field.name != "updated_at":
            assert getattr(after, field.attname) == getattr(before, field.attname), field.name


def test_questions_are_added_moved_and_removed(browser, rep, form):
    with org_scope(rep.organization):
        fields.add(rep.organization, key="seats", label="Seats", kind="number", required=True, by=rep)
        fields.add(rep.organization, key="owner", label="Owner", kind="person", by=rep)
    address = f"/settings/forms/{form.pk}"
    sent = state(browser, address)
    page = browser.get(address).content.decode()
    assert ">Seats</option>" in page and ">Owner</option>" not in page
    answer = browser.post(address, sent | {"do": "add", "add": "seats"}, headers=HX)
    assert answer.status_code == 200 and 'name="name-5" value="seats"' in answer.content.decode()
    assert names(form)[-1] == "company"  # nothing is saved yet
    rows = sent | {"row": [*sent["row"], "5"], "name-5": "seats", "label-5": "How many?"}
    moved = browser.post(address, rows | {"do": "up-5"}, headers=HX).content.decode()
    assert re.findall(r'name="row" value="(\d)"', moved) == ["0", "1", "2", "3", "5", "4"]
    assert "How many?" in moved
    removed = browser.post(address, rows | {"do": "remove-0"}).content.decode()
    assert re.findall(r'name="row" value="(\d)"', removed) == ["1", "2", "3", "4", "5"]
    assert browser.post(address, rows | {"do": "up-0"}).status_code == 200  # nowhere to go
    assert browser.post(address, rows | {"do": "save"}, headers=HX)["HX-Redirect"] == address
    saved = fresh(form).fields[-1]
    assert (saved["name"], saved["label"], saved["type"]) == ("seats", "How many?", "number")


def test_the_preview_shows_what_is_not_saved(browser, rep, form):
    address = f"/settings/forms/{form.pk}"
    sent = state(browser, address) | {"title": "<i>Soon</i>", "label-0": "Given name"}
    live = browser.post(address, sent | {"do": "show"}, headers=HX)
    assert live.content.count(b"<") == live.content.count(b"</") * 2 == 2  # the frame alone: all else is in its attribute
    shown = html.unescape(live.content.decode())
    assert live.status_code == 200 and "&lt;i&gt;Soon&lt;/i&gt;" in shown and "Given name" in shown and "sandbox" in shown
    plain = html.unescape(browser.post(address, sent | {"do": "preview"}).content.decode())
    assert "&lt;i&gt;Soon&lt;/i&gt;" in plain and 'id="builder-form"' in plain
    assert browser.post(address, sent | {"do": "show", "redirect_url": "https://evil.example"}, headers=HX).status_code == 204
    assert fresh(form).title == ""
    with org_scope(rep.organization):
        assert WebForm.objects.counted_up().get(pk=form.pk).views == 0


def test_what_is_wrong_is_told_and_nothing_is_lost(browser, form):
    address = f"/settings/forms/{form.pk}"
    sent = state(browser, address) | {"redirect_url": "https://evil.example/", "name": "Changed", "do": "save"}
    for headers in ({}, HX):
        answer = browser.post(address, sent, headers=headers)
        page = answer.content.decode()
        assert answer.status_code == 422 and "not one of the allowed domains" in page and 'value="Changed"' in page
    none = browser.post(address, state(browser, address) | {"row": [], "do": "save"})
    assert none.status_code == 422 and "must ask for one of" in none.content.decode()
    assert fresh(form).name == "Contact"


def test_a_form_is_deleted_after_asking_once(browser, form):
    assert b"Delete Contact?" in browser.get(f"/settings/forms/{form.pk}/delete").content
    assert browser.post(f"/settings/forms/{form.pk}/delete").status_code == 302
    assert fresh(form).deleted_at and browser.get(form.path).status_code == 404
    assert browser.get(f"/settings/forms/{form.pk}").status_code == 404


def held_of(rep):
    with org_scope(rep.organization):
        return list(HeldSubmission.objects.of(rep.organization).order_by("pk"))


def test_what_was_held_is_taken_or_thrown_away(browser, rep, form):
    for n in range(3):
        browser.post(form.path, JANE | {"email": f"j{n}@shop.example", TRAP: "<b>", "company": "<script>x</script>"})
    assert "3 held back" in browser.get("/settings/forms").content.decode()
    page = browser.get("/settings/forms/held").content.decode()
    assert "j0@shop.example" in page and "<script>x" not in page
    first, second, _ = held_of(rep)
    answer = browser.post("/settings/forms/held", {"release": first.pk})
    with org_scope(rep.organization):
        lead = Lead.objects.get(email="j0@shop.example")
        assert WebForm.objects.counted_up().get(pk=form.pk).submissions == 1
    assert answer.url == f"/leads/{lead.pk}/"
    assert "sent the form Contact" in browser.get(answer.url).content.decode()
    browser.post("/settings/forms/held", {"discard": second.pk})
    assert len(held_of(rep)) == 1
    for gone in ({"release": first.pk}, {"discard": second.pk}, {"release": "x"}, {}):
        assert browser.post("/settings/forms/held", gone).status_code == 404
    asked = browser.post("/settings/forms/held", {"discard_all": "true"})
    assert b"Throw away 1 held submission?" in asked.content and len(held_of(rep)) == 1
    browser.post("/settings/forms/held", {"discard_all": "true", "sure": "true"})
    assert held_of(rep) == [] and b"Nothing is held" in browser.get("/settings/forms/held").content


def test_what_cannot_be_taken_says_why_and_stays(browser, rep, form):
    browser.post(form.path, {"email": "no address", TRAP: "x"})
    answer = browser.post("/settings/forms/held", {"release": held_of(rep)[0].pk}, follow=True)
    assert "It cannot be taken as it is: " in answer.content.decode() and len(held_of(rep)) == 1


def test_rights(client, rep, colleague, outsider, form):
    with org_scope(rep.organization):
        roles.add(rep.organization, name="Reader", permissions=["records.view"], by=rep)
    sign_in(client, make_member(rep.organization, role="Reader"))
    assert client.get("/settings/forms").status_code == client.get("/settings/forms/held").status_code == 200
    assert b"New form" not in client.get("/settings/forms").content
    for answer in (client.get("/settings/forms/add"), client.get(f"/settings/forms/{form.pk}"),
                   client.post("/settings/forms", {"off": form.pk}), client.post(f"/settings/forms/{form.pk}", {}),
                   client.post("/settings/forms/held", {"discard_all": 1}), client.post("/settings/forms/held", {"release": 1}),
                   client.post(f"/settings/forms/{form.pk}/delete")):
        assert answer.status_code == 403
    sign_in(client, outsider)
    assert client.get(f"/settings/forms/{form.pk}").status_code == 404
    assert client.post("/settings/forms", {"off": form.pk}).status_code == 404
    sign_in(client, colleague)
    assert client.get(f"/settings/forms/{form.pk}").status_code == 200
