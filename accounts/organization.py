"""The organisation's own settings."""

from accounts.audit import audit
from accounts.models import Organization


def update(organization, *, by, ip="", **fields):
    """Rename it, or set its time zone and currency."""
    changed = {name: value for name, value in fields.items() if getattr(organization, name) != value}
    if changed:
        before = {name: getattr(organization, name) for name in changed}
        Organization.objects.filter(pk=organization.pk).update(**changed)
        organization.refresh_from_db()
        audit("organization.updated", by=by, subject=organization.name, ip=ip, before=before, after=changed)
    return organization
