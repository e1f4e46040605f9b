"""A lead becomes a contact and a company, with what it carries."""

import threading

import pytest
from django.db import connection

from activity import attachments
from activity.models import Attachment, RecordNote, StoredFile
from companies.models import Company
from contacts import conversion
from contacts.models import Contact
from leads import edit as leads
from leads import merge, notes
from leads.models import Lead
from lio import bulk, jobs
from lio.models import Change, SearchDoc
from lio.registry import on_conversion
from lio.tenancy import org_scope
from lookups.known import known
from tests.contract import shapes
from tests.factories import a_file, make_lead


@pytest.fixture
def convert(api):
    def send(lead, **choice):
        answer = api.post("/api/lead/convert", {"lead_id": lead.pk} | choice)
        assert answer.status_code == 201, answer.content
        return answer.json()["data"] | {"change_id": answer["X-Change-Id"]}

    return send


@pytest.fixture
def rich(rep, api, colleague):
    """A lead with all that a conversion carries."""
    tag = api.post("/api/custom-lookups/add", {"module_name": "lead", "type": "tags", "name": "VIP"}).json()["data"]["id"]
    rep.organization.refresh_from_db()
    with org_scope(rep.organization):
        tag_id = known(rep.organization, "tags")[tag].pk
    one = make_lead(
        rep.organization,
        by=rep,
        first_name="Jane",
        last_name="Doe",
        email="Jane@fine-widgets.com",
        tags=[tag_id],
        phone_number="+49 30 5",
        job_title="CTO",
        linkedin_url="https://linkedin.com/in/jane",
        city="Bonn",
        country="Germany",
        industry="Widgets",
        custom_fields={"size": "L", "old": 7},
        notes="Met at the fair.",
    )
    with org_scope(rep.organization):
        Lead.objects.filter(pk=one.pk).update(score=64)
        notes.add(one, title="Called", note="Called\nShe is interested.", by=colleague)
        attachments.add_document(
            rep.organization,
            model_type="lead",
            model_id=one.pk,
            upload=a_file("offer.txt"),
            by=colleague,
            document_type="offer",
        )
        attachments.attach_cloud_file(
            rep.organization,
            model_type="lead",
            model_id=one.pk,
            provider="dropbox",
            by=rep,
            file={"id": "1", "name": "plan.pdf", "mime_type": "application/pdf", "web_url": "https://d.example/1"},
        )
    return one


def of(rep, model, contact_id):
    with org_scope(rep.organization):
        return list(model.objects.alive().filter(model_type="contact", model_id=contact_id).order_by("pk"))


def test_all_that_the_lead_carries(api, rep, colleague, rich, convert, view):
    done = convert(rich)
    contact = view(done["contact_id"])
    assert done["contact"] == contact and (done["made_contact"], done["made_company"]) == (True, True)
    assert (contact["name"], contact["email"], contact["phone_number"]) == ("Jane Doe", "Jane@fine-widgets.com", "+49 30 5")
    assert (contact["designation"], contact["city"], contact["country"]) == ("CTO", "Bonn", "Germany")
    assert (contact["lead_id"], contact["lead_score"], contact["status"]) == (rich.pk, 64, 3)
    assert contact["linkedin_url"] == "https://linkedin.com/in/jane"
    assert contact["custom_fields"] == {"size": "L", "old": 7} and [tag["name"] for tag in contact["tags"]] == ["VIP"]
    proposed = api.get("/api/custom-fields/list", {"module_name": "contact"}).json()["data"]
    assert {one["key"] for one in proposed} == {"size", "old"}
    with org_scope(rep.organization):
        company = Company.objects.get(pk=contact["company_id"])
        original = Lead.objects.get(pk=rich.pk)
        note = notes.Note.objects.get(lead=rich)
        files = list(Attachment.objects.filter(model_type="lead").order_by("pk"))
    assert (company.company_name, company.domain, company.industry_type) == ("Fine Widgets", "fine-widgets.com", "Widgets")
    assert original.deleted_at is None and original.company_id == company.pk
    assert api.get(f"/api/lead/view/{rich.pk}").json()["data"]["status"] == 3
    own, copied = of(rep, RecordNote, contact["id"])
    assert (own.title, own.note) == ("Notes of the lead", "Met at the fair.")
    assert (copied.title, copied.note, copied.created_by_id) == ("Called", note.note, colleague.pk)
    assert copied.created_at == note.created_at
    assert [
        (one.name, one.stored_file_id, one.created_by_id, one.created_at, one.document_type)
        for one in of(rep, Attachment, contact["id"])
    ] == [(one.name, one.stored_file_id, one.created_by_id, one.created_at, one.document_type) for one in files]


def test_one_change_tells_of_it_and_undo_takes_it_back(api, rep, rich, convert, undo, view):
    done = convert(rich)
    with org_scope(rep.organization):
        told = Change.objects.filter(change_id=done["change_id"])
        assert set(told.values_list("verb", flat=True)) == {"company.created", "contact.created", "lead.converted"}
        lead_told = told.get(verb="lead.converted")
    assert (lead_told.before["status"], lead_told.after["status"], lead_told.after["contact"]) == (1, 3, "Jane Doe")
    back, again = undo(done["change_id"])
    assert (back["reverted"], back["conflict_count"]) == (3, 0), back
    shapes.check_failure(api.get(f"/api/contact/view/{done['contact_id']}"), 404)
    lead = api.get(f"/api/lead/view/{rich.pk}").json()["data"]
    assert (lead["status"], lead["company_id"]) == (1, None)
    with org_scope(rep.organization):
        assert not Company.objects.alive().filter(pk=done["company_id"]).exists()
        assert StoredFile.objects.alive().count() == 1
    undo(again)
    assert view(done["contact_id"])["company_id"] == done["company_id"]
    assert api.get(f"/api/lead/view/{rich.pk}").json()["data"]["status"] == 3
    error = shapes.check_failure(api.post("/api/lead/convert", {"lead_id": rich.pk}), 409)
    assert (error["code"], error["details"]["contact_id"]) == ("already_converted", done["contact_id"])


def test_undo_leaves_a_company_that_others_hang_on(rep, rich, convert, undo, add, view):
    done = convert(rich)
    other = add(name="Bob Byte", company_id=done["company_id"])
    undo(done["change_id"])
    assert view(other["id"])["company"] == "Fine Widgets"
    with org_scope(rep.organization):
        assert Company.objects.alive().filter(pk=done["company_id"]).exists()


def test_undo_leaves_a_contact_that_somebody_has_worked_on(api, rich, convert, undo, view):
    done = convert(rich)
    api.post(f"/api/contact/update/{done['contact_id']}", {"city": "Ulm"})
    back, _ = undo(done["change_id"])
    assert {"model_type": "contact", "model_id": done["contact_id"], "field": None, "reason": "has been changed since"} in back[
        "conflicts"
    ]
    assert view(done["contact_id"])["company"] == "Fine Widgets"


def test_a_second_time_is_refused(api, rich, convert):
    done = convert(rich)
    error = shapes.check_failure(api.post("/api/lead/convert", {"lead_id": rich.pk}), 409)
    assert (error["code"], error["details"]["contact_id"]) == ("already_converted", done["contact_id"])


@pytest.mark.parametrize(("email", "website", "company"), [
    ("jane@fine-widgets.com", None, "Fine Widgets"),
    ("jane@gmail.com", None, None),
    ("jane@gmail.com", "https://www.acme-tools.co.uk/about", "Acme Tools"),
    (None, None, None),
])  # fmt: skip
def test_the_company_of_the_mail_domain(lead, convert, email, website, company, view):
    done = convert(lead(email=email, website=website, phone_number="1"))
    assert view(done["contact_id"])["company"] == company


def test_the_leads_own_company_comes_first(lead, convert, view):
    done = convert(lead(company="Acme Holding"))
    assert (view(done["contact_id"])["company"], done["made_company"]) == ("Acme Holding", False)


def test_a_company_that_has_the_domain_is_taken(api, rep, lead, convert, company):
    held = company("Something Else")
    with org_scope(rep.organization):
        Company.objects.filter(pk=held).update(domain="fine-widgets.com")
    assert (convert(lead())["company_id"]) == held


def test_a_namesake_with_another_domain_is_another_company(rep, lead, convert, company, view):
    namesake = company("Fine Widgets")
    with org_scope(rep.organization):
        Company.objects.filter(pk=namesake).update(domain="fine-widgets.de")
    done = convert(lead())
    assert done["company_id"] != namesake and view(done["contact_id"])["company"] == "fine-widgets.com"


def test_choices(api, lead, convert, company, view, add, outsider_api):
    globex = company("Globex")
    assert convert(lead(), company_id=globex)["company_id"] == globex
    assert convert(lead(), company_id=None)["company_id"] is None
    named = convert(lead(email="x@brand-new.com"), company="  Brand   New ")
    assert (view(named["contact_id"])["company"], named["made_company"]) == ("Brand New", True)
    assert convert(lead(), company="globex")["company_id"] == globex
    one = lead()
    shapes.check_failure(api.post("/api/lead/convert", {"lead_id": one.pk, "company_id": 987654321}), 404)
    shapes.check_failure(api.post("/api/lead/convert", {"lead_id": one.pk, "contact_id": 987654321}), 404)
    shapes.check_failure(outsider_api.post("/api/lead/convert", {"lead_id": one.pk}), 404)
    assert convert(one)["made_contact"]


def test_a_contact_that_is_there_is_joined(api, rep, rich, add, convert, undo, view):
    there = add(name="J. Doe", emails=["j@private.example", "JANE@fine-widgets.com"], city="Ulm", custom_fields={"size": "S"})
    before = view(there["id"])
    done = convert(rich)
    assert (done["contact_id"], done["made_contact"], done["made_company"]) == (there["id"], False, False)
    after = view(there["id"])
    assert (after["name"], after["city"], after["company_id"], after["lead_id"]) == (
        "J. Doe",
        "Ulm",
        there["company_id"],
        rich.pk,
    )
    assert (after["designation"], after["phone_number"], after["lead_score"]) == ("CTO", "+49 30 5", 64)
    assert after["custom_fields"] == {"size": "S", "old": 7} and [tag["name"] for tag in after["tags"]] == ["VIP"]
    assert [one["value"] for one in after["emails"]] == ["j@private.example", "JANE@fine-widgets.com"]
    assert len(of(rep, RecordNote, there["id"])) == len(of(rep, Attachment, there["id"])) == 2
    back, again = undo(done["change_id"])
    assert back["conflict_count"] == 0, back
    assert {**view(there["id"]), "updated_at": None} == {**before, "updated_at": None}
    assert not of(rep, RecordNote, there["id"]) and not of(rep, Attachment, there["id"])
    undo(again)
    assert {**view(there["id"]), "updated_at": None} == {**after, "updated_at": None}
    assert len(of(rep, RecordNote, there["id"])) == len(of(rep, Attachment, there["id"])) == 2


def test_joining_is_chosen_and_declined(api, lead, add, convert):
    there = add(email="jane@fine-widgets.com")
    assert convert(lead(), new_contact=True)["contact_id"] != there["id"]
    other = add(name="Somebody Else")
    assert convert(lead(), contact_id=other["id"])["contact_id"] == other["id"]
    third = lead()
    error = shapes.check_failure(api.post("/api/lead/convert", {"lead_id": third.pk, "contact_id": other["id"]}), 409)
    assert error["code"] == "contact_has_lead"
    assert convert(third)["contact_id"] == there["id"]
    assert convert(lead())["made_contact"]  # that one is another lead's by now


def test_a_status_that_somebody_chose_stays(lead, convert, rep, api):
    one = lead()
    with org_scope(rep.organization):
        leads.update(one.pk, rep.organization, {"status_id": known(rep.organization, "status")[5].pk}, by=rep)
    convert(one)
    assert api.get(f"/api/lead/view/{one.pk}").json()["data"]["status"] == 5


def test_a_file_belongs_to_both(api, rep, rich, convert):
    done = convert(rich)
    with org_scope(rep.organization):
        (of_lead,) = Attachment.objects.documents().filter(model_type="lead")
        (of_contact,) = Attachment.objects.documents().filter(model_type="contact")
        attachments.remove(Attachment.objects.filter(pk=of_lead.pk), by=rep)
        assert StoredFile.objects.alive().filter(pk=of_contact.stored_file_id).exists()
    assert api.get(f"/api/storage-file/{of_contact.stored_file_id}/download").status_code == 200
    with org_scope(rep.organization):
        attachments.remove(Attachment.objects.filter(pk=of_contact.pk), by=rep)
        assert not StoredFile.objects.alive().filter(pk=of_contact.stored_file_id).exists()
        attachments.restore(Attachment.objects.filter(pk=of_contact.pk), by=rep)
        assert StoredFile.objects.alive().filter(pk=of_contact.stored_file_id).exists()
    assert done["contact_id"] == of_contact.model_id


def test_a_deleted_lead_leaves_its_contact(api, rich, convert, view, rep):
    done = convert(rich)
    api.delete("/api/lead/delete", {"ids": [rich.pk]})
    assert view(done["contact_id"])["lead_id"] is None
    assert len(of(rep, RecordNote, done["contact_id"])) == 2


def test_merged_leads_take_their_contacts_along(rep, lead, convert, view):
    first, second, third = lead(email="a@x-widgets.com"), lead(email="b@x-widgets.com"), lead(email="c@x-widgets.com")
    of_second, of_third = convert(second)["contact_id"], convert(third)["contact_id"]
    with org_scope(rep.organization):
        merge.merge(rep.organization, [first.pk, second.pk], by=rep)
    assert view(of_second)["lead_id"] == first.pk
    with org_scope(rep.organization):  # the survivor has one already: the other's contact stays as it is
        merge.merge(rep.organization, [first.pk, third.pk], by=rep)
    assert view(of_second)["lead_id"] == first.pk
    assert view(of_third)["name"] == "Jane Doe"


def test_what_higher_floors_make_comes_in_the_same_transaction(rep, lead, monkeypatch):
    one, made = lead(), []

    def refuse(organization, leads, conversions, further, *, by):
        made.append((leads[0].pk, conversions[0].contact_id, further, by))
        raise ValueError("no deal")

    monkeypatch.setattr(conversion, "on_conversion", [refuse])
    with pytest.raises(ValueError), org_scope(rep.organization):
        conversion.convert(one.pk, rep.organization, by=rep, further={"deal": 1})
    assert [(pk, further) for pk, _, further, _ in made] == [(one.pk, {"deal": 1})]
    with org_scope(rep.organization):
        assert not Contact.objects.exists()
    assert conversion.on_conversion is not on_conversion


# ------------------------------------------------------------------------- many
def test_many_at_once(api, rep, lead, add, convert, undo):
    ids = [lead(email=f"l{n}@fine-widgets.com").pk for n in range(3)]
    ids += [lead(email=f"m{n}@gmail.com").pk for n in range(2)]
    there = add(email="m0@gmail.com")
    convert(Lead(pk=ids[0]))
    answer = api.post("/api/lead/bulk-convert", {"ids": ids})
    told = {"total": 5, "made": 3, "joined": 1, "already_converted": 1, "ids": ids[1:], "job_id": None}
    assert answer.json()["data"] == told
    with org_scope(rep.organization):
        contacts = {one.lead_id: one for one in Contact.objects.all()}
        assert set(contacts) == set(ids) and contacts[ids[3]].pk == there["id"]
        assert len({contacts[pk].company_id for pk in ids[:3]}) == 1
        assert contacts[ids[4]].company_id is None
        assert SearchDoc.objects.filter(kind="contact").count() == 5
        assert set(Lead.objects.filter(pk__in=ids).values_list("status__number", flat=True)) == {3}
    again = api.post("/api/lead/bulk-convert", {"select_all": True, "filters": {}}).json()["data"]
    assert (again["made"], again["already_converted"]) == (0, 5)
    back, _ = undo(answer["X-Change-Id"])
    assert back["conflict_count"] == 0, back
    with org_scope(rep.organization):
        assert set(Contact.objects.alive().values_list("lead_id", flat=True)) == {ids[0], None}
        assert set(Lead.objects.filter(pk__in=ids[1:]).values_list("status__number", flat=True)) == {1}


def test_above_the_limit_in_the_background(api, rep, lead, monkeypatch):
    monkeypatch.setattr(conversion, "AT_ONCE", 2)
    monkeypatch.setattr(bulk, "AT_ONCE", 2)
    monkeypatch.setattr(bulk, "CHUNK", 2)
    ids = [lead(email=f"l{n}@fine-widgets.com").pk for n in range(5)]
    told = api.post("/api/lead/bulk-convert", {"ids": ids}).json()["data"]
    assert told["total"] == 5 and told["job_id"] and told["made"] == 0
    jobs.drain()
    with org_scope(rep.organization):
        assert set(Contact.objects.values_list("lead_id", flat=True)) == set(ids)
        assert Company.objects.filter(domain="fine-widgets.com").count() == 1
        assert Change.objects.filter(verb="lead.converted").values("change_id").distinct().count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_two_at_the_same_time_one_wins(rep, lead):
    one, found = lead(), []

    def go():
        try:
            with org_scope(rep.organization):
                conversion.convert(one.pk, rep.organization, by=rep)
            found.append("converted")
        except Exception as error:
            found.append(getattr(error, "code", repr(error)))
        finally:
            connection.close()

    threads = [threading.Thread(target=go) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(found) == ["already_converted"] * 3 + ["converted"]
    with org_scope(rep.organization):
        assert Contact.objects.filter(lead=one).count() == Company.objects.count() == 1
