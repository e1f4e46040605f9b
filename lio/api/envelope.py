"""The one shape of an answer: one result, a page of a list, a failure."""

import uuid

import orjson
import structlog
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, DataError, IntegrityError, InterfaceError, OperationalError
from django.http import Http404
from rest_framework import exceptions
from rest_framework.pagination import BasePagination
from rest_framework.renderers import BaseRenderer
from rest_framework.response import Response

from lio.errors import DomainError, TooMany, Working

log = structlog.get_logger(__name__)
ERROR_TYPES = {
    400: "bad_request", 401: "unauthenticated", 403: "forbidden", 404: "not_found", 405: "method_not_allowed",
    406: "bad_request", 409: "conflict", 422: "validation_error", 429: "rate_limited",
}
CONSTRAINT_HIT = ("23505", "23P01")  # PostgreSQL: unique, exclusion
CUT_SHORT = ("57014", "55P03", "40P01", "40001", "25P02", "57P01")  # time-outs, deadlock, serialization, shutdown


class JSONRenderer(BaseRenderer):
    """orjson; a `Fragment` that PostgreSQL wrote goes through as it is."""

    media_type, format, charset = "application/json", "json", None

    def render(self, data, accepted_media_type=None, renderer_context=None):
        return b"" if data is None else orjson.dumps(data, default=str, option=orjson.OPT_NON_STR_KEYS)


class Envelope(Response):
    def __init__(self, data=None, message="", status=200, **extra):
        super().__init__({"success": True, "message": message, "data": data, **extra}, status=status)


class Failure(Response):
    def __init__(self, status, message, *, code=None, headers=None, **extra):
        super().__init__(failure(status, message, code=code, **extra), status=status, headers=headers)


def failure(status, message, *, code=None, **extra):
    """The body of a refusal."""
    error = {"message": message, "type": ERROR_TYPES.get(status, "server_error"), "code": code}
    return {"success": False, "error": error | {name: value for name, value in extra.items() if value}}


class BadParameter(exceptions.APIException):
    """A query parameter that cannot be understood (400, where a bad body field is 422)."""

    status_code = 400

    def __init__(self, fields):
        super().__init__(fields)
        self.fields = fields


class EnvelopePagination(BasePagination):
    """`page` and `limit`; a limit above the cap is lowered, a page past the end is empty (R30)."""

    default_limit, max_limit = 10, 100

    def read(self, params):
        self.page = self.positive(params, "page", 1)
        self.limit = min(self.positive(params, "limit", self.default_limit), self.max_limit)
        return (self.page - 1) * self.limit

    def positive(self, params, name, default):
        text = str(params.get(name, default))
        number = int(text) if text.isascii() and text.isdigit() and len(text) < 17 else 0
        if not 1 <= number < 2**53:
            raise BadParameter({name: ["must be a whole number from 1 up"]})
        return number

    def get_schema_operation_parameters(self, view):
        return []  # lio.api.schema writes the list parameters of the contract


def exception_handler(exc, context):
    """DRF's EXCEPTION_HANDLER: whatever went wrong leaves in the one shape; nothing internal ever does."""
    if isinstance(exc, DomainError):
        headers = {"Retry-After": str(exc.wait)} if isinstance(exc, TooMany | Working) else None
        return Failure(exc.status, str(exc), code=exc.code, headers=headers, fields=exc.fields, details=exc.details)
    if isinstance(exc, DatabaseError | InterfaceError):
        return database_failure(exc)
    if isinstance(exc, Http404):
        exc = exceptions.NotFound("There is no such record.")
    elif isinstance(exc, PermissionDenied):
        exc = exceptions.PermissionDenied()
    if not isinstance(exc, exceptions.APIException):
        return unexpected(exc)
    return api_failure(exc)


def api_failure(exc):
    status = 422 if isinstance(exc, exceptions.ValidationError) else exc.status_code
    if isinstance(exc, exceptions.UnsupportedMediaType | exceptions.NotAcceptable):
        status = 400  # R5
    headers = {}
    if getattr(exc, "auth_header", None):
        headers["WWW-Authenticate"] = exc.auth_header
    if getattr(exc, "wait", None):
        headers["Retry-After"] = str(int(exc.wait))
    if isinstance(exc, exceptions.ValidationError) or hasattr(exc, "fields"):
        detail = getattr(exc, "fields", exc.detail)
        detail = detail if isinstance(detail, dict) else {"non_field_errors": detail}
        return Failure(status, first_message(detail), headers=headers, fields=detail)
    return Failure(status, str(exc.detail), code=getattr(exc, "error_code", None), headers=headers)


def database_failure(exc):
    state = getattr(exc.__cause__, "sqlstate", None) or ""
    if isinstance(exc, IntegrityError) and state in CONSTRAINT_HIT:
        return Failure(409, "That already exists.")
    if isinstance(exc, DataError) or (isinstance(exc, IntegrityError) and state != "23503"):
        return Failure(422, "A value cannot be stored: it is out of range or breaks a rule.")
    if isinstance(exc, IntegrityError):
        return Failure(404, "There is no such record.")
    if isinstance(exc, OperationalError | InterfaceError) or state in CUT_SHORT or state.startswith(("08", "53", "57")):
        log.warning("database_away", sqlstate=state, error=str(exc)[:200])
        return Failure(503, "The database is away for a moment. Try again.", headers={"Retry-After": "1"})
    return unexpected(exc)


def unexpected(exc):
    incident = uuid.uuid4().hex[:12]
    log.error("unexpected", incident=incident, exc_info=exc)
    return Failure(500, f"Something went wrong on our side. Tell support this number: {incident}.")


def first_message(detail, field=""):
    """The first complaint in DRF's nested detail, with the name of its field."""
    if isinstance(detail, dict):
        key, detail = next(iter(detail.items()))
        return first_message(detail, "" if key in ("detail", "non_field_errors") else str(key))
    if isinstance(detail, list):
        return first_message(detail[0], field)
    return f"{field}: {detail}" if field else str(detail)
