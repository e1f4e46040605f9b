"""Whatever of the worker is killed, every job is done: at once by another process, or by the next cluster."""

import os
import signal
import time

import pytest

from tests.faults import poison
from tests.faults.house import ROUNDS, Clients, kill
from tests.ground.conftest import until
from tests.ground.test_embedded import lives

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("faults")]
AT_ONCE, NEW_CLUSTER, STUCK_CLUSTER = 8, 20, 40  # seconds until a job runs again, on a machine that does much else


def done_after(house, job_id, seconds):
    """Wait until the job is done; answers after how many seconds that was."""
    begun = time.monotonic()
    until(lambda: house.job(job_id)[0] == "completed", seconds)
    return time.monotonic() - begun


@pytest.mark.parametrize("turn", range(ROUNDS))
def test_a_busy_worker_is_killed(house, enqueue, tmp_path, turn):
    job_id = enqueue(poison.stall_once, str(tmp_path / "runs"), 60)
    with Clients(house) as clients:
        until(lambda: poison.runs(tmp_path / "runs"))
        kill(poison.runs(tmp_path / "runs")[0][0])
        print(f"\nbusy worker killed: job done again after {done_after(house, job_id, AT_ONCE):.1f} s")
    assert house.job(job_id)[:2] == ("completed", 2)
    clients.check()


@pytest.mark.parametrize("turn", range(ROUNDS))
def test_idle_workers_are_killed_and_the_queue_hangs(house, enqueue, tmp_path, turn):
    naps = [tmp_path / "first", tmp_path / "second"]
    for job_id in [enqueue(poison.nap, str(path), 0.5) for path in naps]:
        done_after(house, job_id, AT_ONCE)
    time.sleep(0.2)  # back at the queue
    for path in naps:
        kill(poison.runs(path)[0][0])
    job_id = enqueue(poison.nap, str(tmp_path / "after"), 0)
    with Clients(house) as clients:
        print(f"\nidle workers killed: next job done after {done_after(house, job_id, STUCK_CLUSTER):.1f} s")
    clients.check()


def test_the_whole_cluster_is_killed_in_the_midst_of_a_bulk_action(house, many_leads, scope, tmp_path):
    from leads import bulk
    from leads.models import Lead

    job = "SELECT state, cursor, processed, succeeded, skipped, attempts FROM lio_job WHERE id = %s"
    with house.ground.connect("system") as blocker, Clients(house) as clients:
        blocker.execute("BEGIN")
        blocker.execute("SELECT 1 FROM leads_lead WHERE id = %s FOR UPDATE", [many_leads[2500]])
        with scope() as admin:
            job_id = bulk.assign(Lead.objects.filter(pk__in=many_leads), admin, by=admin).job_id
        until(lambda: house.rows(job, job_id)[0][1] == 2000 and house.value(
            "SELECT count(*) FROM pg_stat_activity WHERE cardinality(pg_blocking_pids(pid)) > 0"))
        cluster = house.cluster()
        os.killpg(cluster[0].pid, signal.SIGKILL)
        until(lambda: not any(lives(process.pid) for process in cluster))
        blocker.execute("ROLLBACK")
        print(f"\ncluster killed: bulk action done after {done_after(house, job_id, NEW_CLUSTER):.1f} s")
    assert house.rows(job, job_id) == [("completed", len(many_leads), len(many_leads), len(many_leads), 0, 2)]
    changes = house.rows("SELECT model_id, count(*), min(change_id), max(change_id) FROM lio_change "
                         "WHERE verb = 'lead.assigned' AND model_id = ANY(%s) GROUP BY 1", many_leads)
    assert {(count, least == most) for _, count, least, most in changes} == {(1, True)}
    assert len(changes) == len(many_leads)
    assert len({least for _, _, least, _ in changes}) == 1
    clients.check()


def test_the_supervisor_is_killed(house, enqueue, tmp_path):
    job_id = enqueue(poison.nap, str(tmp_path / "runs"), 1.5)
    until(lambda: poison.runs(tmp_path / "runs"))
    before, cluster = house.worker.process.pid, house.cluster()
    with Clients(house) as clients:
        with house.unattended():
            kill(before)
            # by itself, its running jobs done: a long one has a turn of 30 s
            until(lambda: not any(lives(process.pid) for process in cluster), 60)
            assert house.job(job_id)[:2] == ("completed", 1)
            job_id = enqueue(poison.nap, str(tmp_path / "after"), 0)
        print(f"\nsupervisor killed: next job done after {done_after(house, job_id, NEW_CLUSTER):.1f} s")
    assert house.worker.process.pid != before
    clients.check()


def test_poison_gives_up_and_the_queue_lives_on(house, enqueue, scope, tmp_path):
    from lio.jobs import enqueue_many

    killer = enqueue(poison.kill_own_process, str(tmp_path / "killer"))
    raiser = enqueue(poison.raise_error, str(tmp_path / "raiser"))
    with scope():
        enqueue_many(poison.kill_process_for, range(40))
    batch = "SELECT args, state, attempts FROM lio_job WHERE function LIKE '%kill_process_for'"
    with Clients(house) as clients:
        until(lambda: house.job(killer)[0] == house.job(raiser)[0] == "failed", NEW_CLUSTER)
        until(lambda: [state for _, state, _ in house.rows(batch)] == ["failed"], NEW_CLUSTER)
    assert house.job(killer) == ("failed", 3, "The worker died.")
    assert len(poison.runs(tmp_path / "killer")) == 3
    state, attempts, error = house.job(raiser)
    assert (state, attempts) == ("failed", 3)
    assert "ValueError: as it was told to" in error
    first, second, third = [moment for _, moment in poison.runs(tmp_path / "raiser")]
    assert second - first >= 2 and third - second >= 4  # pauses grow; the deaths of workers may lengthen either
    assert house.rows(batch) == [([0], "failed", 5)]  # the 39 that were in its company are done
    clients.check()


def test_sigterm_lets_a_running_job_finish(house, enqueue, tmp_path):
    job_id = enqueue(poison.nap, str(tmp_path / "runs"), 2)
    until(lambda: poison.runs(tmp_path / "runs"))
    told, cluster = house.worker.process, house.cluster()
    begun = time.monotonic()
    told.terminate()
    told.wait(25)  # other running jobs have 20 s to finish, too
    print(f"\nSIGTERM: ended after {time.monotonic() - begun:.1f} s")
    assert house.job(job_id)[:2] == ("completed", 1)
    assert time.time() - poison.runs(tmp_path / "runs")[0][1] >= 2
    assert told.returncode == 0
    assert not any(lives(process.pid) for process in cluster)
