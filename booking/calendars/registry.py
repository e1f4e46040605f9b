"""Which calendars there are beside our own, and the only way to the adapter of a member's account."""

from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial

from django.conf import settings

from booking import profiles
from booking.models import CalendarAccount, Meeting
from integrations import oauth
from integrations.ports import Calendar, CalendarAccess, Permanent
from lio.secrets import seal, unseal
from lio.tenancy import org_scope

LOCAL = "local"  # our own meetings: always there, no account


@dataclass(frozen=True)
class Kind:
    """A kind of calendar elsewhere. `make(access)` gives its adapter.

    `way` is how a member connects it: by "password" in our own form, or by "oauth" at the other side, the service of the same
    name in integrations/oauth.py; then the secret is a packed grant, and `make` also takes `renew` (a token for one that was
    refused). `configured()` says whether this installation can connect it at all. `tool` is the way of meeting (Meeting.Tool)
    for which it makes links.
    """

    name: str
    label: str
    does: str  # in words for the settings page
    make: Callable[..., Calendar]
    way: str = "password"
    route: str = "settings:calendar_connect"  # of the page that connects it, by its name
    configured: Callable[[], bool] = lambda: True
    tool: str = ""


# Adapters are loaded when they are used: what they need takes longer to load than the web process likes.
def _caldav(access):
    from integrations.vendors.caldav import CalDav

    return CalDav(access)


def _google(access, renew):
    from integrations.vendors.google_calendar import GoogleCalendar

    return GoogleCalendar(access, renew=renew)


def _outlook(access, renew):
    from integrations.vendors.outlook_calendar import OutlookCalendar

    return OutlookCalendar(access, renew=renew)


KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind(
            "caldav",
            "CalDAV",
            "Nextcloud, iCloud, Fastmail, mailbox.org and every other calendar that speaks CalDAV.",
            _caldav,
        ),
        Kind(
            "google",
            "Google",
            "Google Calendar, with links of Google Meet for your meetings.",
            _google,
            way="oauth",
            route="settings:calendar_allow",
            configured=partial(oauth.configured, "google"),
            tool=Meeting.Tool.MEET,
        ),
        Kind(
            "outlook",
            "Microsoft",
            "Outlook.com and Microsoft 365, with links of Microsoft Teams for your meetings.",
            _outlook,
            way="oauth",
            route="settings:calendar_allow",
            configured=partial(oauth.configured, "outlook"),
            tool=Meeting.Tool.TEAMS,
        ),
    )
}
MAKERS = {kind.tool: kind.name for kind in KINDS.values() if kind.tool}  # {tool: the kind that makes its links}
PROVIDERS = (LOCAL, "caldav", "google", "outlook")  # of the API


class Reach:
    """How one account is reached. It is made in the organisation's scope and used outside of any.

    Raises lio.secrets.Unreadable when it is made of a secret that this installation cannot open.
    """

    def __init__(self, account: CalendarAccount):
        self.organization_id, self.account_id, self.provider = account.organization_id, account.pk, account.provider
        self.connected_at, self.kind = account.connected_at, KINDS[account.provider]
        self.address, self.username, self.calendar_id = account.address, account.username, account.calendar_id
        profile = profiles.of(account.user)
        self.timezone, self.addresses = profiles.zone(profile).key, (account.user.email,)
        self.secret = unseal(account.secret) if account.secret else ""

    def calendar(self, calendar_id=None) -> Calendar:
        """The adapter, of the calendar that our meetings go to unless another is named. Raises Passing, Permanent."""
        chosen = self.calendar_id if calendar_id is None else calendar_id
        access = CalendarAccess(self.address, self.username, self.secret, chosen, self.timezone, self.addresses)
        if self.kind.way != "oauth":
            return self.kind.make(access)
        service = oauth.service(self.provider)
        return oauth_calendar(self.kind, replace(access, secret=oauth.access_token(service, self._locked)),
                              renew=lambda token: oauth.access_token(service, self._locked, refused=token))

    @contextmanager
    def _locked(self):
        """The grant in the account's locked row, stored when it was replaced (oauth.access_token)."""
        with org_scope(self.organization_id):
            row = CalendarAccount.objects.select_for_update().filter(
                pk=self.account_id, connected_at=self.connected_at).exclude(secret="").first()
            if row is None:
                raise Permanent("This calendar was disconnected meanwhile.")
            kept = Kept(oauth.Grant.unpacked(unseal(row.secret)))
            before = kept.grant
            yield kept
            if kept.grant != before:
                row.secret, row.expires_at = seal(kept.grant.packed()), ends(kept.grant)
                row.save(update_fields=["secret", "expires_at", "updated_at"])


@dataclass
class Kept:
    grant: oauth.Grant


def oauth_calendar(kind, access, *, renew=None):
    """The adapter of a kind that is connected by OAuth: where it is, this installation's settings say."""
    return kind.make(replace(access, address=settings.OAUTH[kind.name]["api_url"]), renew)


def ends(grant):
    """When the access token of a grant ends."""
    return datetime.fromtimestamp(grant.ends_at, UTC)
