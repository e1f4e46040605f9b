"""How the API recognises its callers: a bearer token everywhere, an API key where leads come in."""

from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied

from accounts import keys, sessions, tokens
from lio.clientip import client_ip


class Credential:
    """What `request.auth` is: the session or key it was, and the counted rate."""

    def __init__(self, rate, session_id=None):
        self.rate, self.session_id = rate, session_id


class BearerToken(BaseAuthentication):
    """`Authorization: Bearer <token>`; missing, malformed, expired or ended is 401."""

    def authenticate(self, request):
        header = request.headers.get("Authorization")
        if not header:
            return None
        kind, _, token = header.partition(" ")
        session_id = tokens.session_id(token.strip()) if kind.lower() == "bearer" and len(token) < 4000 else None
        user, rate = sessions.recognise(session_id) if session_id else (None, None)
        if user is None:
            raise AuthenticationFailed("The token is missing, malformed, expired or ended. Sign in again.")
        if user.organization_id is None:
            raise PermissionDenied("This account belongs to no organization.")
        return user, Credential(rate, session_id)

    def authenticate_header(self, request):
        return "Bearer"


class KeyRefused(PermissionDenied):
    """A good key in the wrong place."""

    def __init__(self, code):
        where = "from this address" if code == "ip_not_allowed" else "on this domain"
        super().__init__(f"The API key is not allowed {where}.")
        self.error_code = code


class KeyHeader(BaseAuthentication):
    """`x-api-key: <key>`; with a bearer token beside it the token decides (R16)."""

    def authenticate(self, request):
        given = request.headers.get("x-api-key")
        if not given:
            return None
        key, expired, rate = keys.recognise(given.strip())
        if key is None or expired or key.revoked_at is not None:
            raise PermissionDenied("The API key is invalid, expired or revoked.")
        if code := keys.refusal(key, request, client_ip(request)):
            raise KeyRefused(code)
        return key, Credential(rate)
