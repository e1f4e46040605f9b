"""Telling members: `notify` writes in the transaction of what it tells, so nobody is told of what never happened."""

from dataclasses import dataclass

from django.db import connection
from django.urls import reverse
from django.utils.timezone import now

from accounts.models import User
from activity import jobs
from activity.kinds import KINDS
from activity.models import Notification
from lio.jobs import enqueue
from lio.tenancy import current_organization_id

INSERT = """
INSERT INTO activity_notification (organization_id, user_id, type_id, title, message, link, model_type, model_id, key, count,
                                   in_app, digest, is_read)
SELECT u.organization_id, u.id, %(type)s::smallint, left(n.title, 300), left(n.message, 1000), n.link, %(model_type)s::text,
       n.model_id, %(key)s::text, n.count, coalesce(p.in_app, %(in_app)s), coalesce(p.digest, %(digest)s), false
FROM unnest(%(users)s::bigint[], %(titles)s::text[], %(messages)s::text[], %(links)s::text[], %(ids)s::bigint[],
            %(counts)s::int[])
     WITH ORDINALITY AS n(user_id, title, message, link, model_id, count, place)
JOIN accounts_user u ON u.id = n.user_id AND u.organization_id = %(org)s AND u.is_active
LEFT JOIN activity_notificationpreference p
       ON p.organization_id = u.organization_id AND p.user_id = u.id AND p.type_id = %(type)s
WHERE coalesce(p.in_app, %(in_app)s) OR coalesce(p.mail, %(mail)s) OR coalesce(p.digest, %(digest)s)
ORDER BY n.place
ON CONFLICT (organization_id, user_id, key) WHERE key IS NOT NULL DO UPDATE
    SET count = activity_notification.count + EXCLUDED.count, is_read = false,
        title = replace(%(many)s, '{count}', to_char(activity_notification.count + EXCLUDED.count, 'FM999,999,999'))
RETURNING id, user_id, xmax = 0
"""
WANT_MAIL = """
SELECT u.id FROM accounts_user u LEFT JOIN activity_notificationpreference p
       ON p.organization_id = u.organization_id AND p.user_id = u.id AND p.type_id = %s
WHERE u.id = ANY(%s) AND coalesce(p.mail, %s)
"""


@dataclass(frozen=True)
class Notice:
    """What one member is told. `link` is a path of our own pages; `model_id` the record that it is about."""

    user_id: int
    title: str
    message: str = ""
    link: str = ""
    model_id: int | None = None
    count: int = 1


def notify(kind, notices, *, model_type="", by=None, key=None, many=""):
    """Tell members, each on the channels that he chose for the kind; set-based, whatever their number.

    `kind` is a name of activity/kinds.py. Nobody is told of what he did himself (`by`), nor is who has left. With a `key`
    a member's notices become one that counts; its title is then `many` with {count} filled in. Must run in the transaction of
    what it tells, inside the organisation's scope. Answers the ids of the new notifications.
    """
    told = [notice for notice in notices if by is None or notice.user_id != by.pk]
    if not told:
        return []
    what = KINDS[kind]
    with connection.cursor() as cursor:
        cursor.execute(
            INSERT,
            {
                "org": current_organization_id(),
                "type": what.number,
                "model_type": model_type,
                "key": key,
                "many": many,
                "in_app": what.in_app,
                "mail": what.mail,
                "digest": what.digest,
                "users": [notice.user_id for notice in told],
                "titles": [notice.title for notice in told],
                "messages": [notice.message for notice in told],
                "links": [notice.link for notice in told],
                "ids": [notice.model_id for notice in told],
                "counts": [notice.count for notice in told],
            },
        )
        written = cursor.fetchall()
        fresh = {pk: user_id for pk, user_id, is_new in written if is_new}
        cursor.execute(WANT_MAIL, [what.number, list(set(fresh.values())), what.mail])
        by_mail = {user_id for (user_id,) in cursor.fetchall()}
    for pk, user_id in fresh.items():
        if user_id in by_mail:
            enqueue(jobs.mail_notification, pk)
    return list(fresh)


def service_refused(organization, label, reason):
    """Tell those who run the organisation that a service it has connected takes its key no more (lio.registry.on_refusal)."""
    people = User.objects.of(organization).active().filter(role__permissions__contains=["organization.manage"])
    link = reverse("settings:enrichment")
    notify("service_refused", [
        Notice(pk, f"{label} is disconnected", f"{reason} Nothing more is asked of it until you connect it again.", link)
        for pk in people.order_by("pk").values_list("pk", flat=True)])


def read(rows):
    """Mark notifications as read. Answers the ids of all of `rows`."""
    ids = list(rows.order_by("pk").values_list("pk", flat=True))
    Notification.objects.filter(pk__in=ids, is_read=False).update(is_read=True, read_at=now())
    return ids


def unread_count(user):
    """How many notifications wait in the member's list; None for none, so that the rail shows no number."""
    return Notification.objects.of(user.organization_id).shown_to(user).unread().count() or None
