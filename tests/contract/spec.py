"""The contract as data: its endpoints, those of our own beside it, and the ones that are not built yet."""

import re
from pathlib import Path

import yaml
from django.urls import Resolver404, resolve

HERE = Path(__file__).parent
DOCUMENT = yaml.safe_load((HERE / "endpoints.yaml").read_text())
OWN = yaml.safe_load((HERE / "own.yaml").read_text())["endpoints"]
ENDPOINTS = [*DOCUMENT["endpoints"], *DOCUMENT["extensions"], *OWN]
BY_ID = {endpoint["id"]: endpoint for endpoint in ENDPOINTS}
UNBUILT = {line for line in (HERE / "unbuilt.txt").read_text().split() if line}
BUILT = [endpoint for endpoint in ENDPOINTS if endpoint["id"] not in UNBUILT]
LIST_PARAMS = DOCUMENT["list_params"]
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
WRITES = ("POST", "PUT", "PATCH")


def both_paths(endpoint):
    """The documented path and the same under the other prefix (R15)."""
    path = endpoint["path"]
    tail = path.removeprefix("/api/").removeprefix("v1/")
    return [path, f"/api/{tail}" if path.startswith("/api/v1/") else f"/api/v1/{tail}"]


def filled(path, **values):
    """`path` with its parameters filled in, with 1 where nothing is given."""
    return re.sub(r"{(\w+)}", lambda match: str(values.get(match[1], 1)), path)


def served_methods(path):
    """The methods that the route at `path` answers; none when there is no such route."""
    try:
        match = resolve(path)
    except Resolver404:
        return set()
    if match.url_name == "unknown":
        return set()
    view = match.func
    names = getattr(view, "actions", None) or [m for m in view.view_class.http_method_names if hasattr(view.view_class, m)]
    return {name.upper() for name in names} & set(METHODS)


def ids(endpoints):
    """How pytest names them."""
    return [endpoint["id"] for endpoint in endpoints]


def params_of(endpoint, place):
    return [param for param in endpoint["params"] if param["in"] == place and param["name"] != "*"]


def fields_of(endpoint):
    return endpoint.get("data_fields") or endpoint.get("shape") or {}
