"""The score: 0 in the answer, filled in the background, with reasons that add up (R44)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leads import scoring
from leads.models import Lead
from lio import jobs
from lio.models import Job
from lio.tenancy import org_scope

FACTS = st.fixed_dictionaries(
    {},
    optional={
        "email": st.sampled_from(["a@gmail.com", "a@acme.example", "", None]),
        "phone_number": st.sampled_from(["1", "", None]),
        "linkedin_url": st.sampled_from(["https://linkedin.com/in/a", None]),
        "first_name": st.text(max_size=5),
        "last_name": st.text(max_size=5),
        "company": st.text(max_size=5),
        "job_title": st.sampled_from(["CEO", "Student", "Head of Sales", "Lead Engineer", "Clerk", "", None]),
        "website": st.text(max_size=3),
        "industry": st.text(max_size=3),
        "city": st.text(max_size=3),
        "country": st.text(max_size=3),
        "estimated_value": st.one_of(st.none(), st.decimals(0, 10**12, places=2)),
        "status": st.integers(0, 2000),
        "lead_source": st.one_of(st.none(), st.integers(0, 2000)),
        "priority": st.integers(1, 4),
    },
)


@given(FACTS)
def test_reasons_add_up(facts):
    points, reasons = scoring.score(facts)
    reachable = facts.get("email") or facts.get("phone_number") or facts.get("linkedin_url")
    if not reachable:
        assert points == 0
        return
    assert points == max(1, min(100, scoring.START + sum(reason["points"] for reason in reasons)))
    assert all(reason["points"] and reason["reason"] for reason in reasons)
    assert reasons == sorted(reasons, key=lambda reason: -abs(reason["points"]))


def test_filled_in_the_background(key_api, api):
    made = key_api.post(
        "/api/v1/lead", {"email": "jane@acme.example", "first_name": "Jane", "last_name": "Doe", "job_title": "CEO"}
    ).json()["data"]
    assert (made["score"], made["ai_information"]) == (0, {})
    jobs.drain()
    lead = api.get(f"/api/lead/view/{made['id']}").json()["data"]
    assert 1 < lead["score"] <= 100
    assert lead["ai_information"]["score"] == lead["score"]
    assert "Decides: top of the company" in [reason["reason"] for reason in lead["ai_information"]["score_reasons"]]
    assert lead["updated_at"] == made["updated_at"]
    assert Job.objects.filter(is_batch=True).count() == 0


@pytest.mark.parametrize(
    "change",
    [
        {"job_title": "CEO"},
        {"company": "Acme"},
        {"phone_number": "1"},
        {"status": 3},
        {"priority": 4},
        {"estimated_value": 200_000},
        {"email": None},
    ],
)
def test_computed_again_on_change(api, change):
    lead = api.post("/api/lead/add", {"first_name": "Jane", "last_name": "Doe", "email": "jane@acme.example"}).json()["data"]
    jobs.drain()
    before = api.get(f"/api/lead/view/{lead['id']}").json()["data"]["score"]
    api.post(f"/api/lead/update/{lead['id']}", change)
    jobs.drain()
    assert api.get(f"/api/lead/view/{lead['id']}").json()["data"]["score"] != before


def test_nobody_to_reach_is_0(api):
    lead = api.post("/api/lead/add", {"first_name": "Jane", "last_name": "Doe", "job_title": "CEO", "company": "Acme"}).json()[
        "data"
    ]
    jobs.drain()
    shown = api.get(f"/api/lead/view/{lead['id']}").json()["data"]
    assert shown["score"] == 0 and shown["ai_information"]["score_reasons"]


def test_a_deleted_lead_is_left_alone(api, rep):
    lead = api.post("/api/lead/add", {"first_name": "Jane", "last_name": "Doe", "email": "jane@acme.example"}).json()["data"]
    api.delete(f"/api/lead/delete?ids={lead['id']}")
    jobs.drain()
    with org_scope(rep.organization):
        assert Lead.objects.get(pk=lead["id"]).score == 0


def test_running_twice_does_no_harm(api, rep):
    from leads.jobs import score_leads

    lead = api.post("/api/lead/add", {"first_name": "Jane", "last_name": "Doe", "email": "jane@acme.example"}).json()["data"]
    jobs.drain()
    before = api.get(f"/api/lead/view/{lead['id']}").json()["data"]
    with org_scope(rep.organization):
        score_leads([lead["id"], lead["id"], 99_999_999])
    after = api.get(f"/api/lead/view/{lead['id']}").json()["data"]
    assert after["score"] == before["score"]
