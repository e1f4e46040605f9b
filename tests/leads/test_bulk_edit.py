"""One value for many leads: POST /api/lead/bulk-update and the page of the bulk bar."""

import pytest

from activity.models import Notification
from leads.models import Lead
from lio import jobs
from lio.models import Change
from lio.tenancy import org_scope
from lookups import fields
from tests.factories import make_lead


@pytest.fixture
def three(rep):
    with org_scope(rep.organization):
        fields.add(rep.organization, by=rep, label="Plan", kind="choice", options=["Basic", "Pro"])
        fields.add(rep.organization, by=rep, label="Number", kind="number", is_unique=True)
    return [make_lead(rep.organization, first_name=name, city="Rome", custom_fields={"own": name}) for name in ("A", "B", "C")]


def update(api, **body):
    return api.post("/api/lead/bulk-update", body, format="json")


def of(rep):
    with org_scope(rep.organization):
        return list(Lead.objects.select_related("company").order_by("pk"))


def test_fields_of_every_kind_with_history_and_undo(api, rep, three):
    values = {"city": "Bonn", "company": "Acme", "estimated_value": "12.5", "custom_fields": {"plan": "pro"}, "priority": 4}
    answer = update(api, ids=[three[0].pk, three[1].pk], fields=values)
    assert answer.json()["data"] == {"updated": 2, "ids": [three[0].pk, three[1].pk]}
    one, _, last = of(rep)
    assert (one.city, one.company.company_name, one.estimated_value, one.priority) == ("Bonn", "Acme", 12.5, 4)
    assert one.custom_fields == {"own": "A", "plan": "Pro"}
    assert (last.city, last.company) == ("Rome", None)
    assert api.get("/api/lead/list", {"search_value": "acme"}).json()["total"] == 2
    with org_scope(rep.organization):
        told = Change.objects.get(verb="lead.updated", model_id=one.pk)
    assert told.before["city"] == "Rome" and told.after["company"] == "Acme" and told.after["custom_fields"] == {"plan": "Pro"}
    assert api.post("/api/undo", {"change_id": int(answer["X-Change-Id"])}, format="json").json()["data"]["reverted"] == 3
    assert api.get("/api/company/list").json()["total"] == 0  # it came with the action
    one = of(rep)[0]
    assert (one.city, one.company, one.custom_fields) == ("Rome", None, {"own": "A"})


def test_who_owns_a_lead_already_is_not_told_of_it(api, rep, three, colleague):
    with org_scope(rep.organization):
        Lead.objects.filter(pk=three[0].pk).update(assigned_to=colleague)
    values = {"assigned_to": colleague.pk, "city": "Kiel"}
    assert update(api, ids=[lead.pk for lead in three], fields=values).json()["data"]["updated"] == 3
    with org_scope(rep.organization):
        told = Notification.objects.filter(user=colleague)
        assert sorted(told.values_list("model_id", flat=True)) == [three[1].pk, three[2].pk]


def test_select_all_and_empty_values(api, rep, three):
    answer = update(api, select_all=True, filters={"city": "Rome"}, expected_count=3, fields={"city": None})
    assert answer.json()["data"]["updated"] == 3 and {lead.city for lead in of(rep)} == {None}
    assert update(api, select_all=True, filters={}, expected_count=2, fields={"city": "Bonn"}).status_code == 409
    assert {lead.city for lead in of(rep)} == {None}


@pytest.mark.parametrize("values, complaint", [
    ({}, "name at least one field"),
    ({"email": "a@x.example"}, "email is not a field that many leads can share"),
    ({"first_name": "Al"}, "first_name is not"),
    ({"id": 5}, "id is not"),
    ({"custom_fields": {"number": 5}}, "cf.number is not"),
    ({"custom_fields": {"unheard": 5}}, "cf.unheard is not"),
    ({"custom_fields": {"plan": "Gold"}}, "must be one of Basic, Pro"),
    ({"city": "x" * 101}, "100"),
    ({"estimated_value": -1}, "0"),
    ({"status": 99}, "99"),
])
def test_what_cannot_be_is_refused_and_nothing_changes(api, rep, three, values, complaint):
    answer = update(api, ids=[lead.pk for lead in three], fields=values)
    assert answer.status_code == 422 and complaint in answer.content.decode()
    assert {(lead.city, lead.email) for lead in of(rep)} == {("Rome", None)}


def test_many_go_in_the_background(api, rep, three, monkeypatch):
    monkeypatch.setattr("lio.bulk.AT_ONCE", 2)
    answer = update(api, select_all=True, filters={}, fields={"city": "Bonn"}).json()["data"]
    assert answer["job_id"] and {lead.city for lead in of(rep)} == {"Rome"}
    jobs.drain()
    assert {lead.city for lead in of(rep)} == {"Bonn"}


def test_the_page(browser, rep, three):
    ids = {"ids": [lead.pk for lead in three[:2]], "action": "edit"}
    shown = browser.post("/leads/bulk?city=Rome", ids).content.decode()
    assert "Change a field of 2 leads" in shown and "Number" not in shown and 'value="custom:plan"' in shown
    swapped = browser.post("/leads/bulk", {**ids, "field": "custom:plan"}, headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in swapped and '<option value="Pro">' in swapped
    wrong = browser.post("/leads/bulk", {**ids, "field": "estimated_value", "value": "-1", "confirmed": "yes"})
    assert 'role="alert"' in wrong.content.decode()
    done = browser.post("/leads/bulk?city=Rome", {**ids, "field": "custom:plan", "value": "Pro", "confirmed": "yes"})
    assert done.url == "/leads/?city=Rome"
    assert [lead.custom_fields.get("plan") for lead in of(rep)] == ["Pro", "Pro", None]
    assert "2 leads given another Plan." in browser.get(done.url).content.decode()


def test_queries_do_not_grow_with_the_leads(rep, three, django_assert_max_num_queries):
    from leads.edit_many import set_fields

    for n in range(40):
        make_lead(rep.organization, last_name=f"N{n}")
    with org_scope(rep.organization), django_assert_max_num_queries(12):
        ids = list(Lead.objects.values_list("pk", flat=True))
        assert len(set_fields(rep.organization, ids, {"city": "Kiel", "company": "Acme"}, by=rep)) == 43
