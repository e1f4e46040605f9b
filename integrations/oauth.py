"""Letting LIO into a member's account with a service: OAuth 2.0's authorization code with PKCE (RFC 6749, RFC 7636).

Three steps. `start` gives the address to which the member is sent. `finish` reads what the service sent them back with and
exchanges it for a `Grant`. `access_token` gives a token that is valid now, and renews the grant when it is not.

The state that travels through the browser is signed, ends after ten minutes, and holds only in the session of the member who
began, for the service they began with. The verifier of PKCE is not kept: it is made from the state with a key of ours.

Tokens stand in grants alone: no error and no log line holds one, and a grant does not print them. Whoever keeps a grant keeps
it under seal (lio/secrets.py).
"""

import hmac
import json
import re
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from hashlib import sha256
from time import monotonic, sleep, time
from typing import Protocol
from urllib.parse import urlencode

from django.conf import settings
from django.core import signing

from integrations.ports import Passing, Permanent
from lio.outbound import OutboundError, fetch

SALT = "lio.oauth"
STATE_SECONDS = 600
LEEWAY = 60  # seconds before its end from which on a token counts as ended: clocks differ, and calls take time
USUAL_SECONDS = 3600  # for which a token holds when the service does not say
LEASE_SECONDS = 30  # for which one renewal keeps others from starting theirs; longer than its call can take
CALL_SECONDS = 15
MAX_BYTES = 100_000
WITHDRAWN = {"invalid_grant", "interaction_required", "consent_required", "login_required"}  # the member must come again


class StateError(Exception):
    """What came back is not an answer to what this member began, or it came too late. The words are for people."""


@dataclass(frozen=True)
class Service:
    """A service that lets LIO in, with what it knows this installation by."""

    name: str
    label: str
    client_id: str
    client_secret: str = field(repr=False)
    authorize_url: str
    token_url: str
    scopes: tuple[str, ...]
    needs: tuple[str, ...]  # of the scopes: without these LIO can do nothing
    asks: dict = field(default_factory=dict)  # what the address of consent bears besides


@dataclass(frozen=True)
class Grant:
    """What a service gave: moments in seconds since 1970."""

    access: str = field(repr=False)
    refresh: str = field(repr=False)
    ends_at: float
    renewing_until: float = 0  # somebody renews it now

    def packed(self):
        """As text, to be kept under seal."""
        return json.dumps([self.access, self.refresh, self.ends_at, self.renewing_until])

    @classmethod
    def unpacked(cls, text):
        """Raises Permanent for what is none."""
        try:
            access, refresh, ends_at, renewing_until = json.loads(text)
            return cls(str(access), str(refresh), float(ends_at), float(renewing_until))
        except (ValueError, TypeError):
            raise Permanent("The key to this calendar can no longer be read. Connect it again.") from None


def service(name):
    """The service of that name, whether or not this installation is known to it. Raises KeyError."""
    given = settings.OAUTH[name]
    common = {part: given[part] for part in ("client_id", "client_secret", "authorize_url", "token_url")}
    if name == "google":
        api = "https://www.googleapis.com/auth/"
        scopes = (f"{api}calendar.events", f"{api}calendar.calendarlist.readonly")
        # without `consent` Google gives no refresh token to somebody who had connected before
        return Service(name, "Google", **common, scopes=scopes, needs=scopes,
                       asks={"access_type": "offline", "prompt": "consent"})  # fmt: skip
    scopes = ("https://graph.microsoft.com/Calendars.ReadWrite", "offline_access")
    return Service(name, "Microsoft", **common, scopes=scopes, needs=scopes[:1], asks={"prompt": "select_account"})


def configured(name):
    """Whether the operator has registered this installation with the service."""
    given = settings.OAUTH[name]
    return bool(given["client_id"] and given["client_secret"])


# ------------------------------------------------------------------------------------------------- connecting
def start(service, *, redirect_uri, member_id, session_id):
    """The address to which the member's browser is to be sent."""
    state = signing.dumps([service.name, member_id, str(session_id), secrets.token_urlsafe(9)], salt=SALT)
    asked = {
        "client_id": service.client_id,
        "redirect_uri": redirect_uri,
        "response_type": "code",
        "scope": " ".join(service.scopes),
        "state": state,
        "code_challenge": _text_of(sha256(_verifier(state).encode()).digest()),
        "code_challenge_method": "S256",
        **service.asks,
    }
    return f"{service.authorize_url}{'&' if '?' in service.authorize_url else '?'}{urlencode(asked)}"


def finish(service, told, *, redirect_uri, member_id, session_id):
    """The Grant for what the service sent back (`told`: the query of the address, a mapping of texts).

    Raises StateError, Permanent when access was denied or not given whole, Passing when the service does not answer.
    No database transaction may be open.
    """
    state = check_state(service, told, member_id=member_id, session_id=session_id)
    if error := told.get("error", ""):
        if error == "access_denied":
            raise Permanent(f"You did not let LIO into your {service.label} calendar. Nothing is connected.")
        raise Permanent(f"{service.label} did not let LIO in ({_word(error)}). Nothing is connected.")
    if not (code := told.get("code", "")) or len(code) > 4000:
        raise StateError(f"{service.label} sent no code along. Start again.")
    asked = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri, "code_verifier": _verifier(state)}
    answer = _ask(service, asked)
    granted = answer.get("scope")
    if isinstance(granted, str) and any(not _covers(granted, scope) for scope in service.needs):
        raise Permanent(f"{service.label} lets LIO in only in part: tick all boxes when it asks what LIO may do.")
    if not answer.get("refresh_token"):
        raise Permanent(f"{service.label} lets LIO in for an hour only. Start again.")
    return _grant(answer)


def check_state(service, told, *, member_id, session_id):
    """The state among what came back, when it is the one that this member began with. Raises StateError."""
    state = told.get("state", "")
    try:
        name, member, session, _ = signing.loads(state, salt=SALT, max_age=STATE_SECONDS)
    except signing.SignatureExpired:
        raise StateError(f"That took longer than ten minutes. Connect {service.label} again.") from None
    except (signing.BadSignature, ValueError, TypeError):
        raise StateError(f"That is no answer to what you began here. Connect {service.label} again.") from None
    if (name, member, session) != (service.name, member_id, str(session_id)):
        raise StateError(f"That was begun by somebody else or in another session. Connect {service.label} again.")
    return state


def _verifier(state):
    return _text_of(hmac.digest(settings.SECRET_KEY.encode(), f"{SALT}:{state}".encode(), "sha256"))


def _text_of(digest):
    return urlsafe_b64encode(digest).rstrip(b"=").decode()


def _covers(granted, scope):
    """Microsoft may leave out the address before the name of a permission."""
    return scope.lower() in granted.lower().split() or scope.lower().rsplit("/", 1)[-1] in granted.lower().split()


# -------------------------------------------------------------------------------------------------- using
class Kept(Protocol):
    """A grant where it is kept; what is assigned is stored when the lock is let go."""

    grant: Grant


def access_token(service, locked: Callable[[], AbstractContextManager[Kept]], *, refused="", patience=10.0):
    """A token that is valid now, for what is kept. No database transaction may be open.

    `locked()` opens a short transaction, locks the row that keeps the grant (SELECT ... FOR UPDATE) and gives it; at its end
    the row is stored and committed. The service itself is asked between two of these, while no lock is held. Services that hand
    out a new refresh token each time may take the old one for stolen when it comes a second time, so only one renewal runs: it
    notes in the row until when it has the right to, others wait for its outcome up to `patience` seconds, and one that died
    stands in nobody's way for longer than LEASE_SECONDS. A grant that was replaced meanwhile (the member connected again)
    is not overwritten.

    `refused` is a token that the service did not take although its time was not over: it is renewed.
    Raises Passing, Permanent when access was withdrawn, and whatever `locked` raises when nothing is kept any more.
    """
    until = monotonic() + patience
    while True:
        with locked() as kept:
            grant = kept.grant
            if grant.ends_at - LEEWAY > time() and grant.access != refused:
                return grant.access
            mine = grant.renewing_until <= time()
            if mine:
                kept.grant = replace(grant, renewing_until=time() + LEASE_SECONDS)
        if mine:
            return _renewed(service, locked, grant)
        if monotonic() > until:
            raise Passing(f"{service.label} is being asked for a new key.", wait=5)
        sleep(0.1)


def _renewed(service, locked, old):
    try:
        fresh = renew(service, old)
    except BaseException as error:
        with locked() as kept:
            if kept.grant.refresh == old.refresh:
                kept.grant = replace(kept.grant, renewing_until=0)
            elif isinstance(error, Permanent):  # the member has connected again meanwhile: that grant is not to blame
                return kept.grant.access
        raise
    with locked() as kept:
        if kept.grant.refresh == old.refresh:
            kept.grant = fresh
        return kept.grant.access


def renew(service, grant):
    """A new Grant for an old one, with the old refresh token where the service gives no other. Raises Passing and Permanent."""
    return _grant(_ask(service, {"grant_type": "refresh_token", "refresh_token": grant.refresh}), old=grant.refresh)


# ------------------------------------------------------------------------------------------- the token endpoint
def _ask(service, asked):
    """Its answer, an object with an access token."""
    asked |= {"client_id": service.client_id, "client_secret": service.client_secret}
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
    try:
        answer = fetch(service.token_url, method="POST", headers=headers, body=urlencode(asked).encode(), seconds=CALL_SECONDS,
                       max_bytes=MAX_BYTES, redirects=0)  # fmt: skip
    except OutboundError as error:
        raise Passing(str(error)) from error
    try:
        found = answer.json()
    except ValueError:
        found = None
    found = found if isinstance(found, dict) else {}
    if answer.status in (400, 401, 403) and found.get("error") in WITHDRAWN:
        raise Permanent(f"{service.label} no longer lets LIO in. Connect the calendar again.")
    if answer.status != 200:
        told = re.fullmatch(r"\d{1,5}", answer.headers.get("Retry-After", ""))
        why = f" ({_word(found.get('error'))})" if found.get("error") else ""
        raise Passing(f"{service.label} gives no key: it answers {answer.status}{why}.", wait=int(told[0]) if told else None)
    if not isinstance(found.get("access_token"), str) or not found["access_token"]:
        raise Passing(f"{service.label} gives a key that cannot be read.")
    return found


def _grant(answer, old=""):
    seconds, refresh = answer.get("expires_in"), answer.get("refresh_token")
    if isinstance(seconds, str) and re.fullmatch(r"\d{1,7}", seconds):
        seconds = int(seconds)
    if not isinstance(seconds, int | float) or isinstance(seconds, bool) or not 0 < seconds < 10_000_000:
        seconds = USUAL_SECONDS
    return Grant(answer["access_token"], refresh if isinstance(refresh, str) and refresh else old, time() + seconds)


def _word(error):
    """Their name of an error as far as it is one; it may come through anybody's address bar."""
    return re.sub(r"[^a-z0-9_. -]", "", str(error)[:60].lower())
