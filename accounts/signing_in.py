"""Sign-in by e-mail and password, for the API and the browser alike (R14)."""

from hashlib import sha256

from django.conf import settings
from django.db import transaction

from accounts import sessions
from accounts.audit import audit
from accounts.models import User
from lio import ratelimit
from lio.errors import DomainError, Forbidden, Missing, TooMany
from lio.tenancy import org_scope

WINDOW = 15 * 60  # seconds


class WrongPassword(DomainError):
    status = 401


def sign_in(email, password, kind, *, ip="", user_agent=""):
    """A new session for the account. Must be called outside any transaction, so that failures count.

    An attempt is counted before the password is hashed and taken back when it succeeds: so no number of parallel guesses
    gets more hashes than the limit. Raises TooMany, Missing (no such account), WrongPassword, Forbidden (inactive, no
    organisation).
    """
    email = email.strip().lower()[:254]
    counted = [(f"sign-in:email:{sha256(email.encode()).hexdigest()}", settings.SIGN_IN_FAILURES["email"]),
               (f"sign-in:address:{ip}", settings.SIGN_IN_FAILURES["address"])]
    for key, limit in counted:
        rate = ratelimit.count(key, limit, WINDOW)
        if rate.exceeded:
            raise TooMany(f"Too many failed sign-ins. Try again in {-(-rate.wait // 60)} minutes.", wait=rate.wait)
    user = User.objects.select_related("organization", "role").filter(email=email).first()
    if user is None:
        raise Missing("No LIO account exists for this e-mail address.", code="unknown_account")
    if not user.check_password(password):
        _note(user, "session.refused", ip=ip)
        raise WrongPassword("The e-mail address or the password is wrong.", code="invalid_credentials")
    for key, _ in counted:
        ratelimit.take_back(key)
    if not user.is_active:
        raise Forbidden("This account is not active. Ask an admin of your organization.", code="inactive_account")
    if user.organization_id is None and not user.is_platform_staff:
        raise Forbidden("This account belongs to no organization.", code="no_organization")
    with transaction.atomic():
        session = sessions.start(user, kind, ip=ip, user_agent=user_agent)
        _note(user, "session.started", ip=ip, kind=kind)
    return session


def sign_out(user, session_id, *, ip=""):
    """End this session at once."""
    with transaction.atomic():
        sessions.end(session_id)
        _note(user, "session.ended", ip=ip)


def _note(user, verb, *, ip, **details):
    if user.organization_id:
        with org_scope(user.organization_id):
            audit(verb, by=user, subject=user.email, ip=ip, **details)
