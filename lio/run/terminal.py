"""Who gets the terminal's Ctrl-C, and what `make` does with one."""

import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import FrameType

STARTER = os.getppid()  # before any fork of ours


def in_foreground(work: Callable[[], int]) -> int:
    """Do the work, and return its exit code, so that Ctrl-C reaches the work alone.

    A terminal sends Ctrl-C to its whole foreground group, and `make`, once it got it, ends with an error however
    cleanly the work ended. So the work gets a group of its own, as a shell would do it; we stay in make's group and
    hand on what is sent there.
    """
    if not is_guest_of_terminal():
        return work()
    group = os.getpgrp()
    worker = os.fork()
    if worker == 0:
        take_terminal(0)
        signal.signal(signal.SIGTSTP, signal.SIG_IGN)  # nobody could continue a group that its shell does not know
        sys.exit(work())

    def hand_on(number: int, frame: FrameType | None) -> None:
        os.kill(worker, number)

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, hand_on)
    with suppress(OSError):  # it was quicker
        os.setpgid(worker, worker)
    _, status = os.waitpid(worker, 0)
    with suppress(OSError):  # the terminal may have been closed
        take_terminal(group)
    return os.waitstatus_to_exitcode(status)


def is_guest_of_terminal() -> bool:
    """Whether we are in the terminal's foreground, but in a group that somebody else (make) leads."""
    try:
        return os.tcgetpgrp(0) == os.getpgrp() != os.getpid()
    except OSError:
        return False


def make_waits_for_us() -> bool:
    """Whether the `make` that started us was interrupted by itself: SIGTERM it hands on, but on SIGINT it only waits.

    It then no longer catches SIGINT, which Linux shows.
    """
    try:
        lines = Path(f"/proc/{STARTER}/status").read_text().splitlines()
    except OSError:
        return False
    status = dict(line.split(":\t", 1) for line in lines if ":\t" in line)
    handled = int(status["SigCgt"], 16) | int(status["SigIgn"], 16)
    return status["Name"] == "make" and not handled & 1 << (signal.SIGINT - 1)


def take_terminal(group: int) -> None:
    """Make this process group (0: a new one of our own) the one that the terminal's keys go to."""
    if not group:
        os.setpgid(0, 0)
    before = signal.signal(signal.SIGTTOU, signal.SIG_IGN)  # else asking from the background would stop us
    os.tcsetpgrp(0, group or os.getpid())
    signal.signal(signal.SIGTTOU, before)
