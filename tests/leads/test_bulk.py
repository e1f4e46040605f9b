"""POST /api/lead/status-change and /assign-user: ids, or all that the list shows with the filters (R26, DECISIONS 12)."""

import pytest

from leads.models import Lead
from lio import bulk, jobs, selection
from lio.models import Change, Job
from lio.tenancy import org_scope
from tests.contract import shapes
from tests.factories import make_lead


@pytest.fixture
def leads(rep):
    return [
        make_lead(rep.organization, by=rep, email=f"a{n}@acme.example", city="Ulm" if n % 2 else "Bonn", priority=1 + n % 4)
        for n in range(8)
    ]


def status(api, **body):
    return api.post("/api/lead/status-change", {"status": 3} | body)


def statuses(rep):
    with org_scope(rep.organization):
        return dict(Lead.objects.values_list("pk", "status__number"))


def test_ids(api, rep, leads):
    ids = [leads[0].pk, leads[3].pk]
    assert status(api, ids=[*ids, ids[0], 99_999_999]).json()["data"] == {"updated": 2, "ids": ids}
    assert {pk for pk, number in statuses(rep).items() if number == 3} == set(ids)


@pytest.mark.parametrize(
    "filters",
    [
        {},
        {"city": "ulm"},
        {"priority": [1, 2]},
        {"priority": "1,2"},
        {"priority": 1},
        {"search_value": "a3@"},
        {"unassigned": True},
        {"status": 1},
        {"state_id": [1]},
        {"city": "Ulm", "search_value": "a1"},
        {"score_min": 0, "score_max": 100},
        {"city": None},
        {"created_from": "2001-01-01"},
        {"start_date": "2001-01-01", "end_date": "2101-01-01"},
        {"order_by": "city", "order_in": "asc"},
    ],
)
def test_select_all_is_what_the_list_shows(api, rep, leads, filters):
    query = {
        key: ",".join(map(str, value)) if isinstance(value, list) else str(value).lower() if isinstance(value, bool) else value
        for key, value in filters.items()
        if value is not None
    }
    shown = {row["id"] for row in api.get("/api/lead/list", query | {"limit": 100}).json()["data"]}
    answer = status(api, select_all=True, filters=filters)
    assert set(answer.json()["data"]["ids"]) == shown
    assert {pk for pk, number in statuses(rep).items() if number == 3} == shown


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({}, 400),
        ({"ids": []}, 400),
        ({"ids": None}, 400),
        ({"select_all": False}, 400),
        ({"filters": {}}, 400),
        ({"select_all": True}, 422),
        ({"select_all": True, "filters": None}, 422),
        ({"select_all": True, "ids": [1], "filters": {}}, 422),
        ({"select_all": True, "filters": []}, 422),
        ({"select_all": "maybe", "filters": {}}, 422),
        ({"ids": "abc"}, 422),
        ({"ids": [-1]}, 422),
        ({"ids": [99_999_999]}, 404),
    ],
)
def test_what_is_no_selection(api, rep, leads, body, expected):
    shapes.check_failure(status(api, **body), expected)
    assert set(statuses(rep).values()) == {1}


@pytest.mark.parametrize(
    "filters",
    [
        {"citty": "Ulm"},
        {"score_min": "x"},
        {"priority": {}},
        {"created_from": "yesterday"},
        {"created_from": 5},
        {"created_from": ["2026-01-02"], "created_to": ["2026-01-01"]},
        {"start_date": "2026-01-02", "end_date": "2026-01-01"},
        {"search_value": 5},
        {"search_value": {}},
        {"order_by": ["id"]},
        {"order_by": {"a": 1}},
        {"order_by": "nonsense"},
        {"order_in": [1]},
        {"unassigned": "perhaps"},
        {"city": {"a": 1}},
        {"city": ["Ulm", {}]},
        {"assigned_to": [True]},
        {"deleted_at__isnull": False},
        {"organization_id": 1},
        {"city__icontains": "u"},
        {"search_value": "x" * 201},
        {"state_id": [[1]]},
        {"assigned_to": "me"},
    ],
)
def test_filters_that_are_misspelt_or_invalid_are_refused(api, rep, leads, filters):
    error = shapes.check_failure(status(api, select_all=True, filters=filters), 422)
    assert "filters" in error["fields"]
    assert set(statuses(rep).values()) == {1}


def test_nothing_found_is_nothing_done(api, leads):
    assert status(api, select_all=True, filters={"city": "Nowhere"}).json()["data"] == {"updated": 0, "ids": []}


def test_an_unknown_status_or_member(api, rep, leads, outsider):
    assert "status" in shapes.check_failure(status(api, ids=[leads[0].pk], status=99), 422)["fields"]
    for member in (99_999_999, outsider.pk):
        shapes.check_failure(api.post("/api/lead/assign-user", {"ids": [leads[0].pk], "assigned_to": member}), 404)
    shapes.check_failure(api.post("/api/lead/assign-user", {"ids": [leads[0].pk]}), 422)
    assert set(statuses(rep).values()) == {1}


def test_assigning_and_taking_away(api, leads, colleague):
    ids = [lead.pk for lead in leads[:2]]
    assert api.post("/api/lead/assign-user", {"ids": ids, "assigned_to": colleague.pk}).json()["data"] == {
        "updated": 2,
        "ids": ids,
    }
    assert api.get("/api/lead/list", {"assigned_to": colleague.pk}).json()["total"] == 2
    assert api.post("/api/lead/assign-user", {"ids": ids, "assigned_to": None}).status_code == 200
    assert api.get("/api/lead/list", {"unassigned": 1}).json()["total"] == 8


def test_an_inactive_member_gets_no_leads(api, leads, colleague):
    api.post("/api/user/delete", {"user_id": colleague.pk})
    shapes.check_failure(api.post("/api/lead/assign-user", {"ids": [leads[0].pk], "assigned_to": colleague.pk}), 422)


def test_ids_as_text(api, leads):
    ids = [lead.pk for lead in leads[:2]]
    assert status(api, ids=f"{ids[0]},{ids[1]}").json()["data"]["ids"] == ids
    assert status(api, ids=[str(ids[0])], select_all=0).json()["data"]["ids"] == [ids[0]]


def test_a_change_of_status_is_activity_and_asks_for_a_new_score(api, rep, leads):
    jobs.drain()
    status(api, ids=[leads[0].pk])
    assert api.get(f"/api/lead/view/{leads[0].pk}").json()["data"]["last_activity_at"]
    assert Job.objects.filter(state="queued").count() == 1
    with org_scope(rep.organization):
        Lead.objects.filter(pk=leads[0].pk).update(score=0)
    jobs.drain()
    assert api.get(f"/api/lead/view/{leads[0].pk}").json()["data"]["score"] > 0


def test_many_rows_are_changed_in_the_background_in_chunks(api, rep, leads, monkeypatch):
    """Above 5,000: a job with the ids as they are now, chunk by chunk, under one change id."""
    monkeypatch.setattr(bulk, "AT_ONCE", 5)
    monkeypatch.setattr(bulk, "CHUNK", 3)
    answer = status(api, select_all=True, filters={"status": 1})
    data = answer.json()["data"]
    assert (answer.status_code, data["updated"], data["ids"]) == (200, 8, [])
    job = Job.objects.get(pk=data["job_id"])
    assert (job.total, job.by_id, job.organization_id) == (8, rep.pk, rep.organization_id)
    late = make_lead(rep.organization)  # came after the question
    jobs.drain()
    job.refresh_from_db()
    assert (job.state, job.processed, job.succeeded, job.skipped, job.failed) == ("completed", 8, 8, 0, 0)
    assert statuses(rep) == {lead.pk: 3 for lead in leads} | {late.pk: 1}
    with org_scope(rep.organization):
        changes = Change.objects.filter(verb="lead.status_changed")
        assert (changes.count(), set(changes.values_list("change_id", "by_id"))) == (8, {(int(answer["X-Change-Id"]), rep.pk)})


def test_a_broken_off_job_goes_on_after_its_last_chunk(api, rep, leads, colleague, monkeypatch):
    monkeypatch.setattr(bulk, "AT_ONCE", 5)
    monkeypatch.setattr(bulk, "CHUNK", 3)
    data = api.post("/api/lead/assign-user", {"select_all": True, "filters": {}, "assigned_to": colleague.pk}).json()["data"]
    real, calls = bulk.ACTIONS["leads.bulk._assign"], []

    def break_off(ids, *args, by):
        calls.append(ids)
        if len(calls) == 2:
            raise RuntimeError("the power failed")
        return real(ids, *args, by=by)

    monkeypatch.setitem(bulk.ACTIONS, "leads.bulk._assign", break_off)
    jobs.drain()
    assert Job.objects.get(pk=data["job_id"]).processed == 3
    Job.objects.update(run_at="2026-01-01T00:00:00Z")
    jobs.drain()
    assert [len(ids) for ids in calls] == [3, 3, 3, 2]
    assert Job.objects.get(pk=data["job_id"]).state == "completed"
    assert api.get("/api/lead/list", {"assigned_to": colleague.pk}).json()["total"] == 8


def test_the_bounds_are_the_documented_ones():
    assert (selection.AT_ONCE, bulk.AT_ONCE, bulk.CHUNK) == (5000, 5000, 1000)
