"""Which leads are hot (R60): the plain sum of the weights of their signals of the last 14 days.

What is hot is written down with each signal, together with the moment until when it stays so if nothing happens. Points
only fall as time goes by, so the hot leads at any moment are those rows whose moment has not come.
"""

from datetime import timedelta

from django.db import connection
from django.db.models import Count, Max
from django.utils.timezone import now
from orjson import loads

from intent.models import HotLead, IntentSettings, Signal
from intent.types import DAYS, TYPES, WEIGHTS

# The newest signals first: the one with which the sum reaches the mark says until when it does.
WEIGHED = """
WITH weighed AS (
    SELECT s.lead_id, s.occurred_at,
           sum(w.points) OVER (PARTITION BY s.lead_id ORDER BY s.occurred_at DESC, s.id DESC) AS points
    FROM intent_signal s JOIN unnest(%(types)s::text[], %(points)s::int[]) AS w(signal_type, points) USING (signal_type)
    WHERE s.organization_id = %(organization)s AND s.withdrawn_at IS NULL
      AND s.occurred_at > now() - interval '{days} days' {which}),
hot AS (
    SELECT lead_id, max(points) AS points,
           max(occurred_at) FILTER (WHERE points >= %(hot_from)s) + interval '{days} days' AS until
    FROM weighed GROUP BY lead_id HAVING max(points) >= %(hot_from)s)
"""
ALIVE = "EXISTS (SELECT 1 FROM leads_lead l WHERE l.organization_id = %(organization)s AND l.id = {} AND l.deleted_at IS NULL)"
REFRESH = WEIGHED + """
, cold AS (DELETE FROM intent_hotlead h WHERE h.organization_id = %(organization)s {which_hot}
           AND NOT EXISTS (SELECT 1 FROM hot WHERE hot.lead_id = h.lead_id AND {alive}))
INSERT INTO intent_hotlead AS h (organization_id, lead_id, since, until, points)
SELECT %(organization)s, lead_id, now(), until, points FROM hot WHERE {alive} ORDER BY lead_id
ON CONFLICT (organization_id, lead_id) DO UPDATE
    SET until = EXCLUDED.until, points = EXCLUDED.points, since = CASE WHEN h.until <= now() THEN now() ELSE h.since END
RETURNING lead_id, since = now()
"""
# Those of the rows that are kept; a page of them is weighed as of now. OFFSET 0: signals are looked up lead by lead, from the
# hottest on, and not joined whole.
KEPT = """
FROM intent_hotlead h
WHERE h.organization_id = %(organization)s AND h.until > now()
  AND EXISTS (SELECT 1 FROM leads_lead l
              WHERE l.organization_id = %(organization)s AND l.id = h.lead_id AND l.deleted_at IS NULL
                AND (%(owner)s::bigint IS NULL OR l.assigned_to_id = %(owner)s))
  AND (%(lead)s::bigint IS NULL OR h.lead_id = %(lead)s)
  AND (NOT %(searched)s OR EXISTS (
       SELECT 1 FROM intent_signal s WHERE s.organization_id = %(organization)s AND s.lead_id = h.lead_id
       AND s.withdrawn_at IS NULL AND s.occurred_at > now() - interval '{days} days'
       AND (%(kind)s::text IS NULL OR s.signal_type = %(kind)s) AND (NOT %(waiting)s OR s.acknowledged_at IS NULL) OFFSET 0))
"""
LISTED = """
SELECT h.lead_id, h.since, h.until, w.*
FROM (SELECT h.id, h.lead_id, h.since, h.until, h.points""" + KEPT + """
      ORDER BY h.points DESC, h.lead_id DESC LIMIT %(limit)s OFFSET %(offset)s) AS h
CROSS JOIN LATERAL (
    SELECT coalesce(sum(w.points), 0) AS points, count(*) AS signals, count(*) FILTER (WHERE s.acknowledged_at IS NULL) AS open,
           min(s.created_at) FILTER (WHERE s.responded_at IS NULL) AS waiting_since,
           (array_agg(s.signal_type ORDER BY s.occurred_at DESC, s.id DESC))[1] AS last_type, max(s.occurred_at) AS last_at
    FROM intent_signal s JOIN unnest(%(types)s::text[], %(points)s::int[]) AS w(signal_type, points) USING (signal_type)
    WHERE s.organization_id = %(organization)s AND s.lead_id = h.lead_id AND s.withdrawn_at IS NULL
      AND s.occurred_at > now() - interval '{days} days') AS w
WHERE w.signals > 0
ORDER BY w.points DESC, w.last_at DESC, h.lead_id DESC
"""


def _weights(organization_id, weights=None, hot_from=None):
    """The parameters of the statements above; the organisation's own without other ones."""
    if weights is None or hot_from is None:
        found = IntentSettings.objects.of(organization_id).values_list("weights", "hot_from").first()
        weights, hot_from = found or ({}, IntentSettings._meta.get_field("hot_from").default)
    points = WEIGHTS | weights
    return {"organization": organization_id, "types": list(points), "points": list(points.values()), "hot_from": hot_from}


def refresh(organization_id, lead_ids=None):
    """Weigh the signals of these leads (of all, without `lead_ids`) anew. Answers the ids of those that just turned hot."""
    values = _weights(organization_id) | {"leads": list(lead_ids or ())}
    some = lead_ids is not None
    sql = REFRESH.format(days=DAYS, which="AND s.lead_id = ANY(%(leads)s)" if some else "",
                         which_hot="AND h.lead_id = ANY(%(leads)s)" if some else "", alive=ALIVE.format("hot.lead_id"))
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return [lead_id for lead_id, is_new in cursor.fetchall() if is_new]


def forget(organization_id, lead_ids, by):
    """Leads that are deleted are hot no more (lio.registry.unlinks); what is brought back is weighed within the hour."""
    HotLead.objects.of(organization_id).filter(lead__in=lead_ids).delete()


def hot_leads(organization_id, *, owner=None, kind=None, waiting=False, lead=None, limit=None, offset=0, rules=None):
    """[{lead_id, since, until, points, signals, open, waiting_since, last_type, last_at}] of the hot leads, hottest first.

    `open` counts the signals that nobody has acknowledged (`waiting`: only leads with such), and `waiting_since` is when the
    oldest of those was logged upon which nobody has reached out. `rules` are the organisation's settings where they are known
    already. Where there are more than `limit`, the order from page to page is that of when they were weighed last, at most an
    hour ago; on a page it is exact.
    """
    own = (rules.weights, rules.hot_from) if rules else ()
    asked = _asked(owner, kind, waiting, lead) | {"limit": limit, "offset": offset}
    with connection.cursor() as cursor:
        cursor.execute(LISTED.format(days=DAYS), _weights(organization_id, *own) | asked)
        names = [column.name for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def hot_total(organization_id, *, owner=None, kind=None, waiting=False, most=None):
    """How many there are; counted no further than `most`."""
    asked = _asked(owner, kind, waiting, None) | {"organization": organization_id, "most": most}
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM (SELECT 1 {KEPT} LIMIT %(most)s) AS found".format(days=DAYS), asked)
        return cursor.fetchone()[0]


def _asked(owner, kind, waiting, lead):
    return {"owner": owner, "kind": kind, "waiting": waiting, "lead": lead, "searched": bool(kind or waiting)}


def compare(organization_id, weights, hot_from):
    """What other weights would change: {now, then, more, fewer: numbers of leads, leads: [(id, points, is hot now)] of the
    hottest that would turn hot or cold}. `points` are those of the other weights.
    """
    sql = WEIGHED.format(days=DAYS, which="") + """
        , compared AS (
            SELECT coalesce(hot.lead_id, h.lead_id) AS lead_id, hot.points, h.lead_id IS NOT NULL AS is_now
            FROM hot FULL JOIN (SELECT lead_id FROM intent_hotlead WHERE organization_id = %(organization)s AND until > now()) h
                 ON h.lead_id = hot.lead_id
            WHERE """ + ALIVE.format("coalesce(hot.lead_id, h.lead_id)") + """)
        SELECT count(*) FILTER (WHERE is_now), count(points), count(*) FILTER (WHERE NOT is_now),
               count(*) FILTER (WHERE points IS NULL),
               (SELECT jsonb_agg(jsonb_build_array(lead_id, points, is_now)) FROM (
                    SELECT * FROM compared WHERE is_now = (points IS NULL)
                    ORDER BY points DESC NULLS LAST, lead_id DESC LIMIT 10) AS chosen)
        FROM compared"""
    with connection.cursor() as cursor:
        cursor.execute(sql, _weights(organization_id, weights, hot_from))
        now_hot, then, more, fewer, some = cursor.fetchone()
    return {"now": now_hot, "then": then, "more": more, "fewer": fewer, "leads": [tuple(one) for one in loads(some or "[]")]}


def hot_count(user):
    """How many leads are hot, for the rail; None for none. Deleted ones are forgotten when they are."""
    return HotLead.objects.of(user.organization_id).filter(until__gt=now()).count() or None


def hot_until(organization_id, lead_id):
    """Until when a lead stays hot if nothing happens; None for one that is not."""
    rows = HotLead.objects.of(organization_id).filter(lead=lead_id, until__gt=now())
    return rows.values_list("until", flat=True).first()


def why(organization_id, lead_ids, *, rules=None):
    """{lead id: [{type, label, count, last_at, points}]}, the weightiest first: what makes leads hot."""
    own = _weights(organization_id, *((rules.weights, rules.hot_from) if rules else ()))
    weights = dict(zip(own["types"], own["points"], strict=True))
    rows = Signal.objects.of(organization_id).filter(
        lead_id__in=lead_ids, withdrawn_at=None, occurred_at__gt=now() - timedelta(days=DAYS))
    found: dict[int, list] = {}
    for lead_id, kind, count, last in rows.order_by().values_list("lead_id", "signal_type").annotate(
            n=Count("pk"), last=Max("occurred_at")):
        found.setdefault(lead_id, []).append({"type": kind, "label": TYPES[kind].label, "icon": TYPES[kind].icon,
                                              "count": count, "last_at": last, "points": count * weights[kind]})
    for reasons in found.values():
        reasons.sort(key=lambda one: (-one["points"], one["label"]))
    return found
