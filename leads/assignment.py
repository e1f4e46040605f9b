"""Telling a member that leads were given to him by somebody else (R69)."""

from django.urls import reverse

from activity.models import Notification
from activity.notify import Notice, notify
from leads.models import Lead
from lio import history

EACH = 5  # more leads of one action are told together


def tell_owner(lead_ids, member_id, *, by):
    """Notify the new owner of these leads, in the transaction that gives them; nobody when he took them himself."""
    if not lead_ids or not member_id or (by and by.pk == member_id):
        return
    who, key = (by.full_name if by else history.actor_name() or "LIO"), f"assigned:{history.start_change()}"
    if len(lead_ids) <= EACH and not Notification.objects.filter(user_id=member_id, key=key).exists():
        leads = Lead.objects.filter(pk__in=lead_ids).select_related("company").order_by("pk")
        notify("lead_assigned", [
            Notice(member_id, f"{who} assigned {lead} to you", message=_about(lead), link=reverse("leads:view", args=[lead.pk]),
                   model_id=lead.pk) for lead in leads], model_type="lead", by=by)
        return
    many = f"{who} assigned {{count}} leads to you"
    notify("lead_assigned", [Notice(member_id, many.replace("{count}", f"{len(lead_ids):,}"), count=len(lead_ids),
                                    link=f"{reverse('leads:list')}?assigned_to=true")],
           model_type="lead", by=by, key=key, many=many)


def _about(lead):
    return " at ".join(filter(None, [lead.job_title, lead.company.company_name if lead.company else None]))
