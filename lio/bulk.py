"""Bulk actions: at once up to 5,000 rows, above in the background, in chunks under one change id (DECISIONS 12)."""

from collections.abc import Callable
from dataclasses import dataclass, field

from lio import history
from lio.jobs import advance, enqueue, job, path_of
from lio.models import Job
from lio.selection import AT_ONCE
from lio.tenancy import org_scope

CHUNK = 1000  # rows a transaction: another writer waits for one chunk at most (SPEED 0.9)
ACTIONS: dict[str, Callable] = {}


@dataclass
class Outcome:
    """`count` rows were changed, or, with a `job_id`, will be."""

    count: int
    ids: list = field(default_factory=list)
    job_id: int | None = None


def action(function):
    """Mark `function(ids, *args, by)` as a bulk action; args must be plain JSON. It answers the ids that changed."""
    ACTIONS[f"{function.__module__}.{function.__qualname__}"] = function
    return function


def act(function, rows, *args, by):
    """Do it to all of `rows`. The set is frozen now: what an action changes may be what the filter asks for."""
    ids = list(rows.order_by("pk").values_list("pk", flat=True))
    if len(ids) <= AT_ONCE:
        function(ids, *args, by=by)
        return Outcome(len(ids), ids)
    name = f"{function.__module__}.{function.__qualname__}"
    job_id = enqueue(run, name, ids, list(args), history.start_change(), by=by, total=len(ids))
    return Outcome(len(ids), [], job_id)


def is_going_on(organization, change_id):
    """Whether the bulk action with this change id is still at work in the background."""
    live = Job.objects.of(organization).filter(function=path_of(run), state__in=(Job.State.QUEUED, Job.State.RUNNING))
    return live.filter(args__3=change_id).exists()


@job(long=True, attempts=50)
def run(row, name, ids, args, change_id):
    """The chunks that are not done yet; the cursor moves in each chunk's own transaction."""
    function, done = ACTIONS[name], row.cursor or 0
    while done < len(ids):
        chunk = ids[done : done + CHUNK]
        with org_scope(row.organization_id), history.one_action(change_id=change_id):
            changed = function(chunk, *args, by=row.by)
            done += len(chunk)
            advance(row, cursor=done, processed=len(chunk), succeeded=len(changed), skipped=len(chunk) - len(changed))
