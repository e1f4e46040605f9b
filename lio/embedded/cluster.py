"""The data directory: how it is made, which settings it runs with, and how its roles come into being."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from lio.embedded.place import (
    PORT,
    ROLES,
    SUPERUSER,
    Account,
    EmbeddedError,
    Place,
    binaries,
    give,
    identity,
    passwords,
    prepare,
    private_dir,
)

ROLES_SQL = Path(__file__).with_name("roles.sql")
MEGABYTE = 1024 * 1024


def clean_environment() -> dict[str, str]:
    """The environment without what would make libpq or the server's messages differ from machine to machine."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "LC_", "LANG"))}
    return {**kept, "LC_ALL": "C"}


def make_cluster(place: Place, account: Account | None) -> None:
    """Make the data directory if there is none, all or nothing, and write the settings of this machine into it.

    Raises EmbeddedError when initdb fails, or the data were made by another major version.
    """
    prepare(place)
    programs = binaries(place, account)
    if not place.data.exists():
        initdb(place, account, programs)
    check_version(place, programs)
    private_dir(place.socket_dir, account)
    settings = place.data / "lio.conf"
    settings.write_text(configuration(place))
    give(settings, account)
    settings.chmod(0o600)


def initdb(place: Place, account: Account | None, programs: Path) -> None:
    """Make the data directory under a passing name first, so that a killed attempt leaves nothing half-made."""
    draft = place.home / "data.new"
    shutil.rmtree(draft, ignore_errors=True)
    private_dir(draft, account)
    handle, password_file = tempfile.mkstemp(dir=place.home, prefix="initdb.")
    try:
        with os.fdopen(handle, "w") as file:
            file.write(passwords(place)[SUPERUSER] + "\n")
        give(Path(password_file), account)
        command = [
            str(programs / "initdb"),
            f"--pgdata={draft}",
            f"--username={SUPERUSER}",
            f"--pwfile={password_file}",
            "--auth-local=scram-sha-256",
            "--auth-host=scram-sha-256",
            "--data-checksums",
            "--encoding=UTF8",
            "--locale=C",
            "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8",
            *(["--sync-method=syncfs"] if sys.platform == "linux" else []),
        ]
        run(command, account)
    finally:
        os.unlink(password_file)
    with (draft / "postgresql.conf").open("a") as file:
        file.write("\ninclude 'lio.conf'\n")
    draft.rename(place.data)


def run(command: list[str], account: Account | None, stdin: str = "", **extra: str) -> str:
    """Run one of PostgreSQL's programs as the server's user; answer its output, or raise EmbeddedError."""
    done = subprocess.run(  # type: ignore[call-overload]  # noqa: S603 - our own binaries, no shell
        command,
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
        cwd="/",
        env={**clean_environment(), **extra},
        **identity(account),
    )
    if done.returncode:
        raise EmbeddedError(f"{Path(command[0]).name} failed: {(done.stderr or done.stdout).strip()}")
    return str(done.stdout)


def check_version(place: Place, programs: Path) -> None:
    """Data of another major version need pg_upgrade or a dump; the server would only say that it cannot start."""
    theirs = (place.data / "PG_VERSION").read_text().strip()
    ours = run([str(programs / "postgres"), "--version"], None).split()[-1].split(".")[0]
    if theirs != ours:
        raise EmbeddedError(
            f"{place.data} was made by PostgreSQL {theirs}, the installed one is {ours}. Dump it with the old release "
            f"and load the dump into a new folder (docs/operations.md)."
        )


def memory() -> int:
    """Bytes of memory that this machine, or this container, has."""
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    try:
        return min(total, int(Path("/sys/fs/cgroup/memory.max").read_text()))
    except (OSError, ValueError):  # no cgroup, or "max"
        return total


def configuration(place: Place) -> str:
    """The text of lio.conf."""
    total = memory()
    settings: dict[str, object] = {
        "listen_addresses": "",
        "port": PORT,
        "unix_socket_directories": place.socket_dir,
        "unix_socket_permissions": "0700",
        "password_encryption": "scram-sha-256",
        "max_connections": 100,
        # Nothing acknowledged may be lost.
        "fsync": "on",
        "synchronous_commit": "on",
        "full_page_writes": "on",
        # The page cache is the other half of PostgreSQL's memory, hence a quarter; and a small machine has other uses
        # for it.
        "shared_buffers": f"{max(32, min(total // 4 // MEGABYTE, 1024))}MB",
        "effective_cache_size": f"{max(64, total // 2 // MEGABYTE)}MB",
        "work_mem": "32MB" if total > 2048 * MEGABYTE else "8MB",
        "maintenance_work_mem": "128MB" if total > 2048 * MEGABYTE else "32MB",
        "random_page_cost": 1.1,
        "jit": "off",
        "timezone": "UTC",
        "log_timezone": "UTC",
        "log_line_prefix": "%m [%p] %q%u@%d ",
        # A log is read by more people than the data: messages without the rows and statements that caused them.
        "log_error_verbosity": "terse",
        "log_min_error_statement": "panic",
        "log_checkpoints": "off",
    }
    if sys.platform == "linux":
        # Ten times faster than opening every file after a crash.
        settings["recovery_init_sync_method"] = "syncfs"
        shared = os.statvfs("/dev/shm") if os.path.isdir("/dev/shm") else None  # noqa: S108 - only its size is read
        if shared and shared.f_frsize * shared.f_blocks < 512 * MEGABYTE:
            # Containers often have 64 MB there, too little for building an index in parallel.
            settings["max_parallel_maintenance_workers"] = 0
    lines = [f"{name} = {quoted(value)}" for name, value in settings.items()]
    return "\n".join(["# Written anew at every start.", *lines, ""])


def quoted(value: object) -> str:
    return "'" + str(value).replace("'", "''") + "'"


def apply_roles(place: Place, account: Account | None) -> None:
    """Make or refresh roles, database and grants on the running server."""
    secrets = passwords(place)
    variables = "".join(f"\\set {kind}_password '{secrets[role]}'\n" for kind, role in ROLES.items())
    command = [
        str(binaries(place, account) / "psql"),
        "--no-psqlrc",
        "--quiet",
        "--no-password",
        f"--host={place.socket_dir}",
        f"--port={PORT}",
        f"--username={SUPERUSER}",
        "--dbname=postgres",
    ]
    # By standard input and environment: arguments can be read by every user of the machine.
    run(command, account, stdin=variables + ROLES_SQL.read_text(), PGPASSWORD=secrets[SUPERUSER])
