"""Signals from what has come in: read all hits of a lead, classify them, and have the signals be those that they make."""

from datetime import timedelta

from django.db.models import F
from django.utils.timezone import localdate, now

from intent import signals
from intent.models import RawEvent
from intent.tracking.classifying import CLICK, OPEN, VERSION, Hit
from intent.tracking.reading import classes, wanted
from lio.grammar import zone_of

AGENT_DAYS = 90  # for which it is kept what fetched something; what is older stays what it was taken for


def settle(organization, lead_ids):
    """Bring the signals of these leads in line with what was opened and clicked. It does no harm to do it again.

    Raw rows keep what they say; only how they are read is written to them. Answers how many signals were made, withdrawn and
    restored.
    """
    locked = signals.lock_living(organization, set(lead_ids))
    hits: dict[int, list[Hit]] = {lead_id: [] for lead_id in locked}
    stored: dict[int, tuple] = {}
    forgotten, zone = now() - timedelta(days=AGENT_DAYS), zone_of(organization)
    for row in _rows(organization, locked):
        lead_id, version, read_as = row.pop("lead_id"), row.pop("classifier_version"), row.pop("classification")
        stored[row["id"]] = version, read_as
        hits[lead_id].append(Hit(**row, kept=read_as if row["at"] < forgotten else None))
    found: dict[int, dict] = {}
    changed: dict[str, list[int]] = {}
    for lead_id, ones in hits.items():
        what = classes(ones)
        found[lead_id] = wanted(ones, what, lambda moment: localdate(moment, zone))
        for hit in ones:
            if hit.kept is None and stored[hit.id] != (VERSION, what[hit.id]):
                changed.setdefault(str(what[hit.id]), []).append(hit.id)
    done = signals.keep(organization, RawEvent.Channel.MAIL, found)
    for read_as, ids in sorted(changed.items()):  # last: a hit of the same minute waits for these rows
        RawEvent.objects.of(organization).filter(pk__in=ids).update(classification=read_as, classifier_version=VERSION)
    return done


def _rows(organization, lead_ids):
    rows = RawEvent.objects.of(organization).filter(
        lead_id__in=lead_ids, channel=RawEvent.Channel.MAIL, kind__in=[OPEN, CLICK], token__isnull=False)
    return rows.order_by("lead_id", "at", "pk").values(
        "id", "kind", "at", "agent", "network", "hints", "hits", "lead_id", "classifier_version", "classification",
        "token_id", "message_id", delivered_at=F("token__delivered_at"), target=F("token__target"))
