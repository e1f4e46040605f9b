"""Sessions: begun by a sign-in, looked at by every request, ended at once by sign-out, password change and removal."""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import connection
from django.utils.timezone import now

from accounts.models import AuthSession, Organization, Role, User
from lio import ratelimit
from lio.ratelimit import Rate

MODELS = {"u": User, "o": Organization, "r": Role}
LATER = {"password", "last_login", "created_at"}  # hardly ever asked for: read when they are
FIELDS = {alias: [field for field in model._meta.concrete_fields if field.name not in LATER] for alias, model in MODELS.items()}
NAMES = {alias: [field.attname for field in fields] for alias, fields in FIELDS.items()}
SELECT = ", ".join(f'{alias}."{field.column}"' for alias, fields in FIELDS.items() for field in fields)
# Session, member, organisation and role in one joined query; the request is counted in the same statement (TRUST 3.7).
WHO = f"""
WITH hit AS ({ratelimit.COUNT})
SELECT hit.n, hit.wait, s.last_seen_at < now() - interval '1 minute', {SELECT}
FROM hit JOIN accounts_authsession s ON s.id = %(session)s AND s.revoked_at IS NULL AND s.expires_at > now()
JOIN accounts_user u ON u.id = s.user_id AND u.is_active
LEFT JOIN accounts_organization o ON o.id = u.organization_id
LEFT JOIN accounts_role r ON r.id = u.role_id
"""


def start(user, kind, *, ip="", user_agent=""):
    """A new session of `user`, valid for TOKEN_DAYS."""
    return AuthSession.objects.create(
        user=user, organization=user.organization, kind=kind, ip=ip, user_agent=user_agent[:300],
        expires_at=now() + timedelta(days=settings.TOKEN_DAYS),
    )


def recognise(session_id):
    """(the active user of a living session, the counted rate); (None, rate) when there is none."""
    row = ratelimit.counted(WHO, {"session": session_id, "key": f"token:{session_id}", "seconds": ratelimit.MINUTE})
    if row is None:
        return None, None
    n, wait, stale, *values = row
    if stale:
        with connection.cursor() as cursor:
            cursor.execute("UPDATE accounts_authsession SET last_seen_at = now() WHERE id = %s "
                           "AND last_seen_at < now() - interval '1 minute'", [session_id])
    found: dict[str, Any] = {}
    start_at = 0
    for alias, model in MODELS.items():
        names = NAMES[alias]
        part = values[start_at : start_at + len(names)]
        start_at += len(names)
        found[alias] = model.from_db("default", names, part) if part[0] is not None else None
    user = found["u"]
    user._state.fields_cache.update(organization=found["o"], role=found["r"])
    return user, Rate(settings.RATES["token"], n, wait)


def end(session_id):
    AuthSession.objects.filter(pk=session_id, revoked_at=None).update(revoked_at=now())


def end_all(user, *, but=None):
    """End every session of `user`, except the one with the id `but`. Answers how many ended."""
    return AuthSession.objects.filter(user=user, revoked_at=None).exclude(pk=but).update(revoked_at=now())
