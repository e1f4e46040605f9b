"""Nobody is more powerful than his task, and nobody comes in without a password."""

import subprocess
from urllib.parse import urlsplit

import psycopg
import pytest

from lio.embedded import place as places


def powers(ground, kind):
    with ground.connect(kind) as connection:
        return connection.execute(
            "SELECT rolname, rolsuper, rolbypassrls, rolcreatedb, rolcreaterole FROM pg_roles WHERE rolname = current_user"
        ).fetchone()


def test_the_application_is_bound_by_row_level_security(ground):
    assert powers(ground, "app") == ("lio_app", False, False, False, False)


def test_the_owner_may_make_test_databases_but_is_no_superuser(ground):
    assert powers(ground, "owner") == ("lio_owner", False, True, True, False)


def test_sweeps_pass_the_walls_but_make_nothing(ground):
    assert powers(ground, "system") == ("lio_system", False, True, False, False)


@pytest.mark.parametrize("kind", ["app", "system"])
def test_only_the_owner_makes_tables(ground, kind):
    with ground.connect(kind) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute("CREATE TABLE intruder (id int)")


@pytest.mark.parametrize("role", ["lio_owner", "lio_system", "postgres"])
def test_the_application_cannot_become_another_role(ground, role):
    with ground.connect() as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(f"SET ROLE {role}")


@pytest.mark.parametrize("role", ["lio_app", "lio_owner", "lio_system", "postgres"])
@pytest.mark.parametrize("password", ["", "wrong"])
def test_no_role_enters_without_its_password(ground, role, password):
    host = str(ground.place.socket_dir)
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(host=host, port=5432, dbname="lio", user=role, password=password)


def test_passwords_and_data_are_closed_to_others(ground):
    place = ground.place
    assert place.passwords.stat().st_mode & 0o777 == 0o600
    assert place.data.stat().st_mode & 0o777 == 0o700
    assert place.socket_dir.stat().st_mode & 0o777 == 0o700
    assert not list(place.home.glob("initdb.*"))


def test_nothing_acknowledged_may_be_lost_and_nobody_may_wait_for_ever(ground):
    wanted = {
        "fsync": "on",
        "synchronous_commit": "on",
        "full_page_writes": "on",
        "data_checksums": "on",
        "listen_addresses": "",
        "lock_timeout": "2s",
        "idle_in_transaction_session_timeout": "30s",
        "max_parallel_workers_per_gather": "0",
        "server_encoding": "UTF8",
        "max_connections": "100",
    }
    with ground.connect() as connection:
        found = {name: connection.execute(f"SHOW {name}").fetchone()[0] for name in wanted}
    assert found == wanted


def test_the_owner_makes_the_extensions_that_the_product_uses(ground):
    with ground.connect("owner") as connection:
        for name in ("pg_trgm", "btree_gist", "btree_gin", "unaccent"):
            connection.execute(f"CREATE EXTENSION IF NOT EXISTS {name}")


def test_an_administrator_gets_the_same_roles_from_the_printed_sql(ground):
    script, _ = ground.popen("manage.py", "database_roles").communicate(timeout=60)
    assert script.startswith("-- The roles"), script
    place = ground.place
    superuser = places.passwords(place)["postgres"]
    known = {kind: urlsplit(ground.url(kind)).password for kind in places.ROLES}  # the server stays usable for other tests
    done = subprocess.run(
        [
            *(str(places.binaries(place, None) / "psql"), "--no-psqlrc", "--dbname"),
            f"postgresql://postgres:{superuser}@:5432/postgres?host={place.socket_dir}",
            *(f"--set={kind}_password={password}" for kind, password in known.items()),
            "--set=database=elsewhere",
        ],
        input=script,
        text=True,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    with ground.connect("app", dbname="elsewhere") as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute("CREATE TABLE intruder (id int)")
    with ground.connect("owner", dbname="elsewhere") as connection:
        connection.execute("CREATE TABLE lead (id int)")
