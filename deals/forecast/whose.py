"""Whose deals a forecast is of: one member's, a team's, or everybody's."""

from accounts.models import TeamMember
from lio.tenancy import current_organization_id


def owners_of(owner=None, team=None):
    """The ids of the members whose deals count: of `owner`, else of those in `team`; None means everybody's."""
    if owner is not None:
        return frozenset({owner})
    if team is None:
        return None
    members = TeamMember.objects.of(current_organization_id()).filter(team=team)
    return frozenset(members.values_list("user", flat=True))
