"""Transcripts of meetings kept, and the summaries made of them or of what was written down. Said once for API and pages."""

from hashlib import sha256
from math import ceil

from django.db import transaction
from django.db.models import F, Func, JSONField, Value

from activity.models import RecordNote
from booking import transcripts
from booking.models import Meeting, MeetingSummary, Transcript
from booking.summary import summarize
from lio import history
from lio.errors import Invalid, Missing
from lio.revert import CHANGED, whole

NOTES = 200  # the newest of a meeting that a summary reads
SPEAKERS = 50  # that are named


@transaction.atomic
def put(meeting_id, organization, data, *, file_name="", by):
    """Keep `data`, the bytes of a WebVTT, SRT or text file, as the meeting's transcript, in place of what it has.

    Answers the Transcript. Raises Missing, Invalid naming `file`.
    """
    kind, segments = transcripts.read_file(data)
    lock(meeting_id, organization)
    before = living(organization, meeting_id)
    if before is None:  # one that was deleted must not come back in what was made of it
        MeetingSummary.objects.of(organization).filter(meeting=meeting_id).exclude(transcript=None).delete()
    else:
        Transcript.objects.filter(pk=before.pk).bury()
    times = [one["end"] or one["start"] for one in segments if one["start"] is not None]
    names = dict.fromkeys(one["speaker"] for one in segments if one["speaker"])
    row = Transcript.objects.create(
        organization=organization, meeting_id=meeting_id, segments=segments, format=kind, file_name=file_name[-255:],
        parts=len(segments), seconds=ceil(max(times)) if times else None, speakers=list(names)[:SPEAKERS], uploaded_by=by)
    tell(meeting_id, before, row, by=by)
    return row


@transaction.atomic
def remove(meeting_id, organization, *, by):
    """Delete the meeting's transcript; summaries of it are shown no more. Answers it. Raises Missing."""
    lock(meeting_id, organization)
    row = living(organization, meeting_id)
    if row is None:
        raise Missing("The meeting has no transcript.")
    Transcript.objects.filter(pk=row.pk).bury()
    tell(meeting_id, row, None, by=by)
    return row


def undo(organization, change, by):
    """Take back a transcript that was added or removed: the one before it stands again. Answers what was left alone."""
    lock(change.model_id, organization)
    now_is = living(organization, change.model_id)
    wanted = (change.before or {}).get("transcript_id")
    if (now_is and now_is.pk) != (change.after or {}).get("transcript_id"):
        return whole(f"the transcript {CHANGED}")
    old = Transcript.objects.of(organization).bare().filter(pk=wanted, meeting=change.model_id).first() if wanted else None
    if wanted and old is None:
        return whole("the transcript is gone")
    if now_is:
        Transcript.objects.filter(pk=now_is.pk).bury()
    if old:
        Transcript.objects.filter(pk=old.pk).unbury()
    tell(change.model_id, now_is, old, by=by)
    return []


def keep_summary(organization, change, by):
    """A summary is not taken back: it changes nothing of the meeting, and is made anew whenever somebody asks."""
    return whole("a summary is made anew, not taken back")


@transaction.atomic
def summarise(meeting_id, organization, detail, *, by):
    """The meeting's summary, made anew unless what it is made of is still the same. Answers the MeetingSummary.

    It is made of the transcript, else of title, description and notes. Raises Missing, and Invalid
    (code `nothing_to_summarise`) when there is nothing but a title.
    """
    meeting = Meeting.objects.of(organization).alive().filter(pk=meeting_id).first()
    if meeting is None:
        raise Missing()
    transcript = Transcript.objects.of(organization).alive().filter(meeting=meeting).first()
    words = [] if transcript else written(meeting)
    if transcript is None and len(words) < 2:
        raise Invalid({"transcript": ["there is nothing to summarise: add a transcript, a description or a note"]},
                      "There is nothing to summarise: add a transcript, a description or a note.", code="nothing_to_summarise")
    made_of = "" if transcript else digest(words)
    kept = MeetingSummary.objects.of(organization).filter(meeting=meeting, detail=detail)
    same = kept.filter(transcript=transcript, made_of=made_of).first()
    if same:
        return same
    segments = transcript.segments if transcript else [
        {"start": None, "end": None, "speaker": "", "text": text} for text in words[1:]]
    text, points = summarize(segments, detail)
    if transcript is None:
        text = f"{meeting.title}\n\n{text}"
    lock(meeting_id, organization)
    kept.delete()
    row = MeetingSummary.objects.create(organization=organization, meeting=meeting, transcript=transcript, made_of=made_of,
                                        detail=detail, text=text, points=points, made_by=by)
    made = {"detail": detail, "transcript_id": transcript and transcript.pk}
    history.record("meeting.summarised", meeting, by=by, after=made)
    return row


def living(organization, meeting_id):
    """The meeting's transcript without its segments, or None."""
    return Transcript.objects.of(organization).alive().bare().select_related("uploaded_by").filter(meeting=meeting_id).first()


def summaries(organization, meeting, transcript):
    """{detail: MeetingSummary} that may be shown, the newest first, each with `is_stale`; `transcript` is the living one.

    What was made of a transcript that is deleted is not among them. `meeting` is a Meeting or its id.
    """
    found = MeetingSummary.objects.of(organization).filter(meeting=meeting).order_by("-made_at", "-pk")
    shown = [one for one in found if transcript or one.transcript_id is None]
    made_of = None
    for one in shown:
        if one.transcript_id is None and transcript is None:
            if made_of is None:
                row = meeting if isinstance(meeting, Meeting) else Meeting.objects.of(organization).get(pk=meeting)
                made_of = digest(written(row))
            one.is_stale = one.made_of != made_of
        else:
            one.is_stale = one.transcript_id != transcript.pk
    return {one.detail: one for one in shown}


def parts(transcript, start, count):
    """Segments `start` (from 0) to `start + count` of a transcript, cut out by the database."""
    path = Value(f"$[{int(start)} to {int(start) + int(count) - 1}]")
    cut = Func(F("segments"), path, function="jsonb_path_query_array", output_field=JSONField(),
               template="%(function)s(%(expressions)s::jsonpath)")
    return Transcript.objects.filter(pk=transcript.pk).values_list(cut, flat=True).get()


def written(meeting):
    """[title, description, notes, the oldest first]: what was written down of a meeting, without what is empty."""
    notes = RecordNote.objects.of(meeting.organization_id).alive().filter(model_type="meeting", model_id=meeting.pk)
    newest = notes.order_by("-pk").values_list("title", "note")[:NOTES]
    texts = [meeting.description, *(note or title for title, note in reversed(newest))]
    return [meeting.title, *(text.strip() for text in texts if text.strip())]


def digest(words):
    return sha256("\n\n".join(words).encode()).hexdigest()


def lock(meeting_id, organization):
    """One transaction at a time decides over what was said in a meeting. Raises Missing when it is not there."""
    rows = Meeting.objects.of(organization).alive().filter(pk=meeting_id)
    if not rows.select_for_update(of=("self",)).values_list("pk", flat=True).first():
        raise Missing()


def tell(meeting_id, before, after, *, by):
    """Write down that the transcript `after` stands in place of `before`; either may be None."""
    verb = "meeting.transcript_added" if after else "meeting.transcript_removed"
    history.record(verb, ("meeting", meeting_id), by=by, before=before and told(before), after=after and told(after))


def told(transcript):
    return {"transcript_id": transcript.pk, "name": transcript.file_name, "parts": transcript.parts}
