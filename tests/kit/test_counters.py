"""The counters of the lists say what counting would say, whatever happened (leads_leadcount)."""

import random

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leads import bulk, edit
from leads.models import Lead, LeadCount, fold_counts
from lio.tenancy import org_scope
from lookups.known import known
from tests.factories import make_lead, make_member, make_organization

STEPS = st.lists(
    st.tuples(st.sampled_from(["add", "status", "assign", "delete", "edit", "fold", "undo"]), st.integers(0, 10**6)),
    min_size=5,
    max_size=25,
)


def counted(organization):
    with org_scope(organization):
        rows = LeadCount.objects.values_list("status__number", "assigned_to", "n")
        sums = {}
        for status, owner, n in rows:
            sums[status, owner] = sums.get((status, owner), 0) + n
        return {key: n for key, n in sums.items() if n}


def by_hand(organization):
    with org_scope(organization):
        found = {}
        for key in Lead.objects.alive().values_list("status__number", "assigned_to"):
            found[key] = found.get(key, 0) + 1
        return found


def step(organization, members, kind, number):
    chance = random.Random(number)
    with org_scope(organization):
        ids = list(Lead.objects.alive().values_list("pk", flat=True))
        some = Lead.objects.filter(pk__in=chance.sample(ids, min(len(ids), chance.randint(1, 4))))
        statuses = known(organization, "status")
        member = chance.choice([*members, None])
        if kind == "add":
            make_lead(organization, assigned_to_id=member and member.pk)
        elif kind == "status":
            bulk.set_status(some, statuses[chance.randint(1, 6)], by=None)
        elif kind == "assign":
            bulk.assign(some, member, by=None)
        elif kind == "delete":
            edit.delete(some, by=None)
        elif kind == "edit" and ids:
            edit.update(ids[0], organization, {"status_id": statuses[chance.randint(1, 6)].pk, "city": str(number)}, by=None)
        elif kind == "fold":
            fold_counts()
        elif kind == "undo":
            some.update(deleted_at=None)


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_counters_equal_counting(db, steps):
    organization = make_organization().organization
    members = [make_member(organization) for _ in range(2)]
    for kind, number in steps:
        step(organization, members, kind, number)
        assert counted(organization) == by_hand(organization), (kind, number)


def test_totals_of_lists_are_exact(api, rep, colleague):
    for n in range(7):
        make_lead(rep.organization, assigned_to_id=colleague.pk if n % 2 else None)

    def total(**query):
        return api.get("/api/lead/list", query).json()["total"]

    assert (total(), total(unassigned="true"), total(assigned_to=colleague.pk), total(assigned_to="true")) == (7, 4, 3, 0)
    ids = [row["id"] for row in api.get("/api/lead/list").json()["data"]]
    api.post("/api/lead/status-change", {"ids": ids[:2], "status": 5})
    api.delete(f"/api/lead/delete?ids={ids[0]}")
    assert (total(), total(state_id=5), total(state_id=1), total(state_id="1,5"), total(status=5)) == (6, 1, 5, 6, 1)
