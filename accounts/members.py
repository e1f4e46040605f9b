"""Members: join, change, leave, come back; their passwords."""

from django.contrib.auth import password_validation
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction

from accounts import sessions
from accounts.audit import audit
from accounts.models import Role, Team, TeamMember, User
from accounts.permissions import LEAST
from accounts.roles import check_grant, check_rank
from lio import history, registry
from lio.errors import Conflict, Forbidden, Invalid

SHOWN = ["first_name", "last_name", "email", "phone_no", "language", "timezone"]


def clean_email(text):
    """The address as it is kept: lower case. Raises Invalid."""
    email = text.strip().lower()
    try:
        validate_email(email)
    except ValidationError:
        raise Invalid({"email": ["must be an e-mail address"]}) from None
    return email


def check_email_is_free(text):
    email = clean_email(text)
    if User.objects.filter(email=email).exists():
        raise taken()
    return email


def taken():
    return Conflict(
        "An account with this e-mail address exists already.",
        code="duplicate_user",
        fields={"email": ["has an account already"]},
    )


def check_password(password, user, field="password"):
    """Raises Invalid when the password is too short, too common or too much like the member's own data."""
    if len(password) > 128:
        raise Invalid({field: ["must have at most 128 characters"]})
    try:
        password_validation.validate_password(password, user)
    except ValidationError as error:
        raise Invalid({field: list(error.messages)}) from None


def default_role(organization):
    """The least privileged seeded role."""
    return Role.objects.of(organization).get(name=LEAST, is_system=True)


def join(organization, *, email, password, role=None, **fields):
    """A new member with all that members get. No checks of rights: see `add` and accounts/invitations.py."""
    email = clean_email(email)
    try:
        with transaction.atomic():
            user = User.objects.create_user(
                email, password, organization=organization, role=role or default_role(organization), **fields
            )
    except IntegrityError as error:
        raise taken() from error
    everybody = Team.objects.of(organization).filter(is_everybody=True).first()
    if everybody:
        TeamMember.objects.create(organization=organization, team=everybody, user=user)
    for seed in registry.on_joining:
        seed(user)
    return user


def add(organization, *, by, password, role=None, ip="", **fields):
    """An admin adds a member. Raises Conflict for an address that is taken, Invalid for a weak password."""
    if role is not None:
        check_grant(by, role.permissions)
    check_password(password, User(organization=organization, **fields))
    fields.setdefault("timezone", organization.timezone)
    user = join(organization, password=password, role=role, **fields)
    history.record("user.created", user, by=by, after={"email": user.email, "name": user.name})
    audit("member.added", by=by, subject=user.email, ip=ip, role=user.role.name)
    return user


def update(member, *, by, ip="", **fields):
    """Change a member's profile. Everybody may change their own; role and state are for admins.

    Raises Forbidden, Conflict (address taken, last admin) or Invalid.
    """
    role, active = fields.pop("role", None), fields.pop("is_active", None)
    admin = by.can("members.manage") or by.is_platform_staff
    if by.pk != member.pk and not admin:
        raise Forbidden("Only admins change other members.")
    check_rank(by, member)
    if "email" in fields:
        fields["email"] = clean_email(fields["email"])
    old = {name: getattr(member, name) for name in SHOWN}
    changed = {name: value for name, value in fields.items() if getattr(member, name) != value}
    if changed:
        for name, value in changed.items():
            setattr(member, name, value)
        try:
            with transaction.atomic():
                member.save(update_fields=[*changed, "updated_at"])
        except IntegrityError as error:
            raise taken() from error
        history.record(
            "user.updated",
            member,
            by=by,
            before={n: old[n] for n in changed if n in old},
            after={n: v for n, v in changed.items() if n in old},
        )
        audit("member.updated", by=by, subject=member.email, ip=ip, fields=sorted(changed))
    if role is not None and admin and role.pk != member.role_id:
        change_role(member, role, by=by, ip=ip)
    if active is not None and admin and active != member.is_active:
        restore(member, by=by, ip=ip) if active else remove(member, by=by, ip=ip)
    return member


def change_role(member, role, *, by, ip=""):
    check_grant(by, role.permissions)
    check_rank(by, member)
    if member.can("members.manage") and "members.manage" not in role.permissions:
        keep_an_admin(member, "Give another member the Admin role first.")
    old = member.role.name if member.role else ""
    member.role = role
    member.save(update_fields=["role", "updated_at"])
    history.record("user.updated", member, by=by, before={"role": old}, after={"role": role.name})
    audit("member.updated", by=by, subject=member.email, ip=ip, role=role.name, before=old)


def remove(member, *, by, ip=""):
    """Deactivate a member: no sign-in, no token works from now on; the address stays taken (R12)."""
    if by and member.pk == by.pk:
        raise Conflict("You cannot remove yourself. Ask another admin.")
    if not member.is_active:
        return
    check_rank(by, member)
    if member.can("members.manage"):
        keep_an_admin(member, "The last admin cannot be removed. Make somebody else an admin first.")
    member.is_active = False
    member.save(update_fields=["is_active", "updated_at"])
    sessions.end_all(member)
    history.record("user.removed", member, by=by, before={"state_id": 1}, after={"state_id": 0})
    audit("member.removed", by=by, subject=member.email, ip=ip)


def restore(member, *, by, ip=""):
    check_rank(by, member)
    member.is_active = True
    member.save(update_fields=["is_active", "updated_at"])
    history.record("user.restored", member, by=by, before={"state_id": 0}, after={"state_id": 1})
    audit("member.restored", by=by, subject=member.email, ip=ip)


def keep_an_admin(member, message):
    """Raises Conflict when `member` is the last active admin. Locks the admins, so that two cannot leave at once."""
    admins = User.objects.of(member.organization_id).active().filter(role__permissions__contains=["members.manage"])
    others = [
        pk for pk in admins.order_by("pk").select_for_update(of=("self",)).values_list("pk", flat=True) if pk != member.pk
    ]
    if not others:
        raise Conflict(message, code="last_admin")


def change_password(member, *, current, new, keep_session=None, ip=""):
    """Replace one's own password; every other session ends (R11)."""
    if not member.check_password(current):
        raise Invalid({"current_password": ["is not right"]})
    check_password(new, member, "new_password")
    set_password(member, new, keep_session=keep_session)
    audit("password.changed", by=member, subject=member.email, ip=ip)


def set_password(member, password, *, keep_session=None):
    member.set_password(password)
    member.save(update_fields=["password", "updated_at"])
    sessions.end_all(member, but=keep_session)
