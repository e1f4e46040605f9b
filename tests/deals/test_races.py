"""Many at once on the same deals: real threads, real connections, real commits."""

import os
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from time import monotonic

import pytest
from django.db import connection
from rest_framework.test import APIClient

from accounts import sessions, tokens
from contacts import edit as contacts
from deals import edit, news, pipelines, undo
from deals.models import Deal, DealContact, Pipeline, Stage, StageEntry
from lio import history
from lio.models import Change
from lio.tenancy import org_scope
from tests.factories import make_deal, make_lead, make_organization
from tests.kit.test_races import again_while_busy, together

pytestmark = pytest.mark.django_db(transaction=True)
ROUNDS = 20 if os.environ.get("LIO_SOAK") else 2


@pytest.fixture
def admin():
    return make_organization("Acme")


@pytest.fixture
def send(admin):
    token = tokens.issue(sessions.start(admin, "token"))

    def call(path, body, method="post"):
        client = APIClient(headers={"Authorization": f"Bearer {token}"})
        return again_while_busy(lambda: getattr(client, method)(path, body)).status_code

    return call


@pytest.fixture
def stages(admin):
    with org_scope(admin.organization):
        return {stage.name: stage.pk for stage in Stage.objects.of(admin.organization)}


@pytest.mark.parametrize("round", range(ROUNDS))
def test_of_many_moves_of_one_version_one_wins(admin, send, stages, round):
    deal = make_deal(make_lead(admin.organization), by=admin)
    body = {"stage_id": stages["Proposal"], "version": 1}
    found = together([lambda: send(f"/api/lead/deal/{deal.pk}/move", body)] * 8)
    assert Counter(found) == {200: 1, 409: 7}
    with org_scope(admin.organization):
        assert StageEntry.objects.filter(deal=deal).count() == 2 and Deal.objects.get(pk=deal.pk).version == 2


@pytest.mark.parametrize("round", range(ROUNDS))
def test_a_lead_that_goes_and_a_deal_that_wins_do_not_wait_for_each_other(admin, send, stages, round):
    lead = make_lead(admin.organization)
    deals = [make_deal(lead, by=admin) for _ in range(4)]
    wins = [lambda deal=deal: send(f"/api/lead/deal/{deal.pk}/move", {"stage_id": stages["Won"]}) for deal in deals]
    body = {"lead_id": lead.pk, "pipeline_id": deals[0].pipeline_id, "stage_id": stages["New"], "title": "Late", "value": 5,
            "expected_close_date": "2027-01-01"}
    found = together([*wins, lambda: send("/api/lead/delete", {"ids": [lead.pk]}, "delete"),
                      lambda: send("/api/lead/deal/add", body)])
    assert set(found) <= {200, 201, 404} and found[4] == 200
    with org_scope(admin.organization):
        assert not Deal.objects.filter(lead=lead, deleted_at=None).exists()


@pytest.mark.parametrize("round", range(ROUNDS))
def test_no_deal_is_left_in_a_stage_that_goes(admin, send, stages, round):
    deal = make_deal(make_lead(admin.organization), by=admin, stage="Qualified")
    move = {"stage_id": stages["New"]}
    found = together([lambda: send(f"/api/pipelines/stages/delete/{stages['New']}", {}, "delete"),
                      lambda: send(f"/api/lead/deal/{deal.pk}/move", move)])
    assert found in ([200, 422], [200, 404], [409, 200])
    with org_scope(admin.organization):
        assert not Deal.objects.filter(deleted_at=None, stage__deleted_at__isnull=False).exists()


@pytest.mark.parametrize("round", range(ROUNDS))
def test_of_many_conversions_of_one_lead_one_makes_a_deal(admin, send, round):
    lead = make_lead(admin.organization, email="jane@race-works.com")
    deal = make_deal(lead, by=admin)
    found = together([lambda: send("/api/lead/convert", {"lead_id": lead.pk, "deal": {"value": 5}})] * 8)
    assert Counter(found) == {201: 1, 409: 7}
    with org_scope(admin.organization):
        assert Deal.objects.filter(lead=lead).exclude(pk=deal.pk).count() == 1 and DealContact.objects.count() == 2


@pytest.mark.parametrize("round", range(ROUNDS))
def test_deals_that_move_while_their_leads_are_merged_are_all_kept(admin, send, stages, round):
    kept, other = (make_lead(admin.organization, email=f"{n}@race-works.com") for n in range(2))
    deals = [make_deal(lead, by=admin) for lead in (kept, other) * 3]
    moves = [lambda deal=deal, stage=stage: send(f"/api/lead/deal/{deal.pk}/move", {"stage_id": stages[stage]})
             for deal, stage in zip(deals, ("Won", "Proposal") * 3, strict=True)]
    found = together([*moves, lambda: send("/api/lead/merge", {"ids": [kept.pk, other.pk], "survivor_id": kept.pk})])
    assert found == [200] * 7, found
    with org_scope(admin.organization):
        assert Deal.objects.filter(lead=kept, deleted_at=None).count() == 6
        assert Counter(Deal.objects.values_list("stage__name", flat=True)) == {"Won": 3, "Proposal": 3}
        assert all(Deal.objects.values_list("version", flat=True))


@pytest.mark.parametrize("round", range(ROUNDS))
def test_a_contact_gets_one_role_from_many_at_once(admin, send, round):
    lead = make_lead(admin.organization, email="jane@race-works.com")
    deal = make_deal(lead, by=admin)
    with org_scope(admin.organization):
        contact_id = contacts.add(admin.organization, {"name": "Jane", "email": "jane@race-works.com"}, by=admin)
    put = [lambda role=role: send(f"/api/lead/deal/{deal.pk}/contacts", {"contact_id": contact_id, "role": role})
           for role in ("champion", "blocker", "user")]
    found = together([*put, lambda: send("/api/lead/convert", {"lead_id": lead.pk})])
    assert set(found) <= {200, 201}, found
    with org_scope(admin.organization):
        assert DealContact.objects.filter(deal=deal, contact=contact_id).count() == 1 == DealContact.objects.count()


# ----------------------------------------------------------------------- pipelines that change while deals come and go
def while_(deed, organization, then):
    """What `then` answers, begun while `deed` is done in a transaction that commits once `then` waits for it (or is over)."""
    with ThreadPoolExecutor(1) as pool:

        def other():
            try:
                return then()
            finally:
                connection.close()

        with org_scope(organization):
            deed()
            waiting = pool.submit(other)
            wait_for(waiting)
        return waiting.result(timeout=60)


def wait_for(waiting):
    """Until what is under way waits for us, or is over."""
    until = monotonic() + 30
    while not waiting.done() and not somebody_waits() and monotonic() < until:
        pass


def somebody_waits():
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid))")
        return cursor.fetchone()[0]


def test_no_deal_comes_to_a_pipeline_that_is_going(admin, send):
    lead = make_lead(admin.organization)
    with org_scope(admin.organization):
        pipeline = pipelines.add(admin.organization, name="Going", stages=[{"name": "Only"}], by=admin)
        stage = Stage.objects.get(name="Only")
    body = {"lead_id": lead.pk, "pipeline_id": pipeline.pk, "stage_id": stage.pk, "title": "Late", "value": 5,
            "expected_close_date": "2027-01-01"}
    found = while_(lambda: pipelines.delete(Pipeline.objects.filter(pk=pipeline.pk), by=admin), admin.organization,
                   lambda: send("/api/lead/deal/add", body))
    assert found == 422
    with org_scope(admin.organization):
        assert not Deal.objects.filter(deleted_at=None, pipeline__deleted_at__isnull=False).exists()


def test_no_deal_comes_back_to_a_stage_that_is_going(admin, send, stages):
    deal = make_deal(make_lead(admin.organization), by=admin)
    with org_scope(admin.organization):
        edit.delete(Deal.objects.filter(pk=deal.pk), by=admin)

    def bring_back():
        with org_scope(admin.organization):
            return edit.restore(Deal.objects.of(admin.organization).filter(pk=deal.pk), by=admin)

    def drop():
        pipelines.delete_stage(Stage.objects.get(pk=stages["New"]), by=admin)

    assert while_(drop, admin.organization, bring_back) == []
    with org_scope(admin.organization):
        assert not Deal.objects.filter(deleted_at=None, stage__deleted_at__isnull=False).exists()


def test_a_stage_goes_once(admin, send, stages):
    stage = stages["New"]

    def drop():
        pipelines.delete_stage(Stage.objects.get(pk=stage), by=admin)

    assert while_(drop, admin.organization, lambda: send(f"/api/pipelines/stages/delete/{stage}", {}, "delete")) == 404


@pytest.mark.parametrize("what", ["edited", "deleted"])
def test_who_changes_a_stage_and_who_works_in_it_never_wait_for_each_other(admin, stages, what, monkeypatch):
    """The pipeline begins to change while a deal is half done; PostgreSQL need end neither of the two."""
    deal = make_deal(make_lead(admin.organization), by=admin)
    stage, fields = (stages["Qualified"], {"stage_id": stages["Qualified"]}) if what == "edited" else (
        stages["New"], {"title": "At work"})
    entry = {"id": stage, "name": "Other", "probability": Decimal("0.3")}
    waiting = []

    def change_pipeline():
        try:
            with org_scope(admin.organization):
                one = Stage.objects.select_related("pipeline").get(pk=stage)
                if what == "edited":
                    others = [{"id": pk} for name, pk in stages.items() if pk != stage and name not in ("Won", "Lost")]
                    pipelines.update(one.pipeline, stages=[entry, *others], by=admin)
                else:
                    pipelines.delete_stage(one, move_to=Stage.objects.get(pk=stages["Qualified"]), by=admin)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:

        def half_done(*told):
            waiting.append(pool.submit(change_pipeline))
            wait_for(waiting[0])

        monkeypatch.setattr(news, "changed", [half_done, *news.changed])
        with org_scope(admin.organization):
            edit.update(deal.pk, admin.organization, fields, by=admin)
            monkeypatch.setattr(news, "changed", news.changed[1:])
        waiting[0].result(timeout=60)
    with org_scope(admin.organization):
        assert Deal.objects.get(pk=deal.pk).stage_id == stages["Qualified"]


def test_who_takes_a_move_back_and_who_deletes_the_stage_never_wait_for_each_other(admin, stages, monkeypatch):
    deal = make_deal(make_lead(admin.organization), by=admin)
    with org_scope(admin.organization), history.one_action():
        edit.update(deal.pk, admin.organization, {"stage_id": stages["Qualified"]}, by=admin)
        change_id = history.last_change_id()
    waiting, fields_of = [], undo._fields

    def drop():
        try:
            with org_scope(admin.organization):
                stage, to = (Stage.objects.get(pk=stages[name]) for name in ("New", "Proposal"))
                list(Stage.objects.select_for_update(no_key=True).filter(pk=stage.pk))
                list(Deal.objects.select_for_update().filter(pk=deal.pk))
                pipelines.delete_stage(stage, move_to=to, by=admin)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:

        def half_done(*told):
            waiting.append(pool.submit(drop))
            wait_for(waiting[0])
            return fields_of(*told)

        monkeypatch.setattr(undo, "_fields", half_done)
        with org_scope(admin.organization):
            changes = list(Change.objects.filter(change_id=change_id, model_type="deal"))
            done, left = undo.undo_deals(admin.organization, changes, admin)
        waiting[0].result(timeout=60)
    assert done == [deal.pk] and not left
    with org_scope(admin.organization):
        assert Deal.objects.get(pk=deal.pk).stage_id == stages["Proposal"]
