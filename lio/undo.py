"""Taking back what an action did: one edit, a bulk action, an import, a deletion, a merge.

What `history.record` wrote is reverted record by record by the app that owns the model (`registry.undoers`). What has changed
since is left alone and reported. The undoing is an action like any other, with a change id of its own, so it can itself be
taken back. Actions can be undone for DAYS.
"""

from dataclasses import dataclass, field
from datetime import timedelta

from django.utils.timezone import now

from lio import history
from lio.errors import Conflict, Missing
from lio.jobs import advance, enqueue, job
from lio.models import Change
from lio.registry import undoers
from lio.selection import AT_ONCE
from lio.tenancy import org_scope

DAYS = 30
CHUNK = 1000  # Change rows a transaction
SHOWN = 100  # conflicts told in an answer; the count is always whole


@dataclass
class Undone:
    """`reverted` records were put back; `conflicts` says what was left alone: {model_type, model_id, field, reason}."""

    change_id: int | None = None
    reverted: int = 0
    conflicts: list = field(default_factory=list)
    job_id: int | None = None


def undo(organization, change_id, *, by):
    """Take back the action with this change id; in the background when it touched more than 5,000 records.

    Raises Missing for an unknown id, Conflict when it is too old, was taken back already, or holds nothing to take back.
    """
    rows = changes_of(organization, change_id)
    first = rows.first()
    if first is None:
        raise Missing("There is no such change.")
    if first.created_at < now() - timedelta(days=DAYS):
        raise Conflict(f"Changes can be undone for {DAYS} days.", code="too_old")
    if Change.objects.of(organization).filter(undoes=change_id).exists():
        raise Conflict("This has been undone already.", code="already_undone")
    if not rows.filter(model_type__in=list(undoers)).exists():
        raise Conflict("There is nothing in this change that can be undone.", code="not_undoable")
    count = rows.count()
    if count > AT_ONCE:
        with history.one_action(undoes=change_id):
            new_id = history.start_change()
        return Undone(new_id, count, [], enqueue(run, change_id, new_id, by=by, total=count))
    with history.one_action(undoes=change_id):
        reverted, conflicts = revert(organization, list(rows), by=by)
        return Undone(history.last_change_id(), reverted, conflicts)


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
    below = row.cursor
    while True:
        with org_scope(row.organization_id), history.one_action(change_id=new_id, undoes=change_id):
            rows = changes_of(row.organization_id, change_id)
            chunk = list((rows.filter(pk__lt=below) if below else rows)[:CHUNK])
            if not chunk:
                return
            reverted, conflicts = revert(row.organization, chunk, by=row.by)
            below = chunk[-1].pk
            advance(row, cursor=below, processed=len(chunk), succeeded=reverted, failed=len(conflicts))
