"""Settings: one's own calendars elsewhere. What is read and written, how the last reading went; connected and disconnected."""

from django import forms
from django.shortcuts import redirect
from django.urls import reverse

from accounts.pages.base import SettingsPage
from booking.calendars import accounts
from booking.calendars.registry import KINDS
from booking.models import CalendarAccount
from booking.serializers import ConnectCalendar as Given
from integrations.ports import CalendarAccess, Passing, Permanent
from lio.errors import DomainError, Missing
from lio.forms import InputForm, Text
from lio.outside import Errand
from lio.secrets import Unreadable, unseal

State = CalendarAccount.State
ENDING = "LIO deletes its access, and events there no longer block your times. Meetings already in that calendar stay in it."


class CalendarsPage(SettingsPage):
    section = "calendars"


class Calendars(CalendarsPage):
    """All kinds of calendars with the member's own accounts. Posts read, believe or choose with the name of a kind."""

    def get(self, request):
        mine = accounts.of(request.user)
        kinds = [
            {"kind": kind, "account": mine.get(kind.name), "state": mine[kind.name].state if kind.name in mine else State.OFF}
            for kind in KINDS.values()
            if kind.configured() or (kind.name in mine and mine[kind.name].state != State.OFF)
        ]
        for one in kinds:
            row = one["account"]
            one["is_empty"] = bool(row) and any(calendar["empty"] for calendar in row.calendars)
            one["address"] = reverse(one["kind"].route, args=[one["kind"].name])
        missing = [kind.label for kind in KINDS.values() if not kind.configured()]
        working = any(one["account"] and one["account"].is_syncing for one in kinds)
        template = "settings/_calendars.html" if self.is_swap else "settings/calendars.html"
        return self.show(template, {"kinds": kinds, "working": working, "ending": ENDING, "missing": missing})

    def post(self, request):
        action = next((name for name in ("read", "believe", "choose") if name in request.POST), "")
        row = accounts.of(request.user).get(request.POST.get(action, ""))
        if row is None:
            raise Missing()
        try:
            if action == "choose":
                accounts.choose(request.user, row.provider, calendar_id=request.POST.get("calendar_id", ""),
                                blocking=request.POST.getlist("blocking"))
                self.say("Your calendars are saved.")
            elif row.state == State.CONNECTED:
                accounts.read_now(row, believing=action == "believe")
                self.say(f"Your {accounts.label(row.provider)} calendar is being read.")
        except DomainError as error:
            self.complain(str(error))
        return redirect("settings:calendars")


class PasswordForm(InputForm):
    input_class = Given
    address = Text("Address", required=True, maxlength=500, inputmode="url", placeholder="https://",
                   help_text="From your calendar's settings, often called CalDAV address. Like https://caldav.icloud.com")
    username = Text("User name", required=True, maxlength=254)
    password = forms.CharField(
        label="Password", required=False, strip=False, max_length=500, widget=forms.PasswordInput(attrs={"autocomplete": "off"})
    )


class ConnectCalendar(CalendarsPage):
    """Address, user name and password; the server is asked with them before anything is stored."""

    def get(self, request, provider):
        return self.page(self.kind(provider), self.form(provider))

    def post(self, request, provider):
        kind, form = self.kind(provider), self.form(provider, request.POST)
        if not form.is_valid():
            return self.page(kind, form, status=422)
        given, row = form.given, accounts.of(request.user).get(provider)
        typed = given.get("password") or ""
        secret = typed or self.kept(row, given)
        if not secret:
            form.blame({"password": ["is required"]})
            return self.page(kind, form, status=422)
        access = CalendarAccess(given["address"], given["username"], secret)

        def ask():
            try:
                return kind.make(access).calendars(), ""
            except (Passing, Permanent) as error:
                return [], str(error)

        def settle(found):
            calendars, problem = found
            try:
                if problem:
                    raise DomainError(problem)
                accounts.connect(request.user, provider, calendars=calendars, address=access.address, username=access.username,
                                 secret=typed, ip=self.ip)
            except DomainError as error:
                form.refuse(error)
                return self.page(kind, form, status=422)
            self.say(f"{kind.label} is connected. It is being read.")
            return redirect("settings:calendars")

        return Errand(ask=ask, settle=settle)

    def kind(self, provider):
        kind = accounts.known(provider)
        if kind.way != "password":
            raise Missing()
        return kind

    def kept(self, row, given):
        """The password that is there, for the server and the user that it was entered for alone."""
        if row is None or not row.secret or (row.address, row.username) != (given["address"], given["username"]):
            return ""
        try:
            return unseal(row.secret)
        except Unreadable:
            return ""

    def form(self, provider, *data):
        row = accounts.of(self.request.user).get(provider)
        form = PasswordForm(*data, initial={"address": row.address, "username": row.username} if row else {})
        has_one = bool(row and row.secret)
        form.fields["password"].required = not has_one
        form.fields["password"].help_text = (
            "Leave it empty to keep the one that is there." if has_one
            else "Many services want an app password here: make one in their security settings.")
        return form

    def page(self, kind, form, status=200):
        context = {
            "form": form, "title": f"Connect {kind.label}", "verb": "Connect", "back": reverse("settings:calendars"),
            "place": "Calendars",
            "text": "LIO reads when you are busy, never what with, and adds your meetings. Your password is stored encrypted "
                    "and sent only to this server.",
        }  # fmt: skip
        return self.show("settings/form.html", context, status=status)


class DisconnectCalendar(CalendarsPage):
    """Asks once, and does it."""

    def get(self, request, provider):
        kind = self.kind(provider)
        return self.show("confirm.html", {
            "title": f"Disconnect {kind.label}?", "verb": "Disconnect", "action": "", "back": reverse("settings:calendars"),
            "text": ENDING, "hidden": [],
        })  # fmt: skip

    def post(self, request, provider):
        kind = self.kind(provider)
        accounts.disconnect(request.user, provider, ip=self.ip)
        self.say(f"{kind.label} is disconnected; its {'password' if kind.way == 'password' else 'key'} is gone.")
        return redirect("settings:calendars")

    def kind(self, provider):
        if provider not in KINDS:
            raise Missing("There is no such calendar.")
        return KINDS[provider]
