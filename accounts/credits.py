"""AI credits: a ledger per organisation (R68).

What is to cost something reserves the most that it can cost, before the provider is asked, in the first of its two scopes;
when the answer is there it settles for what it did cost, in the second one. Every call has a key and counts once. The balance
never falls below zero, whoever calls at the same time: the reservation takes it in one statement that finds enough or nothing.
"""

from datetime import timedelta

from django.db import IntegrityError, transaction
from django.db.models import F, Q
from django.utils.timezone import now

from accounts.models import CreditAccount, CreditEntry
from lio.errors import Forbidden

FIRST = 1000  # credits that a new organisation starts with
OPEN_HOURS = 1  # after which a reservation that nobody settled is given back: whoever made it has died


def open_account(organization):
    """The account of a new organisation, with its first credits."""
    CreditAccount.objects.create(organization=organization, balance=FIRST)
    CreditEntry.objects.create(organization=organization, key="first", amount=FIRST)


def balance(organization):
    return CreditAccount.objects.of(organization).values_list("balance", flat=True).get()


@transaction.atomic
def reserve(organization, most, *, key):
    """Take `most` credits (0 or more) until `settle` tells what it came to. The same key again takes nothing more.

    Raises Forbidden (`insufficient_credits`) when fewer are left.
    """
    if not most:
        return
    try:
        with transaction.atomic():
            CreditEntry.objects.create(organization=organization, key=key, amount=-most, is_open=True)
    except IntegrityError:  # reserved already; who comes at the same moment waits here for the first
        return
    if not CreditAccount.objects.of(organization).filter(balance__gte=most).update(balance=F("balance") - most):
        left = balance(organization)
        raise Forbidden(f"This can cost {most:,} credits; your organization has {left:,} left.",
                        code="insufficient_credits", balance=left, needed=most)


@transaction.atomic
def settle(organization, key, used):
    """Close the reservation: `used` of it stay taken, the rest goes back. Does nothing without an open one."""
    entry = CreditEntry.objects.of(organization).select_for_update(of=("self",)).filter(key=key, is_open=True).first()
    if entry is None:
        return
    back = -entry.amount - used
    if back < 0:
        raise ValueError(f"{used} credits used, {-entry.amount} reserved.")
    entry.is_open = False
    entry.save(update_fields=["is_open"])
    if back:
        CreditEntry.objects.create(organization_id=entry.organization_id, key=f"{key}:back:{entry.pk}", amount=back)
        CreditAccount.objects.of(organization).update(balance=F("balance") + back)


def refund(organization, key):
    """Give all of a reservation back: nothing came of it."""
    settle(organization, key, 0)


def forgotten():
    """Reservations that are open for so long that whoever made them must have died."""
    return Q(is_open=True, created_at__lt=now() - timedelta(hours=OPEN_HOURS))


def give_back_forgotten(organization_id):
    for key in list(CreditEntry.objects.of(organization_id).filter(forgotten()).values_list("key", flat=True)):
        refund(organization_id, key)
