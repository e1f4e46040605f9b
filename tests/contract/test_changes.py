"""Every endpoint that changes something says under which id (`X-Change-Id`); the others say nothing."""

import pytest

from lio.models import Change
from lio.tenancy import org_scope
from tests.contract.spec import BUILT, ids
from tests.factories import make_company, make_lead

# what leaves nothing behind that history tells of: signals, which have a log of their own, signing in and out and the keys
# and roles of access, which the audit log tells, what one has read, a file that belongs to nothing yet, an import until it
# runs, exports
SILENT = {
    "auth-login",
    "auth-logout",
    "user-change-password",
    "role-add",
    "api-keys-add",
    "api-keys-delete",
    "notification-read",
    "notification-read-all",
    "notification-preferences-set",
    "storage-file-add",
    "lead-imports",
    "import-job-cancel",
    "exports-create",
    "exports-cancel",
    "lead-enrich-bulk",
    "enrichment-proposals-dismiss",
    "enrichment-estimate",
    "enrichment-bulk",
    "intent-alert-signal",
    "v1-intent-signal",
    "intent-alert-settings-preview",
    "lead-score-learn",
    "track-site",
}
CHANGE = {  # what an update that needs nothing is to change
    "lead-update": {"city": "Changed"},
    "meeting-update": {"location": "Changed"},
    "meeting-generate-summary": {"detail": "detailed"},  # the brief one is there
    "booking-profile-update": {"title": "Changed"},
    "contact-update": {"city": "Changed"},
    "lead-assign-user": {"assigned_to": None},
    "custom-lookups-update": {"name": "Changed"},
    "custom-view-update": {"view_name": "Changed"},
    "custom-fields-update": {"label": "Changed"},
    "follow-up-update": {"notes": "Changed"},
    "lead-note-update": {"title": "Changed"},
    "lead-assign-tags": lambda world: {"ids": [make_lead(world.organization).pk]},
    "lead-set-assign-tags": {"tags": []},
    "web-forms-update": {"name": "Changed"},
    "lead-score-settings": {"excluded": ["place"]},
    "integrations-set": {"provider": "pdl"},  # which is connected
    "company-enrich": lambda world: {
        "company_id": make_company(world.organization, company_name="Fresh", contact_email="info@fresh-anvils.com").pk
    },
}
CHANGING = [endpoint for endpoint in BUILT if endpoint["method"] != "GET"]


@pytest.mark.parametrize("endpoint", CHANGING, ids=ids(CHANGING))
def test_every_change_can_be_named(endpoint, world):
    change = CHANGE.get(endpoint["id"], {})
    path, query, body = world.request(endpoint, **(change(world) if callable(change) else change))
    with org_scope(world.organization):
        newest = Change.objects.latest("id").pk
    answer = world.call(endpoint, path=path, query=query, body=body)
    assert answer.status_code == endpoint["response"]["status"], answer.content
    with org_scope(world.organization):
        written = set(Change.objects.filter(pk__gt=newest).values_list("change_id", flat=True))
    if endpoint["auth"] == "none" and endpoint["id"] not in SILENT:  # a visitor is told nothing of our history
        assert written and "X-Change-Id" not in answer
        return
    assert written == ({int(answer["X-Change-Id"])} if "X-Change-Id" in answer else set())
    assert bool(written) == (endpoint["id"] not in SILENT), "says nothing of what it changed, or is no longer silent"
