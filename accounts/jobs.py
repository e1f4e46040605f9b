"""Background doors: mails about access, sessions that are over."""

from datetime import timedelta

from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.utils.timezone import now

from accounts import credits
from accounts.models import AuthSession, CreditEntry
from lio.jobs import every, job
from lio.tenancy import org_scope


@job()
def mail(kind, to, context):
    """Send one of the texts in templates/accounts/mail/ (first line: subject)."""
    subject, _, body = render_to_string(f"accounts/mail/{kind}.txt", context).strip().partition("\n")
    EmailMessage(subject=subject.strip(), body=body.strip() + "\n", to=[to]).send()


@every(86400)
@job(attempts=1)
def forget_old_sessions():
    """Sessions that ended or expired thirty days ago."""
    long_ago = now() - timedelta(days=30)
    AuthSession.objects.filter(expires_at__lt=long_ago).delete()
    AuthSession.objects.filter(revoked_at__lt=long_ago).delete()


@every(900)
@job(attempts=1)
def give_back_credits():
    """Credits that were reserved by something that has died since. Where there are such is asked with the system role."""
    forgotten = CreditEntry.objects.using("system").filter(credits.forgotten())
    for organization_id in list(forgotten.values_list("organization_id", flat=True).distinct()):
        with org_scope(organization_id):
            credits.give_back_forgotten(organization_id)
