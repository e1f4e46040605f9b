"""What happened, before and after, under one change id (lio/history.py)."""

from leads.models import Lead
from lio import history
from lio.models import Change
from lio.tenancy import org_scope
from tests.factories import make_lead


def changes(organization, **where):
    with org_scope(organization):
        return list(Change.objects.filter(**where).order_by("id"))


def test_a_change_holds_the_changed_fields_only(api, rep):
    lead = make_lead(rep.organization, by=rep, email="jane@acme.example", city="Ulm")
    answer = api.post(
        f"/api/lead/update/{lead.pk}", {"city": "Bonn", "email": "jane@acme.example", "status": 3, "estimated_value": 10}
    )
    [change] = changes(rep.organization, verb="lead.updated")
    assert change.before == {"city": "Ulm", "status": 1, "estimated_value": None}
    assert change.after == {"city": "Bonn", "status": 3, "estimated_value": 10.0}
    assert (change.by_id, change.model_id, str(change.change_id)) == (rep.pk, lead.pk, answer["X-Change-Id"])


def test_nothing_changed_is_nothing_recorded(api, rep):
    lead = make_lead(rep.organization, city="Ulm")
    answer = api.post(f"/api/lead/update/{lead.pk}", {"city": "Ulm"})
    assert answer.status_code == 200 and "X-Change-Id" not in answer
    assert changes(rep.organization, verb="lead.updated") == []


def test_one_action_has_one_change_id(api, rep, colleague):
    ids = [make_lead(rep.organization, email=f"a{n}@acme.example").pk for n in range(5)]
    answer = api.post("/api/lead/assign-user", {"ids": ids, "assigned_to": colleague.pk})
    found = changes(rep.organization, verb="lead.assigned")
    assert sorted(change.model_id for change in found) == ids
    assert {change.change_id for change in found} == {int(answer["X-Change-Id"])}
    assert {(str(change.before), str(change.after)) for change in found} == {
        ("{'assigned_to': None}", f"{{'assigned_to': {colleague.pk}}}")
    }
    other = api.post("/api/lead/assign-user", {"ids": ids[:1], "assigned_to": None})
    assert other["X-Change-Id"] != answer["X-Change-Id"]


def test_a_refusal_records_nothing(api, rep):
    make_lead(rep.organization, email="a@acme.example")
    lead = make_lead(rep.organization, email="b@acme.example")
    before = len(changes(rep.organization))
    assert (
        api.post(f"/api/lead/update/{lead.pk}", {"email": "a@acme.example", "company": "New Inc", "city": "Ulm"}).status_code
        == 409
    )
    assert len(changes(rep.organization)) == before


def test_a_key_is_noted_as_the_actor(key_api, rep):
    key_api.post("/api/v1/lead", {"email": "a@acme.example"})
    [change] = changes(rep.organization, verb="lead.created")
    assert (change.by_id, change.actor) == (None, "API key Test key")


def test_timeline_is_newest_first_and_one_records_own(rep, api):
    lead, other = make_lead(rep.organization), make_lead(rep.organization)
    api.post(f"/api/lead/update/{lead.pk}", {"city": "Ulm"})
    api.post(f"/api/lead/update/{other.pk}", {"city": "Bonn"})
    with org_scope(rep.organization):
        assert [row.verb for row in history.timeline(rep.organization, "lead", lead.pk)] == ["lead.updated", "lead.created"]


def test_change_rows_leaves_out_what_does_not_differ(rep, scope):
    first, second = make_lead(rep.organization, city="Ulm"), make_lead(rep.organization, city="Bonn")
    rows = Lead.objects.filter(pk__in=[first.pk, second.pk])
    with history.one_action():
        assert history.change_rows(rows, "lead.updated", {"city": "Ulm"}, by=rep) == [second.pk]
        assert history.change_rows(rows, "lead.updated", {"city": None}, by=rep) == [first.pk, second.pk]
        assert history.change_rows(rows, "lead.updated", {"city": None}, by=rep) == []
