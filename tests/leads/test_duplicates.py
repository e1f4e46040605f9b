"""Who holds an address: the oldest living lead; when it goes, the oldest living duplicate (DECISIONS 15)."""

import random

import pytest

from leads.models import Lead
from lio.tenancy import org_scope
from tests.factories import make_lead

ADDRESS = {"email": "jane@acme.example"}
PROFILE = {"linkedin_url": "https://linkedin.com/in/jane"}


@pytest.fixture
def holder(rep):
    """{id: whether it holds its e-mail address} of the living leads that have one."""

    def read(flag="holds_email", column="email_norm"):
        with org_scope(rep.organization):
            rows = Lead.objects.alive().filter(**{f"{column}__isnull": False}).order_by("pk")
            return [(pk, holds) for pk, holds in rows.values_list("pk", flag)]

    return read


def three(rep, **fields):
    return [make_lead(rep.organization, **fields).pk for _ in range(3)]


@pytest.mark.parametrize(
    ("fields", "flag", "column"), [(ADDRESS, "holds_email", "email_norm"), (PROFILE, "holds_linkedin", "linkedin_norm")]
)
def test_deleting_the_holder_hands_on_to_the_oldest(api, rep, holder, fields, flag, column):
    first, second, third = three(rep, **fields)
    assert holder(flag, column) == [(first, True), (second, False), (third, False)]
    api.delete(f"/api/lead/delete?ids={first}")
    assert holder(flag, column) == [(second, True), (third, False)]
    assert api.post("/api/v1/lead", fields).json()["error"]["details"]["lead_id"] == second
    api.delete(f"/api/lead/delete?ids={second},{third}")
    assert holder(flag, column) == []
    assert api.post("/api/v1/lead", fields).status_code == 201


@pytest.mark.parametrize(
    ("fields", "other"),
    [
        (ADDRESS, {"email": "new@acme.example"}),
        (PROFILE, {"linkedin_url": "linkedin.com/in/new"}),
        (ADDRESS, {"email": None}),
        (PROFILE, {"linkedin_url": ""}),
    ],
)
def test_readdressing_the_holder_hands_on(api, rep, holder, fields, other):
    first, second, _ = three(rep, **fields)
    assert api.post(f"/api/lead/update/{first}", other).status_code == 200
    assert api.post("/api/v1/lead", fields).json()["error"]["details"]["lead_id"] == second
    assert api.post(f"/api/lead/update/{first}", fields).status_code == 409  # it is taken now


def test_a_duplicate_that_goes_changes_nothing(api, rep, holder):
    first, second, third = three(rep, **ADDRESS)
    api.delete(f"/api/lead/delete?ids={second}")
    assert holder() == [(first, True), (third, False)]


def test_a_duplicate_with_an_address_of_its_own_holds_that(api, rep, holder):
    _, second, _ = three(rep, **ADDRESS)
    api.post(f"/api/lead/update/{second}", {"email": "own@acme.example"})
    assert (second, True) in holder()
    assert api.post("/api/v1/lead", {"email": "own@acme.example"}).json()["error"]["details"]["lead_id"] == second


def test_all_at_once(api, rep, holder):
    ids = three(rep, **ADDRESS, **PROFILE)
    api.delete("/api/lead/delete", {"ids": ids[:2]})
    assert holder() == [(ids[2], True)]
    assert holder("holds_linkedin", "linkedin_norm") == [(ids[2], True)]


def test_whatever_happens_the_oldest_living_one_holds(api, rep):
    """A random walk: after each step exactly the oldest living lead of each address holds it."""
    chance = random.Random(7)
    for _ in range(60):
        email = f"p{chance.randint(0, 2)}@acme.example"
        with org_scope(rep.organization):
            living = list(Lead.objects.alive().values_list("pk", flat=True))
        deed = chance.choice(["add", "add", "delete", "change"])
        if deed == "add":
            api.post("/api/v1/lead", {"email": email, "duplicate": 1})
        elif living and deed == "delete":
            api.delete("/api/lead/delete", {"ids": chance.sample(living, min(2, len(living)))})
        elif living:
            api.post(f"/api/lead/update/{chance.choice(living)}", {"email": email})
        with org_scope(rep.organization):
            holders = {}
            for norm, holds in Lead.objects.alive().order_by("pk").values_list("email_norm", "holds_email"):
                holders.setdefault(norm, []).append(holds)
            assert all(flags == [True, *[False] * (len(flags) - 1)] for flags in holders.values()), holders
