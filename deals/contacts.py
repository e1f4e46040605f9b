"""Who has a say in a deal: contacts with their roles."""

from django.db import transaction

from deals.models import Deal, DealContact
from lio import history
from lio.errors import Missing


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
    history.record("deal.contact_changed", deal, by=by, before=told | {"role": before}, after=told | {"role": after})
