"""The real pipeline of shared/data/pipeline-maven as its files have it, and what was known of it when a month began."""

import csv
from collections import Counter
from datetime import date, timedelta
from statistics import median
from typing import NamedTuple

from deals.forecast.chances import Ending
from deals.forecast.monthly import Known, OpenDeal, won_by_month
from deals.forecast.months import first_day, month_of
from tests.conftest import shared

STAGE = 1  # all of them were Engaging before they closed


class Opportunity(NamedTuple):
    engaged: date
    closed: date | None
    won: bool
    value: float  # of the closed
    price: float  # from the list


def opportunities():
    """Those that were engaged; a prospect without a date cannot be placed in time."""
    folder = shared("data/pipeline-maven")
    prices = {row["product"]: float(row["sales_price"]) for row in _rows(folder / "products.csv")}
    prices["GTXPro"] = prices["GTX Pro"]
    return [
        Opportunity(
            date.fromisoformat(row["engage_date"]),
            date.fromisoformat(row["close_date"]) if row["close_date"] else None,
            row["deal_stage"] == "Won",
            float(row["close_value"] or 0),
            prices[row["product"]],
        )
        for row in _rows(folder / "sales_pipeline.csv") if row["engage_date"]
    ]


def _rows(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def known_when(rows, month, dates=None):
    """What was Known when `month` began. An open deal is expected after the median cycle, at the list price.

    With `dates` ({day: when a deal that came on it is expected}) the dates stay as they were set, and the stage has the
    probability that it was set up with: so a loaded pipeline has it.
    """
    day = first_day(month)
    closed = [row for row in rows if row.closed and row.closed < day]
    cycle = timedelta(days=median((row.closed - row.engaged).days for row in closed))
    rate = sum(row.won for row in closed) / len(closed)
    return Known(
        month,
        won_by_month([(row.closed, row.won, row.value) for row in closed], month),
        [
            OpenDeal(row.price, 0.5 if dates else rate, month_of(dates[row.engaged] if dates else row.engaged + cycle),
                     (day - row.engaged).days)
            for row in rows if row.engaged < day and (row.closed is None or row.closed >= day)
        ],
        dict(Counter(((row.closed - row.engaged).days, row.won) for row in closed)),
    )


def dates_when_set(rows):
    """{day: the close date that a deal which comes on it is given}: 60 days ahead, or the median cycle once 30 are known."""
    closings, known, found = sorted((row.closed, (row.closed - row.engaged).days) for row in rows if row.closed), [], {}
    for day in sorted({row.engaged for row in rows}):
        while closings and closings[0][0] < day:
            known.append(closings.pop(0)[1])
        found[day] = day + timedelta(days=median(known) if len(known) >= 30 else 60)
    return found


def endings(rows):
    return [
        Ending(month_of(row.closed), row.won, (STAGE,), (row.closed - row.engaged).days,
               max(0, (first_day(month_of(row.closed)) - row.engaged).days))
        for row in rows if row.closed
    ]
