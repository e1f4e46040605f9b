"""What the fragments of the lead page show of notes, follow-ups and documents."""

from datetime import datetime, time, timedelta

from django.db.models import Q
from django.urls import reverse
from django.utils.timezone import now

from activity.models import Attachment
from activity.record_notes import may_change
from leads import duplicates
from leads.models import FollowUp, Note
from lio.filters import zone_of

SNOOZES = {"hour": "In an hour", "tomorrow": "Tomorrow morning", "week": "In a week"}
COMPOSERS = {"note": "leads/_notes_form.html", "follow-up": "leads/_follow_up_form.html"}
TONES = {"strong": "hot", "likely": "warm", "possible": "cold"}
MOST = 50  # documents that the page shows


def composer(kind, lead, user):
    """Context of the composer that is open: a note, or a follow-up for tomorrow morning."""
    tomorrow = now().astimezone(zone_of(user)).date() + timedelta(days=1)
    return {
        "lead": lead,
        "compose": kind,
        "note": {},
        "repeats": FollowUp.Repeats.choices,
        "form": {"date": datetime.combine(tomorrow, time(9)).isoformat(timespec="minutes"), "notes": "", "repeats": ""},
    }


def next_step_of(lead, organization):
    """The open follow-ups of the lead, the nearest first."""
    rows = FollowUp.objects.of(organization).alive().open().filter(lead_id=lead["id"]).select_related("assigned_to")
    rows = list(rows.order_by("due_at", "pk")[:6])
    moment = now()
    shown = [
        {"row": row, "late": row.due_at < moment, "repeats": row.get_repeats_display() if row.repeats else ""} for row in rows
    ]
    return {"next_step": shown[0] if shown else None, "later": shown[1:], "snoozes": list(SNOOZES.items())}


def documents_of(lead, organization):
    rows = Attachment.objects.of(organization).alive().of_record("lead", lead["id"]).select_related("stored_file", "created_by")
    rows = list(rows.order_by("-pk")[: MOST + 1])
    return {"documents": rows[:MOST], "more_documents": len(rows) > MOST}


def duplicates_of(lead, organization):
    return {"duplicates": [likely(one) for one in duplicates.of_lead(organization, lead["id"])]}


def likely(one):
    """A lead that may be the same person, as _duplicates.html and _hint.html show it."""
    return {"lead": one, "why": one.why, "strength": one.strength, "tone": TONES[one.strength]}


def notes_of(lead, organization, ids, user):
    """{id: note} of the lead's living notes with these ids, and of all that are pinned; the newest first."""
    rows = Note.objects.of(organization).alive().filter(Q(pk__in=ids) | Q(is_pinned=True), lead_id=lead["id"])
    return {row.pk: note_of(row, user) for row in rows.select_related("created_by").order_by("-pk")}


def note_of(row, user):
    return {
        "id": row.pk,
        "url": reverse("leads:edit_note", args=[row.lead_id, row.pk]),
        "text": row.note or row.title,
        "by": str(row.created_by) if row.created_by else "",
        "at": row.created_at,
        "edited_at": row.edited_at,
        "is_pinned": row.is_pinned,
        "may_change": may_change(row, user),
    }
