"""One process of LIO that is kept alive: started, watched, started again, ended with everything it left behind."""

import os
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import psutil

MARK = "LIO_RUN_CHILD"  # environment variable by which a child, and all that it forks, is recognised later
LOG_LIMIT = 5 * 1024 * 1024  # bytes; one older file of this size is kept
FIRST_DELAY, LONGEST_DELAY, STEADY = 0.5, 15.0, 30.0  # seconds


class Child:
    """A command that runs until `terminate`. Its output goes to a log file of bounded size."""

    def __init__(self, name: str, command: list[str], data_dir: Path, scratch_variable: str = "", **environment: str) -> None:
        """`scratch_variable` names an environment variable for a folder that is emptied at every start."""
        self.name = name
        self.command = command
        self.environment = environment
        self.scratch = data_dir / "scratch" / name if scratch_variable else None
        if self.scratch:
            self.environment[scratch_variable] = str(self.scratch)
        self.mark = f"{data_dir}:{name}"
        self.log = data_dir / "log" / f"{name}.log"
        self.process: subprocess.Popen[bytes] | None = None
        self.started_at = 0.0
        self.delay = FIRST_DELAY
        self.due_at: float | None = None

    def start(self) -> None:
        """Start it, after ending what an earlier one left: orphans would go on answering on the same port."""
        self.kill_remains()
        self.trim_log()
        if self.scratch:
            shutil.rmtree(self.scratch, ignore_errors=True)
            self.scratch.mkdir(parents=True)
        self.due_at = None
        self.started_at = time.monotonic()
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(  # noqa: S603 - our own commands
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**os.environ, **self.environment, MARK: self.mark},
                start_new_session=True,
            )

    def is_alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def watch(self) -> str | None:
        """Start it again when it has died, after a pause that grows. Returns what to tell the user, or None."""
        self.trim_log()
        if self.is_alive():
            return None
        now = time.monotonic()
        if self.due_at is None:
            self.delay = FIRST_DELAY if now - self.started_at > STEADY else min(self.delay * 2, LONGEST_DELAY)
            self.due_at = now + self.delay
            code = self.process.returncode if self.process else None
            news = f"{self.name} ended ({code}); starts again in {self.delay:.0f} s. End of {self.log}:"
            return f"{news}\n{self.end_of_log()}"
        if now >= self.due_at:
            self.start()
        return None

    def terminate(self) -> None:
        if self.is_alive() and self.process:
            self.process.terminate()

    def kill_remains(self) -> None:
        """Kill what is left of this child: its own processes, and those of a runner that was killed."""
        for process in remains(self.mark):
            try:
                process.kill()
            except psutil.Error:
                continue
        if self.process:
            self.process.wait()

    def end_of_log(self, lines: int = 12) -> str:
        try:
            return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])
        except OSError:
            return ""

    def trim_log(self) -> None:
        """Copied and emptied in place, because the running process goes on writing to the same file."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        if self.log.exists() and self.log.stat().st_size > LOG_LIMIT:
            self.log.with_suffix(".log.1").write_bytes(self.log.read_bytes())
            os.truncate(self.log, 0)


def remains(mark: str) -> list[psutil.Process]:
    """Living processes that carry the mark."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get(MARK) == mark and process.pid != os.getpid():
                found.append(process)
        except psutil.Error:
            continue
    return found


def end_all(children: list[Child], seconds: float, hurry: Callable[[], bool]) -> None:
    """End the children together: asked first, killed with all that they forked when time or patience is over."""
    for child in children:
        child.terminate()
    deadline = time.monotonic() + seconds
    while any(child.is_alive() for child in children) and time.monotonic() < deadline and not hurry():
        time.sleep(0.05)
    for child in children:
        child.kill_remains()
