"""POST /api/user/delete (R4, R12)."""

from accounts.models import Role, User
from tests.contract import shapes
from tests.factories import make_lead


def test_removed_members_are_kept_inactive(api, rep, colleague):
    lead = make_lead(rep.organization, assigned_to_id=colleague.pk)
    answer = api.post("/api/user/delete", {"user_id": colleague.pk})
    assert (answer.status_code, answer.json()["data"]) == (200, {"deleted": 1, "ids": [colleague.pk]})
    assert User.objects.get(pk=colleague.pk).is_active is False
    assert [row["id"] for row in api.get("/api/user/list").json()["data"]] == [rep.pk]
    assert api.get("/api/user/list").json()["total"] == 1
    assert [row["id"] for row in api.get("/api/user/list", {"state_id": 0}).json()["data"]] == [colleague.pk]
    assert api.get("/api/user/list", {"state_id": "0,1"}).json()["total"] == 2
    assert api.get(f"/api/lead/view/{lead.pk}").json()["data"]["assigned_to"] == colleague.pk
    assert api.post("/api/user/delete", {"user_id": colleague.pk}).status_code == 200  # again: no error, nothing happens


def test_not_oneself_and_not_the_last_admin(api, colleague_api, rep, colleague):
    shapes.check_failure(api.post("/api/user/delete", {"user_id": rep.pk}), 409)
    shapes.check_failure(colleague_api.post("/api/user/delete", {"user_id": rep.pk}), 403)
    api.post(f"/api/user/update/{colleague.pk}", {"role_id": Role.objects.of(rep.organization).get(name="Admin").pk})
    assert colleague_api.post("/api/user/delete", {"user_id": rep.pk}).status_code == 200


def test_anothers_member_is_not_there(api, outsider):
    shapes.check_failure(api.post("/api/user/delete", {"user_id": outsider.pk}), 404)
    assert User.objects.get(pk=outsider.pk).is_active
