"""Which calendars there are beside our own, and the only way to the adapter of a member's account."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.timezone import now

from booking import profiles
from booking.models import CalendarAccount
from integrations.ports import Calendar, CalendarAccess
from lio.secrets import seal, unseal

LOCAL = "local"  # our own meetings: always there, no account
EARLY = timedelta(minutes=2)  # before it ends a token is renewed


@dataclass(frozen=True)
class Kind:
    """A kind of calendar elsewhere. `make(access)` gives its adapter.

    `way` is how a member connects it: by "password" in our own form, or by "oauth" at the other side. `configured()` says
    whether this installation can connect it at all. Of a kind with tokens the sealed secret holds all of them: `token(secret)`
    is the one that the adapter takes, `renew(secret)` asks the other side for a new one (no transaction may be open) and
    answers (secret, when it ends); it may raise Passing or Permanent.
    """

    name: str
    label: str
    does: str  # in words for the settings page
    make: Callable[[CalendarAccess], Calendar]
    way: str = "password"
    route: str = "settings:calendar_connect"  # of the page that connects it, by its name
    configured: Callable[[], bool] = lambda: True
    token: Callable[[str], str] = lambda secret: secret
    renew: Callable[[str], tuple[str, datetime | None]] | None = None


# Adapters are loaded when they are used: what they need takes longer to load than the web process likes.
def _caldav(access):
    from integrations.vendors.caldav import CalDav

    return CalDav(access)


KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind(
            "caldav",
            "CalDAV",
            "Nextcloud, iCloud, Fastmail, mailbox.org and every other calendar that speaks CalDAV.",
            _caldav,
        ),
    )
}
PROVIDERS = (LOCAL, "caldav", "google", "outlook")  # of the API


class Reach:
    """How one account is reached. It is made in the organisation's scope and used outside of any.

    Raises lio.secrets.Unreadable when it is made of a secret that this installation cannot open.
    """

    def __init__(self, account: CalendarAccount):
        self.account_id, self.connected_at, self.provider = account.pk, account.connected_at, account.provider
        self.kind = KINDS[account.provider]
        self.address, self.username, self.calendar_id = account.address, account.username, account.calendar_id
        profile = profiles.of(account.user)
        self.timezone, self.addresses = profiles.zone(profile).key, (account.user.email,)
        self.secret, self.expires_at = unseal(account.secret) if account.secret else "", account.expires_at
        self.is_renewed = False

    def calendar(self, calendar_id=None) -> Calendar:
        """The adapter, of the calendar that our meetings go to unless another is named. Raises Passing, Permanent."""
        if self.kind.renew and (self.expires_at is None or self.expires_at < now() + EARLY):
            self.secret, self.expires_at = self.kind.renew(self.secret)
            self.is_renewed = True
        chosen = self.calendar_id if calendar_id is None else calendar_id
        return self.kind.make(CalendarAccess(
            self.address, self.username, self.kind.token(self.secret), chosen, self.timezone, self.addresses))

    def keep(self):
        """Store a token that was renewed on the way; in the organisation's scope, whatever else became of the errand."""
        if self.is_renewed:
            rows = CalendarAccount.objects.filter(pk=self.account_id, connected_at=self.connected_at)
            rows.exclude(secret="").update(secret=seal(self.secret), expires_at=self.expires_at)
