"""Roles: named sets of verbs."""

from django.db import IntegrityError, transaction

from accounts.audit import audit
from accounts.models import Role, User
from accounts.permissions import LEAST, VERBS, verbs_of
from lio.errors import Conflict, Forbidden, Invalid


def add(organization, *, name, by, description="", permissions=None, ip=""):
    """A new role; without permissions it may do what the least privileged seeded role may."""
    verbs = (
        _checked(permissions) if permissions is not None else [verb for verb in verbs_of(LEAST) if by is None or by.can(verb)]
    )
    check_grant(by, verbs)
    try:
        with transaction.atomic():
            role = Role.objects.create(
                organization=organization, name=name.strip(), description=description or "", permissions=verbs
            )
    except IntegrityError as error:
        raise Conflict(
            "A role of this name exists already.", code="duplicate_role", fields={"name": ["exists already"]}
        ) from error
    audit("role.added", by=by, subject=role.name, ip=ip, permissions=verbs)
    return role


def update(role, *, by, ip="", **fields):
    """Rename, describe, narrow or widen a role. The seeded ones are protected."""
    if role.is_system:
        raise Forbidden("The seeded roles cannot be changed. Create a role of your own.", code="role_protected")
    if "permissions" in fields:
        fields["permissions"] = _checked(fields["permissions"])
        check_grant(by, set(fields["permissions"]) - set(role.permissions))
        loses = "members.manage" in role.permissions and "members.manage" not in fields["permissions"]
        if loses and by.role_id == role.pk:
            raise Conflict("You cannot take the right to manage people from your own role.")
    if fields.get("is_active") is False and User.objects.of(role.organization_id).active().filter(role=role).exists():
        raise Conflict("Members still have this role. Give them another one first.", code="role_in_use")
    before = {name: getattr(role, name) for name in fields}
    for name, value in fields.items():
        setattr(role, name, value)
    try:
        with transaction.atomic():
            role.save()
    except IntegrityError as error:
        raise Conflict("A role of this name exists already.", fields={"name": ["exists already"]}) from error
    audit("role.updated", by=by, subject=role.name, ip=ip, before=before, after=fields)
    return role


def check_grant(by, verbs):
    """Raises Forbidden when `by` would give rights that they do not have themselves; platform staff and the system may."""
    if by is not None and not by.is_platform_staff and not all(by.can(verb) for verb in verbs):
        raise Forbidden("You can only give rights that you have yourself.")


def check_rank(by, member):
    """Raises Forbidden when `member` has a right that not every seeded role has and that `by` lacks.

    Whoever changes such a member's address could take their place.
    """
    if by is None or by.is_platform_staff or by.pk == member.pk or not member.role:
        return
    if not all(by.can(verb) for verb in set(member.role.permissions) - set(verbs_of(LEAST))):
        raise Forbidden("This member has rights that you do not have. Ask an admin.")


def _checked(permissions):
    unknown = sorted(set(permissions) - set(VERBS))
    if unknown:
        raise Invalid({"permissions": [f"unknown: {', '.join(unknown)}"]})
    return [verb for verb in VERBS if verb in permissions]
