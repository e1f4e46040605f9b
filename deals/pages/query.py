"""What the pages of deals share: the pipelines there are, and how a deal looks on a card or in a row."""

from datetime import date, datetime, timedelta

from django.urls import reverse
from django.utils.timezone import now

from deals.filters import QUIET
from deals.models import Pipeline
from lio.grammar import zone_of

SOON = timedelta(days=7)
REASONS = ("Price", "No budget", "Chose a competitor", "No decision", "Bad timing", "Missing feature", "No answer")


def pipelines_of(organization):
    """The living pipelines in their order, the active ones first."""
    return list(Pipeline.objects.of(organization).alive().order_by("-is_active", "position", "id"))


def day_in_words(day):
    """`2027-01-31` as `31 Jan 2027`; "" without one."""
    return f"{day.day} {day:%b %Y}" if day else ""


def dressed(rows, user):
    """`page_rows` of deals with what a card or a row shows of them: {..., mark: {text, tone}, rots, url, move_url}."""
    moment, today = now(), now().astimezone(zone_of(user)).date()
    pages = {name: reverse(f"deals:{route}", args=[0]) for name, route in (("url", "view"), ("move_url", "move"))}
    for row in rows:
        row |= {name: page.replace("/0/", f"/{row['id']}/") for name, page in pages.items()}  # resolved once for all
        row["mark"], row["rots"] = _mark(row, moment, today)
        row["lead_name"] = row["lead_name"] or row["lead_email"] or f"Lead {row['lead_id']}"
    return rows


def _mark(row, moment, today):
    """({text, tone} of what to look at first, whether the deal rots): stuck, idle, late, soon (R54)."""
    if row["closed_at"]:
        return None, False
    days = (moment - datetime.fromisoformat(row["entered_stage_at"])).days
    if row["max_days_in_stage"] is not None and days >= row["max_days_in_stage"] and days > 0:
        return {"text": f"{days} d in stage", "tone": "bad"}, True
    last = max(datetime.fromisoformat(at) for at in (row["last_activity_at"], row["lead_activity"], row["created_at"]) if at)
    if moment - last > QUIET:
        return {"text": f"{(moment - last).days} d idle", "tone": "bad"}, True
    close: date = row["expected_close_date"]
    if close < today:
        return {"text": f"{(today - close).days} d late", "tone": "bad"}, False
    if close - today < SOON:
        return {"text": "Today" if close == today else f"{close:%a}", "tone": "good"}, False
    return None, False
