"""Signals of what leads looked at on the organisation's own site: of a person, once in half an hour, so many a day (R60)."""

from collections import Counter
from datetime import timedelta

from django.db import transaction
from django.utils.timezone import localdate, now

from intent import signals
from intent.models import RawEvent, Signal
from intent.rules import settings_of
from intent.site.matching import signal_of
from intent.site.visits import VIEW
from intent.types import TYPES, WINDOW
from leads.models import Lead
from lio.grammar import zone_of

CHUNK = 1000  # views a transaction


@transaction.atomic
def take(organization):
    """Make signals of views that wait. Answers how many views there were."""
    events = RawEvent.objects.of(organization).filter(channel=RawEvent.Channel.SITE, kind=VIEW, is_taken=False)
    events = list(events.order_by("pk").select_for_update(of=("self",), skip_locked=True)[:CHUNK])
    if not events:
        return 0
    rules = settings_of(organization).site_rules
    meant = [(event, kind) for event in events if event.lead_id and event.classification == RawEvent.Is.HUMAN
             and (kind := signal_of(event.page, rules))]
    leads = Lead.objects.of(organization).alive().filter(pk__in={event.lead_id for event, _ in meant}, tracking_off=False)
    living = set(leads.order_by("pk").select_for_update(of=("self",), no_key=True).values_list("pk", flat=True))
    made = new_signals(organization, [(event, kind) for event, kind in meant if event.lead_id in living])
    Signal.objects.bulk_create(made, batch_size=500)
    RawEvent.objects.filter(pk__in=[event.pk for event in events]).update(is_taken=True)
    fresh = [(row.lead_id, row.signal_type) for row in made if row.occurred_at > now() - signals.RECENT]
    signals.follow(organization, fresh, lead_ids=[row.lead_id for row in made])
    return len(events)


def new_signals(organization, meant):
    """[Signal] of views, (event, type), of locked leads, without those that are there or are too many for their day."""
    if not meant:
        return []
    zone, first = zone_of(organization), min(event.at for event, _ in meant)
    there = Signal.objects.of(organization).filter(
        lead_id__in={event.lead_id for event, _ in meant}, channel=RawEvent.Channel.SITE,
        occurred_at__gt=first - timedelta(days=2))
    keys: set = set()
    days: Counter = Counter()
    for lead_id, kind, at, key in there.values_list("lead_id", "signal_type", "occurred_at", "key"):
        keys.add(key)
        days[lead_id, kind, localdate(at, zone)] += 1
    made = []
    for event, kind in sorted(meant, key=lambda one: (one[0].at, one[0].pk)):
        key = f"site:{event.lead_id}:{kind}:{int(event.at.timestamp()) // WINDOW}"
        day = event.lead_id, kind, localdate(event.at, zone)
        if key in keys or days[day] >= TYPES[kind].most:
            continue
        keys.add(key)
        days[day] += 1
        made.append(Signal(
            organization_id=organization.pk, lead_id=event.lead_id, signal_type=kind, source="site", event_id=event.pk, key=key,
            signal_detail={"page": event.page}, channel=RawEvent.Channel.SITE, occurred_at=event.at))
    return made
