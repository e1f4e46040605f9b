"""POST /api/contact/update/:id and GET /api/contact/view/:id."""

from lio.models import Change, SearchDoc
from lio.tenancy import org_scope
from tests.contract import shapes


def test_the_sent_fields_and_no_others(api, rep, add, view):
    one = add(email="a@x.example", city="Bonn", custom_fields={"a": 1, "b": 2})
    answer = api.post(
        f"/api/contact/update/{one['id']}", {"name": "Ada King", "city": None, "custom_fields": {"b": None, "c": 3}}
    )
    shown = answer.json()["data"]
    assert (shown["name"], shown["city"], shown["email"]) == ("Ada King", None, "a@x.example")
    assert shown["custom_fields"] == {"a": 1, "c": 3} == view(one["id"])["custom_fields"]
    with org_scope(rep.organization):
        told = Change.objects.get(change_id=answer["X-Change-Id"])
        assert SearchDoc.objects.get(kind="contact", object_id=one["id"]).body.startswith("ada king\n")
    assert told.verb == "contact.updated"
    assert told.before == {"name": "Ada Lovelace", "city": "Bonn", "custom_fields": {"b": 2, "c": None}}
    assert told.after == {"name": "Ada King", "city": None, "custom_fields": {"b": None, "c": 3}}


def test_nothing_that_differs_is_no_change(api, add):
    one = add(email="a@x.example", tags=[])
    answer = api.post(f"/api/contact/update/{one['id']}", {"email": "a@x.example", "name": one["name"], "tags": []})
    assert answer.status_code == 200 and "X-Change-Id" not in answer


def test_tags_are_replaced(api, add):
    tag = api.post("/api/custom-lookups/add", {"module_name": "lead", "type": "tags", "name": "VIP"}).json()["data"]["id"]
    one = add()
    assert [t["id"] for t in api.post(f"/api/contact/update/{one['id']}", {"tags": [tag]}).json()["data"]["tags"]] == [tag]
    assert api.post(f"/api/contact/update/{one['id']}", {"city": "Ulm"}).json()["data"]["tags"] != []
    assert api.post(f"/api/contact/update/{one['id']}", {"tags": None}).json()["data"]["tags"] == []


def test_refusals(api, add, outsider_api, lead):
    one = add()
    for fields in ({"name": "A"}, {"name": None}, {"lead_score": 101}, {"status": 99}, {"emails": "x"}, {"tags": [99]}):
        assert set(shapes.check_failure(api.post(f"/api/contact/update/{one['id']}", fields), 422)["fields"]) == set(fields)
    shapes.check_failure(api.post(f"/api/contact/update/{one['id']}", {"company_id": 987654321}), 404)
    shapes.check_failure(outsider_api.post(f"/api/contact/update/{one['id']}", {"city": "x"}), 404)
    shapes.check_failure(outsider_api.get(f"/api/contact/view/{one['id']}"), 404)
    of = lead()
    add(lead_id=of.pk)
    assert (
        shapes.check_failure(api.post(f"/api/contact/update/{one['id']}", {"lead_id": of.pk}), 409)["code"]
        == "already_converted"
    )


def test_undo_of_every_kind_of_field(api, add, undo, view):
    tag = api.post("/api/custom-lookups/add", {"module_name": "lead", "type": "tags", "name": "VIP"}).json()["data"]["id"]
    one = add(city="Bonn", lead_score=5, tags=[tag], custom_fields={"a": 1})
    before = view(one["id"])
    fields = {
        "city": "Ulm",
        "lead_score": None,
        "status": 2,
        "tags": [],
        "custom_fields": {"a": 2},
        "linkedin_url": "linkedin.com/in/a",
    }
    change = api.post(f"/api/contact/update/{one['id']}", fields)["X-Change-Id"]
    told, _ = undo(change)
    assert told["conflict_count"] == 0
    unlike = {"updated_at": None, "last_activity_at": None}
    assert view(one["id"]) | unlike == before | unlike
