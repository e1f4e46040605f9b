"""One running house for all tests of this folder; each test finds it well and leaves it mending itself."""

import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.faults.house import House

MANY = 6000  # more than a bulk action does while the caller waits


@pytest.fixture(scope="package")
def standing():
    folder = Path(tempfile.mkdtemp(prefix="lio-faults-"))
    folder.chmod(0o755)  # the embedded server's user passes through
    house = House(folder)
    house.open()
    yield house
    house.close()
    shutil.rmtree(folder)


@pytest.fixture
def house(standing):
    standing.wait_until_well()
    return standing


@pytest.fixture
def scope(house, django_db_blocker):
    """Opens the scope of the house's organisation in this process; answers its Admin."""
    from accounts.models import User
    from lio.tenancy import org_scope

    @contextmanager
    def opened():
        with house.inside(django_db_blocker):
            admin = User.objects.select_related("organization").get(pk=house.admin_id)
            with org_scope(admin.organization_id):
                yield admin

    return opened


@pytest.fixture
def enqueue(scope):
    """Puts a job into the house's queue by the product's own door; answers its id."""
    from lio import jobs

    def put(function, *args):
        with scope():
            return jobs.enqueue(function, *args)

    return put


@pytest.fixture
def many_leads(scope):
    """Ids of leads, in order."""
    from leads.models import Lead
    from lookups.known import known
    from lookups.seeds import NEW

    with scope() as admin:
        row = {"organization_id": admin.organization_id, "status_id": known(admin.organization, "status")[NEW].pk,
               "phone_number": "+49 30 1", "score": 1, "ai_information": {"score_reasons": []}}
        made = Lead.objects.bulk_create([Lead(**row) for _ in range(MANY)], batch_size=1000)
        return sorted(lead.pk for lead in made)
