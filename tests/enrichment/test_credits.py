"""The ledger of credits: its lines add up to the balance, nothing is taken twice, nobody goes below zero (R68)."""

import random
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import Sum
from django.utils.timezone import now

from accounts import credits
from accounts.jobs import give_back_credits
from accounts.models import CreditAccount, CreditEntry
from lio.errors import Forbidden
from lio.tenancy import org_scope
from tests.factories import make_organization


def adds_up(organization):
    with org_scope(organization):
        left = credits.balance(organization)
        assert left == CreditEntry.objects.of(organization).aggregate(n=Sum("amount"))["n"] >= 0
        return left


def test_a_new_organisation_has_its_first_credits(rep):
    assert adds_up(rep.organization) == 1000


def test_what_was_reserved_and_not_used_goes_back(rep, scope):
    credits.reserve(rep.organization, 10, key="a")
    assert credits.balance(rep.organization) == 990
    credits.settle(rep.organization, "a", 3)
    credits.settle(rep.organization, "a", 3)
    assert adds_up(rep.organization) == 997
    credits.reserve(rep.organization, 5, key="b")
    credits.refund(rep.organization, "b")
    assert adds_up(rep.organization) == 997
    with pytest.raises(ValueError):
        credits.reserve(rep.organization, 1, key="c")
        credits.settle(rep.organization, "c", 2)


def test_the_same_key_takes_once(rep, scope):
    for _ in range(3):
        credits.reserve(rep.organization, 10, key="a")
    assert adds_up(rep.organization) == 990


def test_none_left(rep, scope):
    with pytest.raises(Forbidden) as refused:
        credits.reserve(rep.organization, 1001, key="a")
    assert (refused.value.code, refused.value.details["balance"]) == ("insufficient_credits", 1000)
    credits.reserve(rep.organization, 1000, key="b")
    credits.reserve(rep.organization, 0, key="free")
    assert adds_up(rep.organization) == 0
    with pytest.raises(IntegrityError), transaction.atomic():
        CreditAccount.objects.update(balance=-1)


def test_each_organisation_has_its_own(rep, outsider):
    with org_scope(rep.organization):
        credits.reserve(rep.organization, 10, key="a")
        assert CreditAccount.objects.count() == 1
    assert adds_up(outsider.organization) == 1000


@pytest.mark.django_db(transaction=True, databases=["default", "system"])
def test_what_a_dead_process_reserved_goes_back():
    organization = make_organization().organization
    with org_scope(organization):
        credits.reserve(organization, 10, key="old")
        credits.reserve(organization, 10, key="new")
        CreditEntry.objects.filter(key="old").update(created_at=now() - timedelta(hours=2))
    give_back_credits()
    assert adds_up(organization) == 990


@pytest.mark.django_db(transaction=True)
def test_many_at_once_never_go_below_zero():
    """200 calls of 8 threads for credits of which there are enough for some: each is taken once or refused, none is lost."""
    organization, start = make_organization().organization, Barrier(8)
    with org_scope(organization):
        credits.reserve(organization, 900, key="spent")

    def work(thread):
        dice, taken, refused = random.Random(thread), 0, 0
        try:
            start.wait(timeout=30)
            for n in range(25):
                key, most = f"{thread}:{n}", dice.randint(1, 9)
                used = dice.choice([0, most, dice.randint(0, most)])
                try:
                    with org_scope(organization):
                        credits.reserve(organization, most, key=key)
                except Forbidden:
                    refused += 1
                    continue
                with org_scope(organization):
                    credits.settle(organization, key, used)
                taken += used
        finally:
            connection.close()
        return taken, refused

    with ThreadPoolExecutor(8) as pool:
        done = list(pool.map(work, range(8)))
    taken, refused = (sum(column) for column in zip(*done, strict=True))
    assert refused > 0 and adds_up(organization) == 100 - taken >= 0


@pytest.mark.django_db(transaction=True)
def test_the_same_key_at_the_same_moment_takes_once():
    organization, start = make_organization().organization, Barrier(8)

    def work(_):
        try:
            start.wait(timeout=30)
            with org_scope(organization):
                credits.reserve(organization, 10, key="one")
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))
    assert adds_up(organization) == 990
