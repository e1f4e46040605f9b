"""What must be true of the database before web and worker start: the schema is the code's, the demo was loaded once.

Both take a Django start each, so what was found true is noted in a file and only compared at the next start. The note
counts only for the very database it was made for.
"""

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psycopg

from lio.embedded import urls
from lio.embedded.place import CHECKOUT


def prepare(data_dir: Path, say: Callable[[str], None]) -> str:
    """Migrate and load the demo where needed. Returns the demo's sign-in as text, empty in production.

    Raises subprocess.CalledProcessError when a command fails; its output is on the screen.
    """
    note = data_dir / "prepared.json"
    known = read(note)
    production = os.environ.get("LIO_ENV") == "production"
    found = state()
    if not known or found is None or known.get("state") != found:
        say("Migrating the database ...")
        manage("migrate", "--verbosity=0", "--no-input")
        if not production:
            say("Loading the demo ...")
        known = {"demo": "" if production else manage("demo").rpartition("\n")[2]}  # its last line, the sign-in
        note.write_text(json.dumps({**known, "state": state()}))
    return str(known["demo"])


def read(note: Path) -> dict[str, object] | None:
    try:
        return dict(json.loads(note.read_text()))
    except (OSError, ValueError):
        return None


def state() -> list[object] | None:
    """What the note is about: the migrations of code and database. None for an empty one, and for a server of your own."""
    if os.environ.get("DATABASE_URL"):
        return None
    with psycopg.connect(urls()["owner"]) as connection:
        if connection.execute("SELECT to_regclass('django_migrations')").fetchone() == (None,):
            return None
        row = connection.execute(
            "SELECT (SELECT system_identifier::text FROM pg_control_system()), count(*), max(id) FROM django_migrations"
        ).fetchone()
    return [migrations(), *(row or ())]


def migrations() -> str:
    """A hash of all migration files, and of the lock for those of the libraries."""
    digest = hashlib.sha256()
    for path in [CHECKOUT / "requirements.txt", *sorted(CHECKOUT.glob("*/migrations/*.py"))]:
        digest.update(f"{path.name}\0".encode() + path.read_bytes() + b"\0")
    return digest.hexdigest()


def manage(*arguments: str) -> str:
    """Run a management command; its errors go to the screen, its output is returned."""
    done = subprocess.run(  # noqa: S603 - our own commands
        [sys.executable, "manage.py", *arguments],
        cwd=CHECKOUT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return done.stdout.strip()
