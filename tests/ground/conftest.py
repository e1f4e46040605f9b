"""A second embedded server in a folder of its own, driven from outside as a user would."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import psycopg
import pytest

from lio.embedded import control
from lio.embedded import place as places

Answer = TypeVar("Answer")
CHECKOUT = Path(__file__).resolve().parents[2]


class Ground:
    """One embedded server: `command` runs `python -m lio.embedded`, the rest looks at what there is."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        cleared = {"DATABASE_URL", "DATABASE_OWNER_URL", "DATABASE_SYSTEM_URL"}
        self.environment = {name: value for name, value in os.environ.items() if name not in cleared}
        self.environment["LIO_DATA_DIR"] = str(folder)

    def popen(self, *arguments: str) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [sys.executable, *arguments],
            cwd=CHECKOUT,
            env=self.environment,
            text=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )

    def command(self, *arguments: str) -> str:
        process = self.popen("-m", "lio.embedded", *arguments)
        output, _ = process.communicate(timeout=100)
        assert process.returncode in (0, 3), output
        return output

    def inside(self, question: Callable[[], Answer]) -> Answer:
        """Ask the package about this server instead of the checkout's own."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("LIO_DATA_DIR", str(self.folder))
            return question()

    def start(self) -> dict[str, Any]:
        self.command("start")
        return self.status()

    def status(self) -> dict[str, Any]:
        return self.inside(control.status)

    @property
    def place(self) -> places.Place:
        return self.inside(places.locate)

    def url(self, kind: str = "app") -> str:
        return self.inside(control.urls)[kind]

    def connect(self, kind: str = "app", **options: str) -> "psycopg.Connection[tuple]":
        return psycopg.connect(self.url(kind), autocommit=True, **options)  # type: ignore[arg-type]

    def kill(self, who: str) -> int:
        pid = self.status()[who]
        os.kill(pid, signal.SIGKILL)
        return pid


def until(condition: Callable[[], object], seconds: float = 40) -> object:
    """Wait until the condition holds, and return what it answered."""
    deadline = time.monotonic() + seconds
    while True:
        found = condition()
        if found or time.monotonic() > deadline:
            assert found, "it did not happen in time"
            return found
        time.sleep(0.1)


@pytest.fixture
def folder():
    """A folder that others may pass through, as a checkout usually is (pytest's own tmp_path is closed)."""
    path = Path(tempfile.mkdtemp(prefix="lio-ground-"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path)


@pytest.fixture
def fresh(folder):
    """A place where no server has ever been."""
    found = Ground(folder / "data")
    yield found
    found.command("stop")


@pytest.fixture(scope="module")
def ground():
    """One running server for the tests of a module that leave it running."""
    path = Path(tempfile.mkdtemp(prefix="lio-ground-"))
    path.chmod(0o755)
    found = Ground(path / "data")
    found.start()
    yield found
    found.command("stop")
    shutil.rmtree(path)
