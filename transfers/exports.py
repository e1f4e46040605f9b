"""Exports: which records go into a file, who may have it, and what becomes of it (R47).

The file itself is written in the background (exporting.py).
"""

import secrets
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.files.storage import default_storage
from django.urls import reverse
from django.utils.timezone import now

from accounts.audit import audit
from accounts.models import Organization
from activity.content import clean_name
from activity.notify import Notice, notify
from leads.exports import columns as lead_columns
from leads.exports import of_view
from leads.filters import LeadFilter
from lio import registry
from lio.api.envelope import BadParameter
from lio.downloads import attachment
from lio.errors import Conflict, Invalid, Missing, TooMany
from lio.jobs import enqueue
from lio.listing import Listing
from lio.registry import Exported
from lookups import views
from transfers.models import Export

State = Export.State
TYPES = ("leads", "companies", "contacts", "clients", "deals")
AT_ONCE = 3  # exports of an organisation that may be on their way
KEPT = timedelta(days=settings.EXPORT_DAYS)
WAIT = 10  # seconds after which it pays to ask again
MIME_TYPES = {
    "csv": "text/csv",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def kinds():
    """{export_type: what is exported}. Kinds that no app has registered have their header and no rows."""
    return {
        "clients": Exported("Clients", LeadFilter, lead_columns, module="lead", of_view=of_view, optional=("custom_fields",)),
    } | registry.exports


def create(organization, *, export_type, by, format="csv", filters=None, view_id=None, columns=None, ids=None):
    """Have the records that the list of `export_type` shows with `filters` written to a file. Answers the Export.

    `view_id` starts from a saved view: its filters, replaced by those sent, and its columns unless `columns` are named (none
    at all means all that there are); `ids` takes those alone. Raises Invalid for filters and columns that are none and for too
    many rows, Missing for a view that the member cannot see, TooMany while others are being written.
    """
    kind = kinds()[export_type]
    view, given = _filters(kind, filters, view_id, by)
    kind.filter_class.strict(given, by)
    names = _columns(kind, organization, columns, view)
    total = _total(kind, organization, given, ids, by, format)
    Organization.objects.select_for_update(no_key=True).get(pk=organization.pk)  # of many at once one counts after the other
    if Export.objects.of(organization).open().count() >= AT_ONCE:
        raise TooMany(f"{AT_ONCE} exports are being written. Wait until one is ready, or cancel one.", wait=WAIT)
    at = datetime.now(ZoneInfo(organization.timezone))
    row = Export.objects.create(
        organization=organization,
        by=by,
        export_type=export_type,
        format=format,
        filters=given,
        ids=ids or None,
        columns=names,
        timezone=organization.timezone,
        total=total,
        storage_name=f"exports/{secrets.token_hex(20)}",
        file_name=clean_name(f"{view.view_name if view else kind.label} {at:%Y-%m-%d %H.%M}.{format}", MIME_TYPES[format]),
    )
    audit("export.created", by=by, subject=row.file_name, export_id=row.pk, export_type=export_type, filters=given)
    from transfers import jobs

    enqueue(jobs.write_export, row.pk, by=by)
    return row


def _filters(kind, filters, view_id, by):
    """(the view or None, its filters with those sent in their place)."""
    given = dict(filters or {})
    if view_id is not None:
        given["view"] = view_id
    if not kind.module:
        if view_id is not None:
            raise Invalid({"view_id": ["there are no views of these records"]})
        return None, given
    try:
        view, given = views.merged(kind.module, given, by, kind.filter_class.aliases)
    except BadParameter as error:
        raise Invalid({"filters": [f"{name}: {lines[0]}" for name, lines in error.fields.items()]}) from None
    return view, {name: value for name, value in given.items() if name not in ("order_by", "order_in", "columns", "view")}


def _columns(kind, organization, columns, view):
    """Names of the file's columns; none means all. What is asked for must be there, what a view names may have gone."""
    shown = kind.of_view(view.columns) if columns is None and view and view.columns else columns or ()
    wanted = list(dict.fromkeys(shown))
    there = kind.columns(organization, wanted)
    unknown = [name for name in wanted if name not in there]
    if columns and unknown:
        raise Invalid({"columns": [f"unknown: {', '.join(unknown)}"[:300]]})
    return [name for name in wanted if name in there]


def _total(kind, organization, given, ids, by, format):
    """How many rows the file will have, or 0 where counting them would take long. Raises Invalid when they are too many."""
    if kind.rows is None:
        return 0
    if ids:
        return kind.filter_class(given, by).narrow(kind.rows(organization)).filter(pk__in=ids).count()
    total, capped = Listing(kind.rows(organization), kind.filter_class, given, by).total()
    if total > settings.EXPORT_MAX_ROWS[format]:
        raise Invalid({"filters": [too_many(format)]})
    return 0 if capped else total


def too_many(format):
    return f"find more than {settings.EXPORT_MAX_ROWS[format]:,} rows, which is the most of one {format.upper()} file"


def cancel(row):
    """Stop an export; nothing of it is kept. Raises Conflict when it is over."""
    row = Export.objects.select_for_update(of=("self",)).get(pk=row.pk)
    if not row.is_open:
        raise Conflict(f"This export is {row.get_state_display().lower()}.", code="export_state")
    row.state, row.finished_at, row.expires_at = State.CANCELLED, now(), now()  # what is written so far is swept away
    row.save()
    return row


def fail(row, words):
    """End an export for a reason that is told to people; within the scope."""
    row.state, row.finished_at, row.expires_at, row.problem = State.FAILED, now(), now(), words[:500]
    row.save()
    tell(row, f"Your export {row.file_name} has failed", row.problem)


def tell(row, title, message=""):
    if row.by_id:
        notify("export_finished", [Notice(row.by_id, title, message=message, link=reverse("exports:list"))])


def serve(row):
    """The finished file as a download. Raises Conflict while it is not finished, Missing when it is no longer kept."""
    if row.state in (*Export.OPEN, State.FAILED, State.CANCELLED):
        words = "is not finished yet" if row.is_open else f"has {'failed' if row.state == State.FAILED else 'been cancelled'}"
        raise Conflict(f"This export {words}.", code="export_not_ready")
    gone = "The file of this export is no longer kept. Export again."
    if not row.is_ready or not row.storage_name or row.expires_at < now():
        raise Missing(gone)
    try:
        file = default_storage.open(row.storage_name, "rb")
    except FileNotFoundError:
        raise Missing(gone) from None
    return attachment(file, name=row.file_name, mime_type=MIME_TYPES[row.format], size=row.size)


def remove_files(row):
    """Take away what lies in the storage of an export that is over; within the scope, again without harm."""
    for name in (row.storage_name, *(part_name(row, n) for n in range(row.parts + 1))):
        default_storage.delete(name)
    row.storage_name = ""
    if row.is_ready:
        row.state = State.EXPIRED
    row.save(update_fields=["storage_name", "state", "updated_at"])


def part_name(row, number):
    return f"{row.storage_name}.{number}"
