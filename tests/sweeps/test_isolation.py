"""Two organisations, and every place of every route where an id may stand: none reaches over (TRUST T01-T07, T10).

The same sweep runs twice: as the product is, and with the first wall switched off, so that row level security stands alone.
"""

import json
from dataclasses import dataclass, field

import pytest
from django.db import connection
from rest_framework.test import APIClient

from lio.tenancy import current_organization_id
from tests.contract import shapes
from tests.contract.spec import BUILT, both_paths, filled, params_of
from tests.sweeps.conftest import CANARY
from tests.world import snapshot

# Tables that a caller is recognised by stand outside row level security (lio/checks.py, UNWALLED): for their records the
# first wall is all there is, so the second run leaves these places out.
UNWALLED = {"user", "role", "api_key"}
UNWALLED_ROUTES = ("user-", "role-", "api-keys-", "auth-")
LOOKUP_PLACES = {"status": "status", "state_id": "status", "tags": "tag", "lead_source": "status", "parent_id": "tag"}


@dataclass
class Sweep:
    world: object
    victim: object
    walled_only: bool = False
    requests: int = 0
    answers: list = field(default_factory=list)

    def foreign(self, param):
        """The victim's id for that place; None when the place takes none."""
        if param.get("record"):
            return None if self.walled_only and param["record"] in UNWALLED else self.victim.records[param["record"]]
        name = param["name"]
        if name in LOOKUP_PLACES and "enum" not in param:
            return getattr(self.victim, LOOKUP_PLACES[name]).number
        if name in ("assigned_to", "role_id", "user_id"):
            return None if self.walled_only else self.victim.records["role" if name == "role_id" else "user"]
        return None

    def look(self, answer, refused=(404, 422)):
        """No byte of the victim in the answer; and a refusal, where one is due."""
        self.requests += 1
        text = answer.content.decode() + json.dumps(dict(answer.headers))
        assert CANARY.lower() not in text.lower(), text[:2000]
        assert answer.status_code < 500, text
        if refused:
            assert answer.status_code in refused, (answer.status_code, text[:500])
            shapes.check_failure(answer, answer.status_code)
        return answer


def places(endpoint, place):
    return list(params_of(endpoint, place))


def sweep_paths(sweep, endpoint):
    for param in places(endpoint, "path"):
        number = sweep.foreign(param)
        if number is None:
            continue
        _, query, body = sweep.world.request(endpoint)
        for path in both_paths(endpoint):
            sweep.look(sweep.world.call(endpoint, path=filled(path, **{param["name"]: number}), query=query, body=body), (404,))


ALL_OR_NONE = {"lead-merge", "lead-duplicates-dismiss"}  # these leads, and not those of them that are there


def sweep_bodies(sweep, endpoint):
    for param in places(endpoint, "body"):
        number = sweep.foreign(param)
        if number is None:
            continue
        many = param["type"].startswith("array")
        if param["type"] == "array<string>":
            continue
        for value in ([number],) if many else (number, str(number)):
            sweep.look(sweep.world.call(endpoint, **{param["name"]: value}))
    for param in [param for param in places(endpoint, "body") if param["name"] == "ids"]:
        is_lead = param["record"] == "lead"
        (own,) = [sweep.world.make_lead(f"own{sweep.requests}").pk] if is_lead else sweep.world.request(endpoint)[2]["ids"]
        both = [own, sweep.victim.records[param["record"]]]
        if endpoint["id"] in ALL_OR_NONE:
            sweep.look(sweep.world.call(endpoint, ids=both), (404,))
            continue
        answer = sweep.look(sweep.world.call(endpoint, ids=both), None)
        assert answer.json()["data"]["ids"] == [own]


def sweep_queries(sweep, endpoint):
    if endpoint["method"] != "GET":
        return
    path, own, _ = sweep.world.request(endpoint)
    get = sweep.world.api.get
    for param in places(endpoint, "query"):
        number = sweep.foreign(param)
        if number is None:
            continue
        for value in (number, f"{number},{number}", [number, number]) if param["type"].startswith("csv") else (number,):
            answer = sweep.look(get(path, own | {param["name"]: value}), None)
            assert answer.status_code in (200, 404)
            if answer.status_code == 200:
                assert (answer.json()["data"], answer.json()["total"]) == ([], 0), param["name"]
    if endpoint.get("list"):
        for query in (
            {},
            {"limit": 100},
            {"search_value": CANARY},
            {"order_in": "asc"},
            {"order_by": "id", "page": 2},
            {"organization_id": sweep.victim.organization.public_id},
            {"organization_id": sweep.victim.organization.pk},
        ):
            answer = sweep.look(get(path, own | query), None)
            assert answer.status_code == 200
            if "search_value" in query and endpoint["list"] is True:
                assert answer.json()["total"] == 0


def sweep_everything(sweep):
    for endpoint in BUILT:
        if sweep.walled_only and endpoint["id"].startswith(UNWALLED_ROUTES):
            continue
        if endpoint["auth"] == "none":
            continue
        sweep_paths(sweep, endpoint)
        sweep_queries(sweep, endpoint)
        if endpoint["id"] not in ("auth-logout", "user-change-password"):
            sweep_bodies(sweep, endpoint)


@pytest.fixture(params=["both walls", "row level security alone"])
def sweep(request, world, victim):
    if request.param == "both walls":
        return Sweep(world, victim)
    request.getfixturevalue("first_wall_off")
    return Sweep(world, victim, walled_only=True)


def test_ids_of_another_organisation_are_as_if_they_never_were(sweep):
    before = snapshot(sweep.victim.organization)
    sweep_everything(sweep)
    assert snapshot(sweep.victim.organization) == before
    assert sweep.requests > 50  # it did sweep


def test_bulk_actions_on_everything_stay_at_home(sweep):
    before = snapshot(sweep.victim.organization)
    api, own = sweep.world.api, [lead.pk for lead in sweep.world.leads]
    for filters in ({}, {"score_min": 0}, {"search_value": "a"}, {"unassigned": False}):
        answer = sweep.look(
            api.post("/api/lead/assign-user", {"assigned_to": sweep.world.rep.pk, "select_all": True, "filters": filters}), None
        )
        assert set(answer.json()["data"]["ids"]) <= set(own)
    answer = sweep.look(
        api.post("/api/lead/status-change", {"status": 3, "select_all": True, "filters": {"search_value": CANARY}}), None
    )
    assert answer.json()["data"]["ids"] == []
    assert snapshot(sweep.victim.organization) == before


def test_pushing_knows_nothing_of_another_organisation(sweep):
    """The same address twice is no duplicate; foreign ids among unlisted fields touch nothing."""
    before = snapshot(sweep.victim.organization)
    victim, n = sweep.victim, 0
    for client in (sweep.world.api, APIClient(headers={"x-api-key": sweep.world.secret})):
        for extra in ({}, {"merge": 1}, {"duplicate": 1}):
            n += 1
            answer = client.post(
                "/api/v1/lead",
                {
                    "email": victim.lead.email,
                    "linkedin_url": victim.lead.linkedin_url,
                    "company": f"{victim.mark} company",
                    "tags": [victim.tag.name],
                }
                | extra,
            )
            assert answer.status_code in (200, 201, 409)
            if answer.status_code == 409:
                held = answer.json()["error"]["details"]["lead_id"]
                assert held not in [lead.pk for lead in victim.leads]
            else:
                shown = answer.json()["data"]
                assert shown["company_id"] != victim.company and shown["tags"][0]["id"] != victim.tag.number
        answer = client.post(
            "/api/v1/lead",
            {
                "phone_number": "+49 30 1",
                "company_id": victim.company,
                "id": victim.lead.pk,
                "lead_id": victim.lead.pk,
                "organization_id": victim.organization.pk,
                "organization": victim.organization.pk,
                "status_id": victim.status.pk,
                "source_id": victim.tag.pk,
                "email_norm": victim.lead.email_norm,
            }
            | ({} if sweep.walled_only else {"assigned_to": victim.rep.pk}),
        )
        shown = answer.json()["data"]
        assert (shown["company_id"], shown["assigned_to"], shown["status"]) == (None, None, 1)
        assert shown["id"] not in [lead.pk for lead in victim.leads]
        listed = client.get("/api/v1/lead/lead-list", {"limit": 100, "search_value": victim.mark}).json()["data"]
        assert not {row["id"] for row in listed} & {lead.pk for lead in victim.leads}
    assert snapshot(victim.organization) == before


def test_background_work_of_one_organisation_leaves_the_other_alone(sweep):
    from lio import jobs

    before = snapshot(sweep.victim.organization)
    for lead in sweep.world.leads:
        sweep.world.api.post(f"/api/lead/update/{lead.pk}", {"job_title": "Chief buyer"})
    jobs.drain()
    assert snapshot(sweep.victim.organization) == before
    assert current_organization_id() is None


def test_without_a_scope_there_is_nothing(world, victim):
    with connection.cursor() as cursor:
        cursor.execute("SELECT c.relname FROM pg_class c WHERE c.relrowsecurity AND c.relkind = 'r'")
        for (table,) in cursor.fetchall():
            cursor.execute(f"SELECT count(*) FROM {table}")
            assert cursor.fetchone()[0] == 0, table


def test_the_sweep_would_notice(world, victim, first_wall_off):
    """With the first wall off, a table that has no second one shows the victim: so the sweep is not blind."""
    answer = world.api.get("/api/user/list", {"limit": 100})
    with pytest.raises(AssertionError):
        Sweep(world, victim).look(answer, None)
