"""What changed in the forecast of a month since a day: each deal's difference has exactly one reason, and they sum up.

Both sides are read from the snapshots of changes: the last before the day began, and the last of all.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from django.db import connection

from deals.forecast.learning import planned_anew
from deals.forecast.months import first_day, month_of
from lio.tenancy import current_organization_id

REASONS = ("won", "lost", "new", "moved_in", "moved_out", "value_up", "value_down", "deleted", "owner")
MEASURES = {"total_value": "value", "weighted_value": "weighted_value"}
SHOWN = 100  # of the deals that changed, the largest
SIDE = """
SELECT DISTINCT ON (deal_id) deal_id, state, {measure} AS measured, expected_close_date, pipeline_id, owner_id
FROM deals_forecastsnapshot WHERE organization_id = %(organization)s AND reason <> 'nightly' AND {when}
ORDER BY deal_id, id DESC
"""
TWO_SIDES = f"""
SELECT d.id, d.title, b.state, b.measured, b.expected_close_date, b.pipeline_id, b.owner_id,
       a.state, a.measured, a.expected_close_date, a.pipeline_id, a.owner_id
FROM ({SIDE.replace("{when}", "true")}) a
JOIN deals_deal d ON d.organization_id = %(organization)s AND d.id = a.deal_id
LEFT JOIN ({SIDE.replace("{when}", "day < %(day)s")}) b ON b.deal_id = a.deal_id
WHERE (d.closed_at IS NULL OR greatest(d.closed_at, d.last_activity_at) >= %(margin)s)
  AND (d.deleted_at IS NULL OR d.deleted_at >= %(margin)s)
  AND (a.state = 'open' AND a.expected_close_date >= %(first)s AND a.expected_close_date < %(end)s
       OR b.state = 'open' AND b.expected_close_date >= %(first)s AND b.expected_close_date < %(end)s)
"""


@dataclass(frozen=True, slots=True)
class Side:
    """A deal as it was at a moment; `value` is what is measured of it."""

    state: str
    value: Decimal
    expected: date
    pipeline: int
    owner: int | None


@dataclass(frozen=True)
class View:
    """Which open deals the forecast is of: those expected in a month, of one pipeline or all, of some owners (ids) or all."""

    month: int
    pipeline: int | None = None
    owners: frozenset[int] | None = None

    def is_right(self, side):
        return self.owners is None or side.owner in self.owners

    def counts(self, side):
        return (
            side is not None and side.state == "open" and month_of(side.expected) == self.month and self.is_right(side)
            and self.pipeline in (None, side.pipeline)
        )


def change(before, after, view):
    """(reason, difference) of one deal, of which either Side may be None; None where nothing changed in this View."""
    was, now = view.counts(before), view.counts(after)
    if was and now:
        difference = after.value - before.value
        return ("value_up" if difference > 0 else "value_down", difference) if difference else None
    if was:
        return _gone(after, view), -before.value
    return (_come(before, view), after.value) if now else None


def _gone(after, view):
    if after is None or after.state == "deleted":
        return "deleted"
    if after.state in ("won", "lost"):
        return after.state
    return "moved_out" if view.is_right(after) else "owner"


def _come(before, view):
    if before is None or before.state == "deleted":
        return "new"
    return "moved_in" if before.state != "open" or view.is_right(before) else "owner"


def summed_up(pairs, view):
    """({reason: (deals, difference)}, value before, value after, [(key, reason, difference)]) of (key, before, after)."""
    counts, sums = dict.fromkeys(REASONS, 0), dict.fromkeys(REASONS, Decimal(0))
    start, end, found = Decimal(0), Decimal(0), []
    for key, before, after in pairs:
        start += before.value if view.counts(before) else 0
        end += after.value if view.counts(after) else 0
        if one := change(before, after, view):
            counts[one[0]] += 1
            sums[one[0]] += one[1]
            found.append((key, *one))
    return {name: (counts[name], sums[name]) for name in REASONS}, start, end, found


def since(day, view, *, measure="total_value", reason=None, after=0, most=SHOWN):
    """What changed from the beginning of `day` until now, as the API shows it.

    Shown are `most` deals, the largest differences first, `after` so many; with `reason` those that have it.
    """
    reasons, start, end, found = summed_up(_two_sides(day, view, MEASURES[measure]), view)
    found = sorted((one for one in found if reason in (None, one[1])), key=lambda one: (-abs(one[2]), one[0]))
    return {
        "before": float(start), "after": float(end), "difference": float(end - start),
        "reasons": [{"reason": name, "deals": deals, "difference": float(sum_)} for name, (deals, sum_) in reasons.items()],
        "deals": [{"deal_id": pk, "title": title, "reason": reason, "difference": float(difference)}
                  for (pk, title), reason, difference in found[after : after + most]],
    }


def _two_sides(day, view, measure):
    params = {"organization": current_organization_id(), "day": day, "margin": day - timedelta(days=2),
              "first": first_day(view.month), "end": first_day(view.month + 1)}
    with connection.cursor() as cursor:
        planned_anew(cursor)
        cursor.execute(TWO_SIDES.format(measure=measure), params)
        for pk, title, *sides in cursor:
            before, after = sides[:5], sides[5:]
            yield (pk, title), Side(*before) if before[0] else None, Side(*after)
