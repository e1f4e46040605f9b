"""The forecast of one deal, how it moved, and why."""

from datetime import timedelta

from deals.forecast.chances import chance
from deals.forecast.days import today, zone
from deals.forecast.learning import learnt
from deals.forecast.lists import DealAtRisk, reasons
from deals.forecast.models import ForecastSnapshot
from lio.rows import Moment

TREND_DAYS = 30


def forecast(organization, deal):
    """What the API shows of the forecast of `deal` (with its stage at hand)."""
    snapshots = ForecastSnapshot.objects.of(organization).filter(deal=deal)
    last = snapshots.order_by("-id").values("is_quiet", computed=Moment("at")).first()
    said = _said(deal, bool(last and last["is_quiet"]))
    probability = said.probability if said else float(deal.stage.probability)
    weighted = round(float(deal.value * deal.stage.probability), 2)
    return {
        "deal_id": deal.pk,
        "value": float(deal.value),
        "probability": float(deal.stage.probability),
        "weighted_value": weighted,
        "expected_close_date": deal.expected_close_date.isoformat(),
        "trend": _trend(snapshots, weighted),
        "risk": DealAtRisk.objects.of(organization).filter(pk=deal.pk).values_list(reasons(), flat=True).first() or [],
        "computed_at": last and last["computed"],
        "win_probability": None if probability is None else round(probability, 4),
        "forecast_value": None if probability is None else round(float(deal.value) * probability, 2),
        "factors": [
            {"factor": one.name, "effect": round(one.effect, 4), "text": one.text} for one in (said.factors if said else ())
        ],
        "abstains": said.reason if said else "",
        "category": deal.category,
        "category_by_hand": deal.category_by_hand,
    }


def history(organization, deal, limit):
    """Its last snapshots, newest first, as the API shows them, and how many there are."""
    rows = ForecastSnapshot.objects.of(organization).filter(deal=deal)
    shown = rows.order_by("-id")[:limit].values(
        "deal_id", "probability", "weighted_value", "value", "win_probability", "forecast_value", "state", "stage_id",
        "category", "reason", "expected_close_date", computed_at=Moment("at"))
    numbers = ("probability", "weighted_value", "value", "win_probability", "forecast_value")
    return [
        row | {name: row[name] if row[name] is None else float(row[name]) for name in numbers}
        | {"expected_close_date": row["expected_close_date"].isoformat()}
        for row in shown
    ], rows.count()


def _said(deal, quiet):
    """The Chance of an open deal; None of one that is closed."""
    if deal.closed_at:
        return None
    known = learnt([deal.pipeline_id]).get(deal.pipeline_id)
    age = (today() - deal.created_at.astimezone(zone()).date()).days
    return chance(known, stage=deal.stage_id, stage_name=deal.stage.name, set_to=deal.stage.probability, age=max(0, age),
                  quiet=quiet, moves=deal.moved_close_dates)


def _trend(snapshots, weighted):
    """Against what it was TREND_DAYS ago, or at first."""
    earlier = snapshots.filter(day__lte=today() - timedelta(days=TREND_DAYS)).order_by("-id").first()
    earlier = earlier or snapshots.order_by("id").first()
    was = float(earlier.weighted_value) if earlier else weighted
    return "up" if weighted > was else "down" if weighted < was else "flat"
