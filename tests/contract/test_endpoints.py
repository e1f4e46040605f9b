"""The API document, endpoint by endpoint: it is there under both prefixes, refuses strangers, answers in the envelope."""

import pytest
from rest_framework.test import APIClient

from lio import urls
from tests.contract import shapes
from tests.contract.spec import (
    BUILT,
    BY_ID,
    ENDPOINTS,
    METHODS,
    UNBUILT,
    both_paths,
    fields_of,
    filled,
    ids,
    params_of,
    served_methods,
)

PRIVATE = [endpoint for endpoint in BUILT if endpoint["auth"] != "none"]
# The picture of a mail comes for every token (R61).
WITH_ID = [endpoint for endpoint in BUILT if params_of(endpoint, "path") and endpoint["id"] != "track-open"]
NOWHERE = 987_654_321


def test_the_list_of_unbuilt_endpoints_names_only_documented_ones():
    assert BY_ID.keys() >= UNBUILT


def test_what_the_first_issue_brings_is_built():
    due = {e["id"] for e in ENDPOINTS if e["section"] in ("2", "2.3", "6.1") or e["id"] in ("v1-lead", "v1-lead-list")}
    assert UNBUILT & due <= {"user-global-search"}


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=ids(ENDPOINTS))
def test_exists_under_both_prefixes(endpoint):
    for path in both_paths(endpoint):
        there = endpoint["method"] in served_methods(filled(path))
        if endpoint["id"] in UNBUILT:
            assert not there, f"{endpoint['id']} is built: take it off unbuilt.txt"
        else:
            assert there, f"{endpoint['method']} {path} is missing"


def test_nothing_else_is_served():
    """The routes are exactly the contract's and those of tests/contract/own.yaml."""
    documented = {(endpoint["method"], filled(endpoint["path"])) for endpoint in BUILT}
    listed = {(method, path) for method, path in documented}
    for pattern in urls.api:
        if pattern.name == "unknown":
            continue
        view = pattern.callback
        methods = getattr(view, "actions", None) or [
            m for m in view.view_class.http_method_names if hasattr(view.view_class, m)
        ]
        route = str(pattern.pattern).strip("^$")
        for method in {name.upper() for name in methods} & set(METHODS):
            path = shapes.sample(route)
            assert listed & {(method, f"/api/{path}"), (method, f"/api/v1/{path}")}, f"{method} {route} is not documented"


@pytest.mark.parametrize("endpoint", PRIVATE, ids=ids(PRIVATE))
def test_refuses_strangers(endpoint, db):
    for authorization in [None, "Bearer nonsense", "Basic YTpi", "Bearer", "Bearer " + "x" * 5000]:
        client = APIClient(headers={"Authorization": authorization} if authorization else {})
        for path in both_paths(endpoint):
            shapes.check_failure(client.generic(endpoint["method"], filled(path)), 401)


@pytest.mark.parametrize("endpoint", BUILT, ids=ids(BUILT))
def test_answers_as_documented(endpoint, world):
    answer = world.call(endpoint)
    assert answer.status_code == endpoint["response"]["status"], answer.content
    shapes.check_success(answer, endpoint)
    twin = both_paths(endpoint)[1]
    path, query, body = world.request(endpoint)
    again = world.call(
        endpoint,
        path=path.replace("/api/", "/api/v1/") if "/v1/" in twin else path.replace("/v1/", "/"),
        query=query,
        body=body,
    )
    if endpoint["id"] not in ("auth-logout", "user-change-password"):  # their first call changed who may call
        assert again.status_code == answer.status_code, again.content


@pytest.mark.parametrize("endpoint", BUILT, ids=ids(BUILT))
def test_refuses_other_methods(endpoint, world):
    path, _, _ = world.request(endpoint)
    served = served_methods(path)
    for method in [*METHODS, "OPTIONS", "CREATE", "FINISH", "PERFORM_DESTROY"]:
        if method in served:
            continue
        answer = world.api.generic(method, path, "{}", content_type="application/json")
        shapes.check_failure(answer, 405)
        assert {word.strip() for word in answer["Allow"].split(",")} - {"HEAD"} == served


@pytest.mark.parametrize("endpoint", WITH_ID, ids=ids(WITH_ID))
def test_unknown_id_in_the_path_is_not_found(endpoint, world):
    names = [param["name"] for param in params_of(endpoint, "path")]
    _, query, body = world.request(endpoint)
    if endpoint["method"] == "DELETE":
        body.pop("ids", None)  # would stand in place of the path's (R17)
    for number in [NOWHERE, 0, -1, 2**31, 2**63, 10**30, "abc", "1.5", "1e3", "%00", "%F0%9F%92%A9", "١"]:
        answer = world.call(endpoint, path=filled(endpoint["path"], **dict.fromkeys(names, number)), query=query, body=body)
        shapes.check_failure(answer, 404)
        assert answer.json()["error"]["code"] is None


@pytest.mark.parametrize("endpoint", [e for e in WITH_ID if e["method"] in ("POST", "PUT", "PATCH")], ids=lambda e: e["id"])
def test_the_record_in_the_path_comes_before_the_body(endpoint, world):
    """A bad body for a record that is not there is 404 (R19)."""
    names = [param["name"] for param in params_of(endpoint, "path")]
    bad = {param["name"]: {"not": "valid"} for param in params_of(endpoint, "body")}
    shapes.check_failure(world.call(endpoint, path=filled(endpoint["path"], **dict.fromkeys(names, NOWHERE)), body=bad), 404)


def test_unknown_route_is_not_found_without_a_token(db):
    for path in [
        "/api/nothing",
        "/api/lead/nothing",
        "/api/v1/nothing/7",
        "/api/",
        "/api/v1",
        "/api/lead/list/",
        "/api/lead/view/1/more",
        "/api/contact%00",
    ]:
        for method in METHODS:
            answer = APIClient().generic(method, path)
            shapes.check_failure(answer, 404)
            assert answer.json()["error"]["code"] == "unknown_route"


def test_shapes_name_every_documented_field():
    for endpoint in ENDPOINTS:
        assert isinstance(fields_of(endpoint), dict)
