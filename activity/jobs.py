"""Background doors of activity: mails of notifications, the day's digest, files that nobody can reach any more."""

from datetime import datetime, time, timedelta

from django.conf import settings
from django.core.files.storage import default_storage
from django.core.mail import EmailMessage
from django.db import connections
from django.template.loader import render_to_string
from django.utils.timezone import now

from accounts.models import User
from activity.kinds import BY_NUMBER
from activity.models import Attachment, Notification, StoredFile
from lio.filters import zone_of
from lio.jobs import enqueue, every, job
from lio.tenancy import org_scope

DIGEST_AT = time(7)  # on the member's own clock
KEPT_DAYS = 30  # a deleted file can be brought back so long
DIGEST_SIZE = 100  # entries of one mail


@job()
def mail_notification(notification_id):
    """Mail one notification, once."""
    row = Notification.objects.select_related("user").filter(pk=notification_id, mailed_at=None, user__is_active=True).first()
    if row is None:
        return
    Notification.objects.filter(pk=row.pk).update(mailed_at=now())
    send(row.user, row.title, "notification", {"rows": [shown(row)]})


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


@job()
def mail_digest(user_id, until):
    """One mail with what has come up to `until` and is still unread."""
    member = User.objects.active().filter(pk=user_id).first()
    rows = Notification.objects.filter(user_id=user_id, digest=True, mailed_at=None, created_at__lt=until)
    unread = list(rows.filter(is_read=False).order_by("-pk")[:DIGEST_SIZE])
    rows.update(mailed_at=now())
    if member and unread:
        title = unread[0].title if len(unread) == 1 else f"{len(unread)} things for you in LIO"
        send(member, title, "digest", {"rows": [shown(row) for row in unread]})


def shown(row):
    link = f"{settings.SITE_URL}{row.link}" if row.link else ""
    return {
        "title": row.title,
        "message": row.message,
        "link": link,
        "kind": BY_NUMBER[row.type_id].label if row.type_id in BY_NUMBER else "",
    }


def send(member, subject, kind, context):
    text = render_to_string(
        f"activity/mail/{kind}.txt",
        {**context, "member": member, "settings_link": f"{settings.SITE_URL}/settings/profile#notifications"},
    )
    EmailMessage(subject=" ".join(subject.split())[:200], body=text.strip() + "\n", to=[member.email]).send()


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
