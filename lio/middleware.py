"""Around every request: its id, its log line, its figures."""

import re
import uuid
from time import perf_counter

import structlog
from csp.middleware import CSPMiddleware
from django.db import InterfaceError, OperationalError
from django.urls import resolve

from lio.clientip import client_ip
from lio.logs import request_line
from lio.metrics import observe

log = structlog.get_logger("lio.request")
TOKEN = re.compile(r"(/track/(?:open|click|unsubscribe)/).+")  # a link out of a mail is kept as a hash only
GIVEN_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")


class RequestLog:
    """Outermost: `X-Request-Id` in and out, one JSON line a request, 503 when the database is away."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        given = request.headers.get("X-Request-Id", "")
        request.id = given if GIVEN_ID.fullmatch(given) else uuid.uuid4().hex
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request.id)
        started = perf_counter()
        try:
            response = self.get_response(request)
        except (OperationalError, InterfaceError) as error:  # from a middleware: views answer for themselves
            response = self.away(request, error)
        seconds = perf_counter() - started
        response["X-Request-Id"] = request.id
        observe(request, response, seconds)
        if not request.path.startswith(("/static/", "/healthz", "/readyz", "/metrics")):
            request_line(method=request.method, path=TOKEN.sub(r"\1...", request.path), status=response.status_code,
                         ms=round(seconds * 1000, 1), ip=client_ip(request))
        return response

    def process_exception(self, request, error):
        """Pages and admin: the database being away is not a fault of ours to hide behind a 500."""
        if isinstance(error, OperationalError | InterfaceError):
            return self.away(request, error)
        return None

    def away(self, request, error):
        from lio.faults import unavailable

        log.warning("database_away", error=str(error)[:200])
        return unavailable(request)


class ContentPolicy(CSPMiddleware):
    """Pages get the policy of the settings; JSON, which no browser shows, forbids everything without making a policy."""

    def process_response(self, request, response):
        if response.headers.get("Content-Type", "") != "application/json":
            return super().process_response(request, response)
        response.headers["Content-Security-Policy"] = "default-src 'none'; frame-ancestors 'none'"
        return response


class StraightToApi:
    """Takes an API request to its view, past the middlewares below, which only pages need (session, form token, messages).

    API views are recognised by token or key alone, know no CSRF and answer for their own faults.
    """

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        if not request.path_info.startswith("/api/") or request.path_info.startswith(("/api/docs", "/api/schema")):
            return self.get_response(request)
        match = request.resolver_match = resolve(request.path_info)
        return match.func(request, *match.args, **match.kwargs)
