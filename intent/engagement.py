"""Engagement: how much a lead has done of late, 0 to 100. A pure function of the signal log, the rules and a moment."""

from dataclasses import dataclass, field
from datetime import timedelta

from django.db.models import OuterRef, Subquery
from django.db.models.functions import JSONObject

from intent.models import IntentSettings, Signal
from intent.types import HALF_LIFE, TYPES, WEIGHTS

LIVES = 8  # half-lives after which a signal says nothing any more: of 50 points a fifth of one is left


@dataclass(frozen=True)
class Rules:
    """How signals count: points of each type, days after which one says half as much, the most that there can be."""

    version: int = 1
    weights: dict = field(default_factory=lambda: dict(WEIGHTS))
    half_life_days: int = HALF_LIFE
    cap: int = 100


def points(signals, rules, at):
    """(points from 0 to the cap, [(words, points)] strongest first) of `signals`, [(type, moment)], at a moment.

    Each says its weight when it happens and half of that after each half-life; those after `at` do not count. Signals of one
    type are one contribution; the contributions add up to the points before the cap.
    """
    found: dict[str, list] = {}
    for kind, moment in signals:
        age = (at - moment).total_seconds() / 86400
        if 0 <= age < rules.half_life_days * LIVES and rules.weights.get(kind):
            found.setdefault(kind, []).append((age, rules.weights[kind] * 0.5 ** (age / rules.half_life_days)))
    told = [(_words(kind, ones), sum(worth for _, worth in ones)) for kind, ones in found.items()]
    told.sort(key=lambda one: (-one[1], one[0]))
    return min(float(rules.cap), sum(worth for _, worth in told)), told


def _words(kind, ones):
    """`E-mail opened, 3 times, last 2 days ago`."""
    days = int(min(age for age, _ in ones))
    when = "today" if not days else "yesterday" if days == 1 else f"{days} days ago"
    label = TYPES[kind].label
    return f"{label}, {len(ones)} times, last {when}" if len(ones) > 1 else f"{label}, {when}"


def engagement_of(organization, lead_ids, at):
    """{lead id: (points, [(words, points)])} of the leads that have any, in one query. `organization` may be its id."""
    own = IntentSettings.objects.filter(organization=OuterRef("organization"))
    rules_of = Subquery(own.values(found=JSONObject(version="version", weights="weights", half_life_days="half_life_days")))
    rows = Signal.objects.of(organization).filter(
        lead_id__in=list(lead_ids), withdrawn_at=None, occurred_at__lte=at, occurred_at__gt=at - timedelta(days=365 * LIVES))
    signals: dict[int, list] = {}
    rules = Rules()
    for n, (lead_id, kind, moment, given) in enumerate(
            rows.order_by("lead_id", "occurred_at").values_list("lead_id", "signal_type", "occurred_at", rules_of)):
        if not n and given:
            rules = Rules(given["version"], WEIGHTS | given["weights"], given["half_life_days"])
        signals.setdefault(lead_id, []).append((kind, moment))
    return {lead_id: points(ones, rules, at) for lead_id, ones in signals.items()}
