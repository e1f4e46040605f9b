"""Logging signals: the one rule that API, forms, bookings and mail call (R59)."""

from datetime import timedelta

from django.db import connection, transaction
from django.utils.timezone import now
from orjson import dumps

from intent import alerts, heat
from intent.models import RawEvent, Signal
from intent.types import TYPES
from leads.jobs import score_leads
from leads.models import Lead
from lio import history
from lio.errors import Missing
from lio.jobs import enqueue_many

Channel = RawEvent.Channel
RECENT = timedelta(days=1)  # nobody is told of what is older
LOG = """
WITH event AS (
    INSERT INTO intent_rawevent (organization_id, kind, channel, lead_id, message_id, at, detail)
    VALUES (%(organization)s, %(type)s, %(channel)s, %(lead)s, %(message)s, %(at)s, %(detail)s::jsonb) RETURNING id)
INSERT INTO intent_signal (organization_id, lead_id, signal_type, signal_detail, source, channel, occurred_at, event_id,
                           message_id)
SELECT %(organization)s, %(lead)s, %(type)s, %(detail)s::jsonb, %(source)s, %(channel)s, %(at)s, id, %(message)s FROM event
RETURNING id
"""


@transaction.atomic
def log(organization, lead_id, signal_type, *, by=None, detail=None, source=None, occurred_at=None, channel=Channel.API,
        message_id=None):
    """Log a signal of a living lead, always and once for each call. Answers the id of its alert.

    `signal_type` is one of intent/types.py, `detail` an object with whatever is known, `by` the member who says so. In the
    same transaction the lead may turn hot, its owner is told, and its score is to be computed anew. Raises Missing.
    """
    lock(organization, [lead_id])
    with connection.cursor() as cursor:
        cursor.execute(LOG, {
            "organization": organization.pk, "type": signal_type, "channel": channel, "lead": lead_id, "message": message_id,
            "at": occurred_at or now(), "detail": dumps(detail or {}, default=str).decode(), "source": source})
        signal_id = cursor.fetchone()[0]
    follow(organization, [(lead_id, signal_type)], by=by)
    return signal_id


@transaction.atomic
def note(organization, lead_id, signal_type, *, by, text="", occurred_at=None):
    """The same when a member says so: it stands in the lead's history, from where it can be taken back. Raises Missing."""
    signal_id = log(organization, lead_id, signal_type, by=by, detail={"note": text} if text else None, source="by hand",
                    occurred_at=occurred_at, channel=Channel.MANUAL)
    told = {"name": TYPES[signal_type].label, "signals": [signal_id], "note": text or None}
    history.record("lead.signal_logged", ("lead", lead_id), by=by, after=told)
    return signal_id


def undo_note(organization, change, by):
    """Withdraw what a member has logged, unless somebody has answered it since (lio.registry.undo_on_lead)."""
    return _set_withdrawn(organization, change, by, "lead.signal_withdrawn", now())


def undo_withdrawal(organization, change, by):
    """What was withdrawn counts again."""
    return _set_withdrawn(organization, change, by, "lead.signal_logged", None)


def _set_withdrawn(organization, change, by, verb, moment):
    told = change.after or {}
    lock(organization, [change.model_id])
    rows = Signal.objects.of(organization).filter(
        lead=change.model_id, pk__in=told.get("signals", ()), withdrawn_at__isnull=moment is not None, acknowledged_at=None)
    if not rows.update(withdrawn_at=moment):
        return [{"field": None, "reason": "the signal has been answered or changed since"}]
    history.record(verb, ("lead", change.model_id), by=by, after=told)
    follow(organization, [], by=by, lead_ids=[change.model_id])
    return []


def lock(organization, lead_ids):
    """Lock living leads, so that of two signals at once the second weighs the first, too. Raises Missing."""
    wanted = set(lead_ids)
    if len(lock_living(organization, wanted)) != len(wanted):
        raise Missing()


def lock_living(organization, lead_ids):
    """The same for those among these that live. Answers their ids."""
    rows = Lead.objects.of(organization).alive().filter(pk__in=lead_ids).order_by("pk")
    return list(rows.select_for_update(of=("self",), no_key=True).values_list("pk", flat=True))


def follow(organization, made, *, by=None, lead_ids=()):
    """What follows from signals that were made, (lead id, type), or withdrawn or restored (`lead_ids`)."""
    ids = sorted({lead_id for lead_id, _ in made} | set(lead_ids))
    if not ids:
        return
    turned_hot = heat.refresh(organization.pk, ids)
    enqueue_many(score_leads, ids)
    alerts.tell(organization, made, turned_hot, by=by)


def keep(organization, channel, wanted):
    """Make the signals that LIO derives from what it watched on `channel` those that there are to be.

    `wanted` is {lead id: {key: Wanted}} (intent/tracking/reading.py), of locked leads, each with all that it is to have. What
    is there already stays the same signal, with what came of it; what is not wanted any more is withdrawn, and comes back when
    it is wanted again. Owners are told of what is new and not older than a day.

    Answers how many were made, withdrawn and restored.
    """
    rows = Signal.objects.of(organization).filter(lead_id__in=wanted, channel=channel, key__isnull=False)
    there = {(row.lead_id, row.key): row for row in rows.defer("signal_detail", "outcome_note")}
    moment = now()
    made: list[Signal] = []
    restored: list[Signal] = []
    moved: list[Signal] = []
    for lead_id, ones in wanted.items():
        for key, one in ones.items():
            row = there.pop((lead_id, key), None)
            if row is None:
                made.append(Signal(
                    organization_id=organization.pk, lead_id=lead_id, signal_type=one.signal_type, source=one.source,
                    signal_detail=one.detail, channel=channel, occurred_at=one.at, event_id=one.event, message_id=one.message,
                    key=key))
            elif row.withdrawn_at or row.occurred_at != one.at:
                (restored if row.withdrawn_at else moved).append(row)
                row.withdrawn_at, row.occurred_at, row.event_id = None, one.at, one.event
    gone = [row for row in there.values() if row.withdrawn_at is None]
    for row in gone:
        row.withdrawn_at = moment
    changed = [*restored, *moved, *gone]
    Signal.objects.bulk_create(made, batch_size=500)
    Signal.objects.bulk_update(changed, ["withdrawn_at", "occurred_at", "event"], 500)
    fresh = [(row.lead_id, row.signal_type) for row in made if row.occurred_at > moment - RECENT]
    follow(organization, fresh, lead_ids=[row.lead_id for row in (*made, *changed)])
    return len(made), len(gone), len(restored)


def of_form(organization, form, lead_id, about):
    """A hosted form has made or updated a lead (lio.registry.on_form)."""
    log(organization, lead_id, "form_submitted", detail={"form_id": form.pk, "form": form.name}, source="web form",
        channel=Channel.FORM)
