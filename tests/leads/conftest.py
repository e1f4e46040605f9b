import pytest

from leads.models import Lead
from lio.tenancy import org_scope


@pytest.fixture
def stored(rep):
    """A lead as the database has it now."""

    def read(lead_id):
        with org_scope(rep.organization):
            return Lead.objects.get(pk=lead_id)

    return read


@pytest.fixture
def tag(api):
    """Makes a tag; answers it as the API shows it on a lead."""

    def make(name):
        shown = api.post(
            "/api/custom-lookups/add", {"module_name": "lead", "type": "tags", "name": name, "color_code": "#112233"}
        )
        return {key: shown.json()["data"][key] for key in ("id", "name", "color_code")}

    return make
