"""Merging companies: who wins where, what moves along, where old ids lead, and that undo brings everything back."""

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from activity import attachments
from activity.models import Attachment
from companies import edit, merge
from companies.models import Company, CompanyPair, CompanyTag
from contacts import edit as contacts
from contacts.models import Contact
from leads import edit as leads
from leads.models import Lead
from lio import history, jobs, undo
from lio.models import Change, SearchDoc
from lio.tenancy import org_scope
from lookups import edit as lookups
from tests.conftest import client_of
from tests.factories import a_file, make_company, make_lead, make_member, make_organization


def merge_over(api, ids, status=200, **more):
    answer = api.post("/api/company/merge", {"ids": ids, **more})
    assert answer.status_code == status, answer.json()
    return answer


def view(api, company_id):
    return api.get(f"/api/company/view/{company_id}").json()["data"]


@pytest.fixture
def two(rep):
    old = make_company(rep.organization, company_name="Acme", website="https://acme.com", custom_fields={"Depots": 4})
    new = make_company(rep.organization, company_name="Acme GmbH", website="https://acme.de", city="Bonn",
                       phone_number="+49 30 1", custom_fields={"Depots": 5, "Fleet": "big"}, summary="Freight.")
    return old.pk, new.pk


# ------------------------------------------------------------------------- who wins
def test_the_oldest_stays_and_what_it_lacks_is_filled(api, two):
    old, new = two
    data = merge_over(api, [new, old]).json()["data"]
    assert (data["id"], data["merged"], data["company"]["id"]) == (old, [new], old)
    company = view(api, old)
    assert (company["company_name"], company["website"], company["city"], company["summary"]) == (
        "Acme", "https://acme.com", "Bonn", "Freight.")
    assert company["custom_fields"] == {"Depots": 4, "Fleet": "big"}
    assert view(api, new)["id"] == old


def test_survivor_and_each_field_can_be_chosen(api, rep, two):
    """Name and domain of one that goes, too: these are free by then."""
    old, new = two
    merge_over(api, [old, new], fields={"company_name": new, "website": new, "city": old, "custom_fields.Depots": new})
    company = view(api, old)
    assert (company["company_name"], company["domain"], company["city"]) == ("Acme GmbH", "acme.de", None)
    assert company["custom_fields"] == {"Depots": 5, "Fleet": "big"}
    with org_scope(rep.organization):
        assert Company.objects.get(pk=old).name_norm == "acme gmbh"
        assert SearchDoc.objects.get(kind="company").body.startswith("acme gmbh")


def test_tags_unite(api, rep, two):
    with org_scope(rep.organization):
        tags = [lookups.add(rep.organization, module_name="company", type="tags", name=name, by=rep).pk for name in "abc"]
        edit.update(two[0], rep.organization, {}, tags=tags[:2], by=rep)
        edit.update(two[1], rep.organization, {}, tags=tags[1:], by=rep)
    merge_over(api, list(two))
    assert [tag["name"] for tag in view(api, two[0])["tags"]] == ["a", "b", "c"]


# ------------------------------------------------------------------------- what moves
def furnish(rep, company_id):
    """A lead, a deleted lead, a contact who works there, one who did, and a file of the company."""
    organization = rep.organization
    with org_scope(organization):
        name = Company.objects.get(pk=company_id).company_name
    ids = [make_lead(organization, company=name).pk for _ in range(2)]
    with org_scope(organization):
        leads.delete(Lead.objects.filter(pk=ids[1]), by=rep)
        contacts.add(organization, {"name": "Jo Roe", "company_id": company_id}, by=rep)
        gone = contacts.add(organization, {"name": "Al Roe", "company_id": company_id, "company_since": None}, by=rep)
        contacts.update(gone, organization, {"company_id": None}, by=rep)
        attachments.add_document(organization, model_type="company", model_id=company_id, upload=a_file(), by=rep)


def owners(rep):
    with org_scope(rep.organization):
        return (set(Lead.objects.values_list("company_id", flat=True)),
                set(Contact.objects.values_list("company_id", flat=True)),
                set(Attachment.objects.values_list("model_id", flat=True)))


def test_everything_moves_along(api, rep, two):
    furnish(rep, two[1])
    merge_over(api, list(two))
    assert owners(rep) == ({two[0]}, {two[0], None}, {two[0]})
    jobs.drain()
    with org_scope(rep.organization):
        docs = SearchDoc.objects.filter(kind__in=("lead", "contact")).exclude(body__contains="al roe")
        bodies = list(docs.values_list("body", flat=True))
    assert len(bodies) == 2 and all("acme" in body and "gmbh" not in body for body in bodies), bodies


def test_every_key_that_points_to_a_company_is_moved_or_named(db):
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT c.conrelid::regclass || '.' || a.attname FROM pg_constraint c
               JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = ANY(c.conkey) AND a.attname <> 'organization_id'
               WHERE c.contype = 'f' AND c.confrelid = 'companies_company'::regclass""")
        keys = {name for (name,) in cursor.fetchall()}
    stays = {"companies_companytag.company_id", "companies_companypair.first_id", "companies_companypair.second_id"}
    assert keys - stays <= set(merge.KIT.targets()) and stays <= keys


# ------------------------------------------------------------------------- refusals, rights
def test_refusals(api, rep, outsider, two):
    old, new = two
    foreign = make_company(outsider.organization, company_name="Foreign").pk
    merge_over(api, [old, foreign], 404)
    assert "ids" in merge_over(api, [], 400).json()["error"]["fields"]
    for body in ([old], [old, old], list(range(1, 12)), "x"):
        assert "ids" in merge_over(api, body, 422).json()["error"]["fields"]
    assert "survivor_id" in merge_over(api, [old, new], 422, survivor_id=old + 10**6).json()["error"]["fields"]
    for fields in ({"domain": old}, {"city": foreign}, {"city": True}, {"city": "x"}):
        assert "fields" in merge_over(api, [old, new], 422, fields=fields).json()["error"]["fields"]
    viewer = make_member(rep.organization)
    with org_scope(rep.organization):
        viewer.role.permissions = ["records.view", "records.edit"]
        viewer.role.save()
    merge_over(client_of(viewer), [old, new], 403)
    merge_over(api, [old, new])
    merge_over(api, [old, new], 404)


def test_a_merge_is_one_action(api, rep, two):
    change_id = int(merge_over(api, list(two))["X-Change-Id"])
    with org_scope(rep.organization):
        rows = list(Change.objects.filter(change_id=change_id).order_by("pk").values_list("verb", "model_id"))
    assert rows == [("company.merged_into", two[1]), ("company.absorbed", two[0]), ("company.updated", two[0])]


# ------------------------------------------------------------------------- undo
TABLES = ("companies_company", "companies_companytag", "leads_lead", "contacts_contact", "contacts_employment",
          "activity_attachment", "lio_searchdoc", "lookups_customvalue")
BESIDE = ["updated_at", "score", "ai_information"]  # what any change moves on


def rows_of(organization, tables):
    found = {}
    jobs.drain()
    with org_scope(organization), connection.cursor() as cursor:
        for table in tables:
            without = [*BESIDE, *(["id"] if table in ("lio_searchdoc", "lookups_customvalue", "companies_companytag",
                                                     "contacts_contacttag", "contacts_contactpoint") else [])]
            cursor.execute(f"SELECT (to_jsonb(t) - %s::text[])::text FROM {table} t WHERE organization_id = %s ORDER BY 1",
                           [without, organization.pk])
            found[table] = [text for (text,) in cursor.fetchall()]
    return found


words = st.sampled_from(["", "a", "b"])
some_company = st.fixed_dictionaries({
    "city": words, "website": st.sampled_from(["", "https://linkedin.com/x", "https://own.com"]), "summary": words,
    "custom_fields": st.dictionaries(st.sampled_from(["k", "l"]), st.sampled_from(["1", "2"])),
    "tags": st.sets(st.integers(0, 2)), "furnished": st.booleans(),
})


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(companies=st.lists(some_company, min_size=2, max_size=4), data=st.data())
def test_merge_and_undo_change_nothing(db, companies, data):
    rep = make_organization()
    organization, made = rep.organization, []
    with org_scope(organization):
        tags = [lookups.add(organization, module_name="company", type="tags", name=name, by=rep).pk for name in "abc"]
    for n, fields in enumerate(companies):
        own = {name: fields[name] for name in ("city", "website", "summary", "custom_fields")}
        if own["website"] == "https://own.com":
            own["website"] = f"https://own{n}.com"
        company = make_company(organization, company_name=f"Company {n}", tags=[tags[i] for i in fields["tags"]], **own)
        if fields["furnished"]:
            furnish(rep, company.pk)
        made.append(company.pk)
    chosen = data.draw(st.lists(st.sampled_from(made), min_size=2, max_size=4, unique=True))
    fields = data.draw(st.dictionaries(st.sampled_from(["company_name", "city", "website", "custom_fields.k"]),
                                       st.sampled_from(chosen)))
    before = rows_of(organization, TABLES)
    with org_scope(organization), history.one_action():
        merge.merge(organization, chosen, survivor_id=data.draw(st.sampled_from(chosen)), fields=fields, by=rep)
        change_id = history.last_change_id()
    assert rows_of(organization, TABLES) != before
    with org_scope(organization):
        assert undo.undo(organization, change_id, by=rep).conflicts == []
    after = rows_of(organization, TABLES)
    for table in TABLES:
        assert after[table] == before[table], table


def test_undo_says_when_the_name_has_gone_to_another(api, rep, two):
    old, new = two
    furnish(rep, new)
    change_id = int(merge_over(api, [old, new])["X-Change-Id"])
    make_company(rep.organization, company_name="ACME gmbh")
    data = api.post("/api/undo", {"change_id": change_id}).json()["data"]
    assert [conflict["model_id"] for conflict in data["conflicts"]] == [new]
    assert owners(rep)[0] == {old}  # what moved stays where it is seen


def test_pairs_of_what_is_merged_are_gone(api, rep, two):
    from tests.companies.test_duplicates import pairs

    assert set(pairs(rep)) == {two}
    merge_over(api, list(two))
    assert pairs(rep) == {}
    with org_scope(rep.organization):
        assert not CompanyPair.objects.exists() and not CompanyTag.objects.exists()


def test_what_was_taken_back_is_merged_again(api, rep, two):
    old, new = two
    furnish(rep, new)
    change_id = int(merge_over(api, [old, new])["X-Change-Id"])
    merged, there = view(api, old), owners(rep)
    undone = int(api.post("/api/undo", {"change_id": change_id})["X-Change-Id"])
    assert owners(rep) != there
    again = api.post("/api/undo", {"change_id": undone}).json()["data"]
    assert again["conflicts"] == []
    assert owners(rep) == there
    assert {**view(api, old), "updated_at": merged["updated_at"]} == merged
    assert view(api, new)["id"] == old


def test_what_was_taken_back_is_not_merged_again_with_one_that_has_gone(api, rep, two):
    old, new = two
    furnish(rep, new)
    change_id = int(merge_over(api, [old, new])["X-Change-Id"])
    undone = int(api.post("/api/undo", {"change_id": change_id})["X-Change-Id"])
    api.delete(f"/api/company/delete/{old}")
    again = api.post("/api/undo", {"change_id": undone}).json()["data"]
    assert (again["reverted"], [one["reason"] for one in again["conflicts"]]) == (0, ["one of the companies is gone"])
    assert owners(rep)[0] == {new}
