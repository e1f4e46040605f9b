"""Connecting a service and disconnecting it; what becomes of a connection that the service refuses.

Secrets go in here and come out in the adapters alone: history, audit log, logs, answers and pages never hold one.
"""

from django.utils.timezone import now

from accounts.audit import audit
from integrations import jobs
from integrations.models import Connection
from integrations.registry import PROVIDERS
from lio import history
from lio.errors import Invalid, Missing
from lio.jobs import enqueue
from lio.registry import on_refusal
from lio.secrets import Unreadable, seal

State = Connection.State
LONGEST_KEY = 500


def connect(organization, provider, *, by, key="", options=None, ip=""):
    """Let LIO use the service from now on; answers the connection. Without a `key` the one that is there stays.

    Whether the service takes the key is found out in the background.
    Raises Missing for an unknown service, Invalid for a key that is none or an option that the service does not have.
    """
    there = known(provider)
    row, key = _locked(organization, there.name), key.strip()
    if there.needs_key and not (key or row.secret):
        raise Invalid({"key": ["is required"]})
    if not key.isascii() or not key.isprintable() or " " in key or len(key) > LONGEST_KEY:
        raise Invalid({"key": ["is not a key: letters, digits and signs in one word"]})
    if unknown := set(options or {}) - set(there.options):
        raise Invalid({name: [f"is no setting of {there.label}"] for name in sorted(unknown)})
    before = _told(row)
    if there.needs_key and key:
        row.secret = seal(key)
    row.options = {**there.options, **row.options, **(options or {})}
    row.state, row.reason, row.connected_by, row.connected_at, row.updated_at = State.CONNECTED, "", by, now(), now()
    row.save()
    after = _told(row) | ({"key": "a new one"} if key else {})
    history.record("connection.made", row, by=by, before=before, after=after)
    audit("connection.made", by=by, subject=there.label, ip=ip, **row.options)
    if there.needs_key:
        start_check(row)
    return row


def start_check(row):
    """Have the service asked whether it takes the key; `is_checking` until that is done."""
    row.is_checking = True
    row.save(update_fields=["is_checking"])
    enqueue(jobs.check, row.pk)


def services(organization):
    """[(what there is, its connection or None)] in the order in which they are asked."""
    rows = {row.provider: row for row in Connection.objects.of(organization).select_related("connected_by")}
    return [(provider, rows.get(provider.name)) for provider in PROVIDERS.values()]


def cost(provider, row):
    """Credits for a hit, as it was connected or else would be."""
    return {**provider.options, **(row.options if row else {})}.get("cost", 0)


def disconnect(organization, provider, *, by, ip=""):
    """LIO uses the service no more; its secret is gone at once. What it had found stays."""
    there = known(provider)
    row = _locked(organization, there.name)
    if row.state != State.OFF:
        before = _told(row)
        row.state, row.reason, row.secret, row.is_checking, row.updated_at = State.OFF, "", "", False, now()
        row.save()
        history.record("connection.ended", row, by=by, before=before, after=_told(row))
        audit("connection.ended", by=by, subject=there.label, ip=ip)


def refused(organization, enricher, reason):
    """The service has refused `enricher`'s key for good: it is asked no more, and the admins are told, once.

    Whoever catches Permanent calls this, in the organisation's scope. A key that was entered meanwhile is not blamed for the
    old one. Answers whether the connection was changed.
    """
    rows = Connection.objects.of(organization).filter(provider=enricher.provider, state=State.CONNECTED)
    row = rows.select_for_update().first()
    if row is None or not _has(row, getattr(enricher, "key", "")):
        return False
    before, reason = _told(row), str(reason)[:300]
    row.state, row.reason, row.is_checking, row.updated_at = State.REFUSED, reason, False, now()
    row.save()
    history.record("connection.refused", row, by=None, before=before, after=_told(row) | {"reason": reason})
    for tell in on_refusal:
        tell(organization, PROVIDERS[row.provider].label, reason)
    return True


def checked(connection, *, takes_key, problem=""):
    """Note that the service was asked whether it takes the key; `problem` says why that could not be found out.

    A service that had refused and takes the key now is connected again. Nothing is noted when it was connected anew
    meanwhile: another check is on its way.
    """
    rows = Connection.objects.of(connection.organization_id)
    row = rows.select_for_update().filter(pk=connection.pk, connected_at=connection.connected_at).first()
    if row is None:
        return
    before = _told(row)
    row.is_checking, row.checked_at, row.updated_at = False, now(), now()
    if row.state == State.CONNECTED or takes_key:
        row.reason = problem[:300]
    if row.state == State.REFUSED and takes_key:
        row.state = State.CONNECTED
        history.record("connection.made", row, by=None, before=before, after=_told(row))
    row.save()


def known(provider, *, needs_key=False):
    """The service of that name, with `needs_key` one that is connected with a key. Raises Missing."""
    if provider not in PROVIDERS or (needs_key and not PROVIDERS[provider].needs_key):
        raise Missing("There is no such service.")
    return PROVIDERS[provider]


def _locked(organization, provider):
    Connection.objects.bulk_create([Connection(organization=organization, provider=provider)], ignore_conflicts=True)
    return Connection.objects.of(organization).select_for_update().get(provider=provider)


def _has(row, key):
    try:
        return row.key == key
    except Unreadable:
        return False


def _told(row):
    """What history may show of a connection."""
    return {"provider": row.provider, "state": row.state, **row.options}
