"""Who has a say in a deal: contacts with their roles."""

from django.db import transaction

from contacts.models import Contact
from deals.models import Deal, DealContact
from lio import history
from lio.errors import Missing

CHANGED = "deal.contact_changed"  # verb of the history

@transaction.atomic
def put(deal, contact, *, by, role=DealContact.Role.OTHER):
    """Give a contact a role in a deal, or another one than it had. Answers the DealContact."""
    Deal.objects.select_for_update(of=("self",), no_key=True).get(pk=deal.pk)
    row, made = DealContact.objects.get_or_create(
        organization_id=deal.organization_id, deal=deal, contact=contact, defaults={"role": role}
    )
    before = None if made else row.role
    if made or before != role:
        row.role = role
        row.save()
        _tell(deal, contact, before, role, by=by)
    return row


def put_many(organization, contact_of, *, by, role=DealContact.Role.OTHER):
    """Give contacts a role in deals, {deal's id: contact's id}, which are locked; who has one there keeps it."""
    if not contact_of:
        return
    there = set(DealContact.objects.filter(deal__in=contact_of).values_list("deal_id", "contact_id"))
    rows = [DealContact(organization=organization, deal_id=deal_id, contact_id=contact_id, role=role)
            for deal_id, contact_id in contact_of.items() if (deal_id, contact_id) not in there]
    if not rows:
        return
    DealContact.objects.bulk_create(rows)
    names = dict(Contact.objects.filter(pk__in={row.contact_id for row in rows}).values_list("pk", "name"))
    told = [(row.deal_id, {"contact_id": row.contact_id, "contact": names[row.contact_id]}) for row in rows]
    history.record_each(CHANGED, "deal", [(pk, one | {"role": None}, one | {"role": role}) for pk, one in told], by=by)


@transaction.atomic
def remove(deal, contact_id, *, by):
    """Take a contact out of a deal. Raises Missing when it has no role there."""
    row = DealContact.objects.filter(deal=deal, contact_id=contact_id).select_for_update(of=("self",)).first()
    if row is None:
        raise Missing()
    row.delete()
    _tell(deal, row.contact, row.role, None, by=by)


def _tell(deal, contact, before, after, *, by):
    told = {"contact_id": contact.pk, "contact": str(contact)}
    history.record(CHANGED, deal, by=by, before=told | {"role": before}, after=told | {"role": after})
