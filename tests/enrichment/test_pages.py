"""The card on the pages of records, and many leads from their list."""

import re

import pytest

from accounts.models import CreditAccount, Role
from enrichment.models import Batch, FoundValue, Run
from integrations.ports import COMPANY, PERSON
from leads.models import Lead
from lio import jobs
from lio.tenancy import org_scope
from tests.conftest import sign_in
from tests.enrichment.sources import Directory, connect
from tests.factories import make_lead, make_organization

FACTS = {(PERSON, "job_title"): ("Head of Sales", 0.8), (COMPANY, "industry_type"): ("Software", 0.7),
         (PERSON, "city"): ("Zürich", 0.9), (COMPANY, "website"): ("javascript:x", 0.9)}


@pytest.fixture
def lead(rep):
    return make_lead(rep.organization, by=rep, email="jane@acme.example", city="Bern", industry="Games")


@pytest.fixture
def directory(rep, monkeypatch):
    with org_scope(rep.organization):
        return connect(rep.organization, Directory(facts=FACTS), monkeypatch)


def page(browser, lead):
    answer = browser.get(f"/leads/{lead.pk}/")
    assert answer.status_code == 200
    return answer.content.decode()


def card(browser, lead, **headers):
    return browser.get(f"/enrichment/lead/{lead.pk}/", headers={"HX-Request": "true"}).content.decode()


def proposals(rep):
    with org_scope(rep.organization):
        return dict(FoundValue.objects.open().values_list("field", "pk"))


def test_a_lead_that_was_never_enriched_says_so_and_what_it_costs(browser, lead, directory):
    text = page(browser, lead)
    assert "Not enriched yet." in text and "Enrich now · up to 1 credit<" in text
    directory.cost = 0
    assert "Enrich now · free" in page(browser, lead)


def test_enrich_now_without_script(browser, rep, lead, directory):
    answer = browser.post(f"/enrichment/lead/{lead.pk}/run", follow=True)
    text = answer.content.decode()
    assert answer.redirect_chain == [(f"/leads/{lead.pk}/", 302)]
    assert re.search(r"Enriched: \d filled in, \d proposed\.", text)
    shown = text[text.index('id="enrichment"'):]
    for words in ("<del>Bern</del>", "<ins>Zürich</ins>", "80 % sure", "it is listed", "Head of Sales", "was left out",
                  "Directory", "Accept all", "Take back"):
        assert words in shown, words
    assert "<b>Enrichment</b> changed" in text  # in the timeline
    with org_scope(rep.organization):
        run = Run.objects.get()
        assert (run.by, run.cost) == (rep, 1)


def test_enrich_now_with_htmx(browser, lead, directory):
    answer = browser.post(f"/enrichment/lead/{lead.pk}/run", headers={"HX-Request": "true"})
    assert answer.status_code == 200 and answer.content.decode().strip().startswith("<section")
    assert all(word in answer["HX-Trigger"] for word in ("Enriched: ", "/undo/", "record-changed"))


def test_accept_and_dismiss(browser, rep, lead, directory):
    browser.post(f"/enrichment/lead/{lead.pk}/run")
    found = proposals(rep)
    assert {"city", "industry"} <= found.keys()
    answer = browser.post(f"/enrichment/lead/{lead.pk}/decide", {"ids": found["city"], "answer": "accept"},
                          headers={"HX-Request": "true"})
    assert "City accepted." in answer["HX-Trigger"]
    browser.post(f"/enrichment/lead/{lead.pk}/decide", {"ids": found["industry"], "answer": "dismiss"})
    with org_scope(rep.organization):
        row = Lead.objects.get()
        assert (row.city, row.industry) == ("Zürich", "Games")
    again = browser.post(f"/enrichment/lead/{lead.pk}/decide", {"ids": found["city"], "answer": "accept"}, follow=True)
    assert "That is decided already." in again.content.decode()
    for nonsense in ({"ids": "x"}, {}, {"ids": 2**70}, {"ids": "١"}):
        assert browser.post(f"/enrichment/lead/{lead.pk}/decide", nonsense).status_code == 302


def test_accept_all_is_one_change(browser, rep, lead, directory):
    browser.post(f"/enrichment/lead/{lead.pk}/run")
    ids = list(proposals(rep).values())
    answer = browser.post(f"/enrichment/lead/{lead.pk}/decide", {"ids": ids, "answer": "accept"}, follow=True)
    assert f"{len(ids)} values accepted." in answer.content.decode()
    with org_scope(rep.organization):
        assert FoundValue.objects.filter(state="accepted").values("change_id").distinct().count() == 1


def test_take_back(browser, rep, lead, directory):
    browser.post(f"/enrichment/lead/{lead.pk}/run")
    with org_scope(rep.organization):
        run = Run.objects.get().pk
    answer = browser.post(f"/enrichment/lead/{lead.pk}/take-back", {"run": run}, follow=True)
    text = answer.content.decode()
    assert "What the run filled in is taken back." in text and ">Take back<" not in text
    with org_scope(rep.organization):
        assert Lead.objects.get().job_title is None
    again = browser.post(f"/enrichment/lead/{lead.pk}/take-back", {"run": run}, follow=True)
    assert "This has been undone already." in again.content.decode()
    assert browser.post(f"/enrichment/lead/{lead.pk}/take-back", {"run": 0}).status_code == 404


def test_too_few_credits_are_told(browser, rep, lead, directory):
    with org_scope(rep.organization):
        CreditAccount.objects.update(balance=0)
    answer = browser.post(f"/enrichment/lead/{lead.pk}/run", follow=True)
    assert "This can cost 1 credits; your organization has 0 left." in answer.content.decode()
    answer = browser.post(f"/enrichment/lead/{lead.pk}/run", headers={"HX-Request": "true"})
    assert answer.status_code == 204 and answer["HX-Redirect"] == f"/leads/{lead.pk}/"


def test_the_card_alone_is_a_page(browser, lead):
    text = browser.get(f"/enrichment/lead/{lead.pk}/").content.decode()
    assert "<h1>Enrichment</h1>" in text and f'href="/leads/{lead.pk}/"' in text


def test_companies_have_the_card(browser, rep, lead):
    answer = browser.get(f"/companies/{make_lead(rep.organization, company='Acme').company_id}/")
    assert "Not enriched yet." in answer.content.decode()


def test_records_of_others_and_kinds_that_are_none(client, browser, rep, lead):
    assert browser.get(f"/enrichment/deal/{lead.pk}/").status_code == 404
    assert browser.post("/enrichment/lead/987654/run").status_code == 404
    sign_in(client, make_organization("Globex"))
    assert client.get(f"/enrichment/lead/{lead.pk}/").status_code == 404
    for deed in ("run", "decide", "take-back"):
        assert client.post(f"/enrichment/lead/{lead.pk}/{deed}", {"run": 1}).status_code == 404


def test_who_may_only_look_sees_no_buttons(client, rep, colleague, lead, directory, browser):
    browser.post(f"/enrichment/lead/{lead.pk}/run")
    with org_scope(rep.organization):
        Role.objects.filter(pk=colleague.role_id).update(permissions=["records.view"])
    sign_in(client, colleague)
    text = card(client, lead)
    assert "Zürich" in text and "Accept" not in text and "Enrich now" not in text
    assert client.post(f"/enrichment/lead/{lead.pk}/run").status_code == 403


# ------------------------------------------------------------------------- many
def test_many_leads_say_what_they_cost_before_they_start(browser, rep, directory):
    leads = [make_lead(rep.organization, by=rep, email=f"p{n}@acme.com", first_name=f"Nr{n}") for n in range(3)]
    asked = browser.post("/enrichment/leads", {"ids": [lead.pk for lead in leads]})
    text = asked.content.decode()
    assert "Enrich 3 leads?" in text and '<b class="num">3</b> credits at most' in text and "Mail domain" in text
    with org_scope(rep.organization):
        assert not Batch.objects.exists()
    started = browser.post("/enrichment/leads", {"ids": [lead.pk for lead in leads], "confirmed": "yes"})
    with org_scope(rep.organization):
        batch = Batch.objects.get()
    assert started["Location"] == f"/enrichment/bulk/{batch.pk}/"
    working = browser.get(started["Location"]).content.decode()
    assert 'aria-busy="true"' in working and "every 2s" in working and "0 of 3 asked" in working
    jobs.drain()
    done = browser.get(started["Location"]).content.decode()
    assert "Enriched: 3 of 3" in done and "every 2s" not in done
    for lead in leads:
        assert f'href="/leads/{lead.pk}/"' in done
    assert "Nr1 Doe" in done and "Directory" in done


def test_all_of_a_filtered_list(browser, rep, directory):
    for n in range(3):
        make_lead(rep.organization, by=rep, email=f"p{n}@acme.com", city="Bern" if n else "Basel")
    text = browser.post("/enrichment/leads?city=Bern", {"select_all": "true"}).content.decode()
    assert "Enrich 2 leads?" in text and 'name="expected_count" value="2"' in text
    browser.post("/enrichment/leads?city=Bern", {"select_all": "true", "expected_count": 5, "confirmed": "yes"})
    with org_scope(rep.organization):
        assert not Batch.objects.exists()
    browser.post("/enrichment/leads?city=Bern", {"select_all": "true", "expected_count": 2, "confirmed": "yes"})
    with org_scope(rep.organization):
        assert Batch.objects.get().total == 2


def test_nothing_chosen_is_told(browser, rep):
    answer = browser.post("/enrichment/leads", {}, follow=True)
    assert "Send ids" in answer.content.decode()
    assert browser.get("/enrichment/leads").status_code == 302
    assert browser.get("/enrichment/bulk/987654/").status_code == 404
