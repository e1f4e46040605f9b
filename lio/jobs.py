"""Background work: the only door to django-q2.

`enqueue` writes a Job row in the caller's transaction, so the work starts after the commit and is never lost; django-q2
only carries a wake-up. Attempts are counted and committed before the work, so a job that kills its worker stops after
`attempts` tries. While a job runs, its worker holds an advisory lock; the lock dies with the worker, and the sweep of
`manage.py worker` queues the job again within about a second. A job may therefore run twice: it takes ids, reads afresh,
and does no harm the second time. See docs/decisions/0005-jobs.md.
"""

import traceback
from importlib import import_module
from time import monotonic

import structlog
from django.conf import settings
from django.db import connection, transaction
from django.db.models import F
from django.utils.timezone import now
from django_q.brokers.orm import ORM
from django_q.tasks import async_task

from lio import history
from lio.models import Job
from lio.tenancy import current_organization_id, org_scope

log = structlog.get_logger(__name__)
LOCK = "(77::bigint << 48) + %s"
BATCH = 500
QUEUED_EACH = 2  # wake-ups for each worker, above which no more batches are woken
BATCH_SIZES = (BATCH, BATCH, 25, 1)  # by attempts so far: a row that kills its worker is alone in the end
BATCH_SECONDS = 2  # a batch stops claiming after this long, so that what waits behind it has its turn
RECURRING: dict[str, tuple] = {}
AGAIN = object()  # what a long job answers when it has had its time and wants to go on (`time_is_up`)
TURN_SECONDS = 30  # a turn of a long job; the queue kills after 50


def job(*, attempts=5, batch=False, long=False):
    """Mark a function as a job.

    A plain job runs in one transaction, in the scope of the organisation that enqueued it, together with the note that
    it is done. A `batch` job is called once with a list of the first arguments of all its waiting rows. A `long` job is called
    with its Job row first and opens its own transactions, chunk by chunk (lio.jobs.advance); it answers AGAIN after
    TURN_SECONDS, between two chunks, and is called anew with the cursor where it left it.
    """

    def mark(function):
        function.job = {"attempts": attempts, "batch": batch, "long": long}
        return function

    return mark


def every(seconds):
    """Mark a job that runs by itself once in each slot of so many seconds, on one worker of all."""

    def mark(function):
        RECURRING[path_of(function)] = (function, seconds)
        return function

    return mark


def path_of(function):
    return f"{function.__module__}.{function.__qualname__}"


def enqueue(function, *args, by=None, key=None, total=0, delay=0):
    """Have `function(*args)` run in the background once the current transaction has landed. Answers the job's id.

    With a `key` that was used before nothing happens and the answer is None. The job runs in the organisation's scope
    that is open now; a job enqueued without scope sees no organisation's rows. It is not run for `delay` seconds, unless
    somebody hurries it by its key.
    """
    options = function.job
    with connection.cursor() as cursor:
        cursor.execute(
            """INSERT INTO lio_job (organization_id, by_id, function, args, is_batch, key, state, attempts, max_attempts,
                                    total, processed, succeeded, failed, skipped, error, woken_at, run_at)
               VALUES (%s, %s, %s, %s::jsonb, %s, %s, 'queued', 0, %s, %s, 0, 0, 0, 0, '', %s,
                       statement_timestamp() + make_interval(secs => %s))
               ON CONFLICT (key) DO NOTHING RETURNING id""",
            [current_organization_id(), by and by.pk, path_of(function), history._json(args), options["batch"], key,
             options["attempts"], total, None if options["batch"] or delay else now(), delay],
        )
        found = cursor.fetchone()
    if found and not (options["batch"] or delay):  # the worker's own tick wakes batches, many rows at once, and what waits
        wake(found[0])
    return found and found[0]


def hurry(key):
    """Have the job of that key run as soon as the current transaction has landed, if it has not begun; answers whether so."""
    with connection.cursor() as cursor:
        cursor.execute("UPDATE lio_job SET run_at = now(), woken_at = now() WHERE key = %s AND state = 'queued' RETURNING id",
                       [key])
        found = cursor.fetchone()
    if found:
        wake(found[0])
    return found is not None


def enqueue_many(function, first_args):
    """The same for a batch job and many first arguments, in one statement."""
    with connection.cursor() as cursor:
        cursor.execute(
            """INSERT INTO lio_job (organization_id, function, args, is_batch, state, attempts, max_attempts,
                                    total, processed, succeeded, failed, skipped, error)
               SELECT %s, %s, jsonb_build_array(arg), true, 'queued', 0, %s, 0, 0, 0, 0, 0, '' FROM unnest(%s::bigint[]) arg""",
            [current_organization_id(), path_of(function), function.job["attempts"], list(first_args)])


# Part of a statement whose CTE `new` holds the id of a record that it makes: a batch job gets it as its argument.
OF_NEW = """INSERT INTO lio_job (organization_id, function, args, is_batch, state, attempts, max_attempts, total, processed,
                                 succeeded, failed, skipped, error)
            SELECT %(organization_id)s, %(job_function)s, jsonb_build_array(id), true, 'queued', 0, %(job_attempts)s, 0, 0,
                   0, 0, 0, '' FROM new"""


def of_new(function):
    """The parameters of OF_NEW."""
    return {"job_function": path_of(function), "job_attempts": function.job["attempts"]}


class OldestFirst(ORM):
    """The queue in the order in which it was filled: without one, a row that takes the place of a deleted one comes first,
    and under steady work others may wait for ever."""

    @staticmethod
    def get_connection(list_key=None):
        return ORM.get_connection(list_key).order_by("id")


def wake(job_id):
    async_task("lio.jobs.run", job_id)


# ------------------------------------------------------------------------- in the worker
def run(job_id):
    """What the queue calls: run one job if it is still waiting and nobody else has it."""
    with _lock(job_id) as lock:
        if not lock.got:
            return
        claimed = Job.objects.raw(
            """UPDATE lio_job SET state = 'processing', attempts = attempts + 1, started_at = now(), lock_id = id
               WHERE id = %s AND state = 'queued' AND run_at <= clock_timestamp() RETURNING *""", [job_id])
        for row in claimed:
            _attempt(row, lock)


def _attempt(row, lock):
    try:
        function = _function(row.function)
        if function.job["long"]:
            with history.one_action(actor="LIO"):
                more = function(row, *row.args) is AGAIN
            (_go_on if more else _finish)(row.pk)
        else:
            with _scope(row), history.one_action(actor="LIO"):
                function(*row.args)
                _finish(row.pk)
    except Exception as error:
        _postpone([row], error, lock)


def run_batch(path, organization_id):
    """Run all waiting rows of one batch job and organisation, some hundred at a time."""
    started = monotonic()
    while monotonic() - started < BATCH_SECONDS:
        lock_id = _new_lock_id()
        with _lock(lock_id) as lock:
            rows = _claim_batch(path, organization_id, lock_id)
            if not rows:
                return
            try:
                _run_rows(path, rows)
            except Exception as error:
                if len(rows) == 1 or not lock.is_held():
                    _postpone(rows, error, lock)
                    continue
                for row in rows:  # find the one that fails; the others are done
                    try:
                        _run_rows(path, [row])
                    except Exception as single:
                        _postpone([row], single, lock)


def _claim_batch(path, organization_id, lock_id):
    same_org = "organization_id = %(org)s" if organization_id is not None else "organization_id IS NULL"
    due = f"state = 'queued' AND is_batch AND function = %(path)s AND {same_org} AND run_at <= clock_timestamp()"
    values = {"path": path, "org": organization_id, "lock": lock_id}
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT attempts FROM lio_job WHERE {due} ORDER BY id LIMIT 1", values)
        first = cursor.fetchone()
    if first is None:
        return []
    size = BATCH_SIZES[min(first[0], len(BATCH_SIZES) - 1)]
    return list(Job.objects.raw(
        f"""UPDATE lio_job SET state = 'processing', attempts = attempts + 1, started_at = now(), lock_id = %(lock)s
            WHERE id = ANY(ARRAY(  -- not IN: that may run the subquery for each row, and then its limit means nothing
                SELECT id FROM lio_job WHERE {due} AND attempts = %(attempts)s
                ORDER BY id LIMIT {size} FOR UPDATE SKIP LOCKED)) RETURNING *""", values | {"attempts": first[0]}))


def _run_rows(path, rows):
    function = _function(path)
    with _scope(rows[0]), history.one_action(actor="LIO"):
        function([row.args[0] for row in rows])
        Job.objects.filter(pk__in=[row.pk for row in rows]).delete()


def _scope(row):
    return org_scope(row.organization_id) if row.organization_id else transaction.atomic()


def _function(path):
    module, name = path.rsplit(".", 1)
    function = getattr(import_module(module), name)
    if not hasattr(function, "job"):
        raise LookupError(f"{path} is not a job.")
    return function


def _finish(job_id):
    Job.objects.filter(pk=job_id).update(state=Job.State.DONE, finished_at=now(), error="")


def _go_on(job_id):
    """Back into the queue; the tick wakes it as soon as this worker has let go of its lock."""
    Job.objects.filter(pk=job_id).update(state=Job.State.QUEUED, attempts=0, run_at=now(), woken_at=None)


def _postpone(rows, error, lock):
    """Try again later, twice as late each time; after the last attempt the job has failed.

    Raises the error again when the lock is lost: the jobs may be another worker's by now.
    """
    if not lock.is_held():
        raise error
    text = "".join(traceback.format_exception(error))[-4000:]
    log.warning("job_failed", function=rows[0].function, jobs=[row.pk for row in rows][:20], exc_info=error)
    with connection.cursor() as cursor:
        cursor.execute(
            """UPDATE lio_job SET error = %s, woken_at = NULL,
                   state = CASE WHEN attempts >= max_attempts THEN 'failed' ELSE 'queued' END,
                   finished_at = CASE WHEN attempts >= max_attempts THEN now() END,
                   run_at = clock_timestamp() + make_interval(secs => power(2, attempts))
               WHERE id = ANY(%s)""", [text, [row.pk for row in rows]])


def advance(row, *, cursor, **counts):
    """Move a long job's cursor and add to its counts, in the transaction of the chunk that it speaks of."""
    Job.objects.filter(pk=row.pk).update(cursor=cursor, **{name: F(name) + n for name, n in counts.items()})


# ------------------------------------------------------------------------- the tick of `manage.py worker`
def tick(woken):
    """Wake what waits: batches, retries that are due, jobs whose worker died, recurring jobs.

    `woken` remembers when each batch was woken last, so that a busy one is not woken on every tick.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT DISTINCT lock_id FROM lio_job WHERE state = 'processing'")
        for (lock_id,) in cursor.fetchall():
            with _lock(lock_id) as lock:
                if lock.got:  # its worker died
                    cursor.execute(
                        """UPDATE lio_job SET woken_at = NULL, error = 'The worker died.',
                               state = CASE WHEN attempts >= max_attempts THEN 'failed' ELSE 'queued' END,
                               finished_at = CASE WHEN attempts >= max_attempts THEN now() END
                           WHERE state = 'processing' AND lock_id = %s""", [lock_id])
        cursor.execute(
            """UPDATE lio_job SET woken_at = now() WHERE state = 'queued' AND NOT is_batch AND run_at <= now()
               AND (woken_at IS NULL OR woken_at < now() - interval '30 s') RETURNING id""")
        for (job_id,) in cursor.fetchall():
            wake(job_id)
        cursor.execute("SELECT DISTINCT function, organization_id FROM lio_job "
                       "WHERE state = 'queued' AND is_batch AND run_at <= now()")
        batches = cursor.fetchall()
        cursor.execute("SELECT count(*) FROM django_q_ormq WHERE lock <= now()")
        room = QUEUED_EACH * settings.WORKERS - cursor.fetchone()[0]  # a batch that never ends must not fill the queue
        for batch in batches:
            if room > 0 and monotonic() - woken.get(batch, -9) > 1:
                woken[batch] = monotonic()
                room -= 1
                async_task("lio.jobs.run_batch", *batch)
        cursor.execute("SELECT floor(extract(epoch FROM now()))")
        second = int(cursor.fetchone()[0])
    for path, (function, seconds) in RECURRING.items():
        slot = second // seconds
        if woken.get(path) != slot:
            woken[path] = slot
            enqueue(function, key=f"{path}@{slot}")


def forget_wakes():
    """Have the next tick wake all that waits: a cluster that died may have taken wake-ups with it."""
    with connection.cursor() as cursor:
        cursor.execute("UPDATE lio_job SET woken_at = NULL WHERE state = 'queued' AND woken_at IS NOT NULL")


def drain():
    """Run everything that waits, here and now. For tests and commands that have no worker beside them."""
    while True:
        rows = list(Job.objects.filter(state=Job.State.QUEUED, run_at__lte=now()).order_by("pk")[:BATCH])
        if not rows:
            return
        for row in rows:
            if row.is_batch:
                run_batch(row.function, row.organization_id)
            else:
                run(row.pk)


def queue_age():
    """Seconds for which the oldest due job has been waiting; 0 when none is."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT extract(epoch FROM now() - min(run_at)) FROM lio_job "
                       "WHERE state = 'queued' AND run_at <= now()")
        return float(cursor.fetchone()[0] or 0)


def _new_lock_id():
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval('lio_job_id_seq')")
        return cursor.fetchone()[0]


class _lock:  # noqa: N801 - a context manager that reads like a statement
    """Lock on a job, held while its worker lives: it belongs to the database session, and is gone with the connection."""

    def __init__(self, lock_id):
        self.lock_id = lock_id

    def __enter__(self):
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT pg_try_advisory_lock({LOCK})", [self.lock_id])
            self.got = cursor.fetchone()[0]
        self.session = connection.connection
        return self

    def is_held(self):
        """Whether we still have it. Django replaces a lost connection silently, and the new one does not."""
        return self.got and connection.connection is self.session and not self.session.closed

    def __exit__(self, *_):
        if self.is_held():
            with connection.cursor() as cursor:
                cursor.execute(f"SELECT pg_advisory_unlock({LOCK})", [self.lock_id])
