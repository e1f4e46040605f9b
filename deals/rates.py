"""Exchange rates: what a unit of another currency is worth in the organisation's, by day, set by hand or from a file."""

import csv
import io
import re
from datetime import date
from decimal import Decimal, InvalidOperation
from itertools import islice

from django.db import transaction

from deals.models import ExchangeRate
from lio import history
from lio.errors import Invalid
from lio.tenancy import current_organization_id

CENT = Decimal("0.01")
MOST = 20_000  # rows of a file
SMALLEST, HIGHEST = Decimal("0.00000001"), Decimal(10) ** 9  # of a rate
TOO_MUCH = Decimal(10) ** 12


def rate_on(organization, currency, day):
    """The rate that held on `day`. Raises Invalid when there is none from that day or before."""
    rows = ExchangeRate.objects.of(organization).filter(currency=currency, day__lte=day).order_by("-day")
    found = rows.values_list("rate", flat=True).first()
    if found is None:
        raise Invalid({"currency": [f"there is no exchange rate for {currency} on {day} or before"]})
    return found


def converted(amount, rate):
    """`amount` in the organisation's currency. Raises Invalid when that is below 1 or more than can be stored."""
    value = (amount * rate).quantize(CENT)
    if not 1 <= value < TOO_MUCH:
        raise Invalid({"amount": [f"is {value} in the currency of the organization, which must be 1 to 999,999,999,999"]})
    return value


@transaction.atomic
def set_rates(organization, entries, *, by, source=""):
    """Store rates: `entries` are (day, currency, rate); one of a day and currency that is there is replaced.

    Deals keep the rate that they were entered with. Answers how many were stored. Raises Invalid.
    """
    rows = {}
    for day, currency, rate in entries:
        if currency == organization.currency:
            raise Invalid({"currency": [f"{currency} is the currency of the organization"]})
        rows[day, currency] = ExchangeRate(organization=organization, day=day, currency=currency, rate=rate, source=source)
    ExchangeRate.objects.bulk_create(
        rows.values(), batch_size=1000, update_conflicts=True, unique_fields=["organization", "currency", "day"],
        update_fields=["rate", "source"],
    )
    told = {"rates": len(rows), "currencies": sorted({currency for _, currency in rows})}
    history.record("exchange_rates.set", ("organization", organization.pk), by=by, after=told)
    return len(rows)


@transaction.atomic
def delete(rows, *, by):
    """Take rates away. Answers their ids."""
    ids = list(rows.order_by("pk").values_list("pk", flat=True))
    if ids:
        rows.model.objects.filter(pk__in=ids).delete()
        history.record("exchange_rates.removed", ("organization", current_organization_id()), by=by, before={"rates": len(ids)})
    return ids


def read_file(data):
    """[(day, currency, rate)] of a CSV file with the columns day, currency and rate. Raises Invalid naming the bad row."""
    try:
        text = data.decode("utf-8-sig")
        rows = csv.DictReader(io.StringIO(text), dialect=csv.Sniffer().sniff(text[:2000], ",;\t"))
        names = {(name or "").strip().lower(): name for name in rows.fieldnames or ()}
        lines = list(islice(rows, MOST + 1)) if names else []
    except (UnicodeDecodeError, csv.Error):
        raise Invalid({"file": ["must be a CSV file with the columns day, currency and rate"]}) from None
    if not {"day", "currency", "rate"} <= names.keys():
        raise Invalid({"file": ["must have the columns day, currency and rate"]})
    found = []
    if len(lines) > MOST:
        raise Invalid({"file": [f"has more than {MOST:,} rows"]})
    for number, row in enumerate(lines, start=2):
        try:
            found.append(_entry(*((row[names[name]] or "").strip() for name in ("day", "currency", "rate"))))
        except ValueError as error:
            raise Invalid({"file": [f"row {number}: {error}"]}) from None
    if not found:
        raise Invalid({"file": ["has no rows"]})
    return found


def _entry(day, currency, rate):
    if not re.fullmatch("[A-Za-z]{3}", currency):
        raise ValueError("currency must be three letters, like EUR")
    try:
        number = Decimal(rate.replace(",", "."))
        first = date.fromisoformat(day)
    except (InvalidOperation, ValueError):
        raise ValueError("day must be an ISO date and rate a number") from None
    if not (number.is_finite() and SMALLEST <= number <= HIGHEST):
        raise ValueError("rate must be above 0 and below 1,000,000,000")
    return first, currency.upper(), number
