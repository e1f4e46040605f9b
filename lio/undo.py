"""Taking back what an action did: one edit, a bulk action, an import, a deletion, a merge.

What `history.record` wrote is reverted record by record by the app that owns the model (`registry.undoers`). What has changed
since is left alone and reported. The undoing is an action like any other, with a change id of its own, so it can itself be
taken back. Actions can be undone for DAYS.
"""

from dataclasses import dataclass, field
from datetime import timedelta
from time import monotonic

from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef
from django.utils.timezone import now

from lio import bulk, history
from lio.errors import Conflict, Missing
from lio.jobs import AGAIN, TURN_SECONDS, advance, enqueue, job
from lio.models import Change, Job, Undoing
from lio.registry import at_work, undoers
from lio.selection import AT_ONCE
from lio.tenancy import org_scope

DAYS = 30
CHUNK = 1000  # Change rows a transaction
SHOWN = 100  # conflicts told in an answer; the count is always whole
KEPT = 1000  # conflicts told on the page of the undoing


@dataclass
class Undone:
    """`reverted` records were put back; `conflicts` says what was left alone: {model_type, model_id, field, reason}."""

    change_id: int | None = None
    reverted: int = 0
    conflicts: list = field(default_factory=list)
    job_id: int | None = None


def undo(organization, change_id, *, by):
    """Take back the action with this change id; in the background when it touched more than 5,000 records.

    Raises Missing for an unknown id, Conflict when it is too old, still going on, was taken back already, or holds nothing to
    take back. An undo that could put nothing back does not count.
    """
    rows = changes_of(organization, change_id)
    first = rows.first()
    if first is None:
        raise Missing("There is no such change.", fields={"change_id": ["There is no such change."]})
    if first.created_at < now() - timedelta(days=DAYS):
        raise Conflict(f"Changes can be undone for {DAYS} days.", code="too_old")
    if is_going_on(organization, change_id):
        raise Conflict("This is still being done. Undo it when it is finished.", code="still_running")
    if not rows.filter(model_type__in=list(undoers)).exists():
        raise Conflict("There is nothing in this change that can be undone.", code="not_undoable")
    count = rows.count()
    with history.one_action(undoes=change_id):
        new_id = history.start_change()
        told = _begin(organization, change_id, new_id, count, by=by)
        if count > AT_ONCE:
            told.job_id = enqueue(run, change_id, new_id, by=by, total=count)
            told.save(update_fields=["job_id"])
            done = Undone(new_id, count, [], told.job_id)
        else:
            reverted, conflicts = revert(organization, list(rows), by=by)
            tell(told, count, reverted, conflicts, over=True)
            done = Undone(new_id, reverted, conflicts)
    if done.reverted:
        history.took(new_id)  # what this request did, to be taken back in its turn
    return done


def _begin(organization, change_id, new_id, count, *, by):
    """The one row that says so; of two at the same time the second waits here, and is refused."""
    Undoing.objects.of(organization).filter(undoes=change_id, reverted=0, finished_at__isnull=False).delete()
    try:
        with transaction.atomic():
            return Undoing.objects.create(organization=organization, undoes=change_id, change_id=new_id, by=by, total=count)
    except IntegrityError:
        raise Conflict("This has been undone already.", code="already_undone") from None


def find_undoing(organization, change_id):
    """(the Undoing of this action, its state: processing, completed or failed); None while nobody has undone it."""
    row = Undoing.objects.of(organization).select_related("by").filter(undoes=change_id).first()
    if row is None:
        return None
    if not row.is_working:
        return row, Job.State.DONE.value
    stopped = row.job_id and Job.objects.of(organization).filter(pk=row.job_id, state=Job.State.FAILED).exists()
    return row, (Job.State.FAILED if stopped else Job.State.RUNNING).value


def is_going_on(organization, change_id):
    return bulk.is_going_on(organization, change_id) or any(works(organization, change_id) for works in at_work)


def tell(told, processed, reverted, conflicts, *, over):
    """Add to what is told of an undoing, in the transaction of what it tells."""
    told.processed += processed
    told.reverted += reverted
    told.conflict_count += len(conflicts)
    told.conflicts = [*told.conflicts, *conflicts][:KEPT]
    told.finished_at = now() if over else None
    told.save()


def with_undo(rows):
    """Change rows that know whether they were `undone` for their record, the action may no longer be undone (`is_closed`), and
    whether it changed `others`, too. What was undone and then done again is not undone.
    """
    here = Change.objects.filter(organization=OuterRef("organization"))
    again = Undoing.objects.filter(organization=OuterRef("organization"), undoes=OuterRef("change_id"))
    back = here.filter(undoes=OuterRef("change_id"), model_type=OuterRef("model_type"), model_id=OuterRef("model_id"))
    return rows.annotate(
        undone=Exists(back.exclude(Exists(again))),
        is_closed=Exists(again.exclude(reverted=0, finished_at__isnull=False)),
        others=Exists(here.filter(change_id=OuterRef("change_id")).exclude(model_id=OuterRef("model_id"))),
    )


def changes_of(organization, change_id):
    """The Change rows of an action, last first: what was done last is taken back first."""
    return Change.objects.of(organization).filter(change_id=change_id).order_by("-id")


def revert(organization, changes, *, by):
    """(records put back, conflicts) of these Change rows."""
    reverted, conflicts = 0, []
    for model_type in dict.fromkeys(change.model_type for change in changes):
        if model_type in undoers:
            mine = [change for change in changes if change.model_type == model_type]
            ids, left = undoers[model_type](organization, mine, by)
            reverted += len(ids)
            conflicts += [{"model_type": model_type, **conflict} for conflict in left]
    return reverted, conflicts


@job(long=True, attempts=50)
def run(row, change_id, new_id):
    """The same in the background; the cursor is the id of the last Change row that was looked at."""
    below, end = row.cursor, monotonic() + TURN_SECONDS
    while True:
        with org_scope(row.organization_id), history.one_action(change_id=new_id, undoes=change_id):
            rows = changes_of(row.organization_id, change_id)
            chunk = list((rows.filter(pk__lt=below) if below else rows)[:CHUNK])
            told = Undoing.objects.of(row.organization_id).select_for_update(of=("self",)).get(undoes=change_id)
            if not chunk:
                tell(told, 0, 0, [], over=True)
                return None
            reverted, conflicts = revert(row.organization, chunk, by=row.by)
            below = chunk[-1].pk
            tell(told, len(chunk), reverted, conflicts, over=False)
            advance(row, cursor=below, processed=len(chunk), succeeded=reverted, failed=len(conflicts))
        if monotonic() > end:
            return AGAIN
