import pytest

from lio.tenancy import TenantQuerySet
from tests.world import World

CANARY = "Zyxwcanary"


@pytest.fixture
def world(db):
    """The caller's organisation."""
    return World("Acme", "Quillon")


@pytest.fixture
def victim(world):
    """Another organisation; its mark is in each of its texts and must be in no answer that the caller gets."""
    return World("Globex", CANARY)


@pytest.fixture
def first_wall_off(monkeypatch):
    """Managers forget to filter by organisation: what is left is row level security alone."""
    from lio import rows

    monkeypatch.setattr(TenantQuerySet, "of", lambda self, organization: self.all())
    monkeypatch.setattr(rows, "_whole", {})
