"""What anybody may call with a token out of a mail: the picture, the links, the way out. No sign-in, no cookie, no session."""

from typing import Any

from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpResponse
from django.template.loader import render_to_string
from rest_framework.exceptions import ParseError

from intent.tracking import leaving
from intent.tracking.door import HIT, NEVER_KEPT, answered
from intent.tracking.hits import TOKEN, digest_of, home_of, record
from intent.tracking.links import Purpose
from leads.web_forms.views import sent_of
from lio import ratelimit
from lio.api.schema import documented
from lio.api.views import LioView, RateLimited, refusal_page
from lio.errors import Invalid
from lio.faults import unavailable
from lio.tenancy import org_scope

MOST_BYTES, MOST_TRIES = 4096, 30  # of what is sent to the way out; times a minute for one of them


class TokenView(LioView):
    """A view that a token of a mail opens. Refusals are a page for browsers (Accept names text/html), else the envelope."""

    is_public = True
    authentication_classes: list = []

    def count_rate(self, request):
        """Not by address: mailboxes of millions call from a few. How often a token counts, the row of its hit says."""

    def handle_exception(self, exc):
        response = super().handle_exception(exc)
        if "text/html" not in self.request.headers.get("Accept", ""):
            return response
        return refusal_page(response, "tracking/missing.html")

    def finish(self, response):
        response = super().finish(response)
        response["Cache-Control"], response["Referrer-Policy"] = NEVER_KEPT, "no-referrer"
        return response


class HitView(TokenView):
    """A picture or a link. Where nobody stands at the door, they are answered here, past all that signed-in callers need."""

    def dispatch(self, request, *args, **kwargs):
        found = HIT.fullmatch(request.path_info) if request.method in ("GET", "HEAD") else None
        try:
            answer = found and answered(request.META, found)
        except (OperationalError, InterfaceError):  # nothing was written, so nothing is acknowledged
            return unavailable(request)
        if not answer:
            return super().dispatch(request, *args, **kwargs)
        status, headers, body = answer
        return HttpResponse(body, status=status, headers=dict(headers))


class OpenPixel(HitView):
    """The picture of a mail."""

    @documented("The picture in a mail; a token of ours logs that it was opened", picture=True, failures=())
    def get(self, request, token):
        raise Http404  # has been answered


class FollowLink(HitView):
    """A link of a mail: it leads to the address that was stored when the mail was made, and nowhere else."""

    @documented("Follow a link of a mail to the address that was stored for it", redirect=True, failures=(404,))
    def get(self, request, token):
        raise Http404  # that of a known token has been answered


class Unsubscribe(TokenView):
    """The way out of a mail (RFC 8058): GET asks and changes nothing, since scanners call it, too; POST does it at once."""

    found: Any = None

    def answer(self, request, *args, token, **kwargs):
        if request.method not in ("GET", "HEAD", "POST"):
            return self.finish(self.http_method_not_allowed(request))
        home = home_of(token) if TOKEN.fullmatch(token) else None
        if home is None:
            raise Http404
        sent = {}
        if request.method == "POST":
            rate = ratelimit.count(f"unsubscribe:{digest_of(token)}", MOST_TRIES)
            if rate.exceeded:
                raise RateLimited(rate)
            sent = self.read(request)
            record(request.META, token, Purpose.UNSUBSCRIBE.value)
        with org_scope(home):
            self.found = leaving.token_of(home, token)
            if self.found is None:
                raise Http404
            handler = self.post if request.method == "POST" else self.get
            return self.finish(handler(request, sent))

    def read(self, request):
        """What was sent. Raises ParseError for what cannot be read."""
        plain = request._request
        plain._body = plain.read(MOST_BYTES + 1)
        if len(plain._body) > MOST_BYTES:
            raise ParseError(f"This is larger than {MOST_BYTES} bytes.")
        sent = sent_of(plain)
        if "undo" not in sent and sent.get("List-Unsubscribe") != "One-Click":
            raise Invalid({"List-Unsubscribe": ["must be One-Click"]})
        return sent

    @documented("The page that asks whether somebody wants no more mail", page=True, failures=(404,))
    def get(self, request, sent):
        return self.page()

    @documented("Unsubscribe (RFC 8058), or take it back", page=True, failures=(400, 404, 422), input={
        "List-Unsubscribe?": str, "undo?": str})
    def post(self, request, sent):
        if "undo" in sent:
            return self.page(back=leaving.come_back(self.found))
        leaving.leave(self.found)
        return self.page()

    def page(self, back=False):
        self.found = leaving.token_of(self.found.organization_id, self.kwargs["token"])  # as it is now
        has_left, can_return = leaving.has_left(self.found)
        shown = {"organization": self.found.organization, "has_left": has_left, "can_return": can_return, "back": back}
        return HttpResponse(render_to_string("tracking/unsubscribe.html", shown))
