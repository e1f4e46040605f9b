"""POST /api/undo: what an action did is taken back; what changed since is left alone and reported."""

from datetime import timedelta

import pytest
from django.utils.timezone import now

from leads import bulk
from leads.models import Lead
from lio import jobs, selection, undo
from lio.models import Change
from lio.tenancy import org_scope
from tests.factories import make_lead, make_member

JANE = {"first_name": "Jane", "last_name": "Doe", "email": "jane@acme.example", "company": "Acme", "city": "Bonn"}


def add(api, **fields):
    answer = api.post("/api/lead/add", JANE | fields)
    return answer.json()["data"]["id"], int(answer["X-Change-Id"])


def change(api, lead_id, **fields):
    answer = api.post(f"/api/lead/update/{lead_id}", fields)
    assert answer.status_code == 200, answer.json()
    return int(answer["X-Change-Id"])


def take_back(api, change_id):
    return api.post("/api/undo", {"change_id": change_id})


def view(api, lead_id):
    return api.get(f"/api/lead/view/{lead_id}").json().get("data")


def test_an_edit_goes_back_field_by_field(api):
    lead_id, _ = add(api)
    before = view(api, lead_id)
    changed = change(api, lead_id, city="Köln", company="Globex", status=3, custom_fields={"Depots": 4}, email="j@acme.example")
    answer = take_back(api, changed)
    assert answer.json()["data"] | {"change_id": 0} == {"change_id": 0, "reverted": 2, "conflict_count": 0, "conflicts": []}
    after = view(api, lead_id)
    same = {"city", "company", "company_id", "status", "custom_fields", "email", "status_text"}
    assert {name: after[name] for name in same} == {name: before[name] for name in same}


def test_what_changed_since_is_left_alone_and_named(api):
    lead_id, _ = add(api)
    first = change(api, lead_id, city="Köln", country="Germany", custom_fields={"a": 1, "b": 1})
    change(api, lead_id, city="Mainz", custom_fields={"b": 2})
    data = take_back(api, first).json()["data"]
    assert {conflict["field"] for conflict in data["conflicts"]} == {"city", "custom_fields.b"}
    after = view(api, lead_id)
    assert (after["city"], after["country"], after["custom_fields"]) == ("Mainz", None, {"b": 2})


def test_a_new_lead_goes_and_an_edited_one_stays(api):
    lead_id, created = add(api)
    assert take_back(api, created).json()["data"]["reverted"] == 2  # with the company that came with it
    assert api.get(f"/api/lead/view/{lead_id}").status_code == 404
    other, created = add(api, email="other@acme.example")
    change(api, other, city="Köln")
    data = take_back(api, created).json()["data"]
    assert (data["reverted"], data["conflict_count"]) == (0, 1)
    assert view(api, other)["city"] == "Köln"


def test_a_deleted_lead_comes_back_with_its_address_unless_it_is_taken(api):
    lead_id, _ = add(api)
    deleted = int(api.delete("/api/lead/delete", {"ids": [lead_id]})["X-Change-Id"])
    take_back(api, deleted)
    assert view(api, lead_id)["email"] == "jane@acme.example"
    assert api.post("/api/lead/add", JANE).status_code == 409
    deleted = int(api.delete("/api/lead/delete", {"ids": [lead_id]})["X-Change-Id"])
    second, _ = add(api)
    take_back(api, deleted)
    lead = Lead.objects.filter(pk=lead_id)
    assert view(api, lead_id) and view(api, second)
    assert api.post("/api/lead/add", JANE).json()["error"]["details"]["lead_id"] == second
    assert lead is not None


def test_an_undo_can_be_undone_and_not_twice(api):
    lead_id, _ = add(api)
    changed = change(api, lead_id, city="Köln")
    undone = take_back(api, changed).json()["data"]["change_id"]
    again = take_back(api, changed)
    assert (again.status_code, again.json()["error"]["code"]) == (409, "already_undone")
    take_back(api, undone)
    assert view(api, lead_id)["city"] == "Köln"


def test_a_bulk_action_goes_back_as_a_whole(api, rep):
    leads = [make_lead(rep.organization, email=f"p{n}@x.example") for n in range(5)]
    mate = make_member(rep.organization)
    ids = [lead.pk for lead in leads]
    assigned = int(api.post("/api/lead/assign-user", {"ids": ids, "assigned_to": mate.pk})["X-Change-Id"])
    change(api, ids[0], assigned_to=rep.pk)
    data = take_back(api, assigned).json()["data"]
    assert (data["reverted"], data["conflict_count"]) == (4, 1)
    assert [view(api, pk)["assigned_to"] for pk in ids] == [rep.pk, None, None, None, None]


def test_a_tag_of_the_bulk_bar_comes_off(api, rep, scope):
    from lookups.edit import tags_named
    from lookups.known import known

    lead = make_lead(rep.organization)
    tags_named(rep.organization, ["hot"], by=rep)
    tag = next(iter(known(rep.organization, "tags").values()))
    bulk.add_tags(Lead.objects.filter(pk=lead.pk), [tag.number], by=rep)
    last = Change.objects.filter(verb="lead.tagged").latest("id").change_id
    undo.undo(rep.organization, last, by=rep)
    assert not lead.lead_tags.exists()


def test_many_rows_are_taken_back_in_the_background(api, rep, monkeypatch):
    monkeypatch.setattr(undo, "AT_ONCE", 3)
    monkeypatch.setattr(undo, "CHUNK", 2)
    ids = [make_lead(rep.organization, email=f"p{n}@x.example").pk for n in range(7)]
    changed = int(api.post("/api/lead/status-change", {"ids": ids, "status": 3})["X-Change-Id"])
    data = take_back(api, changed).json()["data"]
    assert data["job_id"] and data["reverted"] == 7
    jobs.drain()
    assert {view(api, pk)["status"] for pk in ids} == {1}
    assert take_back(api, changed).status_code == 409
    assert selection.AT_ONCE == 5000


@pytest.mark.parametrize("body", [{}, {"change_id": "x"}, {"change_id": 0}])
def test_a_bad_body_is_refused(api, body):
    assert api.post("/api/undo", body).status_code == 422


def test_another_organizations_change_does_not_exist(api, outsider_api):
    _, created = add(outsider_api)
    assert take_back(api, created).status_code == 404


def test_after_thirty_days_it_is_too_late(api, rep):
    lead_id, _ = add(api)
    changed = change(api, lead_id, city="Köln")
    with org_scope(rep.organization):
        Change.objects.filter(change_id=changed).update(created_at=now() - timedelta(days=31))
    assert take_back(api, changed).json()["error"]["code"] == "too_old"
