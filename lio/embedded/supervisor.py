"""The supervisor: one process per place that runs PostgreSQL, starts it again when it dies, and stops it cleanly.

It is the one holder of `supervisor.lock`; killing it leaves the server running, and the next supervisor adopts that
server.
"""

import os
import shutil
import signal
import subprocess
import sys
import time
from types import FrameType

import psycopg

from lio.embedded import cluster, processes
from lio.embedded.place import (
    SUPERUSER,
    EmbeddedError,
    Place,
    binaries,
    give_like_home,
    identity,
    passwords,
    service_account,
)

RETRY_SECONDS = 0.3
PATIENCE_SECONDS = 120  # of failing starts in a row, before giving up
LEFTOVER_SECONDS = 1  # old backends get this long to notice that their server is gone
FAST_STOP_SECONDS = 60
LOG_LIMIT = 5 * 1024 * 1024  # bytes; one older file of this size is kept


class Supervisor:
    """Keeps one server running until it is told to stop."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.account = service_account(place)
        self.stopping = False
        self.child: subprocess.Popen[bytes] | None = None
        self.pid: int | None = None  # of the server, whether it is our child or adopted

    def serve(self) -> None:
        """Run until SIGTERM or SIGINT. Raises EmbeddedError when the server cannot be started for two minutes."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self.ask_to_stop)
        cluster.make_cluster(self.place, self.account)
        failing_since: float | None = None
        while not self.stopping:
            self.adopt_or_start()
            if self.wait_until_ready():
                failing_since = None
                self.watch()
                continue
            failing_since = failing_since or time.monotonic()
            self.after_failure(time.monotonic() - failing_since)
        self.stop()

    def ask_to_stop(self, number: int, frame: FrameType | None) -> None:
        self.stopping = True

    def adopt_or_start(self) -> None:
        if not self.place.data.exists():
            raise EmbeddedError(f"{self.place.data} was removed.")
        self.child = None
        self.pid = processes.postmaster(self.place)
        if self.pid:
            say(f"adopts the running server {self.pid}")
            return
        processes.remove_stale_files(self.place)
        self.rotate_log()
        self.child = subprocess.Popen(  # type: ignore[call-overload]  # noqa: S603 - our own binary, no shell
            [str(binaries(self.place, self.account) / "postgres"), "-D", str(self.place.data)],
            stdin=subprocess.DEVNULL,
            stdout=sys.stderr,
            stderr=sys.stderr,
            cwd="/",
            env=cluster.clean_environment(),
            start_new_session=True,  # a Ctrl-C in the terminal is for us to handle
            **identity(self.account),
        )
        self.pid = self.child.pid

    def is_alive(self) -> bool:
        if self.child:
            return self.child.poll() is None
        return self.pid is not None and processes.works_here(self.pid, self.place)

    def wait_until_ready(self) -> bool:
        """Wait until the server answers a query, as long as it lives (recovery may take long), and see to its roles."""
        conninfo = {"host": str(self.place.socket_dir), "dbname": "postgres", "user": SUPERUSER, "connect_timeout": 5}
        while self.is_alive() and not self.stopping:
            try:
                with psycopg.connect(**conninfo, password=passwords(self.place)[SUPERUSER]) as connection:  # type: ignore[arg-type]
                    connection.execute("SELECT 1")
                cluster.apply_roles(self.place, self.account)
            except (psycopg.OperationalError, EmbeddedError) as error:
                if "password authentication failed" in str(error):
                    raise EmbeddedError(f"{self.place.passwords} does not fit the data in {self.place.data}.") from error
                if self.is_alive() and isinstance(error, EmbeddedError):
                    raise
                time.sleep(0.05)
            else:
                say(f"server {self.pid} is ready")
                return True
        return False

    def watch(self) -> None:
        """Return when the server has died, or we are to stop."""
        rounds = 0
        while not self.stopping and self.is_alive():
            time.sleep(0.2)
            rounds += 1
            if rounds % 50 == 0:
                self.rotate_log()
        if not self.stopping:
            say(f"server {self.pid} is gone; starting it again")

    def after_failure(self, seconds: float) -> None:
        """Between two attempts to start."""
        if self.stopping:
            return
        if seconds > PATIENCE_SECONDS:
            raise EmbeddedError(f"PostgreSQL could not be started for {PATIENCE_SECONDS} seconds; the lines above say why.")
        if seconds > LEFTOVER_SECONDS and not processes.postmaster(self.place):
            killed = processes.kill_leftovers(self.place)
            if killed:
                say(f"killed {killed} processes that a dead server had left behind")
        time.sleep(RETRY_SECONDS)

    def stop(self) -> None:
        """Stop the server: as it should be, else less and less politely. What was acknowledged is in the WAL."""
        for number, seconds in ((signal.SIGINT, FAST_STOP_SECONDS), (signal.SIGQUIT, 10), (signal.SIGKILL, 10)):
            if self.pid is None or not self.is_alive():
                break
            os.kill(self.pid, number)
            deadline = time.monotonic() + seconds
            while self.is_alive() and time.monotonic() < deadline:
                time.sleep(0.05)
        say("stopped")

    def rotate_log(self) -> None:
        """Keep the log small. It is copied and emptied in place, because the running server goes on writing to it."""
        try:
            if self.place.log.stat().st_size > LOG_LIMIT:
                old = self.place.log.with_suffix(".log.1")
                shutil.copyfile(self.place.log, old)
                old.chmod(0o600)
                os.truncate(self.place.log, 0)
        except FileNotFoundError:
            pass


def say(message: str) -> None:
    print(
        f"{time.strftime('%Y-%m-%d %H:%M:%S', time.gmtime())} UTC supervisor {os.getpid()}: {message}",
        file=sys.stderr,
        flush=True,
    )


def log_to_file(place: Place) -> None:
    """Send standard error, ours and that of the server, to the log."""
    handle = os.open(place.log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    os.dup2(handle, 2)
    os.close(handle)
    give_like_home(place, place.log)


def serve(place: Place) -> int:
    """Be the supervisor of this place. Returns the exit code; 0 also when another supervisor is already there."""
    os.umask(0o077)
    cluster.prepare(place)
    # Somebody who asks whether we live holds the lock for an instant: look again before believing that it is taken.
    for _attempt in range(20):
        lock = processes.try_lock(place.supervisor_lock, place)
        if lock is not None:
            break
        time.sleep(0.02)
    else:
        print(f"The server in {place.home} already has a supervisor.")
        return 0
    os.ftruncate(lock, 0)
    os.pwrite(lock, str(os.getpid()).encode(), 0)
    log_to_file(place)
    try:
        Supervisor(place).serve()
    except EmbeddedError as error:
        say(f"gives up: {error}")
        return 1
    return 0  # the lock is let go by the end of the process, so that nobody finds us both gone and there
