"""The page on which a visitor books: a month, its free times, a form, a confirmation. Links and forms alone; a script only
tells the visitor's zone (static/js/booking.js)."""

import calendar
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import OperationalError, transaction
from django.http import Http404, HttpResponse
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.timezone import now
from rest_framework.exceptions import ValidationError

from booking import confirm, finding, invites, links, profiles, telling
from booking.api import HOUR, PublicPage
from booking.models import Meeting
from booking.offers import OwnOffer
from booking.serializers import ZONES, Confirm
from leads.web_forms import submitting
from leads.web_forms.views import sent_of
from lio import ratelimit
from lio.api.parsers import check_text
from lio.api.views import refusal_page
from lio.errors import TRIES, Conflict, DomainError, Invalid, Missing, TooMany, is_deadlock
from lio.tenancy import org_scope

TRAP, STAMP = "website_2", "stamp"
AHEAD = 12  # months that the arrows go to
NOTHING = ("blank", "required", "null")  # how it is said in codes that something is not there
ASKED = ("type", "tz", "clock", "month", "day", "start")
SHOWN_ZONES = [*sorted(name for name in ZONES if "/" in name and not name.startswith(("Etc/", "SystemV/", "US/"))), "UTC"]


class VisitorPage(PublicPage):
    """What pages for visitors share: the zone and the clock that they read times by, and refusals as pages."""

    http_method_names = ["get", "post", "head"]
    schema = None  # pages are no part of the API's description
    offer: Any = None

    def ask(self, request):
        self.query = {name: request.query_params[name] for name in ASKED if request.query_params.get(name)}
        for name, text in self.query.items():
            check_text(text, name)
        name = self.query.get("tz", "")
        self.zone = ZoneInfo(name) if name in ZONES else self.offer.zone
        american = request.headers.get("Accept-Language", "").lower().startswith(("en-us", "en-ca", "en-au"))
        self.twelve = self.query.get("clock", "12" if american else "24") == "12"

    def address(self, **changes):
        asked = {name: value for name, value in {**self.query, **changes}.items() if value not in (None, "")}
        return f"?{urlencode(asked)}"

    def clock(self, moment, *, offset=False):
        here = moment.astimezone(self.zone)
        text = f"{here:%-I:%M %p}".lower() if self.twelve else f"{here:%H:%M}"
        return f"{text} (UTC{here:%z})" if offset else text

    def told(self) -> dict[str, Any]:
        """What each template needs to know of the page."""
        offer = self.offer
        if offer is None:
            return {"title": "Booking", "organization": None}
        return {"page": offer.page, "host": offer.host, "name": offer.name, "organization": offer.organization,
                "title": offer.title, "colors": reverse("forms:colors", args=[offer.page.color.removeprefix("#")])}

    def show(self, template, context, status=200):
        told = self.told() | {"zone_name": spoken(self.zone.key)}
        if kind := context.get("kind"):
            told["linked"] = kind.location.startswith(("https://", "http://")) or telling.make_links(
                self.offer.organization.pk, self.offer.host_ids, kind.tool)
        return self.dress(HttpResponse(render_to_string(template, told | context), status=status))

    def handle_exception(self, exc):
        return self.dress(refusal_page(super().handle_exception(exc), "booking/refused.html", **self.told()))

    def dress(self, response):
        """Framed only where the host said so."""
        response["Cache-Control"] = "private, no-store"
        if self.offer is not None and self.offer.page.allowed_domains:
            response.xframe_options_exempt = True
            hosts = [part for one in self.offer.page.allowed_domains for part in (one, f"*.{one}")]
            response._csp_replace = {"frame-ancestors": hosts}
        return response

    # ------------------------------------------------------------ choosing a time
    def choose(self, length, *, but=None):
        """What the month and the day look like: the template's context."""
        month, found = self.month(length, but)
        days: dict[date, list] = {}
        for start, _ in found:
            days.setdefault(start.astimezone(self.zone).date(), []).append(start)
        day = read_day(self.query.get("day"))
        if day not in days:
            day = min(days, default=None)
        first = month.replace(day=1)
        weeks = [
            [{"day": one, "outside": one.month != month.month, "free": one in days, "picked": one == day,
              "address": self.address(day=one.isoformat(), month=f"{month:%Y-%m}", start=None)} for one in week]
            for week in calendar.Calendar().monthdatescalendar(month.year, month.month)
        ]
        today = now().astimezone(self.zone).date().replace(day=1)
        clocks = [self.clock(start) for start in days.get(day, ())] if day else []
        slots = [{"text": self.clock(start, offset=clocks.count(text) > 1), "iso": f"{start:%Y-%m-%dT%H:%M:%SZ}",
                  "address": self.address(start=f"{start:%Y-%m-%dT%H:%M:%SZ}", day=day.isoformat(), month=f"{month:%Y-%m}")}
                 for start, text in zip(days.get(day, ()), clocks, strict=True)]
        before, after = shifted(first, -1), shifted(first, 1)
        return {
            "month": month, "weeks": weeks, "weekdays": list(calendar.day_abbr), "day": day, "slots": slots,
            "before": self.address(month=f"{before:%Y-%m}", day=None, start=None) if before >= today else "",
            "after": self.address(month=f"{after:%Y-%m}", day=None, start=None) if after <= shifted(today, AHEAD) else "",
            "zone": self.zone.key, "now": self.clock(now()), "twelve": self.twelve,
            "zones": [(name, spoken(name)) for name in SHOWN_ZONES],
            "other_clock": self.address(clock="24" if self.twelve else "12"), "query": self.query, "length": length,
            "said_zone": "tz" in self.query,
            "soonest": self.address(month=None, day=None, start=None) if self.query.get("month") else "",
        }

    def month(self, length, but):
        """(a day of the month to show, its free slots): the one that is asked for, else the first that has any."""
        today = now().astimezone(self.zone).date()
        asked = read_day(f"{self.query.get('month', '')}-01")
        months = [asked] if asked else [shifted(today.replace(day=1), ahead) for ahead in range(3)]
        found: list = []
        for month in months:
            edges = {"from": month.replace(day=1), "to": shifted(month, 1) - timedelta(days=1)}
            found = self.offer.slots(length, *finding.between(edges, self.zone), but=but)
            if found:
                return month, found
        return months[0], found


class BookPage(VisitorPage):
    """GET shows times, or with `start` the form; POST books."""

    def get(self, request):
        self.ask(request)
        kind, kinds = self.kind()
        if start := read_moment(self.query.get("start")):
            return self.form(kind, start)
        return self.show("booking/times.html", self.choose(kind.minutes) | {"kind": kind, "kinds": kinds})

    def kind(self):
        """(what is to be booked, [what else there is, with its address])."""
        there = list(self.offer.types)
        if not there:
            raise Missing("Nothing can be booked here at the moment.")
        asked = self.query.get("type", "")
        kind = next((one for one in there if str(one.pk) == asked), there[0])
        others = [{"type": one, "address": self.address(type=one.pk, start=None), "current": one == kind} for one in there]
        return kind, others if len(there) > 1 else []

    def form(self, kind, start, sent=None, errors=None, status=200):
        sent, errors = sent or {}, errors or {}
        end = start + timedelta(minutes=kind.minutes)
        here = start.astimezone(self.zone)
        inputs = [
            self.input("name", "Your name", sent, errors, required=True, autocomplete="name", longest=100),
            self.input("email", "E-mail", sent, errors, required=True, kind="email", autocomplete="email", longest=254),
            self.input("company", "Company", sent, errors, autocomplete="organization", longest=150),
            self.input("phone", "Phone", sent, errors, kind="tel", autocomplete="tel", longest=30),
            *[self.input(f"q{n}", one["label"], sent, errors, required=one.get("required"), longest=1000)
              for n, one in enumerate(kind.questions)],
            self.input("notes", "What is it about?", sent, errors, kind="textarea", longest=2000),
        ]
        known = {one["name"] for one in inputs}
        context = {
            "kind": kind, "inputs": inputs, "wrong": [one for one in inputs if one["error"]], "day": here.date(),
            "time": f"{self.clock(start)} – {self.clock(end)}", "trap": TRAP,
            "complaints": [words(lines) for name, lines in errors.items() if name not in known],
            "hidden": [("start", f"{start:%Y-%m-%dT%H:%M:%SZ}"), ("type", kind.pk), ("timezone", self.zone.key),
                       (STAMP, sent.get(STAMP) or submitting.stamp(self.offer.slug))],
            "back": self.address(start=None), "here": self.address(),
        }
        return self.show("booking/form.html", context, status)

    def input(self, name, label, sent, errors, *, required=False, kind="text", autocomplete="off", longest=255):
        return {"id": f"f-{name}", "name": name, "label": label, "kind": kind, "input": kind, "required": bool(required),
                "autocomplete": autocomplete, "longest": longest, "value": sent.get(name, ""), "error": words(errors.get(name))}

    def idempotency_key(self, request):
        """A page that is sent twice is one booking: its stamp is different for each page. What was mended is sent anew."""
        return super().idempotency_key(request) or (
            sha256(repr(sorted(self.sent.items())).encode()).hexdigest() if self.sent.get(STAMP) else None)

    def once(self, request, handler, scope, args, kwargs):
        if request.method == "POST" and not hasattr(self, "sent"):  # once, however often it is tried
            plain = request._request
            plain._body = plain.read(64 * 1024)
            self.sent = {name: text for name, text in sent_of(plain).items() if isinstance(text, str)}
            for name, text in self.sent.items():
                check_text(text, name)
        response = super().once(request, handler, scope, args, kwargs)
        if response.status_code == 303:  # a repeat, too, is led to its booking
            response["Location"] = response.content.decode()
        return self.dress(response)

    def post(self, request):
        self.ask(request)
        sent = self.sent
        self.query |= {name: sent[name] for name in ("start", "type") if sent.get(name)}
        if sent.get("timezone") in ZONES:
            self.zone = ZoneInfo(sent["timezone"])
        kind, _ = self.kind()
        start = read_moment(sent.get("start"))
        if start is None:
            raise Invalid({"start": ["must be one of the times of the page"]})
        try:
            self.check_robot(sent)
            end = start + timedelta(minutes=kind.minutes)
            given = Confirm.read({name: sent[name] for name in ("name", "email", "company", "phone", "notes") if name in sent}
                                 | {"start": start.isoformat(), "end": end.isoformat(), "timezone": self.zone.key})
            told: dict = {name: given.get(name) or "" for name in ("name", "email", "company", "phone", "notes", "timezone")}
            visitor = confirm.Visitor(**told, answers=self.answers(kind, sent))
            meeting = self.book(start, end, visitor, type_id=kind.pk)
        except Conflict as error:
            self.query.pop("start")
            context = self.choose(kind.minutes) | {"kind": kind, "kinds": [], "problem": str(error)}
            return self.show("booking/times.html", context, 409)
        except TooMany as error:
            shown = self.form(kind, start, sent, {STAMP: [str(error)]}, error.status)
            shown["Retry-After"] = str(error.wait)
            return shown
        except (Invalid, ValidationError) as error:
            fields: Any = error.fields if isinstance(error, Invalid) else error.detail
            return self.form(kind, start, sent, dict(fields or {}), 422)
        return HttpResponse(links.manage_url(meeting), status=303)

    def answers(self, kind, sent):
        """{label: answer} of the page's own questions. Raises Invalid."""
        found, missing = {}, {}
        for n, one in enumerate(kind.questions):
            text = sent.get(f"q{n}", "").strip()[:1000]
            if text:
                found[one["label"]] = text
            elif one.get("required"):
                missing[f"q{n}"] = ["is required"]
        if missing:
            raise Invalid(missing)
        return found

    def check_robot(self, sent):
        """Raises Invalid for what no visitor would send, TooMany for what nobody fills in so quickly."""
        if sent.get(TRAP):
            raise Invalid({TRAP: ["is for nobody: leave it empty"]})
        try:
            age = submitting.age_of(self.offer.slug, sent.get(STAMP))
        except submitting.Stale:
            sent.pop(STAMP, None)
            raise Invalid({STAMP: ["This page was open for over a day. Check your answers and send them again."]}) from None
        if age is None:
            raise Invalid({STAMP: ["This was sent without the form. Fill it in and send it again."]})
        if age < submitting.QUICK:  # not kept for the page's key: the same is taken in a moment
            raise TooMany("That was very quick. Look at your answers once more and send them again.", wait=submitting.QUICK)


# ------------------------------------------------------------------------- what is booked
class BookedPage(VisitorPage):
    """What is booked, for whoever has its link: see, move, cancel, put into a calendar."""

    act = "view"
    http_method_names = ["get", "post", "head"]

    def answer(self, request, *args, **kwargs):
        self.handler(request)
        token = kwargs["token"]
        found = links.read(token)
        if found is None:
            raise Http404
        for left in reversed(range(TRIES)):
            try:
                return self.answer_about(request, token, *found)
            except OperationalError as error:
                if not left or not is_deadlock(error):
                    raise

    def answer_about(self, request, token, organization_id, uid):
        with org_scope(organization_id):
            meeting = Meeting.objects.of(organization_id).alive().filter(uid=uid).select_related("host", "shared_page").first()
            if meeting is None:
                raise Http404
            self.token, self.meeting = token, meeting
            self.profile = profiles.of(meeting.host)
            if meeting.shared_page_id:  # who can be booked on a shared page need not have one of their own that is open
                self.profile.is_active = True
            self.offer = OwnOffer(self.profile)
            self.ask(request)
            if "tz" not in self.query and meeting.timezone in ZONES:
                self.zone = ZoneInfo(meeting.timezone)
            try:
                return self.dress(self.post(request) if request.method == "POST" else self.get(request))
            except DomainError as error:
                return self.page(str(error), status=error.status)

    @property
    def may_change(self):
        notice = timedelta(minutes=self.profile.change_notice_minutes)
        return self.meeting.status in Meeting.BLOCKING and now() + notice < self.meeting.start_time

    @property
    def again(self):
        """Where another time is booked; empty when that is closed."""
        page = self.meeting.shared_page or self.profile
        return f"/book/{page.slug if self.meeting.shared_page else self.offer.slug}" if page.is_active else ""

    def page(self, problem="", status=200, template="booking/booked.html", **more):
        meeting = self.meeting
        here = meeting.start_time.astimezone(self.zone)
        context = {
            "meeting": meeting, "day": here.date(), "now_day": here.date(), "problem": problem, "may_change": self.may_change,
            "time": f"{self.clock(meeting.start_time)} – {self.clock(meeting.end_time)}", "base": f"/booked/{self.token}",
            "gone": meeting.status == Meeting.Status.CANCELLED, "over": meeting.end_time < now(),
            "notice": self.profile.change_notice_minutes, "again": self.again, "awaits_link": telling.awaits_link(meeting),
        }
        return self.show(template, context | more, status)

    def get(self, request):
        if self.act == "ics":
            response = HttpResponse(invites.calendar_file(self.meeting, link=links.manage_url(self.meeting)),
                                    content_type="text/calendar; charset=utf-8")
            response["Content-Disposition"] = 'attachment; filename="meeting.ics"'
            return response
        if self.act == "move":
            if not self.may_change:
                return self.page("This meeting can no longer be moved here.", 409)
            length = (self.meeting.end_time - self.meeting.start_time) // timedelta(minutes=1)
            return self.page(template="booking/move.html", **self.choose(length, but=self.meeting))
        return self.page()

    def post(self, request):
        if self.act not in ("move", "cancel"):
            return self.page("Nothing can be sent here.", 405)
        if not self.may_change:
            return self.page(f"This meeting can no longer be {'moved' if self.act == 'move' else 'cancelled'} here.", 409)
        if self.act == "cancel":
            confirm.cancel(self.meeting)
        else:
            self.move(read_moment(sent_of(self.read_body(request)).get("start")))
        response = HttpResponse(status=303)
        response["Location"] = f"/booked/{self.token}{self.address(start=None, day=None, month=None)}"
        return response

    def read_body(self, request):
        plain = request._request
        if not hasattr(plain, "_body"):  # once, however often it is tried
            plain._body = plain.read(16 * 1024)
        return plain

    def move(self, start):
        if start is None:
            raise Invalid({"start": ["must be one of the times of the page"]})
        with transaction.atomic():  # a move that is refused is none
            confirm.move(self.profile, self.meeting, start)
            rate = ratelimit.count(f"moved:{self.meeting.organization_id}:{self.meeting.pk}", settings.RATES["booked"], HOUR)
            if rate.exceeded:  # each is a mail to an address that nobody has proved to be the visitor's
                raise TooMany("This meeting has been moved very often. Try again in an hour, or write to the host.",
                              wait=rate.wait)


# ------------------------------------------------------------------------- reading
def read_day(text):
    try:
        day = date.fromisoformat(text or "")
        return day if 2000 < day.year < 2200 else None
    except ValueError:
        return None


def read_moment(text):
    """A moment of an address; None for what is none."""
    try:
        found = datetime.fromisoformat(text or "")
        return found.astimezone(UTC) if found.tzinfo and 2000 < found.year < 2200 else None
    except (ValueError, TypeError, OverflowError):
        return None


def shifted(day, months):
    """The first day of the month that many months on."""
    place = day.year * 12 + day.month - 1 + months
    return date(place // 12, place % 12 + 1, 1)


def spoken(zone):
    """A zone in words: America/New York."""
    return zone.replace("_", " ")


def words(lines):
    if not lines:
        return ""
    text = lines[0] if isinstance(lines, list) else lines
    if getattr(text, "code", "") in NOTHING or text == "is required":
        return "Fill this in."
    text = str(text)
    return f"{text[:1].upper()}{text[1:]}"
