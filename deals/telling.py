"""Telling members what others did with their deals: given to them, won, lost."""

from django.urls import reverse

from activity.models import Notification
from activity.notify import Notice, notify
from deals.models import Deal
from lio import history

EACH = 5  # more deals of one action are told together
WORDS = {  # kind: (of one deal, of many, what their list shows)
    "deal_assigned": ("{who} assigned {deal} to you", "{who} assigned {count} deals to you", ""),
    "deal_won": ("{who} won your deal {deal}", "{who} won {count} deals of yours", "&state=won"),
    "deal_lost": ("{who} lost your deal {deal}", "{who} lost {count} deals of yours", "&state=lost"),
}
OF_VERB = {"deal.won": "deal_won", "deal.lost": "deal_lost"}  # verb of the history: kind


def tell_owners(owners, *, by):
    """Tell the owners of deals, in the transaction of what was done; nobody of what he did himself.

    `owners` are {kind: {deal's id: member's id or None}}.
    """
    for kind, owner_of in owners.items():
        deals_of: dict[int, list[int]] = {}
        for deal_id, owner_id in owner_of.items():
            if owner_id and not (by and by.pk == owner_id):
                deals_of.setdefault(owner_id, []).append(deal_id)
        if deals_of:
            _tell(kind, deals_of, by)


def _tell(kind, deals_of, by):
    who, key = (by.full_name if by else history.actor_name() or "LIO"), f"{kind}:{history.start_change()}"
    counting = set(Notification.objects.filter(user__in=deals_of, key=key).values_list("user_id", flat=True))
    one, many, shown = WORDS[kind]
    alone = {pk: owner for owner, ids in deals_of.items() if len(ids) <= EACH and owner not in counting for pk in ids}
    deals = list(Deal.objects.filter(pk__in=alone).select_related("lead__company").order_by("pk")) if alone else []
    notify(kind, [Notice(alone[deal.pk], one.format(who=who, deal=deal.title), message=_about(kind, deal),
                         link=reverse("deals:view", args=[deal.pk]), model_id=deal.pk) for deal in deals],
           model_type="deal", by=by)
    link = f"{reverse('deals:list')}?assigned_to=true{shown}"
    together = [(owner, len(ids)) for owner, ids in deals_of.items() if not alone.keys() & set(ids)]
    notify(kind, [Notice(owner, many.format(who=who, count=f"{count:,}"), count=count, link=link) for owner, count in together],
           model_type="deal", by=by, key=key, many=many.format(who=who, count="{count}"))


def _about(kind, deal):
    if kind == "deal_lost" and deal.lost_reason:
        return deal.lost_reason
    return " at ".join(filter(None, [str(deal.lead), deal.lead.company.company_name if deal.lead.company else None]))
