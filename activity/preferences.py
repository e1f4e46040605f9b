"""Where a member wants to be told of what."""

from activity.kinds import CHANNELS, KINDS
from activity.models import NotificationPreference


def chosen(user):
    """[{kind, in_app, mail, digest}] of every kind, as chosen or by default."""
    rows = {row.type_id: row for row in NotificationPreference.objects.of(user.organization_id).filter(user=user)}
    return [{"kind": kind, **{channel: getattr(rows.get(kind.number, kind), channel) for channel in CHANNELS}}
            for kind in KINDS.values()]


def choose(user, wanted):
    """Keep the member's choice: {kind's name: set of channels}; kinds that are not named are told nowhere."""
    NotificationPreference.objects.bulk_create(
        [NotificationPreference(organization_id=user.organization_id, user=user, type_id=kind.number,
                                **{channel: channel in wanted.get(kind.name, ()) for channel in CHANNELS})
         for kind in KINDS.values()],
        update_conflicts=True, unique_fields=["organization", "user", "type_id"], update_fields=list(CHANNELS))


def profile_part(user):
    """The section of the profile page."""
    return {"template": "activity/_preferences.html", "choices": chosen(user)}
