"""Requests made up from our own OpenAPI document: none ends in a fault, and none is answered in an unknown shape."""

import json
import os

import hypothesis
import pytest
import schemathesis
from django.core.handlers.wsgi import WSGIHandler
from schemathesis.checks import not_a_server_error

from lio.docs import described
from tests.contract import shapes
from tests.world import World

EXAMPLES = 200 if os.environ.get("LIO_SOAK") else 8
schema = schemathesis.openapi.from_dict(json.loads(described("json")))
schema.app = WSGIHandler()  # in this process, inside the test's transaction
IN_PROCESS = [hypothesis.HealthCheck.function_scoped_fixture, hypothesis.HealthCheck.too_slow, hypothesis.HealthCheck.filter_too_much,
              hypothesis.HealthCheck.data_too_large]


@pytest.fixture
def headers(db):
    client = World("Acme", "Quillon").api
    return {"Authorization": client._credentials["HTTP_AUTHORIZATION"]}


@pytest.mark.slow
@schema.parametrize()
@hypothesis.settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=IN_PROCESS, derandomize=True)
def test_made_up_requests(case, headers):
    response = case.call(headers=headers)
    case.validate_response(response, checks=[not_a_server_error])
    if response.status_code >= 400:
        body = response.json()
        assert set(body) == {"success", "error"} and body["error"]["type"] == shapes.ERROR_TYPES[response.status_code]
    else:
        assert response.json()["success"] is True
