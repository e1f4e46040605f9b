"""Bearer tokens: a signed note of the session's id. What the caller may do is read from the database each time."""

import uuid
from datetime import UTC, datetime
from functools import lru_cache
from time import time

from django.conf import settings
from rest_framework_simplejwt.backends import TokenBackend
from rest_framework_simplejwt.exceptions import TokenBackendError

ISSUER = AUDIENCE = "lio"


@lru_cache(maxsize=4)
def _backends(keys):
    """The first key signs, all verify: while a key is being replaced there are two (TRUST 3.7)."""
    return [TokenBackend("HS256", key.strip(), audience=AUDIENCE, issuer=ISSUER) for key in keys.split(",") if key.strip()]


def issue(session):
    """The token of a session."""
    return _backends(settings.TOKEN_KEYS)[0].encode({
        "sub": str(session.user_id), "sid": str(session.pk), "jti": uuid.uuid4().hex,
        "iat": int(datetime.now(UTC).timestamp()), "exp": int(session.expires_at.timestamp()),
    })


def session_id(token):
    """The session that a token names; None when the token is forged, expired or not one of ours."""
    session, expires_at = _verified(token, settings.TOKEN_KEYS)
    return session if expires_at > time() else None


@lru_cache(maxsize=1024)
def _verified(token, keys):
    """(session id, when the token expires): the signature of a token that comes with every request is checked once."""
    for backend in _backends(keys):
        try:
            claims = backend.decode(token)
            if "jti" in claims:
                return uuid.UUID(claims["sid"]), int(claims["exp"])
        except (TokenBackendError, ValueError, OverflowError, KeyError, TypeError, AttributeError):
            continue
    return None, 0
