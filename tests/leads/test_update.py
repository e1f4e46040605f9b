"""POST /api/lead/update/{id}: partial, objects merged, everything that follows from it (R23, R38, R40, R46)."""

import pytest

from lio import jobs
from lio.tenancy import org_scope
from tests.contract import shapes
from tests.factories import make_lead


@pytest.fixture
def lead(rep):
    return make_lead(
        rep.organization,
        by=rep,
        email="jane@acme.example",
        city="Ulm",
        company="Acme",
        phone_number="+49 30 1",
        estimated_value=10,
        custom_fields={"a": 1, "b": {"c": 2}},
    )


def update(api, lead, **fields):
    return api.post(f"/api/lead/update/{lead.pk}", fields)


def test_only_the_sent_fields_change(api, lead):
    before = api.get(f"/api/lead/view/{lead.pk}").json()["data"]
    after = update(api, lead, city="Bonn").json()["data"]
    assert {name for name in before if before[name] != after[name]} == {"city", "updated_at"}


def test_null_clears_an_optional_field_and_is_refused_for_a_required_one(api, lead):
    shown = update(
        api, lead, city=None, company=None, estimated_value=None, phone_number=None, email=None, lead_source=None
    ).json()["data"]
    assert [shown[name] for name in ("city", "company", "company_id", "estimated_value", "phone_number", "email")] == [None] * 6
    for name in ("first_name", "last_name", "status", "priority"):
        assert name in shapes.check_failure(update(api, lead, **{name: None}), 422)["fields"]


def test_custom_fields_are_merged_and_null_removes_a_key(api, lead):
    shown = update(api, lead, custom_fields={"b": {"d": 3}, "e": [1], "a": None}).json()["data"]
    assert shown["custom_fields"] == {"b": {"d": 3}, "e": [1]}
    assert update(api, lead, custom_fields={}).json()["data"]["custom_fields"] == {"b": {"d": 3}, "e": [1]}


def test_custom_fields_cannot_grow_beyond_their_bounds(api, lead):
    statuses = [update(api, lead, custom_fields={f"{n}-{i}": "x" * 250 for i in range(90)}).status_code for n in range(4)]
    assert 422 in statuses
    shown = api.get(f"/api/lead/view/{lead.pk}").json()["data"]["custom_fields"]
    assert len(shown) <= 100


def test_ai_information_is_merged_but_never_what_scoring_owns(api, lead):
    jobs.drain()
    shown = update(api, lead, ai_information={"persona": "buyer", "score": 1, "score_reasons": [], "score_model": None}).json()[
        "data"
    ]
    assert shown["ai_information"]["persona"] == "buyer"
    assert shown["ai_information"]["score"] == shown["score"] > 1
    assert shown["ai_information"]["score_reasons"]
    jobs.drain()
    again = api.get(f"/api/lead/view/{lead.pk}").json()["data"]
    assert again["ai_information"]["persona"] == "buyer" and again["ai_information"]["score_model"]


def test_tags_are_replaced(api, lead, tag):
    hot, cold = tag("Hot"), tag("Cold")
    assert update(api, lead, tags=[hot["id"], cold["id"]]).json()["data"]["tags"] == [hot, cold]
    assert update(api, lead, city="Bonn").json()["data"]["tags"] == [hot, cold]
    assert update(api, lead, tags=[cold["id"], cold["id"]]).json()["data"]["tags"] == [cold]
    assert "tags" in shapes.check_failure(update(api, lead, tags=[cold["id"], 999_999]), 422)["fields"]
    assert update(api, lead, tags=[]).json()["data"]["tags"] == []
    update(api, lead, tags=[hot["id"]])
    assert update(api, lead, tags=None).json()["data"]["tags"] == []


def test_company_by_name(api, lead):
    shown = update(api, lead, company="acme").json()["data"]
    assert shown["company"] == "Acme"
    other = update(api, lead, company="Globex").json()["data"]
    assert (other["company"], other["company_id"] != shown["company_id"]) == ("Globex", True)


def test_a_taken_address_is_a_conflict(api, rep, lead):
    other = make_lead(rep.organization, email="joe@acme.example", linkedin_url="https://linkedin.com/in/joe")
    for taken in ({"email": "JOE@acme.example"}, {"linkedin_url": "http://www.linkedin.com/in/Joe/?trk=1"}):
        error = shapes.check_failure(update(api, lead, city="Bonn", **taken), 409)
        assert (error["code"], error["details"]) == ("duplicate_lead", {"lead_id": other.pk})
    assert api.get(f"/api/lead/view/{lead.pk}").json()["data"]["city"] == "Ulm"
    assert update(api, lead, email="JANE@acme.example").json()["data"]["email"] == "JANE@acme.example"  # one's own


def test_two_addresses_of_two_others_are_ambiguous(api, rep, lead):
    one = make_lead(rep.organization, email="one@acme.example")
    two = make_lead(rep.organization, linkedin_url="https://linkedin.com/in/two")
    error = shapes.check_failure(update(api, lead, email="one@acme.example", linkedin_url="linkedin.com/in/two"), 409)
    assert (error["code"], sorted(error["details"]["lead_ids"])) == ("ambiguous_match", [one.pk, two.pk])


def test_updated_at_moves_and_activity_follows_the_status(api, lead):
    shown = update(api, lead, city="Bonn").json()["data"]
    assert shown["last_activity_at"] is None and shown["updated_at"] > shown["created_at"]
    assert update(api, lead, status=2).json()["data"]["last_activity_at"] is not None


def test_every_updatable_field_round_trips(api, lead, colleague):
    given = {
        "first_name": "Janet",
        "last_name": "Roe",
        "job_title": "CEO",
        "industry": "Steel",
        "website": "https://x.example",
        "address": "Road",
        "state": "BW",
        "country": "DE",
        "pin_code": "1",
        "priority": 1,
        "lead_source": 5,
        "assigned_to": colleague.pk,
        "linkedin_url": "https://linkedin.com/in/j",
        "notes": "n",
        "estimated_value": 5.5,
        "status": 6,
    }
    shown = update(api, lead, **given).json()["data"]
    assert {name: shown[name] for name in given} == given


def test_a_deleted_or_foreign_lead_is_not_there(api, lead, outsider, rep):
    api.delete(f"/api/lead/delete?ids={lead.pk}")
    shapes.check_failure(update(api, lead, city="Bonn"), 404)
    shapes.check_failure(update(api, make_lead(outsider.organization), city="Bonn"), 404)


def test_only_post_updates(api, lead):
    for method in ("PUT", "PATCH", "GET"):
        assert api.generic(method, f"/api/lead/update/{lead.pk}", "{}", content_type="application/json").status_code == 405
    with org_scope(lead.organization_id):
        lead.refresh_from_db()
