"""Merging contacts: who wins where, that no address and no employer is lost, and that undo brings everything back."""

import pytest

from activity import attachments
from activity.models import Attachment
from companies.naming import find_or_make
from contacts import edit, merge
from contacts.models import Contact, Employment
from lio import history, undo
from lio.models import Change
from lio.tenancy import org_scope
from lookups import edit as lookups
from tests.companies.test_merge import rows_of
from tests.conftest import client_of
from tests.factories import a_file, make_lead, make_member

TABLES = ("contacts_contact", "contacts_contactpoint", "contacts_contacttag", "contacts_employment", "activity_attachment",
          "lio_searchdoc", "lookups_customvalue")


def contact(rep, name="Jane Doe", company=None, tags=(), **fields):
    with org_scope(rep.organization):
        if company:
            fields["company_id"] = find_or_make(rep.organization, company, by=rep)
        return edit.add(rep.organization, {"name": name, **fields}, by=rep, tags=tags)


def merge_over(api, ids, status=200, **more):
    answer = api.post("/api/contact/merge", {"ids": ids, **more})
    assert answer.status_code == status, answer.json()
    return answer


def view(api, contact_id):
    return api.get(f"/api/contact/view/{contact_id}").json()["data"]


@pytest.fixture
def two(rep):
    old = contact(rep, email="jane@acme.example", company="Acme", custom_fields={"Depots": 4})
    new = contact(rep, "Janet Doe", "Globex", designation="Buyer", city="Bonn", custom_fields={"Depots": 5, "Fleet": "big"},
                  emails=[{"value": "janet@globex.example", "label": "work"}, {"value": "JANE@acme.example", "label": ""}],
                  phone_numbers=[{"value": "+49 30 1", "label": "work"}, {"value": "+49 30 2", "label": "mobile"}])
    return old, new


def test_no_address_is_lost(api, two):
    old, new = two
    data = merge_over(api, [new, old]).json()["data"]
    assert (data["id"], data["merged"], data["contact"]["id"]) == (old, [new], old)
    one = view(api, old)
    assert (one["name"], one["email"], one["city"], one["designation"]) == ("Jane Doe", "jane@acme.example", "Bonn", "Buyer")
    assert [mail["value"] for mail in one["emails"]] == ["jane@acme.example", "janet@globex.example"]
    assert [phone["value"] for phone in one["phone_numbers"]] == ["+49 30 1", "+49 30 2"]
    assert one["custom_fields"] == {"Depots": 4, "Fleet": "big"}


def test_more_addresses_than_one_may_send_are_kept(api, rep):
    ids = [contact(rep, emails=[{"value": f"{name}{n}@x.example", "label": ""} for n in range(20)]) for name in "ab"]
    merge_over(api, ids)
    assert len(view(api, ids[0])["emails"]) == 40


def test_a_chosen_address_comes_first(api, two):
    old, new = two
    merge_over(api, [old, new], fields={"email": new, "custom_fields.Depots": new})
    one = view(api, old)
    assert one["email"] == "janet@globex.example" and one["custom_fields"]["Depots"] == 5
    assert [mail["value"] for mail in one["emails"]] == ["janet@globex.example", "jane@acme.example"]


def test_the_company_that_does_not_win_is_a_former_employer(api, rep, two):
    old, new = two
    merge_over(api, [old, new])
    assert view(api, old)["company"] == "Acme"
    with org_scope(rep.organization):
        row = Employment.objects.get()
    assert (row.contact_id, row.company_name, row.designation) == (old, "Globex", "Buyer")


def test_tags_unite_and_what_belongs_to_them_moves(api, rep):
    with org_scope(rep.organization):
        tags = [lookups.add(rep.organization, module_name="contact", type="tags", name=name, by=rep).pk for name in "abc"]
    lead = make_lead(rep.organization)
    old, new = contact(rep, tags=tags[:2]), contact(rep, tags=tags[1:], lead_id=lead.pk)
    with org_scope(rep.organization):
        attachments.add_document(rep.organization, model_type="contact", model_id=new, upload=a_file(), by=rep)
    merge_over(api, [old, new])
    one = view(api, old)
    assert ([tag["name"] for tag in one["tags"]], one["lead_id"]) == (["a", "b", "c"], lead.pk)
    with org_scope(rep.organization):
        assert Attachment.objects.get().model_id == old


def test_refusals_and_rights(api, rep, outsider, two):
    old, new = two
    foreign = contact(outsider)
    merge_over(api, [old, foreign], 404)
    assert "ids" in merge_over(api, [], 400).json()["error"]["fields"]
    for body in ([old], [old, old], list(range(1, 12))):
        assert "ids" in merge_over(api, body, 422).json()["error"]["fields"]
    assert "fields" in merge_over(api, [old, new], 422, fields={"emails": old}).json()["error"]["fields"]
    viewer = make_member(rep.organization)
    with org_scope(rep.organization):
        viewer.role.permissions = ["records.view", "records.edit"]
        viewer.role.save()
    merge_over(client_of(viewer), [old, new], 403)
    merge_over(api, [old, new])
    merge_over(api, [old, new], 404)
    assert merge.survivor_of(rep.organization, new) is None  # outside the organisation's scope there is nothing


@pytest.mark.parametrize("choice", ["nothing", "company", "email"])
def test_merge_and_undo_change_nothing(rep, two, choice):
    old, new = two
    fields = {} if choice == "nothing" else {choice: new}
    before = rows_of(rep.organization, TABLES)
    with org_scope(rep.organization), history.one_action():
        merge.merge(rep.organization, [old, new], fields=fields, by=rep)
        change_id = history.last_change_id()
        rows = list(Change.objects.filter(change_id=change_id).order_by("pk").values_list("verb", "model_id"))
    assert rows == [("contact.merged_into", new), ("contact.absorbed", old), ("contact.updated", old)]
    with org_scope(rep.organization):
        assert merge.survivor_of(rep.organization, new) == old
        done = undo.undo(rep.organization, change_id, by=rep)
    assert (done.reverted, done.conflicts) == (2, [])
    after = rows_of(rep.organization, TABLES)
    for table in TABLES:
        assert after[table] == before[table], table
    with org_scope(rep.organization):
        assert Contact.objects.alive().count() == 2


def test_what_was_taken_back_is_merged_again(api, rep, two):
    old, new = two
    with org_scope(rep.organization):
        attachments.add_document(rep.organization, model_type="contact", model_id=new, upload=a_file(), by=rep)
    change_id = int(merge_over(api, [old, new], fields={"email": new})["X-Change-Id"])

    def state():
        with org_scope(rep.organization):
            jobs = list(Employment.objects.values_list("contact_id", "company_name", "designation", "started_on", "ended_on"))
            return {**view(api, old), "updated_at": None}, jobs, list(Attachment.objects.values_list("model_id", flat=True))

    merged = state()
    for _ in range(2):
        change_id = int(api.post("/api/undo", {"change_id": change_id})["X-Change-Id"])
        parted = state()
        answer = api.post("/api/undo", {"change_id": change_id})
        change_id = int(answer["X-Change-Id"])
        assert (answer.json()["data"]["reverted"], answer.json()["data"]["conflicts"]) == (2, [])
        assert state() == merged != parted
    assert view(api, new)["id"] == old


def test_a_lead_stays_converted_when_its_contact_is_merged(api, rep):
    leads = [make_lead(rep.organization, email=f"jane{n}@mail.example").pk for n in range(2)]
    ids = [api.post("/api/lead/convert", {"lead_id": pk}).json()["data"]["contact_id"] for pk in leads]
    merge_over(api, ids)
    again = api.post("/api/lead/convert", {"lead_id": leads[1]})
    assert (again.status_code, again.json()["error"]["code"], again.json()["error"]["details"]["contact_id"]) == (
        409, "already_converted", ids[0])
