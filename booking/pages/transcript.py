"""What was said in a meeting and what was summed up of it, as the meeting's page shows them."""

from booking import recaps
from booking.models import MeetingSummary
from booking.summary import KINDS
from booking.transcripts import MOST_BYTES

TEMPLATE = "meetings/_transcript.html"
SHORT = 8  # parts that the meeting's page shows itself
PAGE = 200  # parts on a page of the transcript
TURN = 12  # parts that stand together when one speaker goes on
TITLES = {"key": "Key points", **KINDS}
TOLD = {
    "meeting.transcript_added": "added the transcript",
    "meeting.transcript_removed": "deleted the transcript",
    "meeting.summarised": "summed up the meeting",
}


def section(page, record, *, detail=""):
    """The section of a meeting's page: {transcript, length, turns, summary, groups, detail, ...}; see its template.

    `detail` says which summary is wanted; without it the last one that was made.
    """
    organization, row = page.organization, recaps.living(page.organization, page.pk)
    kept = recaps.summaries(organization, page.pk, row)
    shown = kept.get(detail) or next(iter(kept.values()), None)
    links = row is not None and shown is not None and shown.transcript_id == row.pk
    whole = page.route("transcript")
    return {
        "name": "transcript", "template": TEMPLATE, "place": "main",
        "transcript": row, "length": clock(row.seconds) if row else "", "turns": turns(row, 0, SHORT) if row else [],
        "is_long": row is not None and row.parts > SHORT, "short": SHORT, "limit": MOST_BYTES // 1024 // 1024,
        "summary": shown, "groups": groups(shown, row, whole if row and row.parts > SHORT else "") if shown else [],
        "has_links": links, "detail": shown.detail if shown else "", "details": MeetingSummary.Detail.choices,
        "kept": list(kept), "has_begun": record["has_begun"],
        "urls": {"read": whole, "add": page.route("transcript_add"), "remove": page.route("transcript_remove"),
                 "summarise": page.route("summarise")},
    }  # fmt: skip


def groups(summary, transcript, address):
    """[{title, points: [{text, speaker, place: "12:34", url}]}] of a summary; without places when it is not of this transcript.

    `address` is where the whole transcript is read; "" when it stands on the same page.
    """
    links = transcript is not None and summary.transcript_id == transcript.pk
    found = []
    for kind, title in TITLES.items():
        points = [{
            "text": one["text"], "speaker": one["speaker"],
            "place": (clock(one["start"]) or f"Part {one['segment'] + 1:,}") if links else "",
            "url": (f"{address}?at={one['segment']}" if address else "") + f"#part-{one['segment']}",
        } for one in summary.points if one["kind"] == kind]  # fmt: skip
        if points:
            found.append({"title": title, "points": points})
    return found


def turns(transcript, start, count):
    """[{speaker, at: "12:34", number, parts: [{number, text}]}]: what was said, as far as one speaker goes on."""
    found: list[dict] = []
    for number, one in enumerate(recaps.parts(transcript, start, count), start):
        if not found or found[-1]["speaker"] != one["speaker"] or len(found[-1]["parts"]) >= TURN:
            found.append({"speaker": one["speaker"], "at": clock(one["start"]), "number": number, "parts": []})
        found[-1]["parts"].append({"number": number, "text": one["text"]})
    return found


def clock(seconds):
    """75.2 -> `1:15`, 3675 -> `1:01:15`; "" of None."""
    if seconds is None:
        return ""
    hours, rest = divmod(int(seconds), 3600)
    return f"{hours}:{rest // 60:02d}:{rest % 60:02d}" if hours else f"{rest // 60}:{rest % 60:02d}"


def told(row):
    """An entry of the history as the timeline tells it."""
    name = ((row.after or {}).get("name") or (row.before or {}).get("name") or "") if row.verb != "meeting.summarised" else ""
    detail = f"{TOLD[row.verb]} {name}".strip()
    if row.verb == "meeting.summarised":
        detail += " in detail" if (row.after or {}).get("detail") == "detailed" else " briefly"
        return {"kind": "form", "detail": detail}
    replaced = row.verb == "meeting.transcript_added" and row.before
    return {"kind": "document", "detail": detail, "text": "In place of the one before" if replaced else ""}
