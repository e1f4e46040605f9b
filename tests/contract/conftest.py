import pytest

from tests.world import World


@pytest.fixture
def world(db):
    return World("Acme", "Quillon")
