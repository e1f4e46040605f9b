"""The audit log: one call per deed about access, in the deed's own transaction and the organisation's scope."""

from accounts.models import AuditEntry
from lio.tenancy import current_organization_id

# verb: how the log tells it
VERBS = {
    "session.started": "Signed in",
    "session.refused": "Failed to sign in",
    "session.ended": "Signed out",
    "session.revoked": "Ended a session",
    "password.changed": "Changed the password",
    "password.reset": "Reset the password by mail",
    "member.added": "Added a member",
    "member.invited": "Invited a member",
    "member.joined": "Joined by invitation",
    "member.updated": "Changed a member",
    "member.removed": "Removed a member",
    "member.restored": "Restored a member",
    "invitation.revoked": "Withdrew an invitation",
    "role.added": "Created a role",
    "role.updated": "Changed a role",
    "key.created": "Created an API key",
    "key.revoked": "Revoked an API key",
    "connection.made": "Connected a service",
    "connection.ended": "Disconnected a service",
    "calendar.connected": "Connected a calendar",
    "calendar.disconnected": "Disconnected a calendar",
    "export.created": "Exported records",
    "organization.updated": "Changed the organization",
    "organization.entered": "Entered the organization as platform staff",
}


def audit(verb, *, by=None, actor="", subject="", ip="", **details):
    """Add a line. `subject` names what it was done to; `details` must hold no secret."""
    AuditEntry.objects.create(
        organization_id=current_organization_id(), verb=verb, by=by, actor=(actor or (str(by) if by else ""))[:254],
        subject=str(subject)[:254], ip=ip, details=details,
    )
