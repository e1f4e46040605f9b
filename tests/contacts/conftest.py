import pytest

from companies.naming import find_or_make
from contacts.models import Contact
from lio.tenancy import org_scope
from tests.factories import make_lead


@pytest.fixture
def company(rep):
    """Makes a company through the rule that leads use; answers its id."""

    def make(name="Acme"):
        with org_scope(rep.organization):
            return find_or_make(rep.organization, name, by=rep)

    return make


@pytest.fixture
def add(api, company):
    """Makes a contact over the API; answers what the API shows of it."""

    def make(**fields):
        given = {"name": "Ada Lovelace", "company_id": fields.pop("company_id", None) or company()} | fields
        answer = api.post("/api/contact/add", given)
        assert answer.status_code == 201, answer.content
        return answer.json()["data"] | {"change_id": int(answer["X-Change-Id"])}

    return make


@pytest.fixture
def view(api):
    """A contact as the API shows it now."""

    def read(contact_id):
        answer = api.get(f"/api/contact/view/{contact_id}")
        assert answer.status_code == 200, answer.content
        return answer.json()["data"]

    return read


@pytest.fixture
def undo(api):
    """Takes an action back; answers (the answer's data, the change id of the undoing)."""

    def back(change_id):
        answer = api.post("/api/undo", {"change_id": int(change_id)})
        assert answer.status_code == 200, answer.content
        return answer.json()["data"], int(answer.get("X-Change-Id") or 0)

    return back


@pytest.fixture
def stored(rep):
    """A contact as the database has it now."""

    def read(contact_id):
        with org_scope(rep.organization):
            return Contact.objects.get(pk=contact_id)

    return read


@pytest.fixture
def lead(rep):
    def make(**fields):
        return make_lead(rep.organization, by=rep, **{"email": "jane@fine-widgets.com"} | fields)

    return make
