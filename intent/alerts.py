"""Alerts: who is told of a signal, what came of it, and how long that took."""

from datetime import datetime

from django.db import transaction
from django.urls import reverse
from django.utils.timezone import localdate, now

from activity.notify import Notice, notify
from intent.models import Mute, Signal
from intent.rules import settings_of
from intent.types import TYPES
from intent.worktime import working_minutes
from leads.models import Lead
from lio import history
from lio.errors import Missing
from lio.grammar import zone_of

__all__ = ["acknowledge", "acknowledge_lead", "mute", "reached_out", "tell", "undo_answer", "undo_reopening"]
CHANGED = [{"field": None, "reason": "the answer has been changed since"}]


# --------------------------------------------------------------------------- telling
def tell(organization, made, turned_hot, *, by=None):
    """Tell the owners of leads of new signals: `made` are (lead id, signal type), `turned_hot` ids of leads.

    The signals of one lead and day are one notification that counts, and that a lead turned hot is told in place of them.
    Nobody is told of what he logged himself, nor of a lead that he has muted.
    """
    types: dict[int, list[str]] = {}
    for lead_id, kind in made:
        types.setdefault(lead_id, []).append(kind)
    leads = Lead.objects.of(organization).alive().filter(pk__in={*types, *turned_hot}, assigned_to__isnull=False)
    leads = list(leads.order_by("pk").only("first_name", "last_name", "email", "phone_number", "assigned_to"))
    muted = set(Mute.objects.of(organization).filter(lead__in=[lead.pk for lead in leads]).values_list("user_id", "lead_id"))
    today = localdate(now(), zone_of(organization))
    hot = set(turned_hot)
    for lead in leads:
        if (lead.assigned_to_id, lead.pk) in muted:
            continue
        link, words = f"{reverse('leads:view', args=[lead.pk])}#part-signals", TYPES[types.get(lead.pk, ["manual"])[-1]].words
        notice = Notice(lead.assigned_to_id, f"{lead} {words}", "", link, lead.pk, len(types.get(lead.pk, ())) or 1)
        if lead.pk in hot:
            notice = Notice(lead.assigned_to_id, f"{lead} is hot", f"{lead} {words}.", link, lead.pk)
            notify("lead_hot", [notice], model_type="lead", key=f"hot:{lead.pk}:{today}", many=f"{lead} is hot", by=by)
        else:
            many = f"{lead}: {{count}} signals today"
            notify("lead_signal", [notice], model_type="lead", key=f"signal:{lead.pk}:{today}", many=many, by=by)


def mute(organization, lead_id, user, *, on):
    """Let `user` hear no more of a lead's signals, or hear of them again."""
    rows = Mute.objects.of(organization).filter(user=user, lead=lead_id)
    if on:
        Mute.objects.bulk_create(
            [Mute(organization_id=organization.pk, user=user, lead_id=lead_id)], ignore_conflicts=True)
    else:
        rows.delete()


# --------------------------------------------------------------------------- what came of it
@transaction.atomic
def acknowledge(organization, signal_id, *, by, outcome=None, note=None):
    """Mark an alert as seen, with what came of it; once is enough, a repeat changes nothing. Raises Missing."""
    row = Signal.objects.of(organization).alive().select_for_update(of=("self",)).filter(pk=signal_id).first()
    if row is None:
        raise Missing()
    _close(organization, [row], by=by, outcome=outcome, note=note)


@transaction.atomic
def acknowledge_lead(organization, lead_id, *, by, outcome=None, note=None, at=None):
    """The same for all alerts of a lead that wait; `at` is when, now without it. Answers how many did."""
    rows = Signal.objects.of(organization).alive().filter(lead=lead_id, acknowledged_at=None).order_by("pk")
    return _close(organization, list(rows.select_for_update(of=("self",))), by=by, outcome=outcome, note=note, moment=at)


def _close(organization, rows, *, by, outcome, note, moment=None):
    rows = [row for row in rows if row.acknowledged_at is None]
    if not rows:
        return 0
    moment = moment or now()
    _stop_clock(organization, rows, moment)
    for row in rows:
        row.acknowledged_at, row.acknowledged_by_id = moment, by and by.pk
        row.outcome, row.outcome_note = outcome or None, note or None
    Signal.objects.bulk_update(
        rows, ["acknowledged_at", "acknowledged_by", "outcome", "outcome_note", "responded_at", "response_minutes"], 500)
    told = {"name": labels(rows), "signals": [row.pk for row in rows], "outcome": outcome or None, "note": note or None,
            "at": moment.isoformat()}
    history.record("lead.alert_acknowledged", ("lead", rows[0].lead_id), by=by, after=told)
    return len(rows)


def labels(rows):
    """`Demo requested, E-mail opened`: what signals are, each type once."""
    return ", ".join(dict.fromkeys(row.get_signal_type_display() for row in rows))


def undo_answer(organization, change, by):
    """Take an answer back: its alerts wait again, and the clocks that it stopped go on (lio.registry.undo_on_lead).

    Answers what was left alone: alerts that are no more, or that somebody has answered anew since.
    """
    told = change.after or {}
    rows = Signal.objects.of(organization).alive().filter(pk__in=told.get("signals", ())).order_by("pk")
    moment = datetime.fromisoformat(told["at"]) if "at" in told else None
    rows = [row for row in rows.select_for_update(of=("self",)) if row.acknowledged_at and row.acknowledged_at == moment]
    if not rows:
        return CHANGED
    for row in rows:
        if row.responded_at == row.acknowledged_at:
            row.responded_at = row.response_minutes = None
        row.acknowledged_at = row.acknowledged_by = row.outcome = row.outcome_note = None
    Signal.objects.bulk_update(
        rows, ["acknowledged_at", "acknowledged_by", "outcome", "outcome_note", "responded_at", "response_minutes"], 500)
    after = {"name": labels(rows), "signals": [row.pk for row in rows]}
    history.record("lead.alert_reopened", ("lead", change.model_id), by=by, before=told, after=after)
    return []


def undo_reopening(organization, change, by):
    """The answer holds again, from when it was given first."""
    told = change.before or {}
    rows = Signal.objects.of(organization).alive().filter(pk__in=(change.after or {}).get("signals", ())).order_by("pk")
    count = _close(organization, list(rows.select_for_update(of=("self",))), by=by, outcome=told.get("outcome"),
                   note=told.get("note"), moment=datetime.fromisoformat(told["at"]))
    return [] if count else CHANGED


def reached_out(organization, lead_ids, *, at=None):
    """Somebody wrote to these leads, called or met them: the clocks of their alerts stop. Answers how many did."""
    rows = Signal.objects.of(organization).alive().filter(lead_id__in=lead_ids, responded_at=None).order_by("pk")
    rows = list(rows.select_for_update(of=("self",)))
    _stop_clock(organization, rows, at or now())
    Signal.objects.bulk_update(rows, ["responded_at", "response_minutes"], 500)
    return len(rows)


def _stop_clock(organization, rows, moment):
    minutes = clock(organization)
    for row in rows:
        if row.responded_at is None:
            row.responded_at, row.response_minutes = moment, minutes(row.created_at, moment)


def clock(organization, rules=None):
    """f(start, end) -> whole minutes of the organisation's working time between them; `rules` are its settings where they are
    known already."""
    rules = rules or settings_of(organization)
    how = {"zone": organization.timezone, "days": rules.days, "first": rules.work_from, "last": rules.work_to}
    return lambda start, end: working_minutes(start, end, **how)
