import pytest

from lio.tenancy import TenantQuerySet
from tests.conftest import VICTIM

CANARY = VICTIM[1]


@pytest.fixture
def first_wall_off(monkeypatch):
    """Managers forget to filter by organisation: what is left is row level security alone."""
    from lio import rows

    monkeypatch.setattr(TenantQuerySet, "of", lambda self, organization: self.all())
    monkeypatch.setattr(rows, "_whole", {})
