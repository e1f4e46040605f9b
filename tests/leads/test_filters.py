"""The filters of /api/lead/list (R17, R32, R33, R36)."""

import pytest
from django.utils.dateparse import parse_datetime

from leads.models import Lead
from lio.tenancy import org_scope
from tests.contract import shapes
from tests.factories import make_lead


@pytest.fixture
def found(api):
    def ask(**query):
        answer = api.get("/api/lead/list", {"limit": 100, **query})
        assert answer.status_code == 200, answer.content
        assert answer.json()["total"] == len(answer.json()["data"])
        return {row["first_name"] for row in answer.json()["data"]}

    return ask


@pytest.fixture
def named(rep):
    def make(name, **fields):
        lead = make_lead(
            rep.organization, first_name=name, **{k: v for k, v in fields.items() if k not in ("score", "created_at")}
        )
        with org_scope(rep.organization):
            Lead.objects.filter(pk=lead.pk).update(**{k: v for k, v in fields.items() if k in ("score", "created_at")})
        return lead

    return make


def test_score(named, found):
    for score in (0, 49, 50, 100):
        named(str(score), score=score)
    assert found(score_min=50) == {"50", "100"}
    assert found(score_max=49) == {"0", "49"}
    assert found(score_min=49, score_max=50) == found(score_min="49.0", score_max="50") == {"49", "50"}
    assert found(score_min=49.5, score_max=99.9) == {"50"}
    assert found(score_min=60, score_max=40) == set()


def test_assigned_to(named, found, rep, colleague, api):
    named("mine", assigned_to_id=rep.pk)
    named("theirs", assigned_to_id=colleague.pk)
    named("nobody's")
    assert found(assigned_to="true") == {"mine"}
    assert found(assigned_to=colleague.pk) == {"theirs"}
    assert found(assigned_to=f"{rep.pk},{colleague.pk}") == {"mine", "theirs"}
    assert found(**{"assigned_to[]": [rep.pk, colleague.pk]}) == {"mine", "theirs"}
    assert found(assigned_to=99_999_999) == set()
    assert found(unassigned="true") == found(unassigned=1) == {"nobody's"}
    assert found(unassigned="false") == {"mine", "theirs", "nobody's"}
    assert found(unassigned="true", assigned_to="true") == set()
    for bad in ("me", "false", "1,true", "-1"):
        shapes.check_failure(api.get("/api/lead/list", {"assigned_to": bad}), 400)


def test_look_ups(named, found, api, tag):
    answer = [
        api.post(
            "/api/v1/lead",
            {
                "email": f"a{n}@acme.example",
                "first_name": f"s{n}",
                "status": n,
                "lead_source": min(n, 5),
                "priority": min(n, 4),
            },
        )
        for n in range(1, 7)
    ]
    assert {one.status_code for one in answer} == {201}
    assert found(state_id=3) == found(status=3) == {"s3"}
    assert found(state_id="1,6") == found(status="1,6") == {"s1", "s6"}
    assert found(lead_source=5) == {"s5", "s6"}
    assert found(lead_source="1,2") == {"s1", "s2"}
    assert found(priority="4") == {"s4", "s5", "s6"}
    assert found(priority="1,4", state_id="1,4,9") == {"s1", "s4"}
    assert found(priority=99) == found(state_id=2**40) == found(priority=2**40) == set()


def test_texts(named, found):
    named("a", city="Ulm", state="BW", country="Germany", company="Acme Steel")
    named("b", city="ulm", country="GERMANY", company="acme")
    named("c", city="Neu-Ulm", company="100%_x")
    assert found(city="ULM") == {"a", "b"}
    assert found(country="germany", state="bw") == {"a"}
    assert found(company="acme") == {"a", "b"}
    assert found(company="STEEL") == {"a"}
    assert found(company="%") == found(company="_") == {"c"}
    assert found(company="ac%me") == found(city="%") == found(city="ul_") == set()


@pytest.mark.parametrize(
    ("zone", "moment", "day"),
    [
        ("UTC", "2026-06-15T00:00:00Z", "2026-06-15"),
        ("UTC", "2026-06-15T23:59:59.999Z", "2026-06-15"),
        ("Europe/Berlin", "2026-06-14T22:00:00Z", "2026-06-15"),
        ("Europe/Berlin", "2026-06-15T21:59:59Z", "2026-06-15"),
        ("America/New_York", "2026-06-15T04:00:00Z", "2026-06-15"),
        ("America/New_York", "2026-06-16T03:59:59Z", "2026-06-15"),
        ("Asia/Kolkata", "2026-06-14T18:30:00Z", "2026-06-15"),
        ("Pacific/Kiritimati", "2026-06-14T10:00:00Z", "2026-06-15"),
        ("Europe/Berlin", "2026-03-28T23:00:00Z", "2026-03-29"),
        ("Europe/Berlin", "2026-03-29T21:59:59Z", "2026-03-29"),  # 23 hours
        ("Europe/Berlin", "2026-10-24T22:00:00Z", "2026-10-25"),
        ("Europe/Berlin", "2026-10-25T22:59:59Z", "2026-10-25"),  # 25 hours
    ],
)
def test_a_plain_date_is_the_callers_whole_day(api, rep, named, found, zone, moment, day):
    from datetime import date, timedelta

    assert api.post(f"/api/user/update/{rep.pk}", {"timezone": zone}).status_code == 200
    named("x", created_at=parse_datetime(moment))
    before, after = str(date.fromisoformat(day) - timedelta(1)), str(date.fromisoformat(day) + timedelta(1))
    for first, last in (("start_date", "end_date"), ("created_from", "created_to")):
        assert found(**{first: day, last: day}) == {"x"}
        assert found(**{first: day}) == found(**{last: day}) == {"x"}
        assert found(**{first: after}) == found(**{last: before}) == set()
        assert found(**{first: before, last: after}) == {"x"}


def test_moments_are_inclusive_and_keep_their_offset(named, found, api):
    named("x", created_at=parse_datetime("2026-06-15T12:00:00Z"))
    for moment in (
        "2026-06-15T12:00:00Z",
        "2026-06-15T12:00:00",
        "2026-06-15T14:00:00+02:00",
        "2026-06-15T12:00:00.000Z",
        "2026-06-15 12:00:00",
    ):
        assert found(start_date=moment) == found(end_date=moment) == found(start_date=moment, end_date=moment) == {"x"}, moment
    assert found(start_date="2026-06-15T12:00:00.001Z") == found(end_date="2026-06-15T11:59:59.999Z") == set()


@pytest.mark.parametrize(("first", "last"), [("start_date", "end_date"), ("created_from", "created_to")])
def test_start_after_end(api, first, last):
    for low, high in (
        ("2026-06-16", "2026-06-15"),
        ("2026-06-15T12:00:01Z", "2026-06-15T12:00:00Z"),
        ("2026-06-15T12:00:00Z", "2026-06-14"),
    ):
        assert first in shapes.check_failure(api.get("/api/lead/list", {first: low, last: high}), 400)["fields"]


def test_filters_come_together(named, found, rep):
    named("a", city="Ulm", score=80, assigned_to_id=rep.pk)
    named("b", city="Ulm", score=20, assigned_to_id=rep.pk)
    named("c", city="Bonn", score=80)
    assert found(city="ulm", score_min=50, assigned_to="true", search_value="a", state_id=1, created_from="2001-01-01") == {"a"}
