"""The copy of the look-ups that each process keeps (lookups/known.py)."""

import pytest
from django.db import transaction

from accounts.models import Organization
from lio.tenancy import org_scope
from lookups import edit
from lookups.known import known
from lookups.models import Lookup


def fresh(organization):
    """The organisation as the next request reads it."""
    return Organization.objects.get(pk=organization.pk)


def names(organization):
    with org_scope(organization):
        return {entry.name for entry in known(fresh(organization), "tags").values()}


def test_a_new_value_is_known_at_the_next_request(rep):
    assert names(rep.organization) == set()
    with org_scope(rep.organization):
        edit.add(fresh(rep.organization), module_name="lead", type="tags", name="Hot", by=rep)
    assert names(rep.organization) == {"Hot"}


def test_what_is_rolled_back_is_never_known(rep, api):
    """The copy must not keep values of a transaction that failed after reading them."""
    with pytest.raises(ZeroDivisionError), org_scope(rep.organization), transaction.atomic():
        organization = fresh(rep.organization)
        edit.tags_named(organization, ["Ghost"], by=rep)
        assert {entry.name for entry in known(organization, "tags").values()} == {"Ghost"}
        raise ZeroDivisionError
    assert names(rep.organization) == set()
    with org_scope(rep.organization):
        edit.add(fresh(rep.organization), module_name="lead", type="tags", name="Real", by=rep)
    assert names(rep.organization) == {"Real"}


def test_a_refused_push_leaves_no_ghost_of_its_tags(rep, api):
    api.post("/api/v1/lead", {"email": "jane@acme.example"})
    assert api.post("/api/v1/lead", {"email": "jane@acme.example", "tags": ["Ghost"]}).status_code == 409
    with org_scope(rep.organization):
        assert not Lookup.objects.filter(name="Ghost").exists()
    made = api.post("/api/custom-lookups/add", {"module_name": "lead", "type": "tags", "name": "Real"}).json()["data"]
    answer = api.post("/api/lead/add", {"first_name": "Jo", "last_name": "Do", "tags": [made["id"]]})
    assert answer.json()["data"]["tags"] == [{"id": made["id"], "name": "Real", "color_code": ""}]
    again = api.post("/api/v1/lead", {"email": "joe@acme.example", "tags": ["Ghost"]})
    assert (again.status_code, again.json()["data"]["tags"][0]["name"]) == (201, "Ghost")


def test_organisations_know_their_own_only(rep, outsider):
    for person, name in ((rep, "Ours"), (outsider, "Theirs")):
        with org_scope(person.organization):
            edit.add(fresh(person.organization), module_name="lead", type="tags", name=name, by=person)
    assert (names(rep.organization), names(outsider.organization)) == ({"Ours"}, {"Theirs"})
