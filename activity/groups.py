"""The feed as people read it: what one member did in an hour is one line, "Anna changed 12 leads".

Histories grow to millions of rows, and one bulk action may write a million of them. So the feed goes from action to action
(`change_id`, newest first) with an index probe each, never from row to row, and looks at FEW rows of an action to say what
it was. A page costs the same whatever the history's length.
"""

from dataclasses import dataclass, field
from datetime import datetime

from django.db import connection

from accounts.models import User
from activity.feed import names_of, verbs_of, visible
from activity.models import FeedEntry
from lio.registry import feed_phrases, subjects
from lio.tenancy import current_organization_id

ACTIONS = 200  # that one page looks at, or of a record the changes
FEW = 1001  # rows of an action that are looked at: "more than 1,000"
NAMED = 20  # records of a group that are named
FIELDS = 6  # names of changed fields that are told

# The next action is found by its number alone; what it was is read for those that a page looks at.
PAGE = """
WITH RECURSIVE actions(change_id, place) AS (
    (SELECT c.change_id, 1 FROM lio_change c
     WHERE c.organization_id = %(org)s AND c.change_id < %(before)s AND c.change_id >= %(since)s {by}
     ORDER BY c.change_id DESC LIMIT 1)
    UNION ALL
    SELECT further.change_id, a.place + 1
    FROM actions a CROSS JOIN LATERAL (
        SELECT c.change_id FROM lio_change c
        WHERE c.organization_id = %(org)s AND c.change_id < a.change_id AND c.change_id >= %(since)s {by}
        ORDER BY c.change_id DESC LIMIT 1) further
    WHERE a.place < %(actions)s)
SELECT a.change_id, told.*
FROM actions a LEFT JOIN LATERAL (
    SELECT few.verb, few.model_type, few.by_id, few.actor, max(few.created_at), count(*), max(few.id),
           count(DISTINCT few.model_id), (array_agg(DISTINCT few.model_id))[1:%(named)s]
    FROM (SELECT c.* FROM lio_change c WHERE c.organization_id = %(org)s AND c.change_id = a.change_id LIMIT %(few)s) few
    WHERE few.model_type = ANY(%(types)s) AND (%(verbs)s::text[] IS NULL OR few.verb = ANY(%(verbs)s))
    GROUP BY 1, 2, 3, 4) told ON true
ORDER BY a.change_id DESC, 7 DESC
"""
BY = "AND c.by_id = %(member)s"
# The first action that began at that moment or later, found by halving: numbers are handed out as time goes.
FIRST_SINCE = """
WITH RECURSIVE halves(low, high) AS (
    SELECT coalesce(min(change_id), 0), coalesce(max(change_id), 0) + 1 FROM lio_change WHERE organization_id = %(org)s
    UNION ALL
    SELECT CASE WHEN there.created_at < %(moment)s THEN (h.low + h.high) / 2 + 1 ELSE h.low END,
           CASE WHEN there.created_at < %(moment)s THEN h.high ELSE (h.low + h.high) / 2 END
    FROM halves h CROSS JOIN LATERAL (
        SELECT c.created_at FROM lio_change c WHERE c.organization_id = %(org)s AND c.change_id >= (h.low + h.high) / 2
        ORDER BY c.change_id LIMIT 1) there
    WHERE h.low < h.high)
SELECT max(low) FROM halves
"""


@dataclass
class Group:
    """What one actor did in one hour. `records` are [{name, url}] of the first of them, `count` of all (`more`: at least)."""

    verb: str
    model_type: str
    by_id: int | None
    actor: str
    at: datetime
    newest: int  # id of its newest Change row
    count: int = 0
    more: bool = False
    times: int = 0  # changes
    ids: list = field(default_factory=list)
    who: str = ""
    is_member: bool = False
    phrase: str = ""
    noun: str = ""
    fields: list = field(default_factory=list)
    records: list = field(default_factory=list)


def page(user, zone, *, before=None, member=None, kind="", since=None, until=None):
    """(groups, newest first; the cursor `before` of the next page, None on the last one) of what `user` may see.

    `member` is an id, `kind` an action of the feed (activity/feed.py), `since` and `until` are moments. Hours are those of
    `zone`. A page may hold few groups, or none, when the latest actions were of another kind.
    """
    values = {
        "org": current_organization_id(),
        "before": before if before is not None else 2**63 - 1,
        "since": _first_since(since) if since else 0,
        "member": member,
        "actions": ACTIONS,
        "few": FEW,
        "named": NAMED,
        "types": visible(user),
        "verbs": verbs_of(kind) if kind else None,
    }
    if until:
        values["before"] = min(values["before"], _first_since(until))
    with connection.cursor() as cursor:
        cursor.execute(PAGE.format(by=BY if member else ""), values)
        rows = cursor.fetchall()
    numbers = {row[0] for row in rows}
    groups: dict = {}
    for _, verb, model_type, by_id, actor, at, times, newest, count, ids in rows:
        if verb is not None:
            _add(groups, zone, verb, model_type, by_id, actor, at, newest, times, count, ids)
    return _told(user, groups.values()), min(numbers) if len(numbers) >= ACTIONS else None


def of_record(user, zone, model_type, model_id, *, before=None):
    """The same for one record; `before` is the id of a Change row."""
    if model_type not in visible(user):
        return [], None
    rows = FeedEntry.objects.of(user.organization_id).filter(model_type=model_type, model_id=model_id).order_by("-id")
    if before is not None:
        rows = rows.filter(pk__lt=before)
    found = list(rows.values_list("id", "verb", "by_id", "actor", "created_at")[: ACTIONS + 1])
    groups: dict = {}
    for pk, verb, by_id, actor, at in found[:ACTIONS]:
        _add(groups, zone, verb, model_type, by_id, actor, at, pk, 1, 1, [model_id])
    return _told(user, groups.values()), found[ACTIONS - 1][0] if len(found) > ACTIONS else None


def _first_since(moment):
    with connection.cursor() as cursor:
        cursor.execute(FIRST_SINCE, {"org": current_organization_id(), "moment": moment})
        return cursor.fetchone()[0]


def _add(groups, zone, verb, model_type, by_id, actor, at, newest, times, count, ids):
    """Put `times` changes of `count` records, of which `ids` are some, to the group they belong to."""
    hour = at.astimezone(zone).replace(minute=0, second=0, microsecond=0)
    group = groups.setdefault((verb, model_type, by_id, actor, hour), Group(verb, model_type, by_id, actor, at, newest))
    group.at, group.newest = max(group.at, at), max(group.newest, newest)
    group.times += times
    group.more = group.more or times >= FEW
    seen = set(group.ids)
    fresh = [pk for pk in ids if pk not in seen]
    # a record counts once, however often it changed, as long as all are known
    all_known = group.count == len(group.ids) and count == len(ids) < FEW - 1
    group.count += len(fresh) if all_known else min(count, FEW - 1)
    group.ids = [*group.ids, *fresh][:NAMED]


def _told(user, groups):
    """Names, links and words for them: one query for members, one for each kind of record, one for the fields."""
    groups = sorted(groups, key=lambda group: group.newest, reverse=True)
    organization = user.organization
    members = {
        member.pk: member.full_name
        for member in User.objects.of(organization).filter(pk__in={group.by_id for group in groups if group.by_id})
    }
    records = {(group.model_type, pk) for group in groups for pk in group.ids}
    names, living = names_of(organization, records), _living(organization, records)
    after = dict(
        FeedEntry.objects.filter(pk__in=[group.newest for group in groups if group.times == 1]).values_list("pk", "after")
    )
    for group in groups:
        group.who = members.get(group.by_id, "") or group.actor or "LIO"
        group.is_member = group.by_id in members
        group.phrase = feed_phrases.get(group.verb, "changed")
        subject = subjects[group.model_type]
        group.noun = subject.plural or f"{group.model_type}s"
        group.records = [
            {"name": names.get((group.model_type, pk), ""), "url": subject.url(pk) if (group.model_type, pk) in living else ""}
            for pk in group.ids
        ]
        if group.phrase == "changed":
            told = [name for name in after.get(group.newest) or {} if not name.endswith("_id")]
            group.fields = [name.replace("_", " ") for name in told[:FIELDS]]
    return groups


def _living(organization, records):
    found = set()
    for model_type in {kind for kind, _ in records if kind in subjects}:
        ids = [pk for kind, pk in records if kind == model_type]
        found |= {
            (model_type, pk) for pk in subjects[model_type].rows(organization).filter(pk__in=ids).values_list("pk", flat=True)
        }
    return found
