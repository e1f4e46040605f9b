"""What other weights would have said of the leads that were won and lost: a preview on the past.

Engagement is a pure function of the signal log, the rules and a moment, so it can be asked as of the day on which each lead
was closed; likewise whether the lead was hot by then.
"""

from datetime import timedelta

from django.db import connection

from intent.engagement import LIVES, Rules, points
from intent.models import Signal
from intent.rules import CHECKS, settings_of
from intent.types import DAYS, WEIGHTS
from leads.scoring import measures
from lookups.seeds import LOST, WON

MOST = 2_000  # of the won and of the lost leads, the newest
CLOSED = """
SELECT l.id, l.won, c.created_at FROM (
    SELECT l.id, s.number = %(won)s AS won, row_number() OVER (PARTITION BY s.number ORDER BY l.id DESC) AS place
    FROM leads_lead l JOIN lookups_lookup s ON s.organization_id = l.organization_id AND s.id = l.status_id
    WHERE l.organization_id = %(organization)s AND l.deleted_at IS NULL AND l.status_id IN (
        SELECT id FROM lookups_lookup WHERE organization_id = %(organization)s AND module_name = 'lead' AND type = 'status'
        AND number IN (%(won)s, %(lost)s))) l
JOIN LATERAL (
    SELECT c.created_at FROM lio_change c WHERE c.organization_id = %(organization)s AND c.model_type = 'lead'
    AND c.model_id = l.id AND c.after ? 'status' ORDER BY c.id DESC LIMIT 1) c ON true
WHERE l.place <= %(most)s
"""


def compare(organization, *, weights=None, hot_from=None, half_life_days=None):
    """{"won", "lost": numbers of leads, "now", "then": what the rules in force and the given ones said when these were closed}.

    What is given is as in intent.rules.change (raises Invalid); what is not stays as it is. Each side is {"hot_won",
    "hot_lost": numbers, "engagement_won", "engagement_lost": means, 0 to 100, "auc": how well engagement tells them apart};
    None where there is nobody.
    """
    rules = settings_of(organization)
    now = Rules(rules.version, rules.all_weights, rules.half_life_days)
    own = CHECKS["weights"](weights or {}, rules)
    then = Rules(rules.version, WEIGHTS | own, half_life_days or now.half_life_days)
    closed = _closed(organization)
    signals = _signals(organization, closed)
    return {
        "won": sum(won for won, _ in closed.values()), "lost": sum(not won for won, _ in closed.values()),
        "now": _said(closed, signals, now, rules.hot_from), "then": _said(closed, signals, then, hot_from or rules.hot_from),
    }


def _closed(organization):
    """{lead id: (was won, when it was closed)}"""
    with connection.cursor() as cursor:
        cursor.execute(CLOSED, {"organization": organization.pk, "won": WON, "lost": LOST, "most": MOST})
        return {lead_id: (won, at) for lead_id, won, at in cursor.fetchall()}


def _signals(organization, closed):
    """{lead id: [(type, moment)]} of what these leads had done when they were closed."""
    found: dict[int, list] = {}
    rows = Signal.objects.of(organization).filter(withdrawn_at=None, lead_id__in=list(closed))
    for lead_id, kind, moment in rows.order_by().values_list("lead_id", "signal_type", "occurred_at"):
        at = closed[lead_id][1]
        if at - timedelta(days=365 * LIVES) < moment <= at:
            found.setdefault(lead_id, []).append((kind, moment))
    return found


def _said(closed, signals, rules, hot_from):
    engaged: dict[bool, list] = {True: [], False: []}
    hot = {True: 0, False: 0}
    for lead_id, (won, at) in closed.items():
        mine = signals.get(lead_id, [])
        engaged[won].append(points(mine, rules, at)[0])
        hot[won] += sum(rules.weights.get(kind, 0) for kind, moment in mine if moment > at - timedelta(days=DAYS)) >= hot_from
    auc = measures.auc([(worth, won) for won, worths in engaged.items() for worth in worths])
    return {"hot_won": hot[True], "hot_lost": hot[False], "engagement_won": _mean(engaged[True]),
            "engagement_lost": _mean(engaged[False]), "auc": None if auc is None else round(auc, 3)}


def _mean(numbers):
    return round(sum(numbers) / len(numbers), 1) if numbers else None
