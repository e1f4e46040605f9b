"""What becomes of deals when a lead is converted, and the deal that is made at the same time."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils.timezone import now

from companies.models import Company
from contacts import conversion
from contacts.models import Contact
from deals.models import Deal, DealContact, Stage
from leads.models import Lead
from lio.errors import Invalid
from lio.models import Change
from lio.tenancy import org_scope
from tests.factories import make_deal, make_lead, make_organization


@pytest.fixture
def lead(rep):
    return make_lead(rep.organization, by=rep, email="jane@fine-widgets.com", estimated_value=48000, assigned_to_id=rep.pk)


@pytest.fixture
def convert(api):
    def send(lead, deal=None, *, status=201, **choice):
        answer = api.post("/api/lead/convert", {"lead_id": lead.pk, "deal": deal} | choice)
        assert answer.status_code == status, answer.content
        return answer.json()["data"] | {"change_id": answer["X-Change-Id"]} if status == 201 else answer.json()

    return send


@pytest.fixture
def view(api):
    return lambda deal_id: api.get(f"/api/lead/deal/view/{deal_id}").json()["data"]


def test_the_lead_tells_what_the_deal_is(rep, lead, convert, view, stages):
    done = convert(lead, {})
    deal = view(done["deal_id"])
    assert (deal["title"], deal["value"], deal["stage_name"]) == ("Fine Widgets", 48000, "New")
    assert deal["lead_id"] == lead.pk and deal["assigned_to"] == rep.pk
    assert deal["expected_close_date"] in {(now() + timedelta(days=29 + n)).date().isoformat() for n in range(3)}
    assert [(one["contact_id"], one["role"]) for one in deal["contacts"]] == [(done["contact_id"], "other")]
    assert convert(make_lead(rep.organization, email="b@fine-widgets.com"))["deal_id"] is None


def test_what_is_said_of_the_deal_wins(api, lead, convert, view, stages):
    done = convert(lead, {"title": "Scanners", "value": 700, "stage_id": stages["Qualified"].pk, "role": "champion",
                          "expected_close_date": "2031-05-01", "next_step": "Call"})
    deal = view(done["deal_id"])
    assert (deal["title"], deal["value"], deal["stage_name"], deal["next_step"]) == ("Scanners", 700, "Qualified", "Call")
    assert deal["expected_close_date"] == "2031-05-01" and deal["contacts"][0]["role"] == "champion"
    found = api.get("/api/lead/deal/list", {"company_id": done["company_id"]}).json()["data"]
    assert [one["id"] for one in found] == [deal["id"]]
    found = api.get("/api/lead/deal/list", {"contact_id": done["contact_id"]}).json()["data"]
    assert [one["id"] for one in found] == [deal["id"]]


def test_a_pipeline_alone_means_its_first_stage(api, lead, convert, view):
    stages = [{"name": "Asked"}, {"name": "Offered"}]
    pipeline = api.post("/api/pipelines/add", {"name": "Partners", "stages": stages}).json()["data"]
    assert view(convert(lead, {"pipeline_id": pipeline["id"]})["deal_id"])["stage_name"] == "Asked"


@pytest.mark.parametrize(
    ("deal", "status", "name"),
    [
        ({"value": 0}, 422, "deal.value"),
        ({"title": "x"}, 422, "deal.title"),
        ({"role": "king"}, 422, "deal.role"),
        ({"expected_close_date": "soon"}, 422, "deal.expected_close_date"),
        ({"stage_id": 10**15}, 404, "deal.stage_id"),
        ("yes", 422, "deal"),
    ],
)
def test_a_wrong_deal_converts_nothing(api, rep, lead, convert, deal, status, name):
    assert name in convert(lead, deal, status=status)["error"]["fields"]
    with org_scope(rep.organization):
        assert not Contact.objects.exists() and not Company.objects.exists() and not Deal.objects.exists()
        assert Lead.objects.get(pk=lead.pk).company_id is None


def test_a_lead_without_value_asks_for_one(rep, convert):
    lead = make_lead(rep.organization, email="a@b-works.com")
    assert "deal.value" in convert(lead, {}, status=422)["error"]["fields"]
    assert convert(lead, {"value": 5})["deal_id"]


def test_one_undo_takes_the_deal_as_well(api, rep, lead, convert, view):
    done = convert(lead, {"role": "champion"})
    undone = api.post("/api/undo", {"change_id": done["change_id"]})
    assert undone.status_code == 200 and undone.json()["data"]["conflicts"] == [], undone.content
    with org_scope(rep.organization):
        assert not Deal.objects.alive().exists() and not DealContact.objects.exists()
        assert not Contact.objects.alive().exists() and not Company.objects.alive().exists()
    again = api.post("/api/undo", {"change_id": undone["X-Change-Id"]})
    assert again.status_code == 200, again.content
    assert [(one["contact_id"], one["role"]) for one in view(done["deal_id"])["contacts"]] == [(done["contact_id"], "champion")]


def test_a_deal_that_went_on_stays_when_the_conversion_is_undone(api, rep, lead, convert, view, stages):
    done = convert(lead, {})
    assert api.post(f"/api/lead/deal/{done['deal_id']}/move", {"stage_id": stages["Proposal"].pk}).status_code == 200
    undone = api.post("/api/undo", {"change_id": done["change_id"]}).json()["data"]
    assert [one["model_type"] for one in undone["conflicts"]] == ["deal"]
    deal = view(done["deal_id"])
    assert deal["stage_name"] == "Proposal" and deal["contacts"] == []


def test_deals_that_are_there_get_the_contact_and_the_company(api, rep, lead, convert, view):
    deal, gone = make_deal(lead, by=rep), make_deal(lead, by=rep)
    assert api.delete("/api/lead/deal/delete", {"ids": [gone.pk]}).status_code == 200
    done = convert(lead)
    assert [(one["contact_id"], one["role"]) for one in view(deal.pk)["contacts"]] == [(done["contact_id"], "other")]
    found = api.get("/api/lead/deal/list", {"company_id": done["company_id"]}).json()["data"]
    assert [one["id"] for one in found] == [deal.pk]
    with org_scope(rep.organization):
        assert DealContact.objects.count() == 1
        told = Change.objects.get(verb="deal.contact_changed")
    assert told.change_id == int(done["change_id"]) and told.after["contact"] == "Jane Doe"
    assert api.post("/api/undo", {"change_id": done["change_id"]}).json()["data"]["conflicts"] == []
    assert view(deal.pk)["contacts"] == []


def test_a_contact_that_has_a_role_keeps_it(api, rep, lead, convert, view):
    known = api.post("/api/contact/add", {"name": "Jane Doe", "email": "jane@fine-widgets.com",
                                          "company_id": convert_company(api)}).json()["data"]["id"]
    deal = make_deal(lead, by=rep)
    assert api.post(f"/api/lead/deal/{deal.pk}/contacts", {"contact_id": known, "role": "blocker"}).status_code in (200, 201)
    assert convert(lead)["contact_id"] == known
    assert [(one["contact_id"], one["role"]) for one in view(deal.pk)["contacts"]] == [(known, "blocker")]


def convert_company(api):
    return api.post("/api/company/add", {"company_name": "Fine Widgets"}).json()["data"]["id"]


def test_many_at_once_cost_the_same(rep):
    counts = []
    for many in (2, 12):
        leads = [make_lead(rep.organization, email=f"{many}.{n}@x{many}-works.com") for n in range(many)]
        for lead in leads:
            make_deal(lead, by=rep)
        with org_scope(rep.organization):
            before = DealContact.objects.count()
            with CaptureQueriesContext(connection) as found:
                conversion.convert_all(Lead.objects.filter(pk__in=[lead.pk for lead in leads]), by=rep)
            assert DealContact.objects.count() == before + many
        counts.append(len(found))
    assert counts[1] <= counts[0] + 2


def test_what_another_organization_has_is_not_touched(rep, lead, convert):
    other = make_organization("Other")
    theirs = make_deal(make_lead(other.organization, email="jane@fine-widgets.com"), by=other)
    with org_scope(other.organization):
        stage = theirs.stage_id
    assert "deal.stage_id" in convert(lead, {"stage_id": stage}, status=404)["error"]["fields"]
    convert(lead)
    with org_scope(other.organization):
        assert not DealContact.objects.exists()
    another = make_lead(rep.organization, email="c@d-works.com")
    with org_scope(rep.organization), pytest.raises(Invalid):
        conversion.convert(another.pk, rep.organization, by=rep, further={"deal": {}})


# ------------------------------------------------------------------------- the page
def shown(answer, status=200):
    assert answer.status_code == status, answer.content[:500]
    return answer.content.decode()


def test_the_page_asks_and_makes_the_deal(browser, rep, lead, stages):
    address = f"/contacts/convert/{lead.pk}"
    page = shown(browser.get(address))
    assert 'name="make_deal"' in page and 'value="48000"' in page and "checked> <span>Make a deal" not in page
    sent = {"contact": "new", "company": "found", "make_deal": "true", "deal-title": "From the page", "deal-value": "750.50",
            "deal-stage_id": stages["Qualified"].pk, "deal-role": "decision_maker", "deal-expected_close_date": "2031-05-01"}
    answer = browser.post(address, sent)
    assert answer.status_code == 302
    with org_scope(rep.organization):
        deal = Deal.objects.select_related("stage").get()
        assert (deal.title, float(deal.value), deal.stage.name) == ("From the page", 750.5, "Qualified")
        assert DealContact.objects.get().role == "decision_maker"
    assert "From the page" in shown(browser.get(answer["Location"]))


def test_without_the_tick_no_deal_is_made(browser, rep, lead):
    sent = {"contact": "new", "company": "found", "deal-title": "Not wanted", "deal-value": "5"}
    assert browser.post(f"/contacts/convert/{lead.pk}", sent).status_code == 302
    with org_scope(rep.organization):
        assert Contact.objects.exists() and not Deal.objects.exists()


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({"deal-value": "0"}, "greater than or equal to 1"),
        ({"deal-value": "x"}, "deal-value"),
        ({"deal-stage_id": "77777"}, "Select a valid choice"),
        ({"deal-title": "x"}, "Must have at least 2"),
        ({"deal-role": "king"}, "Select a valid choice"),
        ({"deal-expected_close_date": "31.12."}, "id_deal-expected_close_date"),
        ({"deal-title": "\x00" * 3}, "deal-title"),
    ],
)
def test_what_is_wrong_is_said_beside_the_field(browser, rep, lead, sent, said):
    page = shown(browser.post(f"/contacts/convert/{lead.pk}", {"contact": "new", "make_deal": "true"} | sent), 422)
    assert said in page and "Nothing was converted" in page and 'errorlist' in page
    assert " checked> <span>Make a deal" in page
    with org_scope(rep.organization):
        assert not Contact.objects.exists()


def test_what_the_stage_requires_is_asked_on_the_page_and_not_by_the_api(api, browser, rep, lead, stages, convert):
    with org_scope(rep.organization):
        Stage.objects.filter(pk=stages["New"].pk).update(required_fields=["next_step"])
    page = shown(browser.post(f"/contacts/convert/{lead.pk}", {"contact": "new", "make_deal": "true"}), 422)
    assert "is required in New" in page
    assert convert(lead, {})["deal_id"]


def test_without_a_pipeline_the_page_converts_all_the_same(api, browser, rep, lead, stages):
    assert api.delete("/api/pipelines/delete", {"ids": [stages["New"].pipeline_id]}).status_code == 200
    assert "as soon as there is a" in shown(browser.get(f"/contacts/convert/{lead.pk}"))
    assert browser.post(f"/contacts/convert/{lead.pk}", {"contact": "new", "company": "found"}).status_code == 302
