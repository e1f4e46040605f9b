"""Where a member wants to be told of what, and the links by which a mail lets him stop it."""

from django.core import signing

from activity.kinds import BY_NUMBER, CHANNELS, KINDS
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


def change(user, wanted):
    """Set some of it: {kind's name: {channel: bool}}; the rest stays as it is. Answers all of it, as `chosen`."""
    now = {one["kind"].name: {channel: one[channel] for channel in CHANNELS} for one in chosen(user)}
    for name, channels in wanted.items():
        now[name] |= channels
    choose(user, {name: {channel for channel in CHANNELS if channels[channel]} for name, channels in now.items()})
    return chosen(user)


def wants(user, channel):
    """Numbers of the kinds that the member wants on a channel."""
    return [one["kind"].number for one in chosen(user) if one[channel]]


DIGEST = "digest"
SALT = "activity.mail"
STOPS_FOR = 366 * 24 * 3600  # seconds that the link of a mail works


def stop_token(user, what):
    """What the link of a mail carries that stops mails: `what` is a kind's name, or DIGEST."""
    return signing.dumps([user.organization_id, user.pk, what], salt=SALT)


def read_stop(token):
    """(organisation's id, member's id, what) of such a link; None for one that is not ours or too old."""
    try:
        organization_id, user_id, what = signing.loads(token, salt=SALT, max_age=STOPS_FOR)
    except (signing.BadSignature, ValueError, TypeError):
        return None
    return (organization_id, user_id, what) if what == DIGEST or what in KINDS else None


def stop(user, what):
    """No mail of this kind any more, or no daily mail."""
    change(user, {name: {DIGEST: False} for name in KINDS} if what == DIGEST else {what: {"mail": False}})


def what_is_stopped(what):
    return "The daily mail" if what == DIGEST else KINDS[what].label


def shown(user):
    """The same as `chosen`, as the API shows it."""
    return [
        {"kind": one["kind"].name, "type_id": one["kind"].number, "label": one["kind"].label,
         **{channel: one[channel] for channel in CHANNELS}}
        for one in chosen(user)
    ]


def name_of(number):
    """The kind's name; "" for one that is no longer known."""
    return BY_NUMBER[number].name if number in BY_NUMBER else ""


def profile_part(user):
    """The section of the profile page."""
    return {"template": "activity/_preferences.html", "choices": chosen(user)}
