"""What every test has: a database that the owner migrated and the app's role uses, and three people.

`rep` works in an organisation as an Admin, `colleague` in the same one as a Sales Rep, `outsider` in another. Tests run as
the app's role with the walls on, never as the owner.
"""

import os
from pathlib import Path

import pytest
from _pytest.nodeid import NodeId

if not os.environ.get("DATABASE_URL"):
    from lio.embedded import ensure_running

    ensure_running()

from django.conf import settings
from django.db import connections
from django.test import TransactionTestCase
from django.test.utils import override_settings
from rest_framework.test import APIClient

SHARED = Path(__file__).resolve().parent.parent.parent / "shared"


def shared(path):
    """A file of the project's shared data. Skips in a clone without it; fails where the folder is there but the file is not."""
    if not SHARED.is_dir():
        pytest.skip("needs the shared data folder beside the checkout")
    found = SHARED / path
    assert found.exists(), f"{path} is missing from the shared data"
    return found


@pytest.fixture(scope="session")
def django_db_modify_db_settings():
    """Never the development database; one test database a process."""


@pytest.fixture(scope="session")
def django_db_setup(request, django_db_blocker):
    """Create and migrate a test database as the owner, then go on as the app's role (TRUST 3.1)."""
    from django.core.management import call_command

    from lio.settings import DATABASE_URLS, database

    worker = os.environ.get("PYTEST_XDIST_WORKER", "")
    owner = database(DATABASE_URLS["owner"], prepared=False)
    name = f"test_{owner['NAME']}" + (f"_{worker}" if worker else "")
    with django_db_blocker.unblock():
        app = dict(connections["default"].settings_dict)
        _use(connections["default"], owner)
        _administer(owner, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)', f'CREATE DATABASE "{name}"')
        _use(connections["default"], {**owner, "NAME": name})
        call_command("migrate", verbosity=0, interactive=False)
        for alias in ("default", "system"):
            there = app if alias == "default" else connections["system"].settings_dict
            _use(connections[alias], {**there, "NAME": name})
        settings.DATABASES["default"]["NAME"] = settings.DATABASES["system"]["NAME"] = name
        with connections["default"].cursor() as cursor:
            cursor.execute("SELECT current_user")
            assert cursor.fetchone()[0] == app["USER"]
    yield
    with django_db_blocker.unblock():
        for alias in ("default", "system"):
            connections[alias].close()
        _administer(owner, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def _use(connection, changed):
    connection.close()
    keep = {key: value for key, value in changed.items() if key in ("NAME", "USER", "PASSWORD", "HOST", "PORT", "OPTIONS")}
    connection.settings_dict.update(keep)


def _administer(owner, *statements):
    import psycopg

    with psycopg.connect(dbname=owner["NAME"], user=owner["USER"], password=owner["PASSWORD"], host=owner["HOST"] or None,
                         port=owner["PORT"] or None, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement)


@pytest.fixture(scope="session", autouse=True)
def quick_settings():
    """Passwords hashed cheaply: what is tested is who may sign in, not how slow a hash is. Mail stays in memory."""
    with override_settings(PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
                           EMAIL_BACKEND="django.core.mail.backends.locmem.EmailBackend"):
        yield


@pytest.fixture(scope="session", autouse=True)
def flushed_by_the_owner():
    """Tests with real transactions leave rows behind; the app's role cannot truncate, so the owner does."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", lambda case: empty_tables())
        yield


def empty_tables():
    import psycopg

    from lio.settings import DATABASE_URLS, database

    owner = database(DATABASE_URLS["owner"])
    with psycopg.connect(dbname=connections["default"].settings_dict["NAME"], user=owner["USER"], password=owner["PASSWORD"],
                         host=owner["HOST"] or None, port=owner["PORT"] or None, autocommit=True) as connection:
        tables = [row[0] for row in connection.execute(
            "SELECT quote_ident(tablename) FROM pg_tables WHERE schemaname = 'public' AND tablename NOT IN "
            "('django_migrations', 'django_content_type')")]
        connection.execute(f"TRUNCATE {', '.join(tables)} CASCADE")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config, items):
    """The ids that pytest-xdist hands tests out by. pytest 9.2 makes an id without the name that schemathesis gave a test and
    without the group that pytest-xdist wrote into it: of all tests of one id a single one ran, and no group stayed together.
    """
    for item in items:
        name, given = item.nodeid, getattr(item, "operation_label", None)
        if given and not name.endswith("]"):
            name = f"{name}[{given}]"
        groups = sorted({mark.args[0] for mark in item.iter_markers("xdist_group")})
        if groups and getattr(config.option, "loadgroup", False):
            name = f"{name}@{'_'.join(groups)}"
        if name != item.nodeid:
            item._id = NodeId.parse(name)
    ids = [item.nodeid for item in items]
    assert len(ids) == len(set(ids)), "pytest-xdist runs one test of an id alone"


WORLD, VICTIM = ("Acme", "Quillon"), ("Globex", "Zyxwcanary")


def pytest_runtest_setup(item):
    """Tests with real transactions need a database without the open one of the worlds; pytest-django has put them last."""
    from tests import worlds

    marker = item.get_closest_marker("django_db")
    if "transactional_db" in item.fixturenames or (marker and marker.kwargs.get("transaction")):
        worlds.close()


@pytest.fixture(scope="module")
def worlds_of_module(request, django_db_setup, django_db_blocker):
    """Makes the worlds that tests of a module ask for; of wider scope than a test's own transaction, so it comes first."""
    from tests import worlds

    mine = [item for item in request.session.items if item.path == request.path]
    with django_db_blocker.unblock():
        worlds.prepare(WORLD, *([VICTIM] if any("victim" in item.fixturenames for item in mine) else []))
    yield worlds.copy_of
    with django_db_blocker.unblock():
        worlds.close()


@pytest.fixture
def world(worlds_of_module, db, settings):
    """An organisation that has one of everything (tests/world.py), with no limit of bookings a minute."""
    settings.RATES = settings.RATES | {"booking": 10_000, "booked": 10_000}
    return worlds_of_module(*WORLD)


@pytest.fixture
def victim(worlds_of_module, world):
    """Another organisation; its mark is in each of its texts and must be in no answer that the caller gets."""
    return worlds_of_module(*VICTIM)


@pytest.fixture
def rep(db):
    from tests.factories import make_organization

    return make_organization("Acme")


@pytest.fixture
def colleague(rep):
    from tests.factories import make_member

    return make_member(rep.organization, role="Sales Rep")


@pytest.fixture
def outsider(db):
    from tests.factories import make_organization

    return make_organization("Globex")


def client_of(user):
    """An API client that has signed in with a real bearer token."""
    from accounts import sessions, tokens

    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {tokens.issue(sessions.start(user, 'token'))}")
    return client


@pytest.fixture
def api(rep):
    return client_of(rep)


@pytest.fixture
def colleague_api(colleague):
    return client_of(colleague)


@pytest.fixture
def outsider_api(outsider):
    return client_of(outsider)


@pytest.fixture
def key_api(rep):
    """A client with an API key of `rep`'s organisation."""
    from accounts import keys
    from lio.tenancy import org_scope

    with org_scope(rep.organization):
        _, key = keys.create(rep.organization, name="Test key", by=rep)
    client = APIClient()
    client.credentials(HTTP_X_API_KEY=key)
    return client


@pytest.fixture
def browser(rep, client):
    """Django's test client, signed in as `rep` the way a browser is."""
    sign_in(client, rep)
    return client


def sign_in(client, user):
    from accounts import sessions

    session = client.session
    session["sid"] = str(sessions.start(user, "browser").pk)
    session.save()
    client.cookies[settings.SESSION_COOKIE_NAME] = session.session_key
    return client


@pytest.fixture
def scope(rep):
    """The scope of `rep`'s organisation, for tests that call rules directly."""
    from lio.tenancy import org_scope

    with org_scope(rep.organization):
        yield
