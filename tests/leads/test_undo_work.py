"""What is done about a lead (notes, follow-ups, documents, its picture) is taken back, and what is taken back comes again."""

from datetime import timedelta

import pytest
from django.utils.timezone import now

from activity.models import Attachment, StoredFile
from leads import follow_ups
from leads.models import FollowUp, Lead, Note
from lio import history
from lio.models import Change
from lio.tenancy import org_scope
from tests.conftest import client_of
from tests.factories import a_file, a_picture, make_lead, make_member

LONG = "A long story. " * 200  # longer than what lists and mails show of it


@pytest.fixture
def lead(rep):
    return make_lead(rep.organization, by=rep)


def change_of(answer):
    assert answer.status_code < 300, answer.content
    return int(answer["X-Change-Id"])


def take_back(api, answer):
    """Undo what this answer did; answers {change_id, reverted, conflict_count, conflicts}."""
    change_id = answer["change_id"] if isinstance(answer, dict) else change_of(answer)
    undone = api.post("/api/undo", {"change_id": change_id})
    assert undone.status_code == 200, undone.content
    return undone.json()["data"]


def whole(undone):
    return undone["reverted"] == 1 and undone["conflicts"] == []


def reasons(undone):
    assert undone["reverted"] == 0
    return [(conflict["field"], conflict["reason"]) for conflict in undone["conflicts"]]


def add_note(api, lead, **fields):
    answer = api.post("/api/lead/note/add", {"lead_id": lead.pk, "title": "First", "note": LONG} | fields)
    return answer.json()["data"]["id"], answer


def notes_of(api):
    return {row["id"]: row for row in api.get("/api/lead/note/list").json()["data"]}


# ---------------------------------------------------------------------------- notes
def test_a_new_note_goes_and_comes_again(api, lead):
    pk, added = add_note(api, lead)
    undone = take_back(api, added)
    assert whole(undone) and notes_of(api) == {}
    assert whole(take_back(api, undone)) and notes_of(api)[pk]["note"] == LONG


@pytest.mark.parametrize("since", [{"note": "Other words"}, {"title": "Second"}, {"is_pinned": True}])
def test_a_new_note_that_was_changed_since_stays(since, api, lead):
    pk, added = add_note(api, lead)
    api.post(f"/api/lead/note/update/{pk}", since)
    assert reasons(take_back(api, added)) == [(None, "the note has been changed since")] and pk in notes_of(api)


def test_words_and_pin_of_a_note_go_back_whole(api, lead):
    pk, _ = add_note(api, lead)
    before = notes_of(api)[pk]
    undone = take_back(api, api.post(f"/api/lead/note/update/{pk}", {"title": "Two", "note": "Short", "is_pinned": True}))
    same = ("title", "note", "is_pinned")
    assert whole(undone) and [notes_of(api)[pk][name] for name in same] == [before[name] for name in same]
    take_back(api, undone)
    assert [notes_of(api)[pk][name] for name in same] == ["Two", "Short", True]


def test_words_that_were_changed_again_stay_and_the_rest_goes_back(api, lead):
    pk, _ = add_note(api, lead)
    first = api.post(f"/api/lead/note/update/{pk}", {"title": "Two", "note": "Short"})
    api.post(f"/api/lead/note/update/{pk}", {"note": "Shorter"})
    undone = take_back(api, first)
    assert undone["reverted"] == 1 and [conflict["field"] for conflict in undone["conflicts"]] == ["note"]
    assert (notes_of(api)[pk]["title"], notes_of(api)[pk]["note"]) == ("First", "Shorter")


def test_a_deleted_note_comes_back_and_goes_again(api, lead):
    pk, _ = add_note(api, lead)
    undone = take_back(api, api.delete("/api/lead/note/delete", {"ids": [pk]}))
    assert whole(undone) and pk in notes_of(api)
    take_back(api, undone)
    assert notes_of(api) == {}


def test_anothers_words_are_not_taken_back(api, colleague_api, lead):
    pk, added = add_note(api, lead)
    assert "Only who wrote a note" in reasons(take_back(colleague_api, added))[0][1] and pk in notes_of(api)


def test_putting_words_back_mentions_nobody_again(api, rep, lead):
    ana = make_member(rep.organization, first_name="Ana", last_name="Silva")
    pk, _ = add_note(api, lead, note="@Ana Silva, look")
    take_back(api, api.post(f"/api/lead/note/update/{pk}", {"note": "nobody"}))
    assert client_of(ana).get("/api/notification/list").json()["total"] == 1


# ---------------------------------------------------------------------------- follow-ups
def plan(api, lead, **fields):
    answer = api.post(
        "/api/lead/follow-up/add", {"lead_id": lead.pk, "follow_up_date": "2999-06-15T09:00:00Z", "notes": LONG} | fields
    )
    return answer.json()["data"]["id"], answer


def follow_ups_of(api):
    return {row["id"]: row for row in api.get("/api/lead/follow-up/list").json()["data"]}


def test_a_planned_follow_up_goes_and_comes_again(api, lead):
    pk, planned = plan(api, lead)
    undone = take_back(api, planned)
    assert whole(undone) and follow_ups_of(api) == {}
    again = take_back(api, undone)
    assert whole(again) and follow_ups_of(api)[pk]["notes"] == LONG
    assert whole(take_back(api, again)) and follow_ups_of(api) == {}


@pytest.mark.parametrize(
    "since", [{"notes": "x"}, {"status": 2}, {"follow_up_date": "2998-01-01T00:00:00Z"}, {"repeats": "daily"}]
)
def test_a_planned_follow_up_that_was_changed_since_stays(since, api, lead):
    pk, planned = plan(api, lead)
    change_of(api.post(f"/api/lead/follow-up/update/{pk}", {"follow_up_date": "2999-06-15T09:00:00Z"} | since))
    assert reasons(take_back(api, planned)) == [(None, "the follow-up has been changed since")] and pk in follow_ups_of(api)


def test_date_status_words_and_owner_go_back(api, colleague, lead):
    pk, _ = plan(api, lead)
    before = follow_ups_of(api)[pk]
    body = {"follow_up_date": "2999-07-01T10:00:00Z", "notes": "Other", "repeats": "monthly", "assigned_to": colleague.pk}
    undone = take_back(api, api.post(f"/api/lead/follow-up/update/{pk}", body))
    assert whole(undone) and follow_ups_of(api)[pk] == before
    take_back(api, undone)
    after = follow_ups_of(api)[pk]
    assert (after["status"], after["notes"], after["repeats"], after["assigned_to"]) == (4, "Other", "monthly", colleague.pk)


def test_a_date_that_was_moved_again_stays(api, lead):
    pk, _ = plan(api, lead)
    when = "2999-06-15T09:00:00Z"
    first = api.post(f"/api/lead/follow-up/update/{pk}", {"follow_up_date": "2999-07-01T10:00:00Z", "notes": "Other"})
    api.post(f"/api/lead/follow-up/update/{pk}", {"follow_up_date": "2999-08-01T10:00:00Z"})
    undone = take_back(api, first)
    assert [conflict["field"] for conflict in undone["conflicts"]] == ["follow_up_date"]
    assert follow_ups_of(api)[pk]["notes"] == LONG and follow_ups_of(api)[pk]["follow_up_date"] != when


def test_completing_goes_back_with_the_next_one_that_it_planned(api, lead):
    pk, _ = plan(api, lead, repeats="weekly")
    done = api.post(f"/api/lead/follow-up/update/{pk}", {"follow_up_date": "2999-06-15T09:00:00Z", "status": 3})
    assert len(follow_ups_of(api)) == 2
    undone = take_back(api, done)
    assert whole(undone)
    assert {(row["id"], row["status"], row["completed_at"]) for row in follow_ups_of(api).values()} == {(pk, 1, None)}
    take_back(api, undone)
    assert sorted(row["status"] for row in follow_ups_of(api).values()) == [1, 3]  # not a third one


def test_a_next_one_that_was_changed_stays_when_completing_goes_back(api, lead):
    pk, _ = plan(api, lead, repeats="weekly")
    done = api.post(f"/api/lead/follow-up/update/{pk}", {"follow_up_date": "2999-06-15T09:00:00Z", "status": 3})
    following = max(follow_ups_of(api))
    api.post(f"/api/lead/follow-up/update/{following}", {"follow_up_date": "2999-06-22T09:00:00Z", "notes": "Bring the offer"})
    undone = take_back(api, done)
    assert (undone["reverted"], undone["conflict_count"]) == (1, 1)
    assert {row["status"] for row in follow_ups_of(api).values()} == {1}


def test_what_time_did_is_not_taken_back(api, rep, lead):
    with org_scope(rep.organization):
        follow_ups.add(lead, due_at=now() - timedelta(days=3), by=rep)
        with history.one_action():
            assert follow_ups.miss_past() == 1
        change_id = Change.objects.get(verb="follow_up.missed").change_id
    api.post("/api/undo", {"change_id": change_id})
    with org_scope(rep.organization):
        assert FollowUp.objects.get().status == FollowUp.Status.MISSED


# ---------------------------------------------------------------------------- documents, linked files, the picture
def documents_of(api):
    return [row["id"] for row in api.get("/api/lead/document/list").json()["data"]]


def add_document(api, lead):
    body = {"lead_id": lead.pk, "file": a_file("offer.txt", b"An offer.")}
    answer = api.post("/api/lead/document/add", body, format="multipart")
    return answer.json()["data"]["id"], answer


def test_a_document_goes_and_comes_again(api, rep, lead):
    pk, added = add_document(api, lead)
    undone = take_back(api, added)
    assert whole(undone) and documents_of(api) == []
    assert whole(take_back(api, undone)) and documents_of(api) == [pk]
    with org_scope(rep.organization):
        stored = Attachment.objects.get(pk=pk).stored_file_id
    assert b"".join(api.get(f"/api/storage-file/{stored}/download").streaming_content) == b"An offer."


def test_a_deleted_document_comes_back_and_one_without_bytes_does_not(api, rep, lead):
    pk, _ = add_document(api, lead)
    removed = api.delete("/api/lead/document/delete", {"ids": [pk]})
    assert whole(take_back(api, removed)) and documents_of(api) == [pk]
    removed = api.delete("/api/lead/document/delete", {"ids": [pk]})
    with org_scope(rep.organization):
        Attachment.objects.filter(pk=pk).delete()
        StoredFile.objects.all().delete()
    assert reasons(take_back(api, removed)) == [(None, "the file is gone")]


def test_a_linked_file_goes_and_comes_again(api, rep, lead):
    cloud = {"id": "c1", "name": "Plan", "mime_type": "application/pdf", "web_url": "https://drive.example/a"}
    linked = api.post(
        "/api/file/attach", {"provider": "dropbox", "subject_type": "lead", "subject_id": lead.pk, "file": cloud}
    )
    undone = take_back(api, linked)
    asked = {"subject_type": "lead", "subject_id": lead.pk}
    assert whole(undone) and api.get("/api/file/list", asked).json()["total"] == 0
    take_back(api, undone)
    assert api.get("/api/file/list", asked).json()["total"] == 1


def test_the_picture_before_comes_back(api, rep, lead):
    def picture():
        with org_scope(rep.organization):
            return Lead.objects.get(pk=lead.pk).profile_image_id

    def upload():
        return api.post(f"/api/lead/{lead.pk}/upload-profile-image", {"image": a_picture()}, format="multipart")

    upload()
    first = picture()
    second = upload()
    there = picture()
    undone = take_back(api, second)
    assert whole(undone) and picture() == first
    take_back(api, undone)
    assert picture() == there
    upload()
    assert [field for field, _ in reasons(take_back(api, {"change_id": undone["change_id"] + 1}))] == ["profile_image"]


# ---------------------------------------------------------------------------- the lead around it
def test_work_on_a_lead_that_is_gone_stays_gone(api, lead):
    _, added = add_note(api, lead)
    api.delete("/api/lead/delete", {"ids": [lead.pk]})
    assert reasons(take_back(api, added)) == [(None, "the lead is gone")]


def test_a_restored_lead_goes_again(api, lead):
    undone = take_back(api, api.delete("/api/lead/delete", {"ids": [lead.pk]}))
    assert whole(take_back(api, undone)) and api.get(f"/api/lead/view/{lead.pk}").status_code == 404


def test_a_lead_that_somebody_else_made_is_taken_back_only_with_the_right_to_delete(api, rep, lead):
    from accounts import roles
    from accounts.models import Role

    with org_scope(rep.organization):
        roles.add(rep.organization, name="Writer", description="", permissions=["records.view", "records.edit"], by=rep)
        assert Role.objects.of(rep.organization).filter(name="Writer").exists()
        change_id = Change.objects.get(verb="lead.created", model_id=lead.pk).change_id
    writer = client_of(make_member(rep.organization, role="Writer"))
    assert reasons(take_back(writer, {"change_id": change_id})) == [(None, "your role does not let you delete leads")]
    own = writer.post("/api/lead/add", {"first_name": "Own", "last_name": "One", "email": "own@x.example"})
    assert whole(take_back(writer, own))


def test_words_in_the_history_belong_to_the_organisation(rep, api, lead):
    _, added = add_note(api, lead)
    with org_scope(rep.organization):
        assert Change.objects.get(change_id=change_of(added), verb="note.added").after["note"] == LONG
        assert Note.objects.count() == 1


@pytest.mark.parametrize("again", [False, True])
def test_what_was_done_and_undone_keeps_no_new_lead(again, api):
    added = api.post("/api/lead/add", {"first_name": "New", "last_name": "One", "email": "new@x.example"})
    pk = added.json()["data"]["id"]
    undone = take_back(api, api.post(f"/api/lead/update/{pk}", {"city": "Bonn"}))
    if again:  # now it is changed after all
        take_back(api, undone)
        assert reasons(take_back(api, added)) == [(None, "has been changed since")]
    else:
        assert whole(take_back(api, added))
