"""Background doors: mails to visitor and host with the calendar file, reminders."""

from datetime import timedelta
from email.mime.text import MIMEText
from hashlib import sha256
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.utils.timezone import now

from booking import invites, links, meetings
from booking.models import Meeting
from lio.jobs import enqueue, every, job
from lio.tenancy import org_scope


@job()
def invite(meeting_id, sequence):
    """Have host and attendees told of a meeting as it is at its `sequence`; what has changed since is told by a later job."""
    meeting = Meeting.objects.filter(pk=meeting_id, sequence=sequence).first()
    if meeting is None:
        return
    gone = meeting.deleted_at is not None or meeting.status == Meeting.Status.CANCELLED
    what = "cancelled" if gone else "moved" if sequence else "invited"
    for one in meeting.attendees:
        enqueue(send, meeting_id, sequence, what, one["email"])
    if meeting.exclusive:
        enqueue(send, meeting_id, sequence, what, "")


@job()
def send(meeting_id, sequence, what, to):
    """One mail about a meeting to one attendee, or to its host when `to` is empty: whoever's server refuses his costs nobody
    else's. It is not sent when the meeting has changed meanwhile, of which a later one tells.
    """
    rows = Meeting.objects.select_related("host", "organization").filter(pk=meeting_id)
    if what != "released":  # who is out of it hears of no later change
        rows = rows.filter(sequence=sequence)
    meeting = (rows.blocking().filter(start_time__gt=now()) if what == "reminded" else rows).first()
    if meeting is None or (what == "released" and to.casefold() in _people(meeting)):
        return
    if to:
        link = links.manage_url(meeting) if meeting.exclusive and what not in ("cancelled", "released") else ""
        _send(meeting, to, what, zone=meeting.timezone, link=link)
    else:
        _send(meeting, meeting.host.email, what, zone=meeting.host.timezone or "UTC", link="")


@every(60)
@job(attempts=1)
def remind():
    """Have visitors reminded of what they booked. Where somebody is to be reminded is asked with the system role."""
    due = Meeting.objects.using("system").filter(remind_at__lte=now())
    for organization_id in list(due.values_list("organization_id", flat=True).distinct()):
        with org_scope(organization_id):
            rows = Meeting.objects.of(organization_id).blocking().filter(remind_at__lte=now())
            for meeting in rows.select_for_update(of=("self",), skip_locked=True)[:200]:
                Meeting.objects.filter(pk=meeting.pk).update(remind_at=None)
                for one in meeting.attendees if meeting.start_time > now() else ():
                    enqueue(send, meeting.pk, meeting.sequence, "reminded", one["email"])
            Meeting.objects.of(organization_id).filter(remind_at__lte=now()).exclude(
                status__in=Meeting.BLOCKING, deleted_at=None).update(remind_at=None)


def _people(meeting):
    """The addresses to which the mails of a meeting go."""
    hosts = [meeting.host.email] if meeting.exclusive else []
    return {email.casefold() for email in (*hosts, *(one["email"] for one in meeting.attendees))}


def _send(meeting, to, what, *, zone, link):
    """One mail. Message-IDs are the same at every try, so that a repeat is one mail for who reads it."""
    host = urlsplit(settings.SITE_URL).hostname or "localhost"
    context = {"meeting": meeting, "what": what, "when": meetings.when(meeting.start_time, zone), "link": link,
               "minutes": (meeting.end_time - meeting.start_time) // timedelta(minutes=1), "is_host": to == meeting.host.email}
    subject, _, body = render_to_string("booking/mail/meeting.txt", context).strip().partition("\n")
    mail = EmailMessage(
        subject=" ".join(subject.split())[:200], body=body.strip() + "\n", to=[to], reply_to=[meeting.host.email],
        headers={"Message-ID": f"<{meeting.uid}.{meeting.sequence}.{what}.{sha256(to.encode()).hexdigest()[:12]}@{host}>",
                 "Auto-Submitted": "auto-generated"},
    )
    if what != "reminded":
        file = invites.calendar_file(meeting, link=link, released=to if what == "released" else "")
        part = MIMEText(file.decode(), "calendar", "utf-8")
        part.set_param("method", invites.CANCEL if what in ("cancelled", "released") else invites.REQUEST)
        part.add_header("Content-Disposition", "attachment", filename="invite.ics")
        mail.attach(part)
    mail.send()
