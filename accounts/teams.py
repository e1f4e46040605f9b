"""Teams: members who see each other's "team" views and have goals together."""

from django.db import transaction

from accounts.models import Team, TeamMember
from lio import history


@transaction.atomic
def put(organization, name, members, *, by):
    """The team of this name, without regard to case, made if there is none; these members belong to it from now on."""
    team = Team.objects.of(organization).filter(name__iexact=name).first()
    if team is None:
        team = Team.objects.create(organization=organization, name=name)
        history.record("team.created", team, by=by, after={"name": name})
    rows = [TeamMember(organization=organization, team=team, user=member) for member in members]
    TeamMember.objects.bulk_create(rows, ignore_conflicts=True)
    return team
