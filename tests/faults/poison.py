"""Jobs that misbehave. The worker finds them because it runs from the checkout.

Each writes a line "process id, time" into the file that it is given, so that a test sees every run, also of one that died.
"""

import os
import signal
import time
from pathlib import Path

from django.db import connection

from lio.jobs import job


def note(path):
    with Path(path).open("a") as file:
        file.write(f"{os.getpid()} {time.time()}\n")


def runs(path):
    """[(process id, time)] of all runs so far."""
    try:
        lines = Path(path).read_text().splitlines()
    except FileNotFoundError:
        return []
    return [(int(pid), float(moment)) for pid, moment in (line.split() for line in lines)]


@job(attempts=3)
def kill_own_process(path):
    note(path)
    os.kill(os.getpid(), signal.SIGKILL)


@job(batch=True)
def kill_process_for(numbers):
    """Dies when 0 is among the numbers."""
    if 0 in numbers:
        os.kill(os.getpid(), signal.SIGKILL)


@job(attempts=3)
def raise_error(path):
    note(path)
    raise ValueError("as it was told to")


@job(attempts=3)
def cut_own_connection():
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")


@job(attempts=3)
def nap(path, seconds):
    note(path)
    time.sleep(seconds)


@job(attempts=3)
def stall_once(path, seconds):
    """In its first run only, waits inside the database."""
    note(path)
    if len(runs(path)) == 1:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_sleep(%s)", [seconds])
