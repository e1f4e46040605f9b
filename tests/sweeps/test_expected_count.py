"""`expected_count` on every bulk endpoint: 409 when the selection holds another number by now, and nothing happens."""

import pytest

from contacts import edit as contacts
from lio.tenancy import org_scope
from tests.contract import shapes
from tests.contract.spec import BUILT, ids, params_of
from tests.factories import make_company, make_deal
from tests.world import snapshot

BULK = [
    endpoint
    for endpoint in BUILT
    if {"ids", "select_all"} & {param["name"] for param in params_of(endpoint, "body")}
    and endpoint["id"] not in ("notification-read", "exports-create", "lead-merge", "lead-duplicates-dismiss",
                               "company-merge", "company-duplicates-dismiss", "contact-merge", "contact-duplicates-dismiss",
                               "enrichment-proposals-accept", "enrichment-proposals-dismiss")  # name each
]
ALL = [endpoint for endpoint in BULK if "select_all" in {param["name"] for param in params_of(endpoint, "body")}]


@pytest.mark.parametrize("endpoint", BULK, ids=ids(BULK))
def test_another_number_changes_nothing(endpoint, world):
    path, query, body = world.request(endpoint)
    assert len(body.get("ids") or body["contact_ids"]) == 1
    before = snapshot(world.organization)
    for wrong in (0, 2, "3"):
        error = shapes.check_failure(world.call(endpoint, path=path, query=query, body=body | {"expected_count": wrong}), 409)
        assert (error["code"], error["details"]) == ("count_differs", {"count": 1})
    for wrong in (-1, "x", [], 1.5):
        error = shapes.check_failure(world.call(endpoint, path=path, query=query, body=body | {"expected_count": wrong}), 422)
        assert "expected_count" in error["fields"]
    assert snapshot(world.organization) == before
    answer = world.call(endpoint, path=path, query=query, body=body | {"expected_count": 1})
    assert answer.status_code == endpoint["response"]["status"]


@pytest.mark.parametrize("endpoint", ALL, ids=ids(ALL))
def test_of_all_that_the_list_shows(endpoint, world):
    email = f"{endpoint['id']}.only@example.net"
    if endpoint["id"].startswith("company-"):
        make_company(world.organization, by=world.admin, contact_email=email)
    elif endpoint["id"].startswith("contact-"):
        with org_scope(world.organization):
            contacts.add(world.organization, {"name": "Only One", "email": email}, by=world.admin)
    else:
        lead = world.make_lead(f"{endpoint['id']} only")
        email = lead.email
        if endpoint["id"].startswith("deal-"):
            make_deal(lead, by=world.admin, title=email)
    filters = {"search_value": email}
    path, query, body = world.request(endpoint)
    body = {name: value for name, value in body.items() if name not in ("ids", "contact_ids")}
    body |= {"select_all": True, "filters": filters}
    shapes.check_failure(world.call(endpoint, path=path, query=query, body=body | {"expected_count": 2}), 409)
    answer = world.call(endpoint, path=path, query=query, body=body | {"expected_count": 1})
    assert answer.status_code == endpoint["response"]["status"]
