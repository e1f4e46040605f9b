"""Requests made up from our own OpenAPI document: none ends in a fault, and each is answered in the one shape."""

import json
import os

import hypothesis
import pytest
import requests
import schemathesis
from rest_framework.test import APIClient

from lio.docs import described
from tests.contract import shapes

EXAMPLES = 300 if os.environ.get("LIO_SOAK") else 3
IN_PROCESS = [
    hypothesis.HealthCheck.function_scoped_fixture,
    hypothesis.HealthCheck.too_slow,
    hypothesis.HealthCheck.filter_too_much,
    hypothesis.HealthCheck.data_too_large,
]
schema = schemathesis.openapi.from_dict(json.loads(described("json")))


@pytest.fixture
def token(world):
    return world.api._credentials["HTTP_AUTHORIZATION"]


def sent(case, token):
    """The made-up request, sent inside the test's own transaction."""
    request = requests.Request(**case.as_transport_kwargs(base_url="http://testserver")).prepare()
    kind = request.headers.pop("Content-Type", "")
    ours = ("content-length", "authorization")
    headers = {name: value for name, value in request.headers.items() if name.lower() not in ours}
    client = APIClient(headers=headers | {"Authorization": token})
    return client.generic(request.method, request.path_url, request.body or b"", content_type=kind)


@schema.parametrize()
@hypothesis.settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=IN_PROCESS, derandomize=True, database=None)
def test_made_up_requests(case, token):
    answer = sent(case, token)
    assert answer.status_code < 500, answer.content
    if answer.status_code >= 400:
        shapes.check_failure(answer, answer.status_code)
    elif answer["Content-Type"] == "image/gif":
        assert "/track/open/" in answer.request["PATH_INFO"]
    elif not answer.get("Content-Disposition", "").startswith("attachment"):  # what is downloaded is no JSON
        assert answer.json()["success"] is True
