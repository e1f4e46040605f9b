"""DELETE /api/contact/delete/:id (R17)."""

import pytest

from lio.models import SearchDoc
from lio.tenancy import org_scope
from tests.contract import shapes


@pytest.fixture
def three(add):
    return [add(name=name, city=city)["id"] for name, city in (("Ada", "Bonn"), ("Bob", "Bonn"), ("Cy", "Ulm"))]


def left(api):
    return {row["name"] for row in api.get("/api/contact/list").json()["data"]}


def test_the_one_in_the_path(api, rep, three, undo):
    answer = api.delete(f"/api/contact/delete/{three[0]}")
    assert answer.json()["data"] == {"deleted": 1, "ids": [three[0]]}
    assert left(api) == {"Bob", "Cy"}
    with org_scope(rep.organization):
        assert not SearchDoc.objects.filter(kind="contact", object_id=three[0]).exists()
    shapes.check_failure(api.delete(f"/api/contact/delete/{three[0]}"), 404)
    undo(answer["X-Change-Id"])
    assert left(api) == {"Ada", "Bob", "Cy"}
    assert api.get("/api/contact/list", {"search_value": "ada"}).json()["total"] == 1


def test_those_of_the_body_replace_the_path(api, three):
    assert api.delete(f"/api/contact/delete/{three[0]}", {"ids": three[1:]}).json()["data"]["ids"] == three[1:]
    assert left(api) == {"Ada"}


def test_those_of_the_query(api, three):
    assert api.delete(f"/api/contact/delete/0?ids={three[0]},{three[1]}").json()["data"]["deleted"] == 2


def test_all_that_filters_name(api, three):
    shapes.check_failure(api.delete("/api/contact/delete/0", {"select_all": True}), 422)
    assert api.delete("/api/contact/delete/0", {"select_all": True, "filters": {"city": "Bonn"}}).json()["data"]["deleted"] == 2
    assert left(api) == {"Cy"}
    assert api.delete("/api/contact/delete/0", {"select_all": True, "filters": {}}).json()["data"]["deleted"] == 1


def test_without_either_nothing_is_deleted(api, three, outsider_api):
    shapes.check_failure(api.delete("/api/contact/delete/0"), 404)
    shapes.check_failure(api.delete("/api/contact/delete/0", {"ids": [987654321]}), 404)
    shapes.check_failure(api.delete("/api/contact/delete/0", {"filters": {}}), 400)
    shapes.check_failure(outsider_api.delete(f"/api/contact/delete/{three[0]}"), 404)
    shapes.check_failure(outsider_api.delete("/api/contact/delete/0", {"ids": three}), 404)
    assert left(api) == {"Ada", "Bob", "Cy"}


def test_a_lead_can_become_another_contact_then(api, lead, add, undo):
    one = lead()
    first = api.post("/api/lead/convert", {"lead_id": one.pk}).json()["data"]["contact_id"]
    gone = api.delete(f"/api/contact/delete/{first}")["X-Change-Id"]
    second = api.post("/api/lead/convert", {"lead_id": one.pk}).json()["data"]["contact_id"]
    assert second != first
    undo(gone)  # the first one comes back without the lead, which is the second one's by now
    assert api.get(f"/api/contact/view/{first}").json()["data"]["lead_id"] is None
    assert api.get(f"/api/contact/view/{second}").json()["data"]["lead_id"] == one.pk
