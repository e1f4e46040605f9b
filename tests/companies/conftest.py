import pytest

from lio.tenancy import org_scope
from tests.factories import make_company


@pytest.fixture
def company(rep):
    return make_company(rep.organization, by=rep)


@pytest.fixture
def inside(rep):
    """Opens the scope of `rep`'s organisation."""
    return lambda: org_scope(rep.organization)
