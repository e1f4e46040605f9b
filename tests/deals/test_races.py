"""Many at once on the same deals: real threads, real connections, real commits."""

import os
from collections import Counter

import pytest
from rest_framework.test import APIClient

from accounts import sessions, tokens
from contacts import edit as contacts
from deals.models import Deal, DealContact, Stage, StageEntry
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
