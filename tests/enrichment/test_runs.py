"""What a run does to its record: fill, replace, propose; accepting, dismissing, taking back."""

import pytest

from accounts import credits
from companies import edit as companies
from companies.models import Company
from contacts import edit as contacts
from contacts.models import Contact
from enrichment import filling, runs
from enrichment.models import FoundValue, Run
from integrations.models import Connection
from integrations.ports import COMPANY, PERSON, Permanent
from leads import edit
from leads.models import Lead
from lio import history, jobs, undo
from lio.errors import Conflict, Forbidden, Missing
from lio.models import Change
from lio.tenancy import org_scope
from lookups import edit as lookups
from tests.enrichment.sources import Directory, connect
from tests.factories import make_lead

TITLE, INDUSTRY, CITY = (PERSON, "job_title"), (COMPANY, "industry_type"), (COMPANY, "city")


@pytest.fixture
def lead(rep):
    return make_lead(rep.organization, by=rep, email="jane@acme.example", city="Bern")


@pytest.fixture
def directory(rep, monkeypatch):
    with org_scope(rep.organization):
        return connect(rep.organization, Directory(), monkeypatch)


@pytest.fixture
def enrich(rep, directory):
    """f(lead, {(of, field): (value, confidence)}): the run, as an action of its own."""

    def run(lead, facts):
        directory.facts = facts
        with org_scope(rep.organization), history.one_action():
            started = runs.begin(rep.organization, by=rep, model_type="lead", model_id=lead.pk)
            return runs.finish(rep.organization, started, started.ask())

    return run


def states(run):
    with org_scope(run.organization_id):
        return dict(FoundValue.objects.filter(run=run).values_list("field", "state"))


def test_empty_fields_are_filled_and_typed_ones_proposed(rep, lead, enrich):
    run = enrich(lead, {TITLE: ("Head of Sales", 0.8), INDUSTRY: ("Software", 0.7), CITY: ("Zürich", 0.99)})
    assert states(run) == {"job_title": "applied", "industry": "applied", "city": "proposed"}
    with org_scope(rep.organization):
        lead.refresh_from_db()
        assert (lead.job_title, lead.industry, lead.city) == ("Head of Sales", "Software", "Bern")
        proposal = FoundValue.objects.get(state="proposed")
        assert (proposal.old_value, proposal.value, proposal.why) == ("Bern", "Zürich", "it is listed")
        change = Change.objects.get(change_id=run.change_id)
        assert (change.verb, change.actor, change.by, change.after["job_title"]) == (
            "lead.enriched", "Enrichment", None, "Head of Sales")
        assert lead.ai_information["enrichment"]["person"] == {"job_title": "Head of Sales"}
        assert lead.ai_information["enrichment"]["company"] == {"industry_type": "Software", "city": "Zürich"}
    jobs.drain()  # the score is computed anew, and leaves it alone
    with org_scope(rep.organization):
        lead.refresh_from_db()
        assert lead.ai_information["enrichment"]["run_id"] == run.pk and lead.ai_information["score"] == lead.score > 0


def test_what_a_source_doubts_is_proposed(rep, lead, enrich):
    assert states(enrich(lead, {TITLE: ("Clerk", 0.3)})) == {"job_title": "proposed"}


def test_a_contact_has_columns_of_its_own(rep, directory):
    directory.facts = {TITLE: ("Head of Sales", 0.8), CITY: ("Bern", 0.9)}
    with org_scope(rep.organization), history.one_action():
        pk = contacts.add(rep.organization, {"name": "Jane Doe", "designation": "VP Marketing"}, by=rep)
    with org_scope(rep.organization), history.one_action():
        started = runs.begin(rep.organization, by=rep, model_type="contact", model_id=pk)
        run = runs.finish(rep.organization, started, started.ask())
    found = states(run)
    assert (found["designation"], found["city"], found["seniority"], found["department"]) == (
        "proposed", "applied", "applied", "applied")
    with org_scope(rep.organization), history.one_action():
        contact = Contact.objects.get()
        assert contact.city == "Bern" and contact.seniority and contact.department
        assert runs.take_back(rep.organization, run, by=rep).reverted == 1
        contact.refresh_from_db()
        assert (contact.city, contact.seniority) == (None, None)


@pytest.fixture
def company(rep, scope):
    with history.one_action():
        return companies.add(rep.organization, {"company_name": "Acme", "website": "https://acme.com"}, by=rep)


def enriched(rep, pk):
    with history.one_action():
        started = runs.begin(rep.organization, by=rep, model_type="company", model_id=pk)
        return runs.finish(rep.organization, started, started.ask())


def test_a_company_gets_its_facts_and_the_tags_that_there_are(rep, scope, directory, company):
    tag = lookups.add(rep.organization, module_name="company", type="tags", name="SaaS", by=rep)
    directory.facts = {INDUSTRY: ("Software", 0.8), CITY: ("Bern", 0.9), (COMPANY, "employee_size"): ("11-50", 0.7),
                       (COMPANY, "summary"): ("Makes anvils.", 0.9), (COMPANY, "tags"): (["saas", "B2B"], 0.9),
                       (COMPANY, "company_name"): ("Acme Incorporated", 1.0)}
    run = enriched(rep, company)
    row = Company.objects.get()
    assert (row.company_name, row.industry_type, row.city, row.employee_size, row.summary) == (
        "Acme", "Software", "Bern", "11-50", "Makes anvils.")
    assert [one.tag_id for one in row.company_tags.all()] == [tag.pk]
    assert set(states(run).values()) == {"applied", "same"}  # its own records confirm the website
    with history.one_action():
        assert runs.take_back(rep.organization, run, by=rep).conflicts == []
    row.refresh_from_db()
    assert (row.industry_type, row.city, row.company_tags.count()) == (None, None, 0)
    assert "tags" not in states(enriched(rep, company))  # somebody took it off


def test_a_website_of_another_company_does_not_break_the_run(rep, scope, directory, company):
    with history.one_action():
        other = companies.add(rep.organization, {"company_name": "Acme Labs"}, by=rep)
    directory.facts = {(COMPANY, "website"): ("https://www.acme.com", 0.9), INDUSTRY: ("Software", 0.8)}
    found = enriched(rep, other)
    assert states(found) == {"website": "left_out", "industry_type": "applied"}
    assert FoundValue.objects.get(run=found, field="website").why
    assert Company.objects.get(pk=other).website is None


def test_what_a_run_filled_a_better_value_may_replace(rep, lead, enrich):
    first = enrich(lead, {TITLE: ("Clerk", 0.5)})
    assert states(enrich(lead, {TITLE: ("Assistant", 0.45)})) == {"job_title": "proposed"}
    better = enrich(lead, {TITLE: ("Head of Sales", 0.9)})
    assert states(better) == {"job_title": "applied"} and states(first) == {"job_title": "replaced"}
    with org_scope(rep.organization):
        assert not FoundValue.objects.open().exists()  # the weaker proposal went with the field's new value
        edit.update(lead.pk, rep.organization, {"job_title": "Sales lead"}, by=rep)
    assert states(enrich(lead, {TITLE: ("Chief of Sales", 1.0)})) == {"job_title": "proposed"}
    with org_scope(rep.organization):
        lead.refresh_from_db()
        assert lead.job_title == "Sales lead"


def test_a_value_that_a_person_typed_again_is_theirs(rep, lead, enrich):
    """Set by a run, changed by a person and changed back: it reads the same, but a person said so."""
    enrich(lead, {TITLE: ("Clerk", 0.5)})
    for title in ("Boss", "Clerk"):
        with org_scope(rep.organization), history.one_action():
            edit.update(lead.pk, rep.organization, {"job_title": title}, by=rep)
    assert states(enrich(lead, {TITLE: ("Head of Sales", 0.9)})) == {"job_title": "proposed"}


def test_the_same_value_is_told_and_nothing_is_written(rep, lead, enrich):
    enrich(lead, {TITLE: ("Clerk", 0.5)})
    with org_scope(rep.organization):
        before = Change.objects.count()
    again = enrich(lead, {TITLE: ("clerk ", 0.9)})
    assert states(again) == {"job_title": "same"}
    enrich(lead, {TITLE: ("clerk ", 0.9)})
    with org_scope(rep.organization):
        assert Change.objects.count() == before + 1  # ai_information has what was found, once
        assert Change.objects.latest("id").after.keys() == {"ai_information"}


def test_a_phone_number_that_differs_by_its_blanks_alone_is_no_proposal(rep, enrich):
    lead = make_lead(rep.organization, by=rep, phone_number="+49 30 555 1234")
    assert states(enrich(lead, {(PERSON, "phone_number"): ("+49305551234", 1.0)}))["phone_number"] == "same"


def test_phone_numbers_are_never_rewritten(rep, enrich):
    lead = make_lead(rep.organization, by=rep, phone_number="030 555 1234")
    run = enrich(lead, {(PERSON, "phone_number"): ("+49305551234", 1.0)})
    assert states(run) == {"phone_number": "proposed"}


def test_what_cannot_be_stored_is_left_out_and_says_why(rep, lead, enrich):
    make_lead(rep.organization, linkedin_url="https://linkedin.com/in/other", email="other@acme.example")
    run = enrich(lead, {
        (PERSON, "linkedin_url"): ("https://www.linkedin.com/in/other/", 0.9),
        (COMPANY, "website"): ("javascript:alert(1)", 0.9),
        TITLE: ("x" * 300, 0.9),
        INDUSTRY: ("Software", 0.9),
    })
    assert states(run) == {"linkedin_url": "left_out", "website": "left_out", "job_title": "left_out", "industry": "applied"}
    with org_scope(rep.organization):
        lead.refresh_from_db()
        assert (lead.industry, lead.linkedin_url, lead.website, lead.job_title) == ("Software", None, None, None)
        why = dict(FoundValue.objects.filter(run=run).values_list("field", "why"))
        assert "exists already" in why["linkedin_url"] and "http" in why["website"]


def test_accepting_is_an_edit_by_the_person(rep, colleague, lead, enrich):
    enrich(lead, {CITY: ("Zürich", 0.9)})
    with org_scope(rep.organization), history.one_action():
        (row,) = filling.accept(rep.organization, [FoundValue.objects.open().get().pk], by=colleague)
        lead.refresh_from_db()
        change = Change.objects.latest("id")
        assert (lead.city, row.state, row.decided_by) == ("Zürich", "accepted", colleague)
        assert (change.verb, change.by, change.before, change.after) == (
            "lead.updated", colleague, {"city": "Bern"}, {"city": "Zürich"})
        with pytest.raises(Missing):
            filling.accept(rep.organization, [row.pk], by=colleague)
    assert states(enrich(lead, {CITY: ("Genf", 1.0)})) == {"city": "proposed"}


def test_what_was_dismissed_does_not_come_again(rep, lead, enrich):
    enrich(lead, {CITY: ("Zürich", 0.9)})
    with org_scope(rep.organization):
        filling.dismiss(rep.organization, [FoundValue.objects.open().get().pk], by=rep)
    assert states(enrich(lead, {CITY: ("Zürich", 1.0)})) == {"city": "dismissed"}
    assert states(enrich(lead, {CITY: ("Basel", 1.0)})) == {"city": "proposed"}


def test_one_undo_takes_a_run_back_and_it_is_not_pressed_on_anybody_again(rep, lead, enrich):
    facts = {TITLE: ("Head of Sales", 0.8), INDUSTRY: ("Software", 0.7), (COMPANY, "company_name"): ("Acme", 0.9)}
    run = enrich(lead, facts)
    with org_scope(rep.organization), history.one_action():
        done = runs.take_back(rep.organization, run, by=rep)
        lead.refresh_from_db()
        assert (done.reverted, done.conflicts) == (2, [])  # and the company that came with it
        assert (lead.job_title, lead.industry, lead.company) == (None, None, None) and "enrichment" not in lead.ai_information
        shown = {row["field"]: row["state_"] for row in FoundValue.objects.filter(run=run).rows()}
        assert set(shown.values()) == {"reverted"}
        with pytest.raises(Conflict):
            runs.take_back(rep.organization, run, by=rep)
    assert set(states(enrich(lead, facts)).values()) == {"proposed"}
    with org_scope(rep.organization), history.one_action():  # the undo is taken back in its turn
        undo.undo(rep.organization, done.change_id, by=rep)
        lead.refresh_from_db()
        assert lead.job_title == "Head of Sales"
        assert {row["state_"] for row in FoundValue.objects.filter(run=run).rows()} == {"applied"}


def test_a_field_that_changed_since_stays_when_a_run_is_taken_back(rep, lead, enrich):
    run = enrich(lead, {TITLE: ("Head of Sales", 0.8), INDUSTRY: ("Software", 0.7)})
    with org_scope(rep.organization), history.one_action():
        edit.update(lead.pk, rep.organization, {"industry": "Games"}, by=rep)
    with org_scope(rep.organization), history.one_action():
        done = runs.take_back(rep.organization, run, by=rep)
        lead.refresh_from_db()
        assert (lead.job_title, lead.industry) == (None, "Games")
        assert [conflict["field"] for conflict in done.conflicts] == ["industry"]


def test_credits_are_taken_for_hits_alone(rep, lead, enrich, directory):
    organization, directory.cost = rep.organization, 3
    hit = enrich(lead, {TITLE: ("Head of Sales", 0.8)})
    miss = enrich(lead, {})
    with org_scope(organization):
        assert (hit.cost, miss.cost, credits.balance(organization)) == (3, 0, 997)
        assert miss.provider == "builtin"
    directory.cost = 998
    with org_scope(organization), pytest.raises(Forbidden) as refused:
        runs.begin(organization, by=rep, model_type="lead", model_id=lead.pk)
    assert refused.value.code == "insufficient_credits"


def test_a_vendor_that_refuses_is_asked_once(rep, lead, enrich, directory):
    directory.error = Permanent("wrong key")
    run = enrich(lead, {})
    with org_scope(rep.organization):
        connection = Connection.objects.get(provider="directory")
        assert (connection.state, connection.reason) == ("refused", "wrong key")
        assert "wrong key" in run.problem and credits.balance(rep.organization) == 1000
    enrich(lead, {})
    assert len(directory.queries) == 1


def test_finishing_twice_does_nothing_more(rep, lead, directory):
    organization = rep.organization
    directory.facts = {CITY: ("Zürich", 0.9)}
    with org_scope(organization):
        started = runs.begin(organization, by=rep, model_type="lead", model_id=lead.pk)
        answer = started.ask()
        for _ in range(2):
            run = runs.finish(organization, started, answer)
        assert FoundValue.objects.filter(run=run).count() == 1 and credits.balance(organization) == 999
        assert runs.give_up(organization, run.pk, ValueError()).state == Run.State.DONE


def test_a_record_that_went_meanwhile(rep, lead, directory):
    directory.facts = {CITY: ("Zürich", 0.9)}
    with org_scope(rep.organization):
        started = runs.begin(rep.organization, by=rep, model_type="lead", model_id=lead.pk)
        edit.delete(Lead.objects.filter(pk=lead.pk), by=rep)
        run = runs.finish(rep.organization, started, started.ask())
        assert (run.problem, run.hit) == ("The record is gone.", True) and not FoundValue.objects.exists()
        with pytest.raises(Missing):
            runs.begin(rep.organization, by=rep, model_type="lead", model_id=lead.pk)


def test_nobody_else_writes_what_enrichment_keeps(api, rep, lead, enrich):
    enrich(lead, {TITLE: ("Clerk", 0.5)})
    sent = {"ai_information": {"enrichment": {"person": "forged"}, "mine": 1}}
    assert api.post(f"/api/lead/update/{lead.pk}", sent).status_code == 200
    with org_scope(rep.organization):
        lead.refresh_from_db()
        assert lead.ai_information["enrichment"]["person"] == {"job_title": "Clerk"} and lead.ai_information["mine"] == 1
