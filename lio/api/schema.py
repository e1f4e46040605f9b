"""The OpenAPI description of the API, read off the views themselves (served by lio/docs.py).

Lists, single records, additions and deletions describe themselves: inputs come from the view's Input and filter classes,
answers from the `rows()` of its queryset. What a view does beyond that stands beside it in `@documented(...)`.
"""

from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from django.urls import resolve
from drf_spectacular.extensions import OpenApiSerializerFieldExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ResolvedComponent

from lio.api.envelope import ERROR_TYPES, EnvelopePagination
from lio.api.serializers import Input
from lio.api.shapes import row_shape, shape
from lio.api.views import LioView, UploadView
from lio.api.viewsets import DeleteNamedAction
from lio.filters import MAX_SEARCH, Edge
from lio.selection import Selection

NOTHING: dict = {}
JSON, FORM = "application/json", "multipart/form-data"
FILE = {"type": "string", "format": "binary"}
FAILURES = {
    400: "The request cannot be read, or a query parameter is invalid.",
    401: "No valid token (or API key, where one would do).",
    403: "Known caller, not allowed.", 404: "No such record in this organization.", 409: "A duplicate, or the wrong state.",
    422: "A field breaks its rule; `error.fields` names each.", 429: "Too many requests; `Retry-After` says how long to wait.",
    500: "Something went wrong on our side.", 503: "The database is away for a moment; `Retry-After` says how long to wait.",
}
HEADERS = {
    "X-Request-Id": ("string", "The request's id, for questions about it."),
    "X-RateLimit-Limit": ("integer", "Requests a minute that are allowed."),
    "X-RateLimit-Remaining": ("integer", "Requests that are left in this minute."),
    "X-RateLimit-Reset": ("integer", "Seconds until the minute is over."),
    "X-Change-Id": ("integer", "Id of what this request changed; absent when nothing was."),
    "Retry-After": ("integer", "Seconds to wait."),
}
RATES = ("X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset")
SUMMARIES = {"list": "List {plural}", "retrieve": "One {name}", "create": "Create a {name}", "update": "Change a {name}",
             "destroy": "Delete a {name}", "destroy_many": "Delete {plural}"}
DELETED = {"deleted": int, "ids": [int]}


@dataclass(frozen=True)
class Documented:
    summary: str = ""
    input: type[Input] | dict | None = None
    query: type[Input] | None = None
    answer: Any = None
    body: Any = None
    status: int | None = None
    otherwise: dict = field(default_factory=dict)
    file: bool = False
    page: bool = False
    picture: bool = False
    redirect: bool = False
    one_of: tuple = ()
    open: bool = False
    failures: tuple | None = None
    filtered: bool = False
    notes: dict = field(default_factory=dict)


def documented(summary="", **facts):
    """Say of a view's method what cannot be read off it.

    `input`: the Input class of its body, or its fields in Python types; `query`: the Input class of its address; `answer`: the
    `data` of its envelope in Python types (lio/api/shapes.py) or a `.rows()` queryset, NOTHING for null, left out for a row of
    the view; `body`: the whole answer where it is no envelope; `file`: the answer is a file; `page`: it is a page (HTML), or
    the envelope of `answer` when Accept names JSON; `picture`: it is a GIF; `redirect`: it leads elsewhere (302); `status` and
    `otherwise` ({further status: when}); `one_of`: fields of which one must be sent; `open`: further fields are kept;
    `failures`: the statuses that it refuses with, where the usual ones do not fit; `notes`: {parameter: words}; `filtered`: it
    takes the filters of the view's list.
    """

    def mark(method):
        method.documented = Documented(summary, **facts)
        return method

    return mark


class ContractSchema(AutoSchema):
    """One operation, in the contract's conventions."""

    view: Any

    @property
    def action(self):
        return getattr(self.view, "action", None) or self.method.lower()

    @property
    def told(self):
        return getattr(getattr(self.view, self.action, None), "documented", None) or Documented()

    @property
    def is_write(self):
        return self.method in ("POST", "PUT", "PATCH")

    @property
    def is_list(self):
        return self.action == "list"

    @property
    def takes_selection(self):
        """Whether it deletes what a selection names."""
        return self.action == "destroy_many" or (self.action == "destroy" and isinstance(self.view, DeleteNamedAction))

    # ------------------------------------------------------------------- words
    def tokens(self):
        return [part for part in self.path.split("/") if part and part not in ("api", "v1")]

    def get_operation_id(self):
        version = "v1_" if self.path.startswith("/api/v1/") else ""
        words = "_".join(part.strip("{}").replace("-", "_") for part in self.tokens())
        return f"{self.method.lower()}_{version}{words}"

    def get_tags(self):
        return [self.tokens()[0]]

    def get_summary(self):
        if self.told.summary:
            return self.told.summary
        names = getattr(getattr(self.view, "queryset", None), "model", None)
        if names and self.action in SUMMARIES:
            meta = names._meta
            text = SUMMARIES[self.action].format(name=meta.verbose_name, plural=meta.verbose_name_plural)
            return text.replace(" a API", " an API")
        return self.action.replace("_", " ").capitalize()

    def get_description(self):  # type: ignore[override]
        return ""

    # ------------------------------------------------------------------- what comes in
    def _get_parameters(self):
        given = [self._path_parameter(name) for name in self.tokens() if name.startswith("{")]
        if self.is_list:
            given += [self._query(name, schema) for name, schema in self._list_parameters().items()]
            for one in given:
                one["required"] = one["required"] or one["name"] in self.view.filter_class.required
        elif self.told.filtered:
            beside = ("page", "limit", "order_by", "order_in")
            given += [self._query(name, one) for name, one in self._list_parameters().items() if name not in beside]
        if self.told.query:
            given += [self._parameter(name, one) for name, one in self.told.query().fields.items()]
        if self.takes_selection:
            given.append(self._query("ids", {"type": "array", "items": {"type": "integer"}},
                                     "For clients that cannot send a body with DELETE."))
        if self.is_write and self.get_auth():
            given.append({"name": "Idempotency-Key", "in": "header", "schema": {"type": "string", "maxLength": 255},
                          "description": "A repeat with the same key gets the first answer and changes nothing."})
        return given

    def _path_parameter(self, token):
        name = token.strip("{}")
        kind = "string" if name in ("form_link", "provider", "slug", "token") else "integer"
        return {"name": name, "in": "path", "required": True, "schema": {"type": kind}}

    def _query(self, name, schema, note=""):
        one = {"name": name, "in": "query", "required": False, "schema": schema}
        if schema.get("type") == "array":
            one |= {"style": "form", "explode": False}
        if words := note or self.told.notes.get(name) or schema.pop("description", ""):
            one["description"] = words
        return one

    def _parameter(self, name, one):
        schema = self._map_serializer_field(one, "request")
        self._insert_field_validators(one, schema)
        if isinstance(schema.get("type"), list):
            schema["type"] = schema["type"][0]  # a query has no null
        return self._query(name, schema) | {"required": one.required}

    def _list_parameters(self):
        filters = self.view.filter_class
        known = {
            "page": {"type": "integer", "minimum": 1, "default": 1},
            "limit": {"type": "integer", "minimum": 1, "default": EnvelopePagination.default_limit,
                      "description": f"More than {EnvelopePagination.max_limit} is lowered to {EnvelopePagination.max_limit}."},
            "search_value": {"type": "string", "maxLength": MAX_SEARCH},
            "order_by": {"type": "string", "enum": sorted(filters.sorts), "default": "id"},
            "order_in": {"type": "string", "enum": ["ASC", "DESC"], "default": "DESC"},
            "start_date": _of_edge(), "end_date": _of_edge(),
        }
        return known | {name: self._of_filter(one) for name, one in filters.filters.items()}

    def _of_filter(self, one):
        if isinstance(one.field, Edge):
            return _of_edge()
        one.field.field_name = one.field.field_name or ""
        schema = self._map_serializer_field(one.field, "request")
        self._insert_field_validators(one.field, schema)
        if isinstance(schema.get("type"), list):
            schema["type"] = schema["type"][0]  # a query has no null
        return schema

    def _get_request_body(self, direction="request"):
        cls = self.told.input
        if cls is None and self.action in ("create", "update"):
            cls = self.view.input_class
        if self.takes_selection:
            cls = Selection
        if cls is None:
            return None
        if isinstance(cls, dict):
            return {"content": {JSON: {"schema": shape(cls)}}, "required": True}
        name = cls.__name__
        component = ResolvedComponent(name, ResolvedComponent.SCHEMA, schema=self._input(cls), object=(name, direction))
        self.registry.register_on_missing(component)
        kinds = [FORM] if isinstance(self.view, UploadView) else [JSON]
        if self.action in getattr(self.view, "form_actions", ()):
            kinds.append(FORM)
        return {"content": {kind: {"schema": component.ref} for kind in kinds}, "required": not self.takes_selection}

    def _input(self, cls):
        """An update is partial: none of its fields is required (R23)."""
        serializer = cls()
        schema = self._map_serializer(serializer, "request")
        schema.pop("description", None)
        for name, one in serializer.fields.items():
            if shortest := getattr(one, "shortest", None):
                schema["properties"][name]["minLength"] = shortest
        if self.action == "update":
            schema.pop("required", None)
        ways = [{"required": [name]} for name in self.told.one_of]
        if issubclass(cls, Selection):
            ways = [{"required": [cls.ids_name]}, {"required": ["select_all", "filters"]}]
        if ways:
            schema["anyOf"] = ways
        if self.told.open:
            schema["additionalProperties"] = True
        return schema

    # ------------------------------------------------------------------- what goes out
    def _get_response_bodies(self, direction="response"):
        status = self.told.status or (201 if self.action == "create" else 200)
        content = {"application/octet-stream": {"schema": dict(FILE)}} if self.told.file else {}
        if self.told.page:
            content["text/html"] = {"schema": {"type": "string"}}
        if self.told.picture:
            content["image/gif"] = {"schema": dict(FILE)}
        if self.told.redirect:
            return self._refusals({"302": {"description": HTTPStatus(302).phrase, "headers": self._headers() | {
                "Location": {"description": "Where it leads.", "schema": {"type": "string"}}}}})
        if not content or (self.told.page and self.told.answer):
            content[JSON] = {"schema": self._body()}
        answer = {"description": HTTPStatus(status).phrase, "headers": self._headers(), "content": content}
        answers = {str(status): answer}
        for other, when in self.told.otherwise.items():
            answers[str(other)] = {**answer, "description": when}
        return self._refusals(answers)

    def _refusals(self, answers):
        return answers | {str(status): {"$ref": f"#/components/responses/{_component(status)}"} for status in self._failures()}

    def _headers(self):
        names = ["X-Request-Id"]
        if type(self.view).count_rate is LioView.count_rate:
            names += RATES
        if self.method != "GET" and self.get_auth():
            names.append("X-Change-Id")
        return {name: {"$ref": f"#/components/headers/{name}"} for name in names}

    def _failures(self):
        usual = {400, 429, 500, 503}
        if self.get_auth():
            usual |= {401, 403}
        if self.method != "GET":
            usual |= {404, 409, 422}
        if "{" in self.path:
            usual.add(404)
        return sorted({*self.told.failures, 429, 500, 503} if self.told.failures is not None else usual)

    def _body(self):
        if self.told.body is not None:
            return shape(self.told.body)
        data = self._data()
        properties = {"success": {"type": "boolean", "const": True}, "message": {"type": "string"}, "data": data}
        if self.is_list:
            properties["data"] = {"type": "array", "items": data}
            properties |= {name: {"type": "integer"} for name in ("total", "page", "limit")}
        required = list(properties)
        if self.is_list:
            properties["total_is_capped"] = {"type": "boolean", "description": "There are more matches than `total`."}
        return {"type": "object", "properties": properties, "required": required}

    def _data(self):
        told = self.told.answer
        if told is None and self.action.startswith("destroy"):
            told = DELETED
        if told is NOTHING:
            return {"type": "null"}
        if hasattr(told, "query"):  # other rows than those of the view
            return row_shape(told)
        if told is not None:
            return shape(told)
        rows = self.view.queryset.all().rows()
        name = rows.model.__name__
        component = ResolvedComponent(name, ResolvedComponent.SCHEMA, schema=row_shape(rows), object=rows.model)
        self.registry.register_on_missing(component)
        return component.ref


def _of_edge():
    return {"type": "string", "examples": ["2026-06-15"], "description": "A whole day, or a moment; inclusive."}


def _component(status):
    return HTTPStatus(status).phrase.replace(" ", "")


# ----------------------------------------------------------------------- hooks (settings.SPECTACULAR_SETTINGS)
def documented_prefix(endpoints):
    """Each route under its documented prefix only: those named v1-... under /api/v1/, all others under /api/ (R15)."""
    kept = []
    for path, regex, method, callback in endpoints:
        name = resolve(_filled(path)).url_name or ""
        if path.startswith("/api/v1/") == name.startswith("v1-"):
            kept.append((path, regex, method, callback))
    return kept


def _filled(path):
    return "/".join("1" if part.startswith("{") else part for part in path.split("/"))


def failures(result, **_):
    """The error envelope, one response for each status, and the headers that the operations refer to."""
    _forget(result, "x-spec-enum-id")
    parts = result["components"]
    parts["schemas"]["Failure"] = shape({"success": bool, "error": {
        "message": str, "type": str, "code": str | None, "fields?": dict, "details?": dict}})
    error = parts["schemas"]["Failure"]["properties"]
    error["success"]["const"] = False
    error["error"]["properties"]["type"]["enum"] = sorted({*ERROR_TYPES.values(), "server_error"})
    parts["headers"] = {name: {"description": words, "schema": {"type": kind}} for name, (kind, words) in HEADERS.items()}
    parts["responses"] = {_component(status): _refusal(status, words) for status, words in FAILURES.items()}
    return result


def _forget(node, key):
    for inner in node.values() if isinstance(node, dict) else node:
        if isinstance(inner, dict | list):
            _forget(inner, key)
    if isinstance(node, dict):
        node.pop(key, None)


def _refusal(status, words):
    names = ["X-Request-Id"] + (["Retry-After"] if status in (429, 503) else []) + ([*RATES] if status == 429 else [])
    return {"description": words, "headers": {name: {"$ref": f"#/components/headers/{name}"} for name in names},
            "content": {JSON: {"schema": {"$ref": "#/components/schemas/Failure"}}}}


# ----------------------------------------------------------------------- our fields (lio/api/fields.py)
def describes(field, schema, closeness=0):
    """Register the schema of a field class, or of ours of that name, and its subclasses; of several that match the closest
    counts.
    """

    class Extension(OpenApiSerializerFieldExtension):
        target_class = f"lio.api.fields.{field}" if isinstance(field, str) else field
        match_subclasses = True
        priority = closeness

        def map_serializer_field(self, auto_schema, direction):
            found = schema(self.target) if callable(schema) else dict(schema)
            return {key: value for key, value in found.items() if value is not None}

    return Extension


def _ids(one):
    words = (vars(type(one)).get("__doc__") or "").split(" (R")[0]
    return {"type": "array", "items": {"type": "integer"}, "description": words or None}


describes("Text", {"type": "string"})
describes("Email", {"type": "string", "examples": ["ada@example.com"]}, closeness=1)
describes("WebAddress", {"type": "string", "examples": ["https://example.com"]}, closeness=1)
describes("Flag", {"type": "boolean"})
describes("Upload", FILE)
describes("Money", {"type": "number"})
describes("Moment", {"type": "string", "format": "date-time"})
describes("Owned", {"type": "integer", "description": "Id of a record of the organization."})
describes("Ids", _ids)
describes("Words", lambda one: {"type": "array", "items": {"type": "string", "enum": sorted(one.words)}})
describes("Mapping", {"type": "object", "additionalProperties": True})
