"""The pages of contacts, and what they add to those of leads and companies."""

import pytest
from django.urls import reverse

from contacts.models import Contact
from leads import notes
from lio import jobs
from lio.models import SearchDoc
from lio.tenancy import org_scope
from tests.factories import make_company


@pytest.fixture
def show(browser):
    def get(path, status=200, **how):
        answer = browser.get(path, **how)
        assert answer.status_code == status, answer.content[:500]
        return answer.content.decode()

    return get


@pytest.fixture
def converted(api, rep, lead):
    one = lead(first_name="Jane", last_name="Doe", job_title="CTO", notes="Met at the fair.")
    with org_scope(rep.organization):
        notes.add(one, title="Called", note="Called\nShe is interested.", by=rep)
    done = api.post("/api/lead/convert", {"lead_id": one.pk}).json()["data"]
    return one.pk, done["contact_id"], done["company_id"]


def test_the_list(show, api, add, company):
    empty = show("/contacts/")
    assert "People at companies" in empty
    one = add(company_id=company("Acme"), emails=["a@x.example", "b@x.example"], lead_score=7, city="Bonn")
    add(name="Bob Byte", company_id=company("Globex"))
    page = show("/contacts/")
    for text in ("Ada Lovelace", "Bob Byte", "Acme", "Globex", "a@x.example +1", "New", f"/contacts/{one['id']}/"):
        assert text in page
    found = show("/contacts/?city=bonn")
    assert "Ada Lovelace" in found and "Bob Byte" not in found
    of_one = show(f"/contacts/?company_id={one['company_id']}")
    assert "Bob Byte" not in of_one and "Company" in of_one


def test_one_contact_and_its_fields(show, browser, add, view, company, api):
    one = add(
        company_id=company("Acme"), emails=["a@x.example", {"value": "b@x.example", "label": "private"}], designation="CTO"
    )
    page = show(f"/contacts/{one['id']}/")
    for text in ("Ada Lovelace", "CTO", "Acme", "a@x.example, b@x.example (private)", "mailto:a@x.example", "Employment"):
        assert text in page, text
    swap = {"HTTP_HX_REQUEST": "true"}
    form = show(f"/contacts/{one['id']}/field/emails", **swap)
    assert "a@x.example\nb@x.example, private</textarea>" in form
    saved = browser.post(f"/contacts/{one['id']}/field/emails", {"value": "c@x.example, work\n\nb@x.example"}, **swap)
    assert saved.status_code == 200
    assert [(e["value"], e["label"]) for e in view(one["id"])["emails"]] == [("c@x.example", "work"), ("b@x.example", "")]
    wrong = browser.post(f"/contacts/{one['id']}/field/emails", {"value": "nonsense"}, **swap)
    assert wrong.status_code == 422 and "nonsense</textarea>" in wrong.content.decode()
    assert browser.post(f"/contacts/{one['id']}/field/company", {"value": "Globex"}, **swap).status_code == 200
    assert (view(one["id"])["company"], view(one["id"])["employments"][0]["company_name"]) == ("Globex", "Acme")
    career = show(f"/contacts/{one['id']}/?part=career", **swap)
    assert "Acme" in career and "Globex" in career
    assert browser.post(f"/contacts/{one['id']}/field/status", {"value": "2"}, **swap).status_code == 200
    assert view(one["id"])["status"] == 2
    timeline = show(f"/contacts/{one['id']}/?part=timeline", **swap)
    assert "Contacted" in timeline and "employment" not in timeline.lower()


def test_a_new_one_by_hand(show, browser, add, view, company, rep):
    assert "New contact" in show("/contacts/add")
    assert 'value="Acme"' in show(f"/contacts/add?company_id={company('Acme')}")
    answer = browser.post(
        "/contacts/add", {"name": "Eve Eve", "company": "  brand  new", "email": "e@x.example", "status": "1"}
    )
    assert answer.status_code == 302
    made = view(int(answer["Location"].rstrip("/").rpartition("/")[2]))
    assert (made["company"], made["email"]) == ("brand new", "e@x.example")
    wrong = browser.post("/contacts/add", {"name": "E", "status": "1"})
    assert wrong.status_code == 422 and "at least 2 characters" in wrong.content.decode()
    hint = browser.post("/contacts/hint", {"email": "E@X.example"}).content.decode()
    assert "may be there already" in hint and "Eve Eve" in hint
    assert "Eve" in browser.post("/contacts/hint", {"name": "eve eve", "company": "BRAND new"}).content.decode()
    assert "Eve" not in browser.post("/contacts/hint", {"name": "eve eve", "company": "other"}).content.decode()


def test_deleted_with_a_way_back(browser, show, add):
    one = add()
    assert "Its lead stays" in show(f"/contacts/{one['id']}/delete")
    answer = browser.post(f"/contacts/{one['id']}/delete", follow=True)
    assert "Ada Lovelace is deleted." in answer.content.decode() and "/undo/" in answer.content.decode()
    show(f"/contacts/{one['id']}/", 404)


def test_the_bulk_bar(browser, add, view, company):
    ids = [add(name=name)["id"] for name in ("Ada A", "Bob B")]
    asked = browser.post("/contacts/bulk", {"action": "edit", "ids": ids, "field": "company"}).content.decode()
    assert "Change a field of 2 contacts" in asked
    done = {"action": "edit", "ids": ids, "field": "company", "value": "Globex", "confirmed": "yes"}
    assert browser.post("/contacts/bulk", done).status_code == 302
    assert [view(pk)["company"] for pk in ids] == ["Globex"] * 2
    assert [len(view(pk)["employments"]) for pk in ids] == [1, 1]
    browser.post("/contacts/bulk", {"action": "delete", "ids": ids, "confirmed": "yes"})
    with_none = browser.get("/contacts/").content.decode()
    assert "Bob B" not in with_none


def test_the_lead_is_converted_on_a_page(browser, show, lead, add, view):
    one = lead(first_name="Jane", last_name="Doe")
    assert f"/contacts/convert/{one.pk}" in show(f"/leads/{one.pk}/")
    there = add(name="J. Doe", email="jane@fine-widgets.com")
    plan = show(f"/contacts/convert/{one.pk}")
    for text in ("Join with", "J. Doe", "New contact", "Fine Widgets", "No company", "of the contact that is joined"):
        assert text in plan, text
    wrong = browser.post(f"/contacts/convert/{one.pk}", {"company": "named", "contact": "new", "company_name": " "})
    assert wrong.status_code == 422 and "name the company" in wrong.content.decode()
    answer = browser.post(f"/contacts/convert/{one.pk}", {"company": "named", "contact": "new", "company_name": "Widget Works"})
    contact_id = int(answer["Location"].rstrip("/").rpartition("/")[2])
    assert contact_id != there["id"] and view(contact_id)["company"] == "Widget Works"
    again = browser.get(f"/contacts/convert/{one.pk}")
    assert again["Location"] == reverse("contacts:view", args=[contact_id])
    page = show(f"/leads/{one.pk}/")
    assert "Converted to" in page and f"/contacts/{contact_id}/" in page and "converted the lead to a contact" in page


def test_who_is_joined_keeps_the_company_or_takes_the_leads(browser, lead, add, view):
    kept, moved = add(name="Kay", email="k@fine-widgets.com"), add(name="Moe", email="m@fine-widgets.com")
    for there, company in ((kept, "kept"), (moved, "found")):
        one = lead(email=there["email"])
        assert browser.post(f"/contacts/convert/{one.pk}", {"company": company, "contact": there["id"]}).status_code == 302
    assert (view(kept["id"])["company"], view(moved["id"])["company"]) == ("Acme", "Fine Widgets")


def test_the_contact_shows_the_leads_history(show, converted, rep):
    lead_id, contact_id, company_id = converted
    page = show(f"/contacts/{contact_id}/")
    for text in (
        "She is interested.",
        "Met at the fair.",
        "made a contact of the lead",
        "created the contact",
        f"/leads/{lead_id}/",
    ):
        assert text in page, text
    assert page.count("She is interested.") == 1
    assert "Jane Doe" in show(f"/companies/{company_id}/?part=people", HTTP_HX_REQUEST="true")


def test_many_leads_are_converted_from_the_list(browser, show, lead):
    ids = [lead(email=f"l{n}@fine-widgets.com").pk for n in range(2)]
    assert 'value="convert"' in show("/leads/")
    answer = browser.post("/leads/bulk", {"action": "convert", "ids": ids}, follow=True).content.decode()
    assert "2 leads: 2 converted." in answer


def test_another_organisation_sees_nothing(outsider, client, converted):
    from tests.conftest import sign_in

    lead_id, contact_id, _ = converted
    browser = sign_in(client, outsider)
    for path in (f"/contacts/{contact_id}/", f"/contacts/convert/{lead_id}", f"/contacts/{contact_id}/delete"):
        assert browser.get(path).status_code == 404, path
    assert browser.post(f"/contacts/convert/{lead_id}").status_code == 404


def test_a_company_that_goes_leaves_its_people(api, rep, add, view, undo):
    company = make_company(rep.organization, by=rep, company_name="Acme Rockets")
    one = add(company_id=company.pk, designation="CTO")
    answer = api.delete(f"/api/company/delete/{company.pk}")
    after = view(one["id"])
    assert after["company_id"] is None and after["employments"][0]["company_name"] == "Acme Rockets"
    undo(answer["X-Change-Id"])
    assert (view(one["id"])["company"], view(one["id"])["employments"]) == ("Acme Rockets", [])


def test_a_company_with_another_name_is_found_by_it(api, rep, add):
    company = make_company(rep.organization, by=rep, company_name="Acme Rockets")
    one = add(company_id=company.pk)
    api.post(f"/api/company/update/{company.pk}", {"company_name": "Moon Express"})
    jobs.drain()
    with org_scope(rep.organization):
        body = SearchDoc.objects.get(kind="contact", object_id=one["id"]).body
        assert "moon express" in body and "rockets" not in body
        assert Contact.objects.count() == 1
