"""Background doors of activity: mails of notifications, the day's digest, files that nobody can reach any more."""

from datetime import datetime, time, timedelta
from urllib.parse import urlsplit

from django.conf import settings
from django.core.files.storage import default_storage
from django.core.mail import EmailMessage
from django.db import connections
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.timezone import now

from accounts.models import User
from activity import preferences
from activity.kinds import BY_NUMBER
from activity.models import Attachment, Notification, StoredFile
from lio.filters import zone_of
from lio.jobs import enqueue, every, job
from lio.tenancy import org_scope

DIGEST_AT = time(7)  # on the member's own clock
KEPT_DAYS = 30  # a deleted file can be brought back so long
DIGEST_SIZE = 100  # entries of one mail


@job(long=True)
def mail_notification(row, notification_id):
    """Mail one notification, once."""
    with org_scope(row.organization_id):
        rows = Notification.objects.filter(pk=notification_id, user__is_active=True)
        found = rows.select_related("user").first()
        if found is None or found.type_id not in preferences.wants(found.user, "mail") or not _take(rows):
            return
    _mail_or_give_back(
        row, [notification_id], found.user, found.title, "notification", [found], preferences.name_of(found.type_id)
    )


@every(900)
@job(attempts=1)
def plan_digests():
    """Once a day, after seven o'clock where the member is, what he wants to read in one mail."""
    with connections["system"].cursor() as cursor:
        cursor.execute("SELECT DISTINCT organization_id, user_id FROM activity_notification WHERE digest AND mailed_at IS NULL")
        waiting = cursor.fetchall()
    for organization_id in sorted({organization_id for organization_id, _ in waiting}):
        with org_scope(organization_id):
            for member in (
                User.objects.of(organization_id).active().filter(pk__in=[pk for org, pk in waiting if org == organization_id])
            ):
                until = digest_moment(member, now())
                if (
                    until
                    and Notification.objects.filter(user=member, digest=True, mailed_at=None, created_at__lt=until).exists()
                ):
                    enqueue(mail_digest, member.pk, until.isoformat(), key=f"digest:{member.pk}:{until:%Y-%m-%d}")


def digest_moment(member, moment):
    """Today's seven o'clock of the member once it has passed, else None."""
    zone = zone_of(member)
    at = datetime.combine(moment.astimezone(zone).date(), DIGEST_AT, zone)
    return at if at <= moment else None


@job(long=True)
def mail_digest(row, user_id, until):
    """One mail with what has come up to `until`, is still unread and still wanted."""
    with org_scope(row.organization_id):
        member = User.objects.active().filter(pk=user_id).first()
        waiting = Notification.objects.filter(user_id=user_id, digest=True, mailed_at=None, created_at__lt=until)
        wanted = waiting.filter(is_read=False, type_id__in=preferences.wants(member, "digest")) if member else waiting.none()
        unread = list(wanted.order_by("-pk")[:DIGEST_SIZE])
        ids = list(waiting.values_list("pk", flat=True))
        if not _take(Notification.objects.filter(pk__in=ids)) or not unread:
            return
    title = unread[0].title if len(unread) == 1 else f"{len(unread)} things for you in LIO"
    _mail_or_give_back(row, ids, member, title, "digest", unread, preferences.DIGEST)


def _take(rows):
    """Note that these are mailed, before they are: of two workers one goes on, and one that dies has mailed at most once."""
    return rows.filter(mailed_at=None).update(mailed_at=now())


def _mail_or_give_back(row, ids, member, subject, kind, notices, what):
    """Send, outside any transaction. A server that refuses gets it again later, under the same Message-ID."""
    try:
        send(member, subject, kind, {"rows": [shown(notice) for notice in notices]}, what, f"{kind}-{max(ids)}")
    except Exception:
        with org_scope(row.organization_id):
            Notification.objects.filter(pk__in=ids).update(mailed_at=None)
        raise


def shown(row):
    link = f"{settings.SITE_URL}{row.link}" if row.link else ""
    return {
        "title": row.title,
        "message": row.message,
        "link": link,
        "kind": BY_NUMBER[row.type_id].label if row.type_id in BY_NUMBER else "",
    }


def send(member, subject, kind, context, what, number):
    """`what` the mail's link stops: a kind's name or the digest; `number` makes the Message-ID, the same at every try."""
    host = urlsplit(settings.SITE_URL).hostname or "localhost"
    stop = f"{settings.SITE_URL}{reverse('activity:stop_mail', args=[preferences.stop_token(member, what)])}"
    links = {"settings_link": f"{settings.SITE_URL}/settings/profile#notifications", "stop_link": stop}
    text = render_to_string(f"activity/mail/{kind}.txt", {**context, **links, "member": member})
    EmailMessage(
        subject=" ".join(subject.split())[:200],
        body=text.strip() + "\n",
        to=[member.email],
        headers={
            "Message-ID": f"<{number}.{member.pk}@{host}>",
            "List-Unsubscribe": f"<{stop}>",
            "Auto-Submitted": "auto-generated",
        },
    ).send()


@every(86400)
@job(attempts=1)
def remove_deleted_files():
    """Take the bytes of files away that were deleted thirty days ago, with their rows."""
    with connections["system"].cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT organization_id FROM activity_storedfile WHERE deleted_at < now() - make_interval(days => %s)",
            [KEPT_DAYS],
        )
        organizations = [organization_id for (organization_id,) in cursor.fetchall()]
    for organization_id in organizations:
        with org_scope(organization_id):
            gone = StoredFile.objects.of(organization_id).filter(deleted_at__lt=now() - timedelta(days=KEPT_DAYS))
            for row in list(gone):
                default_storage.delete(row.name)  # again without harm: a file that is not there is deleted already
                Attachment.objects.filter(stored_file=row).delete()
                row.delete()
