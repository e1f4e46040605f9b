"""The embedded server comes back by itself from whatever kills it, and stops when it is told to."""

import json
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import psutil
import psycopg
import pytest

from lio.embedded import place as places
from lio.embedded.supervisor import LOG_LIMIT, Supervisor
from tests.ground.conftest import until


def count(ground):
    """Rows of the table `kept`, or None while the server is away."""
    try:
        with ground.connect() as connection:
            return connection.execute("SELECT count(*) FROM kept").fetchone()[0]
    except psycopg.OperationalError:
        return None


def lives(pid):
    """Whether the process runs; one that is dead but was not reaped by its parent does not."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@pytest.fixture
def kept(ground):
    """A table with one committed row, and the server surely running before and after."""
    ground.start()
    with ground.connect("owner") as connection:
        connection.execute("DROP TABLE IF EXISTS kept")
        connection.execute("CREATE TABLE kept (id int)")
        connection.execute("GRANT SELECT, INSERT ON kept TO lio_app")
        connection.execute("INSERT INTO kept VALUES (1)")
    return ground


def test_a_killed_server_comes_back_with_every_committed_row(kept):
    with kept.connect() as connection:
        connection.execute("INSERT INTO kept VALUES (2)")
    killed = kept.kill("server")
    until(lambda: count(kept) == 2)
    assert kept.status()["server"] != killed


def test_a_busy_query_of_the_killed_server_does_not_hold_up_the_next_one(kept):
    connection = kept.connect()
    busy = connection.info.backend_pid
    connection.execute("SET statement_timeout = 0")
    connection.pgconn.send_query(b"DO $$ BEGIN LOOP PERFORM pg_sleep_for('0'); END LOOP; END $$")
    kept.kill("server")
    until(lambda: count(kept) == 1)
    assert not lives(busy)
    connection.close()


def test_a_killed_supervisor_leaves_the_server_running_and_the_next_one_takes_it_over(kept):
    before = kept.status()
    with kept.connect() as connection:
        kept.kill("supervisor")
        after = kept.start()
        assert connection.execute("SELECT 1").fetchone() == (1,)  # the connection lived through it
    assert after["supervisor"] != before["supervisor"]
    assert after["server"] == before["server"]
    kept.kill("server")
    until(lambda: count(kept) == 1)


def test_the_pid_file_of_a_killed_server_whose_number_belongs_to_somebody_else_is_no_hindrance(kept):
    place = kept.place
    owner = place.data.stat()
    kept.kill("supervisor")
    kept.kill("server")
    # As after the restart of a container: the number lives, as a process of the same user.
    identity = places.identity(places.Account(owner.st_uid, owner.st_gid) if os.geteuid() == 0 else None)
    stranger = subprocess.Popen(["sleep", "100"], **identity)
    try:
        for path in (place.data / "postmaster.pid", place.socket.with_name(place.socket.name + ".lock")):
            lines = path.read_text().split("\n")
            path.write_text("\n".join([str(stranger.pid), *lines[1:]]))
        kept.start()
        assert count(kept) == 1
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_a_first_start_that_was_killed_is_begun_anew(fresh):
    half = fresh.folder / "pg" / "data.new"
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("18\n")
    assert fresh.start()["running"]
    assert not half.exists()


def test_many_starts_at_once_make_one_server(fresh):
    starts = [fresh.popen("-m", "lio.embedded", "start") for _ in range(6)]
    outputs = [process.communicate(timeout=60)[0] for process in starts]
    assert [process.returncode for process in starts] == [0] * 6, outputs
    assert len(set(outputs)) == 1
    assert len(servers(fresh.place)) == 1


def servers(place):
    """Processes that are a server on this data directory, not one of its children."""
    found = []
    for process in psutil.process_iter():
        try:
            if "-D" in process.cmdline() and str(place.data) in process.cmdline():
                found.append(process.pid)
        except psutil.Error:
            continue
    return found


def test_starting_what_runs_takes_no_time(ground):
    code = (
        "import timeit; from lio.embedded import ensure_running; print(min(timeit.repeat(ensure_running, number=1, repeat=20)))"
    )
    assert float(ground.popen("-c", code).communicate(timeout=60)[0]) < 0.05


def test_stop_is_clean_and_quick_even_with_clients(fresh):
    started = fresh.start()
    place = fresh.place
    connection = fresh.connect()
    begun = time.monotonic()
    assert fresh.command("stop") == "Stopped.\n"
    assert time.monotonic() - begun < 20
    assert not fresh.status()["server"]
    assert not lives(started["server"])
    until(lambda: not lives(started["supervisor"]))
    assert not (place.data / "postmaster.pid").exists()
    assert "database system is shut down" in place.log.read_text()
    assert fresh.command("stop") == "It was not running.\n"
    connection.close()


def test_a_server_without_supervisor_is_stopped_too(fresh):
    started = fresh.start()
    fresh.kill("supervisor")
    fresh.command("stop")
    assert not lives(started["server"])


def test_a_path_too_long_for_a_socket_gets_a_short_one(folder):
    from tests.ground.conftest import Ground

    deep = Ground(folder / ("a" * 60) / ("b, c " * 12))
    assert deep.start()["running"]
    host = parse_qs(urlsplit(deep.url()).query)["host"][0]
    assert len(host) < 90
    assert Path(host).stat().st_mode & 0o777 == 0o700
    with deep.connect() as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    deep.command("stop")
    shutil.rmtree(host)


def test_a_removed_folder_is_given_up(fresh):
    started = fresh.start()
    shutil.rmtree(fresh.folder)
    os.kill(started["server"], signal.SIGKILL)
    until(lambda: not lives(started["server"]) and not lives(started["supervisor"]))
    assert fresh.start()["running"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root needs a service user")
def test_root_in_a_closed_folder_keeps_it_closed(folder):
    from tests.ground.conftest import Ground

    closed = folder / "closed"
    closed.mkdir(mode=0o700)
    ground = Ground(closed / "data")
    status = ground.start()
    try:
        home = Path(status["home"])
        assert home.parent == places.SYSTEM_HOME
        assert closed.stat().st_mode & 0o777 == 0o700
        assert psutil.Process(status["server"]).uids().effective != 0
        ground.command("stop")
        closed.chmod(0o755)  # the data stay found when the folder is opened later
        assert ground.status()["home"] == str(home)
    finally:
        ground.command("stop")
        shutil.rmtree(home)


def test_a_password_file_of_other_data_is_named_as_the_cause(fresh):
    fresh.start()
    place = fresh.place
    fresh.command("stop")
    place.passwords.write_text(json.dumps(dict.fromkeys(json.loads(place.passwords.read_text()), "other")))
    output, _ = fresh.popen("-m", "lio.embedded", "start").communicate(timeout=30)
    assert "passwords.json does not fit the data" in output


def test_the_log_stays_small(tmp_path):
    place = places.Place(tmp_path)
    place.log.write_bytes(b"x" * (LOG_LIMIT + 1))
    Supervisor(place).rotate_log()
    assert place.log.stat().st_size == 0
    assert place.log.with_suffix(".log.1").stat().st_size == LOG_LIMIT + 1
