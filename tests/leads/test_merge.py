"""Merging leads: who wins where, what moves along, where old ids lead, and that undo brings everything back."""

from datetime import timedelta
from threading import Barrier, Thread

import pytest
from django.db import connection, connections
from django.utils.timezone import now
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from activity import attachments
from activity.models import Attachment, Notification
from activity.notify import Notice, notify
from leads import edit, follow_ups, merge, notes
from leads.models import FollowUp, Lead, LeadTag, Note
from lio import history, jobs, merging, undo
from lio.errors import DomainError
from lio.models import Change, SearchDoc
from lio.tenancy import org_scope
from lookups import edit as lookups
from tests.conftest import client_of
from tests.factories import a_file, make_lead, make_member, make_organization


def merge_over(api, ids, status=200, **more):
    answer = api.post("/api/lead/merge", {"ids": ids, **more})
    assert answer.status_code == status, answer.json()
    return answer


def view(api, lead_id):
    return api.get(f"/api/lead/view/{lead_id}").json()["data"]


@pytest.fixture
def two(rep):
    old = make_lead(rep.organization, email="jane@acme.example", company="Acme", custom_fields={"Depots": 4, "Size": "S"})
    new = make_lead(rep.organization, first_name="Janet", email="janet@acme.example", phone_number="+49 30 123456",
                    city="Bonn", company="Acme", custom_fields={"Size": "L", "Fleet": "big"})
    return old.pk, new.pk


# ------------------------------------------------------------------------- who wins
def test_the_oldest_stays_and_what_it_lacks_is_filled(api, two):
    old, new = two
    data = merge_over(api, [new, old]).json()["data"]
    assert (data["id"], data["merged"]) == (old, [new])
    lead = view(api, old)
    assert (lead["first_name"], lead["email"], lead["phone_number"], lead["city"]) == (
        "Jane", "jane@acme.example", "+49 30 123456", "Bonn")
    assert lead["custom_fields"] == {"Depots": 4, "Size": "S", "Fleet": "big"}
    assert data["lead"]["id"] == old


def test_survivor_and_each_field_can_be_chosen(api, two):
    old, new = two
    fields = {"first_name": old, "email": old, "city": old, "custom_fields.Size": old, "company": new}
    merge_over(api, [old, new], survivor_id=new, fields=fields)
    lead = view(api, new)
    assert (lead["id"], lead["first_name"], lead["email"]) == (new, "Jane", "jane@acme.example")
    assert lead["city"] is None  # chosen, although it is empty
    assert lead["custom_fields"] == {"Depots": 4, "Size": "S", "Fleet": "big"}


def test_tags_unite(api, rep):
    with org_scope(rep.organization):
        tags = [lookups.add(rep.organization, module_name="lead", type="tags", name=name, by=rep) for name in ("a", "b", "c")]
    one = make_lead(rep.organization, tags=[tags[0].pk, tags[1].pk])
    two = make_lead(rep.organization, tags=[tags[1].pk, tags[2].pk])
    merge_over(api, [one.pk, two.pk])
    assert [tag["name"] for tag in view(api, one.pk)["tags"]] == ["a", "b", "c"]


def test_the_oldest_holder_of_an_address_stays_the_holder(api, rep):
    with_address = [make_lead(rep.organization, email="x@x.example").pk for _ in range(3)]
    other = make_lead(rep.organization, first_name="Jo", email="y@x.example").pk
    merge_over(api, [with_address[1], other], fields={"email": other}, survivor_id=with_address[1])
    assert holders(rep) == {with_address[0]: True, with_address[1]: True, with_address[2]: False}
    merge_over(api, [with_address[0], with_address[1]], survivor_id=with_address[1], fields={"email": with_address[0]})
    assert holders(rep) == {with_address[1]: True, with_address[2]: False}


def holders(rep):
    with org_scope(rep.organization):
        return dict(Lead.objects.alive().filter(email_norm__isnull=False).values_list("pk", "holds_email"))


# ------------------------------------------------------------------------- what moves
def furnish(rep, lead):
    """A note, a follow-up, a document, a file of a cloud and a notification about the lead."""
    with org_scope(rep.organization):
        notes.add(lead, title="Spoke", by=rep)
        follow_ups.add(lead, due_at=now() + timedelta(days=1), by=rep)
        attachments.add_document(rep.organization, model_type="lead", model_id=lead.pk, upload=a_file(), by=rep)
        attachments.attach_cloud_file(rep.organization, model_type="lead", model_id=lead.pk, provider="dropbox", by=rep, file={
            "id": "1", "name": "plan", "mime_type": "", "web_url": "https://x.example"})
        notify("lead_assigned", [Notice(rep.pk, "told", link="/leads/", model_id=lead.pk)], model_type="lead")


def owners(rep):
    with org_scope(rep.organization):
        return {
            "notes": set(Note.objects.values_list("lead_id", flat=True)),
            "follow-ups": set(FollowUp.objects.values_list("lead_id", flat=True)),
            "files": set(Attachment.objects.values_list("model_id", flat=True)),
            "notifications": set(Notification.objects.values_list("model_id", flat=True)),
        }


def test_everything_moves_along(api, rep, two):
    old, new = two
    with org_scope(rep.organization):
        lead = Lead.objects.get(pk=new)
    furnish(rep, lead)
    merge_over(api, [old, new])
    assert set(map(frozenset, owners(rep).values())) == {frozenset({old})}
    assert api.get(f"/api/lead/note/list?lead_id={old}").json()["total"] == 1
    assert api.get(f"/api/lead/document/list?lead_id={old}").json()["total"] == 1


def test_every_key_that_points_to_a_lead_is_moved_or_named(db):
    """A table of a later app moves without a word here; what does not move is a decision."""
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT c.conrelid::regclass || '.' || a.attname FROM pg_constraint c
               JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = ANY(c.conkey) AND a.attname <> 'organization_id'
               WHERE c.contype = 'f' AND c.confrelid = 'leads_lead'::regclass""")
        keys = {name for (name,) in cursor.fetchall()}
    stays = {"leads_leadtag.lead_id", "leads_duplicatepair.first_id", "leads_duplicatepair.second_id"}
    assert keys - stays <= set(merge.targets()) and stays <= keys


def test_what_a_lead_can_have_once_stays_where_it_would_collide(rep, two):
    """As a table would with one row a lead: the tag that both have stays, the other moves."""
    with org_scope(rep.organization):
        tags = [lookups.add(rep.organization, module_name="lead", type="tags", name=name, by=rep).pk for name in ("a", "b")]
        rows = [LeadTag.objects.create(organization=rep.organization, lead_id=lead, tag_id=tag) for lead, tag in (
            (two[0], tags[0]), (two[1], tags[0]), (two[1], tags[1]))]
        moved = merging.point("leads_leadtag", "lead_id", two[0], [rows[1].pk, rows[2].pk])
    assert moved == [rows[2].pk]


# ------------------------------------------------------------------------- old ids
def test_old_ids_lead_to_the_survivor(api, browser, rep, two):
    old, new = two
    third = make_lead(rep.organization, email="j@acme.example").pk
    merge_over(api, [old, new])
    merge_over(api, [old, third], survivor_id=third)
    assert view(api, old)["id"] == view(api, new)["id"] == third
    assert api.get("/api/lead/list").json()["total"] == 1
    assert browser.get(f"/leads/{new}/")["Location"] == f"/leads/{third}/"
    assert api.post(f"/api/lead/update/{new}", {"city": "Köln"}).status_code == 404


def test_the_timeline_shows_the_history_of_both(api, browser, rep, two):
    old, new = two
    with org_scope(rep.organization):
        notes.add(Lead.objects.get(pk=new), title="Said by the younger", by=rep)
    merge_over(api, [old, new])
    page = browser.get(f"/leads/{old}/").content.decode()
    assert "Said by the younger" in page and "Janet Doe" in page and "merged" in page
    with org_scope(rep.organization):
        assert SearchDoc.objects.filter(kind="lead").count() == 1


# ------------------------------------------------------------------------- refusals
def test_refusals(api, outsider, two):
    old, new = two
    foreign = make_lead(outsider.organization).pk
    merge_over(api, [old, foreign], 404)
    merge_over(api, [old, 10**15], 404)
    assert "ids" in merge_over(api, [], 400).json()["error"]["fields"]
    for body in ([old], [old, old], list(range(1, 12)), "x"):
        assert "ids" in merge_over(api, body, 422).json()["error"]["fields"]
    assert "survivor_id" in merge_over(api, [old, new], 422, survivor_id=old + 10**6).json()["error"]["fields"]
    for fields in ({"score": old}, {"city": foreign}, {"city": True}, {"city": "x"}):
        assert "fields" in merge_over(api, [old, new], 422, fields=fields).json()["error"]["fields"]
    merge_over(api, [old, new])
    merge_over(api, [old, new], 404)
    assert merge_over(client_of(outsider), [old, new], 404)


# ------------------------------------------------------------------------- undo
TABLES = ("leads_lead", "leads_leadtag", "leads_note", "leads_followup", "activity_attachment", "activity_notification",
          "lio_searchdoc", "lookups_customvalue")
BESIDE = ["updated_at", "score", "ai_information"]  # what any change moves on


def rows_of(organization):
    """{table: its rows}, without what any change moves on."""
    found = {}
    with org_scope(organization), connection.cursor() as cursor:
        for table in TABLES:
            without = [*BESIDE, *(["id"] if table in ("lio_searchdoc", "lookups_customvalue", "leads_leadtag") else [])]
            cursor.execute(f"SELECT (to_jsonb(t) - %s::text[])::text FROM {table} t WHERE organization_id = %s ORDER BY 1",
                           [without, organization.pk])
            found[table] = [text for (text,) in cursor.fetchall()]
    return found


words = st.sampled_from(["", "a", "b"])
some_lead = st.fixed_dictionaries({
    "first_name": st.sampled_from(["Jo", "Al"]), "city": words, "email": st.sampled_from(["", "a@x.example", "b@x.example"]),
    "linkedin_url": st.sampled_from(["", "https://linkedin.com/in/a", "https://linkedin.com/in/b"]), "company": words,
    "custom_fields": st.dictionaries(st.sampled_from(["k", "l"]), st.sampled_from(["1", "2"])),
    "tags": st.sets(st.integers(0, 2)), "furnished": st.booleans(), "status": st.sampled_from([1, 3]),
})


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(leads=st.lists(some_lead, min_size=2, max_size=5), data=st.data())
def test_merge_and_undo_change_nothing(db, leads, data):
    rep = make_organization()
    organization = rep.organization
    with org_scope(organization):
        tags = [lookups.add(organization, module_name="lead", type="tags", name=name, by=rep).pk for name in "abc"]
    made = []
    for given_ in leads:
        fields = {name: value for name, value in given_.items() if name not in ("tags", "furnished", "status")}
        lead = make_lead(organization, tags=[tags[n] for n in given_["tags"]], **fields)
        with org_scope(organization):
            edit.update(lead.pk, organization, {"status_id": status_pk(organization, given_["status"])}, by=rep)
        if given_["furnished"]:
            furnish(rep, lead)
        made.append(lead.pk)
    chosen = data.draw(st.lists(st.sampled_from(made), min_size=2, max_size=4, unique=True))
    fields = data.draw(st.dictionaries(st.sampled_from(["email", "city", "first_name", "linkedin_url", "status", "company",
                                                        "custom_fields.k"]), st.sampled_from(chosen)))
    before = rows_of(organization)
    with org_scope(organization), history.one_action():
        merge.merge(organization, chosen, survivor_id=data.draw(st.sampled_from(chosen)), fields=fields, by=rep)
        change_id = history.last_change_id()
    assert rows_of(organization) != before
    check_holders(organization)
    with org_scope(organization):
        done = undo.undo(organization, change_id, by=rep)
    assert done.conflicts == []
    check_holders(organization)
    after = rows_of(organization)
    for table in TABLES:
        assert [strip(row) for row in after[table]] == [strip(row) for row in before[table]], table


def strip(row):
    """A status that is set, also back, is activity."""
    import re

    return re.sub(r'"last_activity_at": [^,}]+', "", row)


def status_pk(organization, number):
    from lookups.known import known

    return known(organization, "status")[number].pk


def check_holders(organization):
    """Of living leads with one address the oldest holds it, and no other."""
    with org_scope(organization):
        for column, flag in (("email_norm", "holds_email"), ("linkedin_norm", "holds_linkedin")):
            seen = set()
            rows = Lead.objects.alive().filter(**{f"{column}__isnull": False}).order_by("pk")
            for address, holds in rows.values_list(column, flag):
                assert holds == (address not in seen), (column, address)
                seen.add(address)


def test_last_activity_goes_back(api, rep, two):
    old, new = two
    with org_scope(rep.organization):
        Lead.objects.filter(pk=new).update(last_activity_at=now())
    change_id = int(merge_over(api, [old, new])["X-Change-Id"])
    assert view(api, old)["last_activity_at"]
    api.post("/api/undo", {"change_id": change_id})
    assert view(api, old)["last_activity_at"] is None and view(api, new)["last_activity_at"]


def test_undo_leaves_alone_what_changed_since(api, rep, two):
    old, new = two
    with org_scope(rep.organization):
        note = notes.add(Lead.objects.get(pk=new), title="x", by=rep)
        kept = notes.add(Lead.objects.get(pk=new), title="y", by=rep)
    change_id = int(merge_over(api, [old, new])["X-Change-Id"])
    api.post(f"/api/lead/update/{old}", {"city": "Mainz"})
    with org_scope(rep.organization):
        Note.objects.filter(pk=note.pk).delete()
    data = api.post("/api/undo", {"change_id": change_id}).json()["data"]
    assert {(conflict["model_id"], conflict["field"]) for conflict in data["conflicts"]} == {
        (old, "city"), (new, "note")}
    assert (view(api, old)["city"], view(api, old)["phone_number"], view(api, new)["city"]) == ("Mainz", None, "Bonn")
    with org_scope(rep.organization):
        assert Note.objects.get(pk=kept.pk).lead_id == new
    assert api.post("/api/undo", {"change_id": change_id}).status_code == 409


def test_a_merge_is_one_action(api, rep, two):
    change_id = int(merge_over(api, list(two))["X-Change-Id"])
    with org_scope(rep.organization):
        rows = list(Change.objects.filter(change_id=change_id).order_by("pk").values_list("verb", "model_id"))
    assert rows == [("lead.merged_into", two[1]), ("lead.absorbed", two[0]), ("lead.updated", two[0])]
    jobs.drain()
    assert view(api, two[0])["score"] > 0


def test_rights(rep, two):
    viewer = make_member(rep.organization)
    with org_scope(rep.organization):
        viewer.role.permissions = ["records.view", "records.edit"]
        viewer.role.save()
    merge_over(client_of(viewer), list(two), 403)


def test_queries_do_not_grow_with_what_moves(api, rep, two, django_assert_num_queries):
    from django.test.utils import CaptureQueriesContext

    counts = []
    for size in (1, 20):
        one, other = make_lead(rep.organization), make_lead(rep.organization)
        with org_scope(rep.organization):
            for n in range(size):
                notes.add(other, title=f"{n}", by=rep)
                follow_ups.add(other, due_at=now(), by=rep)
        with org_scope(rep.organization), history.one_action(), CaptureQueriesContext(connection) as seen:
            merge.merge(rep.organization, [one.pk, other.pk], by=rep)
        counts.append(len(seen))
    assert counts[0] == counts[1]


# ------------------------------------------------------------------------- at the same time
@pytest.mark.django_db(transaction=True)
def test_of_two_merges_that_cross_one_wins():
    rep = make_organization()
    for _ in range(6):
        ids = [make_lead(rep.organization, email="x@x.example").pk for _ in range(3)]
        for pk in ids:
            with org_scope(rep.organization):
                notes.add(Lead.objects.get(pk=pk), title="n", by=rep)
        start, outcomes = Barrier(2), []

        def run(survivor, ids=ids, start=start, outcomes=outcomes):
            try:
                start.wait()
                with org_scope(rep.organization), history.one_action():
                    outcomes.append(merge.merge(rep.organization, ids, survivor_id=survivor, by=rep))
            except DomainError as error:
                outcomes.append(type(error).__name__)
            finally:
                connections.close_all()

        threads = [Thread(target=run, args=(survivor,)) for survivor in (ids[0], ids[2])]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        won = [one for one in outcomes if one != "Missing"]
        assert len(won) == 1 and len(outcomes) == 2, outcomes
        with org_scope(rep.organization):
            assert list(Lead.objects.alive().filter(pk__in=ids).values_list("pk", "holds_email")) == [(won[0], True)]
            assert set(Note.objects.filter(lead_id__in=ids).values_list("lead_id", flat=True)) == {won[0]}
            edit.delete(Lead.objects.filter(pk__in=ids), by=rep)


def test_what_was_taken_back_is_merged_again(api, rep, two):
    old, new = two
    with org_scope(rep.organization):
        notes.add(Lead.objects.get(pk=new), title="", note="About the trucks.", by=rep)
    change_id = int(merge_over(api, [old, new])["X-Change-Id"])
    undone = int(api.post("/api/undo", {"change_id": change_id})["X-Change-Id"])
    again = api.post("/api/undo", {"change_id": undone}).json()["data"]
    assert again["conflicts"] == []
    with org_scope(rep.organization):
        assert merge.survivor_of(rep.organization, new) == old
        assert Note.objects.get().lead_id == old
