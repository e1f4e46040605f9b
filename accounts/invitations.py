"""Joining by a link in a mail, and a new password by one."""

import secrets
from datetime import timedelta
from hashlib import sha256

from django.conf import settings
from django.contrib.auth.tokens import default_token_generator
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_decode, urlsafe_base64_encode
from django.utils.timezone import now

from accounts import jobs, members
from accounts.audit import audit
from accounts.models import Invitation, User
from accounts.roles import check_grant
from lio.errors import Conflict, Missing
from lio.jobs import enqueue
from lio.tenancy import org_scope


def link(name, token):
    """Only ever from SITE_URL: a request's Host header must not reach a mail (T47)."""
    return f"{settings.SITE_URL}{reverse(name, args=[token])}"


def invite(organization, *, email, role, by, ip=""):
    """Mail somebody a link to join with `role`. An open invitation to the same address is replaced."""
    check_grant(by, role.permissions)
    email = members.check_email_is_free(email)
    token = secrets.token_urlsafe(32)
    Invitation.objects.of(organization).filter(email=email, accepted_at=None, revoked_at=None).update(revoked_at=now())
    try:
        with transaction.atomic():
            invitation = Invitation.objects.create(
                organization=organization, email=email, role=role, invited_by=by, digest=digest(token),
                expires_at=now() + timedelta(days=settings.INVITATION_DAYS))
    except IntegrityError as error:
        raise Conflict("Somebody has just invited this address.") from error
    audit("member.invited", by=by, subject=email, ip=ip, role=role.name)
    enqueue(jobs.mail, "invitation", email, {
        "organization": organization.name, "by": str(by), "link": link("accounts:invitation", token),
        "days": settings.INVITATION_DAYS})
    return invitation


def revoke(invitation, *, by, ip=""):
    Invitation.objects.filter(pk=invitation.pk, accepted_at=None, revoked_at=None).update(revoked_at=now())
    audit("invitation.revoked", by=by, subject=invitation.email, ip=ip)


def digest(token):
    return sha256(token.encode()).hexdigest()


def find(token):
    """The open invitation of a link. Raises Missing."""
    found = (Invitation.objects.select_related("organization", "role", "invited_by")
             .filter(Invitation.open(), digest=digest(token)).first())
    if found is None:
        raise Missing("This invitation has been used, withdrawn or has expired. Ask for a new one.")
    return found


def accept(token, *, first_name, last_name, password, ip="", timezone=None):
    """Join with the link of a mail. Answers the new member."""
    invitation = find(token)
    with org_scope(invitation.organization_id):
        locked = Invitation.objects.select_for_update().filter(Invitation.open(), pk=invitation.pk).first()
        if locked is None:
            raise Missing("This invitation has just been used.")
        members.check_password(password, User(email=invitation.email, first_name=first_name, last_name=last_name))
        member = members.join(invitation.organization, email=invitation.email, password=password, role=invitation.role,
                              first_name=first_name, last_name=last_name,
                              timezone=timezone or invitation.organization.timezone)
        Invitation.objects.filter(pk=invitation.pk).update(accepted_at=now())
        audit("member.joined", by=member, subject=member.email, ip=ip, role=member.role.name)
    return member


def send_reset(email):
    """Mail a link for a new password, if the address has an active account. Tells nobody whether it has."""
    user = User.objects.active().filter(email=email.strip().lower()[:254]).first()
    if user is None:
        return
    token = f"{urlsafe_base64_encode(force_bytes(user.pk))}-{default_token_generator.make_token(user)}"
    with transaction.atomic():
        enqueue(jobs.mail, "password_reset", user.email,
                {"name": user.first_name, "link": link("accounts:reset", token), "hours": settings.RESET_HOURS})


def reset_target(token):
    """The member whose link this is. Raises Missing when it was used, has expired or is forged."""
    encoded, _, rest = token.partition("-")
    try:
        user = User.objects.active().select_related("organization", "role").get(
            pk=int(urlsafe_base64_decode(encoded).decode()))
    except (ValueError, OverflowError, User.DoesNotExist):
        user = None
    if user is None or not default_token_generator.check_token(user, rest):
        raise Missing("This link has been used or has expired. Ask for a new one.")
    return user


@transaction.atomic
def reset_password(token, password, *, ip=""):
    """A new password by link; every session of the member ends."""
    user = reset_target(token)
    members.check_password(password, user)
    members.set_password(user, password)
    if user.organization_id:
        with org_scope(user.organization_id):
            audit("password.reset", by=user, subject=user.email, ip=ip)
    return user
