"""The base of every API view: who, how often, in which scope, once, and in one transaction.

In this order (DECISIONS 1): authenticate and count the rate in autocommit, so that a refusal still counts; open the
organisation's scope; claim the Idempotency-Key; run the handler and render the answer inside the scope; roll back whatever
answers 400 or more, so that no refusal commits half a deed.
"""

from typing import Any

from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection, transaction
from django.http import HttpResponse
from django.template.loader import render_to_string
from rest_framework.exceptions import APIException
from rest_framework.parsers import MultiPartParser
from rest_framework.views import APIView

from lio import history, ratelimit
from lio.api import idempotency
from lio.api.parsers import check_text
from lio.clientip import client_ip
from lio.errors import TRIES, Invalid, is_deadlock
from lio.outside import Errand
from lio.rows import json_row
from lio.tenancy import org_scope

WRITES = ("POST", "PUT", "PATCH")
AROUND = 64 * 1024  # bytes of a multipart body beside its file


def refusal_page(response, template, **context):
    """The refusal `response` as a page: `template` with its `status` and `message`, and the headers that say how to go on."""
    shown = {"status": response.status_code, "message": response.data["error"]["message"]} | context
    page = HttpResponse(render_to_string(template, shown), status=response.status_code)
    for name in ("Retry-After", "Allow"):
        if name in response:
            page[name] = response[name]
    return page


class RateLimited(APIException):
    status_code = 429

    def __init__(self, rate):
        super().__init__(f"Too many requests: {rate.limit} a minute are allowed. Wait {rate.wait} seconds.")
        self.wait = rate.wait


class LioView(APIView):
    """A view of the caller's organisation. `permissions` maps an action (or method) to the verb that it needs."""

    http_method_names = ["get", "post", "put", "patch", "delete", "head"]
    permissions: dict = {}
    request: Any  # its user is an accounts.User or an accounts.ApiKey
    action_map: Any
    is_deadlocked = False
    is_public = False  # counted by address instead of by token, and scoped by the view itself
    counted_as = "public"  # which of RATES, when it is public

    def dispatch(self, request, *args, **kwargs):
        self.args, self.kwargs = args, kwargs
        request = self.initialize_request(request, *args, **kwargs)
        self.request, self.headers, self.rate = request, {}, None
        with history.one_action():
            try:
                self.initial(request, *args, **kwargs)
                response = self.answer(request, *args, **kwargs)
            except Exception as error:
                response = self.finish(self.handle_exception(error))
        self.response = response
        return response

    # ------------------------------------------------------------ before the scope
    def initial(self, request, *args, **kwargs):
        self.format_kwarg = None
        renderer = self.renderer_classes[0]()  # whatever was asked for: there is no other
        request.accepted_renderer, request.accepted_media_type = renderer, renderer.media_type
        self.perform_authentication(request)
        self.count_rate(request)
        self.check_permissions(request)

    def count_rate(self, request):
        """Callers with a token or key were counted in the statement that authenticated them."""
        self.rate = getattr(request.auth, "rate", None)
        if self.rate is None and self.is_public:
            self.rate = ratelimit.count(f"{self.counted_as}:{client_ip(request)}", settings.RATES[self.counted_as])
        if self.rate is not None and self.rate.exceeded:
            raise RateLimited(self.rate)

    @property
    def organization(self):
        return self.request.user.organization

    @property
    def caller(self):
        """The member who does it; None when an API key does (DECISIONS 7)."""
        user = self.request.user
        return user if user and user.is_member else None

    # ------------------------------------------------------------ inside the scope
    def answer(self, request, *args, **kwargs):
        # only real methods: a request may call itself CREATE or FINISH, and must not reach our own functions by it
        known = request.method.lower() in self.http_method_names
        handler = getattr(self, request.method.lower(), None) if known else None
        handler = handler or self.http_method_not_allowed
        user = request.user
        if not user:
            return self.finish(handler(request, *args, **kwargs))
        for _ in range(TRIES):
            self.is_deadlocked = False
            with org_scope(user.organization_id), history.one_action(actor=user.actor):
                response = self.once(request, handler, f"org:{user.organization_id}", args, kwargs)
                refused = not isinstance(response, Errand) and response.status_code >= 400
                if refused and not getattr(response, "keep_writes", False):
                    transaction.set_rollback(True)
            if not self.is_deadlocked or request.FILES:  # what was uploaded has been read
                break
        return self.outside(response, user) if isinstance(response, Errand) else response

    def outside(self, errand, user):
        """The second half of a deed that needs somebody outside: asked without a scope, settled in one of its own."""
        found = error = None
        try:
            found = errand.ask()
        except Exception as problem:
            error = problem
        with org_scope(user.organization_id), history.one_action(actor=user.actor):
            try:
                if error:
                    raise error
                with transaction.atomic():
                    response = self.finish(errand.settle(found))
            except Exception as problem:
                errand.give_up(problem)
                response = self.finish(self.handle_exception(problem))
            if errand.key:
                idempotency.keep(f"org:{user.organization_id}", errand.key, response, history.last_change_id())
        return response

    def once(self, request, handler, scope, args, kwargs):
        """Run the handler; with an Idempotency-Key, at most once."""
        key = self.idempotency_key(request) if request.method in WRITES else None
        if not key:
            return self.attempt(request, handler, args, kwargs)
        first = idempotency.claim(scope, request._request, key)
        if first is not None:
            for name, value in self.rate_headers().items():
                first[name] = value
            return first
        with transaction.atomic():
            response = self.attempt(request, handler, args, kwargs)
            if isinstance(response, Errand):  # the key's row is committed without an answer: `working`
                response.key = key
                return response
            if response.status_code >= 400:
                transaction.set_rollback(True)
        if response.status_code < 500:
            idempotency.keep(scope, key, response, history.last_change_id())
            response.keep_writes = True  # the key's row is all that is left to commit
        return response

    def idempotency_key(self, request):
        return request.headers.get("Idempotency-Key")

    def attempt(self, request, handler, args, kwargs):
        try:
            answer = handler(request, *args, **kwargs)
            return answer if isinstance(answer, Errand) else self.finish(answer)
        except Exception as error:
            return self.finish(self.handle_exception(error))

    def finish(self, response):
        """Negotiate, add headers and render, all inside the scope: nothing is read after it."""
        response = self.finalize_response(self.request, response, *self.args, **self.kwargs)
        for name, value in self.rate_headers().items():
            response[name] = value
        if response.status_code == 405:
            response["Allow"] = ", ".join(self.allowed_methods)
        if response.status_code < 400 and history.last_change_id():
            response["X-Change-Id"] = str(history.last_change_id())
        if hasattr(response, "render"):
            response.render()
        return response

    def rate_headers(self):
        return self.rate.headers() if self.rate else {}

    def handle_exception(self, exc):
        self.is_deadlocked = is_deadlock(exc)
        if isinstance(exc, DatabaseError | InterfaceError) and not connection.in_atomic_block:
            connection.close_if_unusable_or_obsolete()
        return super().handle_exception(exc)


class UploadView(LioView):
    """A view that takes multipart/form-data, with a file of at most `upload_limit` bytes in the part `upload_field`."""

    parser_classes = [MultiPartParser]
    upload_limit: int = 0
    upload_field = "file"

    def initial(self, request, *args, **kwargs):
        """What is too large is refused before it is read."""
        super().initial(request, *args, **kwargs)
        refuse_larger(request, self.upload_limit, self.upload_field)

    def sent(self):
        """The parts of the body by name, the last of each. Raises ValidationError for a NUL in a text."""
        return parts_of(self.request.data)

    def shown(self, model, pk):
        """One row as the API shows it."""
        return json_row(model.objects.of(self.organization).alive().filter(pk=pk).rows())


def refuse_larger(request, limit, field):
    """Raises Invalid when the body must hold a file of more than `limit` bytes."""
    length = request.META.get("CONTENT_LENGTH") or "0"
    if limit and length.isdigit() and int(length) > limit + AROUND:
        raise Invalid({field: [f"must be at most {limit // 1024 // 1024} MB"]})


def parts_of(data):
    """The parts of a multipart body by name, the last of each. Raises ValidationError for a NUL in a text."""
    found = {name: data[name] for name in data}
    for name, value in found.items():
        check_text(name, name)
        if isinstance(value, str):
            check_text(value, name)
    return found
