"""Background work: the Job row is the truth (lio/jobs.py)."""

from datetime import timedelta
from time import sleep

import pytest
from django.conf import settings
from django.db import connection, transaction
from django.utils.timezone import now
from django_q.models import OrmQ

from leads.models import Lead
from lio import jobs
from lio.models import Job
from lio.tenancy import current_organization_id, org_scope
from tests.factories import make_lead

ran: list = []


@jobs.job()
def note(*args):
    ran.append((current_organization_id(), *args))


@jobs.job(attempts=3)
def poison(*args):
    ran.append(args)
    Lead.objects.update(city="half done")
    raise ValueError("this never works")


@jobs.job(batch=True, attempts=2)
def each(numbers):
    ran.append(sorted(numbers))
    if 13 in numbers:
        raise ValueError("13")


@jobs.job(long=True)
def counting(row, goal):
    for n in range(row.cursor or 0, goal):
        with transaction.atomic():
            ran.append(n)
            jobs.advance(row, cursor=n + 1, processed=1)
        if n == 2 and row.attempts == 1:
            raise RuntimeError("the power failed")


@pytest.fixture(autouse=True)
def forget():
    ran.clear()


def due_now():
    with connection.cursor() as cursor:
        cursor.execute("UPDATE lio_job SET run_at = now() - interval '1 s'")


def test_a_job_runs_in_the_scope_it_was_enqueued_in(rep):
    with org_scope(rep.organization):
        job_id = jobs.enqueue(note, 7, "text", {"a": [1]})
    assert ran == []
    jobs.drain()
    assert ran == [(rep.organization_id, 7, "text", {"a": [1]})]
    row = Job.objects.get(pk=job_id)
    assert (row.state, row.attempts, row.error) == ("completed", 1, "")


def test_without_a_scope_there_is_none(db):
    jobs.enqueue(note)
    jobs.drain()
    assert ran == [(None,)]


@pytest.mark.django_db(transaction=True)
def test_it_is_written_with_the_data_or_not_at_all():
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        jobs.enqueue(note)
        raise ZeroDivisionError
    assert (Job.objects.count(), OrmQ.objects.count()) == (0, 0)
    with transaction.atomic():
        jobs.enqueue(note)
    assert (Job.objects.count(), OrmQ.objects.count()) == (1, 1)


def test_a_key_lets_it_happen_once_ever(db):
    assert jobs.enqueue(note, key="once")
    assert jobs.enqueue(note, key="once") is None
    jobs.drain()
    assert jobs.enqueue(note, key="once") is None
    jobs.drain()
    assert len(ran) == 1


def test_a_job_waits_for_its_time_unless_it_is_hurried(rep):
    with org_scope(rep.organization):
        jobs.enqueue(note, "later", key="waits", delay=60)
        jobs.enqueue(note, "much later", delay=600)
    jobs.drain()
    assert ran == [] and not OrmQ.objects.exists()
    jobs.tick({})
    assert Job.objects.filter(key="waits", woken_at=None).exists()  # the tick wakes it when it is due
    with org_scope(rep.organization):
        assert jobs.hurry("waits") and not jobs.hurry("never heard of")
    jobs.drain()
    assert [one for one in ran if one[1] == "later"] == [(rep.organization_id, "later")] and len(ran) == 1
    assert not jobs.hurry("waits")  # it has run
    assert jobs.enqueue(note, "again", key="waits") is None


def test_a_job_that_fails_stops_after_its_attempts(rep):
    lead = make_lead(rep.organization, city="Ulm")
    jobs.drain()
    with org_scope(rep.organization):
        job_id = jobs.enqueue(poison, 1)
    waits = []
    for _ in range(5):
        jobs.drain()
        row = Job.objects.get(pk=job_id)
        waits.append((row.state, row.attempts))
        due_now()
    assert waits == [("queued", 1), ("queued", 2), ("failed", 3), ("failed", 3), ("failed", 3)]
    assert len(ran) == 3
    assert "this never works" in row.error
    with org_scope(rep.organization):
        lead.refresh_from_db()
    assert lead.city == "Ulm"  # what it did before it failed is undone


def test_each_attempt_waits_longer(db):
    job_id = jobs.enqueue(poison)
    waits = []
    for _ in range(2):
        jobs.drain()
        with connection.cursor() as cursor:
            cursor.execute("SELECT extract(epoch FROM run_at - clock_timestamp()) FROM lio_job WHERE id = %s", [job_id])
            waits.append(float(cursor.fetchone()[0]))
        due_now()
    assert 1 < waits[0] <= 2 < waits[1] <= 4


def test_a_batch_takes_many_at_once_and_leaves_no_rows(rep):
    with org_scope(rep.organization):
        jobs.enqueue_many(each, range(20, 40))
    jobs.drain()
    assert ran == [list(range(20, 40))]
    assert Job.objects.count() == 0


def test_a_batch_does_all_but_the_failing_one(rep):
    with org_scope(rep.organization):
        jobs.enqueue_many(each, [11, 12, 13, 14])
    jobs.drain()
    assert sorted(ran[1:]) == [[11], [12], [13], [14]]
    [left] = Job.objects.all()
    assert (left.args, left.state, left.attempts) == ([13], "queued", 1)
    due_now()
    jobs.drain()
    left.refresh_from_db()
    assert (left.state, left.attempts) == ("failed", 2)


def test_batches_of_two_organisations_stay_apart(rep, outsider):
    for person in (rep, outsider):
        with org_scope(person.organization):
            jobs.enqueue_many(each, [person.organization_id * 100, person.organization_id * 100 + 1])
    jobs.drain()
    assert len(ran) == 2 and ran[0][0] // 100 != ran[1][0] // 100


def test_a_long_job_goes_on_where_it_stopped(db):
    job_id = jobs.enqueue(counting, 5, total=5)
    jobs.drain()
    due_now()
    jobs.drain()
    row = Job.objects.get(pk=job_id)
    assert ran == [0, 1, 2, 3, 4]
    assert (row.state, row.attempts, row.cursor, row.processed) == ("completed", 2, 5, 5)


def orphan(attempts):
    """A job whose worker has died: marked as running, and nobody holds its lock."""
    job_id = jobs.enqueue(note)
    Job.objects.filter(pk=job_id).update(state="processing", attempts=attempts, lock_id=job_id)
    return job_id


def test_a_job_whose_worker_died_is_queued_again(db):
    first, last = orphan(1), orphan(5)
    jobs.tick({})
    assert Job.objects.get(pk=first).state == "queued"
    assert (Job.objects.get(pk=last).state, Job.objects.get(pk=last).error) == ("failed", "The worker died.")


def test_a_job_in_work_is_left_alone(db):
    import psycopg

    job_id = orphan(1)
    options = {
        key: value
        for key, value in connection.get_connection_params().items()
        if key in ("dbname", "user", "password", "host", "port")
    }
    with psycopg.connect(**options, autocommit=True) as worker:
        worker.execute(f"SELECT pg_advisory_lock({jobs.LOCK})", [job_id])
        jobs.tick({})
        assert Job.objects.get(pk=job_id).state == "processing"
        jobs.run(job_id)
        assert ran == []
    for _ in range(100):  # the server lets go of the lock a moment after the connection has closed
        jobs.tick({})
        if Job.objects.get(pk=job_id).state == "queued":
            return
        sleep(0.1)
    pytest.fail("nobody took the job up again")


def test_a_crash_in_a_batch_does_not_condemn_the_others(rep):
    """Rows whose workers keep dying run one by one in the end: only the one that kills is given up."""
    with org_scope(rep.organization):
        jobs.enqueue_many(each, [21, 22, 23])
    Job.objects.update(state="processing", attempts=3, max_attempts=5, lock_id=5)
    jobs.tick({})
    jobs.drain()
    assert sorted(ran) == [[21], [22], [23]]


def test_recurring_jobs_run_once_in_their_slot(db):
    for _ in range(3):
        jobs.tick({})  # three workers, each with a memory of its own
    for path in jobs.RECURRING:
        assert Job.objects.filter(function=path).count() == 1


def test_only_marked_functions_run(db):
    job_id = jobs.enqueue(note)
    Job.objects.filter(pk=job_id).update(function="os.system", args=["true"])
    jobs.drain()
    row = Job.objects.get(pk=job_id)
    assert row.state == "queued" and "not a job" in row.error


def test_the_age_of_the_queue(db):
    assert jobs.queue_age() == 0
    jobs.enqueue(note)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE lio_job SET run_at = now() - interval '90 s'")
    assert 89 < jobs.queue_age() < 95


def woken_batches():
    return [row.pk for row in OrmQ.objects.all() if "run_batch" in str(row.task["func"])]


def put_back(entries):
    """Their place in the table is a new one, and it is their turn."""
    entries.update(lock=now() - timedelta(seconds=1))


def test_batches_that_never_end_leave_room_for_others(db):
    """The queue is worked off from its oldest entry, and while it is long no batch is put into it."""
    jobs.enqueue_many(each, [1, 2])
    due_now()
    full = jobs.QUEUED_EACH * settings.WORKERS
    for _ in range(full):
        jobs.wake(1)
    put_back(OrmQ.objects)
    jobs.tick({})
    assert woken_batches() == []
    OrmQ.objects.all().delete()
    jobs.tick({})
    assert len(woken_batches()) == 1
    for _ in range(3):
        jobs.wake(1)
    first, *others = OrmQ.objects.order_by("pk").values_list("pk", flat=True)
    for pk in (*others, first):
        put_back(OrmQ.objects.filter(pk=pk))
    assert jobs.OldestFirst("lio").dequeue()[0][0] == first
