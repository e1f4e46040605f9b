"""The score: 0 in the answer, filled in the background, with reasons that add up (R44)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leads.models import Lead
from leads.scoring.model import reasons, written_model
from lio import jobs
from lio.models import Job
from lio.tenancy import org_scope

LEADS = st.fixed_dictionaries(
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
        "lead_source": st.one_of(st.none(), st.integers(0, 2000)),
        "custom_fields": st.dictionaries(
            st.sampled_from(["visits", "plan", "tags"]),
            st.one_of(st.none(), st.booleans(), st.integers(-5, 10**9), st.floats(allow_nan=False), st.text(max_size=9),
                      st.lists(st.text(max_size=3), max_size=3), st.dictionaries(st.text(max_size=2), st.integers())),
        ),
    },
)  # fmt: skip
SIGNALS = st.lists(st.tuples(st.sampled_from(["Asked for a demo", "Opened a mail"]), st.floats(0.1, 60)), max_size=4)


@given(LEADS, SIGNALS)
def test_reasons_add_up(lead, signals):
    engagement = (min(100.0, sum(points for _, points in signals)), signals)
    told = written_model().score(lead, engagement)
    if not (lead.get("email") or lead.get("phone_number") or lead.get("linkedin_url")):
        assert told["score"] == 0 and told["score_probability"] is None
        return
    reasons = told["score_reasons"]
    assert 1 <= told["score"] <= 100
    assert told["score"] == told["score_start"] + sum(reason["points"] for reason in reasons)
    assert all(reason["points"] and reason["reason"] for reason in reasons)
    assert told["score"] >= told["score_fit"] and 0 < told["score_probability"] < 1
    assert told["score_engagement"] == round(engagement[0])


@given(st.lists(st.tuples(st.text(max_size=3), st.floats(-8, 8)), max_size=40), st.integers(-99, 99))
def test_points_add_up_whatever_they_are(told, difference):
    assert sum(reason["points"] for reason in reasons(told, difference)) == difference


def test_more_engagement_is_never_a_lower_score():
    model, lead = written_model(), {"email": "a@acme.example"}
    scores = [model.score(lead, (points, [("Wrote back", 40)]))["score"] for points in range(0, 101, 10)]
    assert scores == sorted(scores) and scores[-1] > scores[0] + 30


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
        {"linkedin_url": "https://www.linkedin.com/in/jane"},
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


def test_what_sales_writes_does_not_count(api):
    lead = api.post("/api/lead/add", {"first_name": "Jane", "last_name": "Doe", "email": "jane@acme.example"}).json()["data"]
    jobs.drain()
    before = api.get(f"/api/lead/view/{lead['id']}").json()["data"]["score"]
    api.post(f"/api/lead/update/{lead['id']}", {"status": 5, "priority": 4, "estimated_value": 200_000, "notes": "Hot!"})
    jobs.drain()
    assert api.get(f"/api/lead/view/{lead['id']}").json()["data"]["score"] == before


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
