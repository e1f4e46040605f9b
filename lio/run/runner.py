"""The runner: starts everything in order, keeps it alive, stops everything in order."""

import fcntl
import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from types import FrameType

import psycopg

from lio.embedded import EmbeddedError, ensure_running, stop, urls
from lio.embedded.place import CHECKOUT, data_dir, locate
from lio.embedded.processes import supervisor
from lio.run.child import Child, end_all
from lio.run.preparation import prepare
from lio.run.terminal import make_waits_for_us

READY_SECONDS = 60
STOP_SECONDS = 10  # for requests and jobs under way; what is cut off then is done again from its Job row


class RunError(RuntimeError):
    """Why nothing was started."""


class Signals:
    """Remembers that we are to stop; a second Ctrl-C shortens the wait."""

    def __init__(self) -> None:
        self.count = 0
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self.note)
        if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # nohup
            signal.signal(signal.SIGHUP, self.note)

    def note(self, number: int, frame: FrameType | None) -> None:
        self.count += 1


def say(message: str) -> None:
    print(message, flush=True)


def address() -> tuple[str, int]:
    """Host and port to serve on. Raises RunError for a port that is none."""
    port = os.environ.get("LIO_PORT", "8000")
    if not port.isdecimal() or not 0 < int(port) < 65536:
        raise RunError(f"LIO_PORT is {port!r}; it must be a number from 1 to 65535.")
    return os.environ.get("LIO_HOST", "127.0.0.1"), int(port)


def near(host: str) -> str:
    """Where to reach ourselves when we listen on all addresses."""
    return {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(host, host)  # noqa: S104 - compared, not bound


def children(folder: Path) -> list[Child]:
    host, port = address()
    os.environ["LIO_PORT"] = str(port)
    web = [
        *(sys.executable, "-m", "gunicorn", "lio.wsgi:application"),
        f"--bind={f'[{host}]' if ':' in host else host}:{port}",
        *("--worker-class=gthread", f"--workers={os.environ.get('LIO_WEB_WORKERS', '2')}"),
        f"--threads={os.environ.get('LIO_WEB_THREADS', '4')}",
        # A restarted master must get the port although orphans of the old one may still hold it for a moment.
        *("--reuse-port", "--no-control-socket", "--graceful-timeout=5", "--timeout=60"),
    ]
    worker = [sys.executable, "manage.py", "worker"]
    return [
        Child("web", web, folder, scratch_variable="PROMETHEUS_MULTIPROC_DIR"),  # /metrics adds up the web's processes
        Child("worker", worker, folder, LIO_ROLE="worker"),
    ]


def check_port() -> None:
    """Raise RunError when the port is taken. gunicorn would share it silently, because of --reuse-port."""
    host, port = address()
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise RunError(
                f"Cannot listen on {host}, port {port}: {error.strerror}. "
                "Free it, or choose another one: make run LIO_PORT=8001"
            ) from error


def take_lock(folder: Path) -> int:
    """One runner for each data folder: the open lock file. Raises RunError when there is another."""
    folder.mkdir(parents=True, exist_ok=True)
    handle = os.open(folder / "run.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        other = os.pread(handle, 20, 0).decode().strip()
        os.close(handle)
        raise RunError(f"LIO already runs from this folder (process {other}). `make stop` ends it.") from None
    os.ftruncate(handle, 0)
    os.pwrite(handle, str(os.getpid()).encode(), 0)
    return handle


def run() -> int:
    """Run everything until SIGINT or SIGTERM. Returns the exit code."""
    os.chdir(CHECKOUT)
    folder = data_dir()
    embedded = not os.environ.get("DATABASE_URL")
    lock = take_lock(folder)
    signals = Signals()
    parts = children(folder)
    for part in parts:
        part.kill_remains()
    check_port()
    try:
        if embedded:
            ensure_running()
        demo = prepare(folder, say)
        for part in parts:
            if not signals.count:
                part.start()
        wait_until_ready(parts, signals)
        if not signals.count:
            say(banner(demo, folder))
        while not signals.count and not make_waits_for_us():
            watch(parts, embedded)
            time.sleep(0.2)
    except subprocess.CalledProcessError as error:
        if not signals.count:  # Ctrl-C in the middle of it reaches the command as well
            raise RunError(f"{' '.join(error.cmd[1:])} failed.\n{error.stdout or ''}") from error
    finally:
        say("\nStopping ...")
        begun = signals.count
        end_all(parts, STOP_SECONDS, hurry=lambda: signals.count > begun)
        if embedded:
            stop_database()
        os.close(lock)
    say("Stopped.")
    return 0


def watch(parts: list[Child], embedded: bool) -> None:
    """One look at everything that should be alive."""
    for part in parts:
        if news := part.watch():
            say(news)
    if embedded and supervisor(locate()) is None:
        say("The supervisor of PostgreSQL is gone; starting another.")
        try:
            ensure_running(20)
        except EmbeddedError as error:
            say(str(error))


def wait_until_ready(parts: list[Child], signals: Signals) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while not signals.count:
        answer = readiness()
        if answer == "200":
            return
        watch(parts, embedded=False)
        if time.monotonic() > deadline:
            say(f"Not ready after {READY_SECONDS} seconds ({answer}); it may still come. Logs: {parts[0].log.parent}")
            return
        time.sleep(0.05)


def readiness() -> str:
    """The status of /readyz, or why there is none."""
    host, port = address()
    connection = http.client.HTTPConnection(near(host), port, timeout=5)
    try:
        connection.request(
            "GET", "/readyz", headers={"Host": os.environ.get("ALLOWED_HOSTS", f"{near(host)}:{port}").split(",")[0]}
        )
        return str(connection.getresponse().status)
    except (OSError, http.client.HTTPException) as error:
        return str(error)
    finally:
        connection.close()


def banner(demo: str, folder: Path) -> str:
    host, port = address()
    shown = f"[{near(host)}]" if ":" in near(host) else near(host)
    lines = [
        "",
        f"LIO runs at http://{shown}:{port}/",
        *([demo] if demo else []),
        f"Logs are in {folder / 'log'}. Ctrl-C stops everything.",
    ]
    return "\n".join(lines)


def stop_database() -> None:
    """Stop the embedded server, unless somebody else (tests, a shell) is at work on it."""
    deadline = time.monotonic() + 2  # connections of processes that have just ended take a moment to go
    while (others := other_connections()) and time.monotonic() < deadline:
        time.sleep(0.1)
    if others:
        say(f"PostgreSQL goes on, because others use it ({others} connections). `make stop` ends it.")
    else:
        stop()


def other_connections() -> int:
    try:
        with psycopg.connect(urls()["app"], connect_timeout=2) as connection:
            row = connection.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE usename LIKE 'lio\\_%' AND pid <> pg_backend_pid()"
            ).fetchone()
    except psycopg.Error:
        return 0
    return int(row[0]) if row else 0


def stop_all() -> int:
    """`make stop`: end the runner of this checkout, whatever a killed one left behind, and the embedded server."""
    folder = data_dir()
    try:
        lock = take_lock(folder)
    except RunError:
        pid = int((folder / "run.lock").read_text())
        os.kill(pid, signal.SIGTERM)
        lock = wait_for_lock(folder)
    end_all(children(folder), seconds=0, hurry=lambda: True)
    os.close(lock)
    stop()
    say("Stopped.")
    return 0


def wait_for_lock(folder: Path) -> int:
    deadline = time.monotonic() + STOP_SECONDS + 70
    while True:
        try:
            return take_lock(folder)
        except RunError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
