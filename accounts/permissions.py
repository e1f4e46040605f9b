"""Who may do what: one table of verbs, asked by the API, pages and admin alike.

A role holds the verbs that it grants. What is not granted is refused, and a view that names no verb for an action is
refused to everybody, so that a forgotten line cannot open a door.
"""

from rest_framework.exceptions import NotAuthenticated, PermissionDenied
from rest_framework.permissions import BasePermission

# verb: (what it lets one do, seeded roles that have it)
EVERYBODY = ("Admin", "Manager", "Sales Rep")
VERBS = {
    "records.view": ("See leads and all other records", EVERYBODY),
    "records.edit": ("Create and change records", EVERYBODY),
    "records.delete": ("Delete records", EVERYBODY),
    "records.import": ("Import records from files", EVERYBODY),
    "records.export": ("Export records to files", EVERYBODY),
    "lookups.manage": ("Add and change statuses, sources and tags", EVERYBODY),
    "audit.view": ("Read the audit log", ("Admin", "Manager")),
    "members.manage": ("Invite, change and remove people", ("Admin",)),
    "roles.manage": ("Create and change roles", ("Admin",)),
    "keys.manage": ("Create and revoke API keys", ("Admin",)),
    "organization.manage": ("Change the organization's settings", ("Admin",)),
}
ADMIN_ONLY = {verb for verb, (_, roles) in VERBS.items() if roles == ("Admin",)}
OWN = "own"  # every signed-in member, about themselves only
SEEDED = {
    "Admin": "Runs the organization: people, roles, API keys and settings.",
    "Manager": "Works with all records and reads the audit log.",
    "Sales Rep": "Works with all records.",
}
LEAST = "Sales Rep"


def verbs_of(role_name):
    """The verbs of a seeded role."""
    return [verb for verb, (_, roles) in VERBS.items() if role_name in roles]


class Allowed(BasePermission):
    """401 for strangers, 403 for callers whose role does not grant the action's verb."""

    def has_permission(self, request, view):
        if view.is_public:
            return True
        if not request.user:
            raise NotAuthenticated(
                "Send a bearer token."
                if not getattr(view, "accepts_keys", False)
                else "Send an API key in x-api-key, or a bearer token."
            )
        action = getattr(view, "action", None) or request.method.lower()
        if request.method.lower() not in view.http_method_names:
            return True  # 405, too
        served = getattr(view, "action_map", None)
        if request.method.lower() not in served if served is not None else not hasattr(view, request.method.lower()):
            return True  # no such method here: 405, not 403
        verb = view.permissions.get(action)
        if verb is None:
            raise PermissionDenied("Nobody is allowed to do this.")
        if verb != OWN and not request.user.can(verb):
            raise PermissionDenied(refusal(verb))
        return True


def refusal(verb):
    what, _ = VERBS[verb]
    return f"Your role does not let you do this: {what[0].lower()}{what[1:]}. Ask an admin of your organization."
