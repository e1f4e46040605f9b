"""What the rest of the product asks of the embedded server: its addresses, that it runs, that it stops."""

import os
import signal
import subprocess
import sys
import time
from urllib.parse import quote

from lio.embedded.place import CHECKOUT, DATABASE, PORT, ROLES, EmbeddedError, Place, locate, passwords, prepare

START_SECONDS = 150
STOP_SECONDS = 90
_children: list[subprocess.Popen[bytes]] = []  # supervisors that this process started; they outlive it


def urls() -> dict[str, str]:
    """The database's addresses by kind: `app`, `owner`, `system`. Starts nothing; makes the passwords on first use."""
    place = locate()
    known = passwords(place)
    host = quote(str(place.socket_dir), safe="")
    # The port only names the socket file; without it libpq would take PGPORT from the environment.
    return {kind: f"postgresql://{role}:{known[role]}@:{PORT}/{DATABASE}?host={host}" for kind, role in ROLES.items()}


def answers() -> bool:
    """Whether the application's role gets an answer from the application's database."""
    import psycopg

    try:
        with psycopg.connect(urls()["app"], connect_timeout=5, autocommit=True) as connection:
            connection.execute("SELECT 1")
    except psycopg.OperationalError as error:
        # A server whose connections are all taken is a running server.
        return "too many clients" in str(error) or "connection slots" in str(error)
    return True


def is_running(place: Place) -> bool:
    from lio.embedded import processes

    return place.socket.exists() and processes.supervisor(place) is not None and answers()


def ensure_running(seconds: float = START_SECONDS) -> None:
    """Start the server if it does not run, and return when it answers. Any number of processes may call this at once.

    Raises EmbeddedError, with the end of the log, when it does not answer in time.
    """
    from lio.embedded import processes

    place = locate()
    if is_running(place):
        return
    prepare(place)
    deadline = time.monotonic() + seconds
    try:
        with processes.locked(place.start_lock, place, seconds):
            child: subprocess.Popen[bytes] | None = None
            while not is_running(place):
                if time.monotonic() > deadline:
                    raise EmbeddedError(f"The embedded PostgreSQL does not answer.\n{end_of_log(place)}")
                if child and child.poll():
                    raise EmbeddedError(f"The embedded PostgreSQL did not start.\n{end_of_log(place)}")
                if processes.supervisor(place) is None and (child is None or child.poll() is not None):
                    child = spawn_supervisor()
                time.sleep(0.05)
    except TimeoutError as error:
        raise EmbeddedError(f"Another process has been starting the embedded PostgreSQL for too long: {error}") from error


def spawn_supervisor() -> subprocess.Popen[bytes]:
    # Nothing of the caller's may keep the supervisor, or the supervisor the caller's: no pipes, no terminal, no process
    # group.
    kept = {name: value for name, value in os.environ.items() if name != "LIO_RUN_CHILD"}
    child = subprocess.Popen(
        [sys.executable, "-m", "lio.embedded", "serve"],
        cwd=CHECKOUT,
        env=kept,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    _children[:] = [*(old for old in _children if old.poll() is None), child]
    return child


def end_of_log(place: Place) -> str:
    try:
        return "\n".join(place.log.read_text(errors="replace").splitlines()[-15:]) + f"\n({place.log})"
    except OSError:
        return f"(there is no log at {place.log})"


def stop(seconds: float = STOP_SECONDS) -> bool:
    """Stop server and supervisor cleanly. Returns whether there was anything to stop; EmbeddedError if it stays."""
    from lio.embedded import processes

    place = locate()
    if not place.home.is_dir():
        return False
    deadline = time.monotonic() + seconds
    asked: set[int] = set()
    with processes.locked(place.start_lock, place, seconds):
        while True:
            supervisor = processes.supervisor(place)
            # Without a supervisor the server itself is asked; SIGINT is its fast and clean way to end.
            pid = processes.postmaster(place) if supervisor is None else supervisor
            if pid is None:
                return bool(asked)
            if pid and pid not in asked:
                asked.add(pid)
                signal_process(pid, signal.SIGINT if supervisor is None else signal.SIGTERM)
            if time.monotonic() > deadline:
                raise EmbeddedError(f"Process {pid} does not stop.\n{end_of_log(place)}")
            time.sleep(0.05)


def signal_process(pid: int, number: int) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        pass
    except PermissionError as error:
        raise EmbeddedError(f"Process {pid} belongs to another user: stop it as that user, or as root.") from error


def status() -> dict[str, object]:
    """What there is: `running`, `supervisor` and `server` (process ids or None), `home`, `log`."""
    from lio.embedded import processes

    place = locate()
    supervisor = processes.supervisor(place) if place.home.is_dir() else None
    return {
        "running": supervisor is not None and is_running(place),
        "supervisor": supervisor,
        "server": processes.postmaster(place) if place.home.is_dir() else None,
        "home": str(place.home),
        "log": str(place.log),
    }
