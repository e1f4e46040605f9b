"""What is really running: locks, the server's process, leftovers of a server that was killed.

A pid file proves nothing. The number in it may belong to a process that has nothing to do with PostgreSQL (after a
restart of a container it usually does), or to one that is dead but not yet reaped. So a process counts as ours only if
it is a living `postgres` that works in our data directory.
"""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from lio.embedded.place import Place, give_like_home


def postmaster(place: Place) -> int | None:
    """The process id of the server on our data directory, or None."""
    try:
        pid = int((place.data / "postmaster.pid").read_text().split("\n", 1)[0])
    except (OSError, ValueError):
        return None
    return pid if works_here(pid, place) else None


def works_here(pid: int, place: Place) -> bool:
    try:
        process = psutil.Process(pid)
        return process.status() != psutil.STATUS_ZOMBIE and is_postgres(process, place)
    except psutil.Error:
        return False


def is_postgres(process: psutil.Process, place: Place) -> bool:
    # The server changes into its data directory; the name keeps out a shell that somebody opened there.
    return process.name().startswith("postgres") and Path(process.cwd()) == place.data.resolve()


def remove_stale_files(place: Place) -> None:
    """Remove the pid files of a server that is gone.

    PostgreSQL itself refuses to start while the number in them belongs to any process of the same user. What it checks
    beside that, the shared memory still held by old backends, stays in force.
    """
    for path in (place.data / "postmaster.pid", place.socket, place.socket.with_name(f"{place.socket.name}.lock")):
        path.unlink(missing_ok=True)


def kill_leftovers(place: Place) -> int:
    """Kill backends whose server is gone: they hold its shared memory, and so hold up every start. Returns how many."""
    killed = 0
    for process in psutil.process_iter():
        try:
            if is_postgres(process, place):
                process.kill()
                killed += 1
        except psutil.Error:
            continue
    return killed


def try_lock(path: Path, place: Place) -> int | None:
    """Take the lock without waiting: the open file, which holds it until it is closed; None if it is taken."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        return None
    give_like_home(place, path)
    return handle


@contextmanager
def locked(path: Path, place: Place, seconds: float) -> Iterator[None]:
    """Hold the lock file; raises TimeoutError when others hold it for longer than this."""
    deadline = time.monotonic() + seconds
    while (handle := try_lock(path, place)) is None:
        if time.monotonic() > deadline:
            raise TimeoutError(f"{path} is held by another process")
        time.sleep(0.05)
    try:
        yield
    finally:
        os.close(handle)


def supervisor(place: Place) -> int | None:
    """The process id of the living supervisor (0 while it has not written it yet), or None."""
    try:
        handle = os.open(place.supervisor_lock, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)  # shared: askers do not see each other
    except BlockingIOError:
        return int(os.pread(handle, 20, 0).strip() or b"0")
    finally:
        os.close(handle)
    return None
