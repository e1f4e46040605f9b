"""The page of a form, as anybody sees it: without sign-in, cookies or script (R48, R49)."""

import re
from hashlib import sha256
from io import BytesIO
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from django.conf import settings
from django.core.exceptions import SuspiciousOperation
from django.core.files.uploadhandler import FileUploadHandler, SkipFile
from django.db import transaction
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.http.multipartparser import MultiPartParser, MultiPartParserError
from django.views import View
from orjson import OPT_SORT_KEYS, dumps
from rest_framework.exceptions import ParseError, UnsupportedMediaType, ValidationError

from accounts.models import Organization
from leads.web_forms import colors, submitting
from leads.web_forms.asking import REFERRER, STAMP, UTM, VISITOR
from leads.web_forms.models import WebForm, WebFormCount, home_of
from leads.web_forms.showing import THANKS, page
from lio import ratelimit
from lio.api.envelope import Envelope
from lio.api.parsers import check_text, safe_json
from lio.api.schema import documented
from lio.api.views import LioView, RateLimited, refusal_page
from lio.clientip import client_ip
from lio.errors import Invalid
from lio.tenancy import current_organization_id, org_scope

MOST_BYTES, MOST_FIELDS = 64 * 1024, 200  # of what is sent to a form
QUARTER = 900  # seconds
LINK = re.compile(r"[a-z0-9]{8,40}")
SUBMITTED = {"submitted": bool, "message": str, "redirect_url": str | None}


class HostedForm(LioView):
    """GET: the page. POST: what a visitor sends, from the page or from a script.

    Refusals are a page for browsers (Accept names text/html), else the envelope; success is the thank-you page, unless
    Accept names application/json. A key or token that comes along changes nothing.
    """

    is_public = True
    authentication_classes: list = []
    form: Any = None  # the WebForm, as soon as it is found

    def answer(self, request, *args, form_link, **kwargs):
        if request.method not in ("GET", "HEAD", "POST"):
            return self.finish(self.http_method_not_allowed(request))
        home = home_of(form_link) if LINK.fullmatch(form_link) else None
        if home is None:
            raise Http404
        with org_scope(home):
            self.home = Organization.objects.get(pk=home)
            rows = WebForm.objects.of(home).alive().select_related("assigned_to")
            self.form = rows.filter(form_link=form_link, is_active=True).first()
            if self.form is None:
                raise Http404
            if request.method != "POST":
                return self.finish(self.get(request, form_link))
        self.sent = self.read(request)
        self.count_submission(request, form_link)
        with org_scope(home):
            response = self.once(request, self.post, f"form:{self.form.pk}", (form_link,), {})
            if response.status_code >= 400 and not getattr(response, "keep_writes", False):
                transaction.set_rollback(True)
        return self.dress(response)

    # ------------------------------------------------------------ before the scope
    def read(self, request):
        """What was sent: {name: text, texts, or a JSON value}. Raises ParseError for what cannot be read."""
        plain = request._request
        length = plain.META.get("CONTENT_LENGTH") or "0"
        too_long = length.isdigit() and int(length) > MOST_BYTES
        plain._body = b"" if too_long else plain.read(MOST_BYTES + 1)  # a repeat is compared by it, too
        if too_long or len(plain._body) > MOST_BYTES:
            raise ParseError(f"The form is larger than {MOST_BYTES} bytes.")
        sent = sent_of(plain)
        if len(sent) > MOST_FIELDS:
            raise ParseError(f"The form has more than {MOST_FIELDS} fields.")
        for name in (*UTM, REFERRER, VISITOR):  # a script may leave them in the address
            if name not in sent and plain.GET.get(name):
                sent[name] = plain.GET[name]
        for name, value in sent.items():
            for text in (name, *(value if isinstance(value, list) else [value])):
                if isinstance(text, str):
                    check_text(text, name)
        return sent

    def count_submission(self, request, form_link):
        """Counted outside the scope, so that no roll-back takes it back (R28)."""
        caller = f"{form_link}:{client_ip(request)}"
        rate = ratelimit.count(f"form:{caller}", settings.RATES["form"])
        if rate.exceeded:
            raise RateLimited(rate)
        self.flooded = ratelimit.count(f"form:{form_link}", settings.RATES["form_total"]).exceeded
        self.age, self.stale, self.quick_ones = None, False, 0
        try:
            self.age = submitting.age_of(form_link, self.sent.get(STAMP))
        except submitting.Stale:
            self.stale = True
        if self.age is not None and self.age < submitting.QUICK:
            self.quick_ones = ratelimit.count(f"quick:{caller}", 0, QUARTER).n

    def idempotency_key(self, request):
        """A page that is sent twice is one submission: the stamp is different for each page, the answers make the rest."""
        if given := super().idempotency_key(request):
            return given
        if not self.sent.get(STAMP):
            return None
        what = dumps([self.sent, self.wants_json], option=OPT_SORT_KEYS)
        return sha256(what).hexdigest()

    # ------------------------------------------------------------ inside the scope
    @documented("The hosted form as a page", page=True, failures=(404,))
    def get(self, request, form_link):
        if request.method == "GET":
            WebFormCount.objects.create(organization=self.home, form=self.form, views=1)
        marks = {name: request.query_params.get(name, "") for name in (*UTM, VISITOR)}
        marks[REFERRER] = request.query_params.get(REFERRER) or request.headers.get("Referer", "")
        return self.page(sent={name: text[:300] for name, text in marks.items() if text})

    @documented("Send the hosted form; an address that is already a lead updates it", page=True, answer=SUBMITTED, otherwise={
        201: "The same as an envelope, when Accept names application/json."}, failures=(400, 404, 422), input={})
    def post(self, request, form_link):
        reason = submitting.suspicion(
            self.form, self.sent, age=self.age, quick_ones=self.quick_ones, flooded=self.flooded
        )
        if self.stale and reason != submitting.Reason.TRAP:
            raise Invalid({STAMP: ["was open for more than a day: check your answers and send them again"]})
        submitting.submit(self.form, self.home, self.sent, reason=reason)
        if self.wants_json:
            thanks = {
                "submitted": True,
                "message": self.form.success_message or THANKS,
                "redirect_url": self.form.redirect_url or None,
            }
            return Envelope(thanks, "Form submitted successfully", status=201)
        if self.form.redirect_url:
            return self.leave()
        return self.page(template="web_forms/thanks.html")

    def leave(self):
        response = HttpResponseRedirect(self.form.redirect_url)
        response.status_code = 303
        return response

    # ------------------------------------------------------------ answers
    @property
    def wants_json(self):
        accept = self.request.headers.get("Accept", "")
        return "application/json" in accept and "text/html" not in accept

    @property
    def wants_page(self):
        return "text/html" in self.request.headers.get("Accept", "")

    def page(self, *, status=200, template="web_forms/form.html", **state):
        return HttpResponse(page(self.form, self.home, template=template, **state), status=status)

    def handle_exception(self, exc):
        response = super().handle_exception(exc)
        if not self.wants_page:
            return response
        fields = exc.fields if isinstance(exc, Invalid) else exc.detail if isinstance(exc, ValidationError) else None
        if isinstance(fields, dict) and self.form and current_organization_id():
            fresh = {} if STAMP in fields or not self.sent.get(STAMP) else {"stamp": self.sent[STAMP]}
            return self.page(status=422, sent=self.sent, errors=fields, **fresh)
        return refusal_page(response, "web_forms/refused.html", form=self.form)

    def finish(self, response):
        return self.dress(super().finish(response))

    def dress(self, response):
        """Who may frame the page, and where its form may lead; nobody and nowhere unless the form's owner said so."""
        response["Vary"] = "Accept, Origin"
        response["Cache-Control"] = "private, no-cache"
        if "Idempotent-Replayed" in response and not self.wants_json:
            if response.status_code == 303:
                return self.dress(self.leave())
            if response.content.startswith(b"<!doctype"):
                response["Content-Type"] = "text/html; charset=utf-8"
        if self.form and self.form.allowed_domains:
            hosts = [part for host in self.form.allowed_domains for part in (host, f"*.{host}")]
            response.xframe_options_exempt = True
            response._csp_replace = {"frame-ancestors": hosts, "form-action": ["'self'", *origin_of(self.form.redirect_url)]}
        return response


def origin_of(address):
    """[scheme, host and port] of an address, as a policy names them; browsers hold a redirect after a form against it, too."""
    parts = urlsplit(address)
    port = f":{parts.port}" if parts.port else ""
    return [f"{parts.scheme}://{parts.hostname}{port}"] if parts.hostname else []


def sent_of(request):
    """The body of a form that was posted, as urlencoded or multipart text or as a JSON object; files are left out."""
    kind, body = request.content_type, request._body
    if not body:
        return {}
    if kind == "application/json":
        return safe_json(body)
    try:
        if kind == "application/x-www-form-urlencoded":
            pairs = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=MOST_FIELDS * 5, errors="strict")
        elif kind == "multipart/form-data":
            data, _ = MultiPartParser(request.META, BytesIO(body), [NoFiles(request)], "utf-8").parse()
            pairs = [(name, text) for name, texts in data.lists() for text in texts]
        else:
            raise UnsupportedMediaType(kind)
    except (ValueError, MultiPartParserError, SuspiciousOperation) as error:
        raise ParseError("The form cannot be read.") from error
    found: dict = {}
    for name, text in pairs:
        found.setdefault(name.removesuffix("[]"), []).append(text)
    return {name: texts if len(texts) > 1 else texts[0] for name, texts in found.items()}


class NoFiles(FileUploadHandler):
    """A form has no files: what comes all the same is read past."""

    def new_file(self, *args, **kwargs):
        raise SkipFile

    def receive_data_chunk(self, raw_data, start):
        return None

    def file_complete(self, file_size):
        return None


class Colors(View):
    """The stylesheet of a form's colours: the name is all there is to it, so it is kept for ever."""

    http_method_names = ["get", "head"]

    def get(self, request, name):
        parts = re.fullmatch(r"([0-9a-f]{6})(?:-([0-9a-f]{6}))?", name)
        if not parts:
            raise Http404
        text = colors.sheet(f"#{parts[1]}", f"#{parts[2]}" if parts[2] else "")
        response = HttpResponse(text, content_type="text/css")
        response["Cache-Control"] = "public, max-age=31536000, immutable"
        return response
