"""What the queue decides when something is amiss, without processes that die."""

import time

import pytest
from django.conf import settings
from django.db import OperationalError
from django_q.models import OrmQ

from lio import jobs
from lio.jobs import job
from lio.models import Job
from lio.worker import Worker
from tests.faults import poison

ran = []


@job(batch=True)
def collect(numbers):
    ran.append(sorted(numbers))


def waiting(function="tests.faults.poison.nap", **fields):
    """A job that has been due for a minute."""
    return Job.objects.create(function=function, run_at="2026-01-01T00:00:00Z", **fields)


def batches(*attempts):
    for n, tried in enumerate(attempts):
        waiting("tests.faults.test_queue.collect", args=[n], is_batch=True, attempts=tried, max_attempts=9)
    ran.clear()
    jobs.run_batch("tests.faults.test_queue.collect", None)
    return ran


@pytest.fixture
def worker(db):
    """The supervisor, without its loop, of a cluster that has started."""
    made = Worker()
    made.up = True
    return made


def stuck(worker):
    """What the worker thinks after it has looked twice, some time apart."""
    worker.is_stuck()
    worker.patience = 0.01
    time.sleep(0.02)
    return worker.is_stuck()


def test_a_cluster_is_stuck_when_due_work_waits_and_nothing_moves(worker):
    assert not stuck(worker)  # nothing to do
    first = waiting()
    assert stuck(worker)
    first.delete()
    waiting()
    worker.patience = 0.01
    assert not worker.is_stuck()  # the next one's turn: it moves
    assert stuck(worker)
    for n in range(settings.WORKERS):
        assert stuck(worker)  # one long job beside idle workers is no excuse
        waiting(state="processing", lock_id=n)
    assert not stuck(worker)  # all are busy


def test_work_that_is_not_due_does_not_wait(worker):
    Job.objects.create(function="tests.faults.poison.nap", run_at="2999-01-01T00:00:00Z")
    assert not stuck(worker)


@pytest.fixture
def committed(django_db_setup, django_db_blocker):
    """The test database without a transaction around the test; only the queue is written to."""
    with django_db_blocker.unblock():
        yield
        Job.objects.all().delete()
        OrmQ.objects.all().delete()


def test_a_job_that_lost_its_connection_is_left_to_whoever_has_its_lock_now(committed):
    job_id = jobs.enqueue(poison.cut_own_connection)
    for attempt in (1, 2):
        with pytest.raises(OperationalError):
            jobs.run(job_id)
        assert Job.objects.values_list("state", "attempts").get(pk=job_id) == ("processing", attempt)
        jobs.tick({})
        assert Job.objects.values_list("state", "error").get(pk=job_id) == ("queued", "The worker died.")


def test_a_job_whose_function_is_gone_fails_with_the_reason(db):
    single = waiting("lio.jobs.gone", max_attempts=1)
    together = [waiting("lio.jobs.gone", max_attempts=1, is_batch=True, args=[n]) for n in range(2)]
    jobs.run(single.pk)
    jobs.run_batch("lio.jobs.gone", None)
    for row in (single, *together):
        row.refresh_from_db()
        assert row.state == "failed"
        assert "has no attribute 'gone'" in row.error


def test_batches_that_died_come_back_smaller_until_each_row_is_alone(db):
    assert [len(numbers) for numbers in batches(*[0] * 1200)] == [500, 500, 200]
    assert [len(numbers) for numbers in batches(*[1] * 600)] == [500, 100]
    assert [len(numbers) for numbers in batches(*[2] * 60)] == [25, 25, 10]
    assert batches(3, 4) == [[0], [1]]
    assert batches(0, 3, 0) == [[0, 2], [1]]  # those that are new are not held up by those that are suspect


def test_wake_ups_that_a_dead_cluster_took_along_are_sent_again(db):
    row = waiting(woken_at="2999-01-01T00:00:00Z")
    jobs.tick(woken := {})
    row.refresh_from_db()
    assert row.woken_at.year == 2999
    jobs.forget_wakes()
    jobs.tick(woken)
    row.refresh_from_db()
    assert 2026 <= row.woken_at.year < 2999
