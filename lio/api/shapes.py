"""What answers look like, as JSON Schema: read off the `rows()` of a queryset, or written down in Python types."""

from datetime import datetime
from types import NoneType, UnionType
from typing import Any, get_args

from django.contrib.postgres.expressions import ArraySubquery
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.expressions import Case, Col, Value
from django.db.models.functions import JSONObject
from django.db.models.sql.constants import LOUTER

from lio.rows import Moment

BASIC: dict[type, dict[str, Any]] = {
    int: {"type": "integer"}, float: {"type": "number"}, str: {"type": "string"}, bool: {"type": "boolean"},
    dict: {"type": "object", "additionalProperties": True}, datetime: {"type": "string", "format": "date-time"}, object: {},
}


# A JSON column tells by its default what it holds; without one, it holds anything.
JSON: dict[Any, dict[str, Any]] = {
    dict: BASIC[dict], list: {"type": "array", "items": {}}, models.NOT_PROVIDED: {}, None: {},
}


def shape(given):
    """JSON Schema of Python types: `{"ids": [int], "name": str | None, "job_id?": int}`; "?" marks what may be absent."""
    if isinstance(given, dict):
        names = {name.removesuffix("?"): shape(inner) for name, inner in given.items()}
        return {"type": "object", "properties": names, "required": [name for name in given if not name.endswith("?")]}
    if isinstance(given, list):
        return {"type": "array", "items": shape(given[0])}
    if isinstance(given, UnionType):
        (one,) = [part for part in get_args(given) if part is not NoneType]
        return nullable(shape(one))
    return dict(BASIC[given])


def nullable(schema):
    """The same, or null. A schema without a type allows that already."""
    return {**schema, "type": [schema["type"], "null"]} if "type" in schema else schema


def row_shape(rows):
    """JSON Schema of one row of a `.rows()` queryset (lio/rows.py)."""
    query, properties = rows.query, {}
    for path in query.values_select:
        field, may_be_empty = _follow(rows.model, path)
        properties[path] = _of_field(field, may_be_empty)
    for name, expression in query.annotation_select.items():
        properties[name.removesuffix("_")] = _of_expression(expression, query)
    return {"type": "object", "properties": properties, "required": list(properties)}


def _follow(model, path):
    """The field at the end of a path like `role__name`, and whether any step of it may be empty."""
    may_be_empty = False
    for name in path.split("__"):
        field = model._meta.get_field(name.removesuffix("_id") if name not in _names(model) else name)
        may_be_empty = may_be_empty or field.null
        model = field.related_model or model
    return field, may_be_empty


def _names(model):
    return {field.name for field in model._meta.get_fields()}


def _of_field(field, may_be_empty):
    schema: dict[str, Any]
    if isinstance(field, models.ForeignKey):
        schema = {"type": "integer"}
    elif isinstance(field, ArrayField):
        schema = {"type": "array", "items": _of_field(field.base_field, False)}
    elif isinstance(field, models.JSONField):
        schema = dict(JSON[field.default])
    elif isinstance(field, models.BooleanField):
        schema = {"type": "boolean"}
    elif isinstance(field, models.DecimalField | models.FloatField):
        schema = {"type": "number"}
    elif isinstance(field, models.IntegerField):
        schema = {"type": "integer"}
    elif isinstance(field, models.DateTimeField):
        schema = dict(BASIC[datetime])
    else:
        schema = {"type": "string"}
    if field.choices and not may_be_empty:
        schema["enum"] = [value for value, _ in field.flatchoices]
    return nullable(schema) if may_be_empty else schema


def _of_expression(expression, query):
    if isinstance(expression, ArraySubquery):
        (inner,) = expression.query.annotation_select.values()
        return {"type": "array", "items": _of_object(inner, expression.query)}
    if isinstance(expression, JSONObject):
        return _of_object(expression, query)
    may_be_empty = _may_be_empty(expression, query)
    if isinstance(expression, Moment):
        return nullable(BASIC[datetime]) if may_be_empty else dict(BASIC[datetime])
    return _of_field(expression.output_field, may_be_empty)


def _of_object(json_object, query):
    """A JSONObject: its sources are name, value, name, value ..."""
    parts = json_object.get_source_expressions()
    pairs = zip(parts[::2], parts[1::2], strict=True)
    return {"type": "object", "properties": {_plain(name): _of_expression(value, query) for name, value in pairs}}


def _plain(expression):
    while not isinstance(expression, Value):
        (expression,) = expression.get_source_expressions()
    return expression.value


def _may_be_empty(expression, query):
    if isinstance(expression, Col):
        return expression.target.null or getattr(query.alias_map.get(expression.alias), "join_type", None) == LOUTER
    if isinstance(expression, Value):
        return expression.value is None
    if isinstance(expression, Case):
        results = [case.result for case in expression.cases] + [expression.default]
        return any(_may_be_empty(result, query) for result in results)
    return any(_may_be_empty(part, query) for part in expression.get_source_expressions() if part is not None)
