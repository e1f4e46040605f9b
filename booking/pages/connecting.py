"""Settings: the way to Google or Microsoft and back, by which a member's calendar there is connected."""

from django.conf import settings
from django.http import HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import reverse

from accounts.pages.base import SettingsPage
from booking.calendars import accounts
from booking.calendars.registry import ends, oauth_calendar
from integrations import oauth
from integrations.oauth import StateError
from integrations.ports import CalendarAccess, Passing, Permanent
from lio.errors import DomainError, Missing
from lio.outside import Errand
from lio.pages import words_of


class _OAuthPage(SettingsPage):
    def kind(self, provider):
        found = accounts.known(provider)
        if found.way != "oauth":
            raise Missing("There is no such calendar.")
        return found

    def asked(self, provider):
        """What both ways must agree on."""
        return {"redirect_uri": f"{settings.SITE_URL}{reverse('settings:calendar_allowed', args=[provider])}",
                "member_id": self.request.user.pk, "session_id": self.request.auth_session_id}


class GoToProvider(_OAuthPage):
    """A link, not a form: what a form sends may not lead to another site (the content policy's form-action)."""

    def get(self, request, provider):
        self.kind(provider)
        response = HttpResponseRedirect(oauth.start(oauth.service(provider), **self.asked(provider)))
        response["Cache-Control"] = "no-store"
        return response


class BackFromProvider(_OAuthPage):
    """Where the service sends the member: with a code, or with why there is none."""

    def get(self, request, provider):
        kind, asked, told = self.kind(provider), self.asked(provider), request.GET.dict()

        def ask():
            try:
                grant = oauth.finish(oauth.service(provider), told, **asked)
                calendar = oauth_calendar(kind, CalendarAccess("", secret=grant.access))
                return grant, calendar.calendars(), calendar.account()
            except (StateError, Passing, Permanent) as error:
                return error

        return Errand(ask=ask, settle=lambda found: self.settle(kind, found))

    def settle(self, kind, found):
        if isinstance(found, Passing):
            self.complain(f"Nothing is connected: {found} Try again in a while.")
        elif isinstance(found, Exception):
            self.complain(str(found))
        else:
            grant, calendars, account = found
            try:
                accounts.connect(self.request.user, kind.name, calendars=calendars, username=account, secret=grant.packed(),
                                 expires_at=ends(grant), ip=self.ip)
                self.say(f"Your {kind.label} calendar is connected. It is being read now.")
            except DomainError as error:
                self.complain(words_of(error))
        return redirect("settings:calendars")
