"""The description at /api/schema: valid OpenAPI, true to the contract, and true to what the views answer."""

import json
import re

import pytest
import yaml
from django.core.management import call_command
from drf_spectacular.validation import validate_schema
from jsonschema import Draft202012Validator

from tests.contract.spec import BUILT, DOCUMENT, LIST_PARAMS, METHODS, fields_of, ids, params_of
from tests.factories import make_lead
from tests.world import World

SECURITY = {"none": [], "bearer": ["bearer"], "api_key": ["api_key"], "bearer_or_api_key": ["bearer", "api_key"]}
TYPES = {
    "integer": "integer",
    "number": "number",
    "string": "string",
    "boolean": "boolean",
    "object": "object",
    "date": "string",
    "datetime": "string",
    "file": "string",
}
# Updates are partial (R23), although the contract's table marks these as required.
PARTIAL = {"user-update"}
ADDED = {("exports-create", "export_type"): {"deals"}}  # what LIO takes beyond the contract
FURTHER = {"intent-alert-acknowledge"}  # LIO takes a body where the contract has none
# `ids` is required unless select_all is sent, which every bulk action understands (R26).
EITHER = {"lead-delete", "notification-read", "lead-note-delete", "lead-document-delete", "pipelines-delete",
          "deal-delete", "exchange-rates-delete"}


@pytest.fixture(scope="module")
def schema():
    from lio.docs import described

    return json.loads(described("json"))


def operation(schema, endpoint):
    return schema["paths"][endpoint["path"]][endpoint["method"].lower()]


def follow(schema, part):
    while "$ref" in part:
        _, *path = part["$ref"].split("/")
        part = schema
        for name in path:
            part = part[name]
    return part


def body_of(schema, found):
    body, *others = found["requestBody"]["content"].values()  # JSON, or a form with a file, or the same as either
    assert all(other == body for other in others)
    return follow(schema, body["schema"])


def answer_of(schema, found, status):
    return follow(schema, found["responses"][str(status)])["content"]["application/json"]["schema"]


def kinds(part):
    kind = part.get("type")
    return set(kind) if isinstance(kind, list) else {kind}


# --------------------------------------------------------------------- as a document
def test_it_is_valid_openapi(schema):
    validate_schema(schema)
    assert schema["openapi"].startswith("3.1")


def test_the_generator_warns_of_nothing(tmp_path):
    call_command("spectacular", "--validate", "--fail-on-warn", "--file", str(tmp_path / "schema.yaml"))


def test_every_operation_has_a_name_of_its_own(schema):
    names = [found["operationId"] for path in schema["paths"].values() for found in path.values()]
    assert len(names) == len(set(names))


# --------------------------------------------------------------------- as the contract
def test_it_describes_what_is_built_and_nothing_else(schema):
    described = {(method.upper(), path) for path, ways in schema["paths"].items() for method in ways}
    built = {(endpoint["method"], endpoint["path"]) for endpoint in BUILT}
    assert described <= built
    assert {pair for pair in built - described if pair[0] in METHODS} == set()


@pytest.mark.parametrize("endpoint", BUILT, ids=ids(BUILT))
class TestContract:
    def test_credentials(self, schema, endpoint):
        found = operation(schema, endpoint)
        assert [name for way in found.get("security", []) for name in way] == SECURITY[endpoint["auth"]]

    def test_statuses(self, schema, endpoint):
        documented = {int(status) for status in operation(schema, endpoint)["responses"]}
        expected = {endpoint["response"]["status"], *endpoint["response"]["errors"], 429, 500}
        if other := endpoint["response"].get("alternative"):
            expected.add(other.get("status", endpoint["response"]["status"]))
        assert expected <= documented

    def test_path_and_query(self, schema, endpoint):
        given = {(one["in"], one["name"]): one for one in operation(schema, endpoint).get("parameters", [])}
        expected = params_of(endpoint, "path") + params_of(endpoint, "query")
        expected += LIST_PARAMS if endpoint.get("list") is True else []
        for param in expected:
            one = given[param["in"], param["name"]]
            assert one["required"] == param["required"]
            wanted = param["type"].removeprefix("csv<").removesuffix(">")
            found = one["schema"]
            if param["type"].startswith("csv<"):
                assert found["type"] == "array" and not one["explode"]
                found = found["items"]
            elif found["type"] == "array":  # one id is a list of one
                found = found["items"]
            assert found["type"] == TYPES[wanted]
            assert param.get("default", found.get("default")) == found.get("default")

    def test_body(self, schema, endpoint):
        expected = params_of(endpoint, "body") + params_of(endpoint, "multipart")
        if any(param["name"] == "*" for param in endpoint["params"]):
            return
        if not expected:
            assert endpoint["id"] in FURTHER or "requestBody" not in operation(schema, endpoint)
            return
        body = body_of(schema, operation(schema, endpoint))
        for param in expected:
            one = body["properties"][param["name"]]
            wanted, _, inner = param["type"].partition("<")
            if wanted == "any":
                assert "type" not in one
                continue
            assert ("array" if wanted == "array" else TYPES[wanted]) in kinds(one)
            if inner:
                assert one["items"]["type"] == TYPES[inner.rstrip(">")]
            if "max" in param and TYPES.get(wanted) == "string":
                assert one["maxLength"] <= param["max"]
            if "min" in param and TYPES.get(wanted) == "string":
                assert one["minLength"] >= param["min"]
            if "enum" in param:
                assert set(one["enum"]) == set(param["enum"]) | ADDED.get((endpoint["id"], param["name"]), set())

    def test_required_fields(self, schema, endpoint):
        given = params_of(endpoint, "body") + params_of(endpoint, "multipart")
        expected = {param["name"] for param in given if param["required"]}
        if not given:
            return
        body = body_of(schema, operation(schema, endpoint))
        ways = {tuple(way["required"]) for way in body.get("anyOf", [])}
        if endpoint["id"] in EITHER:
            assert ("ids",) in ways
        elif endpoint["id"] in PARTIAL:
            assert "required" not in body
        else:
            assert set(body.get("required", [])) == expected
        for group in endpoint.get("one_of", []):
            assert {way[0] for way in ways} == set(group)

    def test_answer(self, schema, endpoint):
        if endpoint["response"]["kind"] == "file":
            content = operation(schema, endpoint)["responses"][str(endpoint["response"]["status"])]["content"]
            assert content["application/octet-stream"]["schema"]["format"] == "binary"
            return
        if endpoint["response"]["kind"] == "html":
            content = operation(schema, endpoint)["responses"][str(endpoint["response"]["status"])]["content"]
            assert content["text/html"]["schema"]["type"] == "string"
            return
        kind = endpoint["response"]["kind"]
        if kind in ("raw image", "redirect"):
            found = operation(schema, endpoint)["responses"][str(endpoint["response"]["status"])]
            assert "image/gif" in found["content"] if kind == "raw image" else "Location" in found["headers"]
            return
        body = answer_of(schema, operation(schema, endpoint), endpoint["response"]["status"])
        data = body if kind == "token" else follow(schema, body["properties"]["data"])
        if kind == "list":
            assert {"total", "page", "limit"} <= set(body["required"])
            data = follow(schema, data["items"])
        for name, wanted in fields_of(endpoint).items():
            assert name in data["properties"], name
            known = {"number": {"integer", "number"}, "date": {"string"}, "array": {"array"}, "object": {"object"}}
            if isinstance(wanted, str) and wanted in {*known, "string", "boolean"}:
                assert kinds(data["properties"][name]) & known.get(wanted, {wanted}), name


def test_lists_sort_by_every_scalar_field_of_what_they_show(schema):
    for endpoint in BUILT:
        if endpoint.get("list") is True and endpoint.get("data_fields"):
            given = {one["name"]: one for one in operation(schema, endpoint)["parameters"]}
            scalars = {name for name, kind in fields_of(endpoint).items() if kind not in ("array", "object")}
            assert scalars <= set(given["order_by"]["schema"]["enum"])


def test_the_error_envelope_is_the_contracts(schema):
    error = schema["components"]["schemas"]["Failure"]["properties"]["error"]
    assert error["properties"]["type"]["enum"] == sorted(DOCUMENT["error_types"])
    assert set(error["required"]) == {"message", "type", "code"}


def test_rates_are_told_wherever_they_are_counted(schema):
    for path, ways in schema["paths"].items():
        for found in ways.values():
            (answer, *_) = [answer for status, answer in found["responses"].items() if status.startswith(("2", "3"))]
            counted = path != "/api/auth/login" and (not path.startswith("/api/v1/track/") or path.endswith("/site"))
            assert ("X-RateLimit-Limit" in answer["headers"]) == counted


# --------------------------------------------------------------------- as the truth
@pytest.mark.django_db
def test_what_views_answer_is_what_is_described(schema):
    """Every GET, and the refusals of each, against its own description."""
    world = World("Acme", "Ours")
    make_lead(world.organization)  # with everything empty that may be
    for endpoint in [one for one in BUILT if one["method"] == "GET" and one["response"]["kind"] in ("envelope", "list")]:
        path, query, _ = world.request(endpoint)
        answer = world.api.get(path, query)
        assert answer.status_code == 200, path
        check(schema, operation(schema, endpoint), answer)
        if endpoint.get("list") is True:
            check(schema, operation(schema, endpoint), world.api.get(path, {"page": 0}))


@pytest.mark.django_db
def test_what_is_made_is_answered_as_described(schema, api, key_api):
    jane = {"first_name": "Jane", "last_name": "Doe", "email": "jane@acme.example"}
    for client, path, sent in (
        (api, "/api/lead/add", jane),
        (api, "/api/lead/add", jane),
        (key_api, "/api/v1/lead", {**jane, "merge": 1}),
        (api, "/api/lead/add", {}),
        (api, "/api/api-keys", {"name": "Zapier"}),
        (api, "/api/role/add", {"name": "Office"}),
        (api, "/api/auth/login", {"email": "x"}),
        (api, "/api/auth/logout", {}),
    ):
        check(schema, schema["paths"][path]["post"], client.post(path, sent))


def check(schema, found, answer):
    assert str(answer.status_code) in found["responses"], answer.content
    described = {**answer_of(schema, found, answer.status_code), "components": schema["components"]}
    Draft202012Validator(described).validate(answer.json())
    for name in follow(schema, found["responses"][str(answer.status_code)]).get("headers", {}):
        assert name in answer.headers or name == "X-Change-Id", name


# --------------------------------------------------------------------- as it is served
@pytest.mark.django_db
class TestServed:
    def test_json_to_everybody(self, client, schema):
        answer = client.get("/api/schema")
        assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/json")
        assert answer.json() == schema

    @pytest.mark.parametrize(
        "asked",
        [
            {"QUERY_STRING": "format=yaml"},
            {"HTTP_ACCEPT": "application/yaml"},
            {"HTTP_ACCEPT": "application/vnd.oai.openapi;format=yaml"},
        ],
    )
    def test_yaml_when_asked(self, client, schema, asked):
        answer = client.get("/api/schema", **asked)
        assert answer.headers["Content-Type"] == "application/yaml"
        assert yaml.safe_load(answer.content) == schema

    def test_other_formats_are_refused(self, client):
        answer = client.get("/api/schema?format=xml")
        assert (answer.status_code, answer.json()["error"]["type"]) == (400, "bad_request")

    def test_it_is_read_only(self, client):
        for path in ("/api/schema", "/api/docs"):
            answer = client.post(path)
            assert (answer.status_code, answer.json()["success"]) == (405, False)

    def test_the_page_allows_inline_styles_and_no_inline_scripts(self, client):
        policy = client.get("/api/docs").headers["Content-Security-Policy"]
        ways = dict(part.strip().split(" ", 1) for part in policy.split(";"))
        assert "'unsafe-inline'" in ways["style-src"] and "unsafe" not in ways["script-src"]
        assert "unsafe" not in client.get("/api/schema").headers["Content-Security-Policy"]

    def test_the_page_names_no_other_host(self, client):
        page = client.get("/api/docs").content.decode()
        links = re.findall(r'(?:href|src|data-schema)="([^"]*)"', page)
        assert links and all(link.startswith("/") and not link.startswith("//") for link in links)
