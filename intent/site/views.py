"""Where the script on the organisation's own site comes from, and where it sends to."""

import re
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpResponse
from django.utils.http import http_date
from django.views import View
from rest_framework import serializers
from rest_framework.exceptions import ParseError, PermissionDenied

from intent.models import RawEvent
from intent.rules import settings_of
from intent.site import visits
from lio import ratelimit
from lio.api.envelope import Envelope
from lio.api.fields import Text
from lio.api.parsers import check_text, safe_json
from lio.api.schema import NOTHING, documented
from lio.api.serializers import Input
from lio.api.views import LioView, RateLimited
from lio.errors import Invalid, Missing
from lio.tenancy import org_scope

SCRIPT = Path(__file__).resolve().parents[2] / "static" / "site" / "lio.js"
MOST_BYTES = 4096  # of what a page sends
LONGEST = 500  # characters of a path
ROBOTS = re.compile(r"bot\b|bot/|crawl|spider|slurp|lighthouse|pagespeed|preview|monitor", re.I)


class Script(View):
    """The script itself; any site may load it, and keeps it for an hour."""

    def get(self, request):
        answer = HttpResponse(SCRIPT.read_bytes(), content_type="text/javascript; charset=utf-8", headers={
            "Cache-Control": "public, max-age=3600", "Access-Control-Allow-Origin": "*",
            "Cross-Origin-Resource-Policy": "cross-origin", "Last-Modified": http_date(SCRIPT.stat().st_mtime)})
        return answer


class Visitor(serializers.UUIDField):
    """The number as text, as the script writes it."""

    def to_internal_value(self, data):
        if not isinstance(data, str) or len(data) != 36:
            self.fail("invalid", value=str(data)[:40])
        return super().to_internal_value(data)


class Beacon(Input):
    """`visitor` is the number that the script gave the browser; with `email` it says whose browser that is."""

    key = Text(max_length=40, allow_blank=False, allow_null=False)
    visitor = Visitor()
    page = Text(max_length=2000, required=False)
    email = Text(max_length=254, required=False)


class SiteBeacon(LioView):
    """What a page of the organisation's own site tells: which page is looked at, or who it is.

    JSON, also as text/plain, since that is how pages send without asking first. Answers alike whether anything was kept.
    """

    is_public = True
    authentication_classes: list = []
    http_method_names = ["post"]
    counted_as = "site"

    def answer(self, request, *args, **kwargs):
        if request.method != "POST":
            return self.finish(self.http_method_not_allowed(request))
        sent = Beacon.read(body_of(request._request))
        home = visits.home_of(sent["key"])
        if home is None:
            raise Missing("There is no site with this key.")
        total = ratelimit.count(f"site_total:{home}", settings.RATES["site_total"])
        if total.exceeded:
            raise RateLimited(total)
        with org_scope(home):
            allow(request.headers.get("Origin", ""), settings_of(home).site_hosts)
            return self.finish(self.post(request, home, sent))

    @documented("Tell which page of the organization's own site is looked at, or who looks", input=Beacon, status=202,
                answer=NOTHING, failures=(400, 403, 404, 422))
    def post(self, request, home, sent):
        if not (request.headers.get("DNT") == "1" or request.headers.get("Sec-GPC") == "1"):
            keep(request, home, sent)
        return Envelope(None, "Received", status=202)


def keep(request, home, sent):
    if email := sent.get("email"):
        visits.known_by_mail(home, sent["visitor"], email)
    if page := sent.get("page"):
        visits.seen(home, sent["visitor"], path_of(page), agent=agent_of(request), looks=looks_of(request))


def body_of(request):
    """The JSON object that was sent. Raises ParseError for what is too long or none."""
    length = request.META.get("CONTENT_LENGTH") or "0"
    body = b"" if length.isdigit() and int(length) > MOST_BYTES else request.read(MOST_BYTES + 1)
    if not body or len(body) > MOST_BYTES:
        raise ParseError(f"The body must be a JSON object of at most {MOST_BYTES} bytes.")
    return safe_json(body)


def allow(origin, hosts):
    """Raises PermissionDenied unless the page is of one of these hosts, or of a subdomain."""
    try:
        host = (urlsplit(origin).hostname or "").lower()
    except ValueError:
        host = ""
    if not any(host == one or host.endswith(f".{one}") for one in hosts):
        raise PermissionDenied("This site is not among those of the key.")


def path_of(page):
    """The path of a page, without what may be personal in it: query and fragment. Raises Invalid."""
    check_text(page, "page")
    path = page.split("?")[0].split("#")[0]
    if not path.startswith("/"):
        raise Invalid({"page": ["must be a path that begins with /"]})
    return path[:LONGEST]


def agent_of(request):
    return request.headers.get("User-Agent", "").encode("utf-8", "replace").decode().replace("\x00", "")[:300]


def looks_of(request):
    """Who a view comes from, as far as it says so itself."""
    if "prefetch" in request.headers.get("Sec-Purpose", ""):
        return RawEvent.Is.PREFETCH
    return RawEvent.Is.SCANNER if ROBOTS.search(agent_of(request)) else RawEvent.Is.HUMAN
