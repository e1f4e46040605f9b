"""Around every request: its id, its log line, its figures; and the scope of the Django admin."""

import re
import uuid
from time import perf_counter

import structlog
from django.db import InterfaceError, OperationalError

from lio.clientip import client_ip
from lio.metrics import observe
from lio.tenancy import org_scope

log = structlog.get_logger("lio.request")
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
            log.info("request", method=request.method, path=request.path, status=response.status_code,
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


class AdminScope:
    """The Django admin works inside one organisation: the member's own, or the one that platform staff chose first."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        user = request.user
        if not request.path.startswith("/admin/") or not user.is_authenticated:
            return self.get_response(request)
        chosen = request.session.get("admin_organization") if user.is_platform_staff else user.organization_id
        if not chosen:
            return self.get_response(request)
        with org_scope(chosen):
            response = self.get_response(request)
            if hasattr(response, "render") and not response.is_rendered:
                response.render()
        return response
