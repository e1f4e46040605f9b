"""The order of the sources, and which of their values counts."""

from enrichment.chain import BUILTIN, WANTED, ask, most, query_of
from integrations.ports import COMPANY, PERSON, Passing, Permanent
from tests.enrichment.sources import Directory

PARTS = {(PERSON, "job_title"): ("Head of Sales", 0.7)}
QUERY = query_of(PERSON, name="Jane Doe", email="jane@acme.com")


def test_a_query_holds_what_is_known_and_the_company_behind_the_address():
    query = query_of(PERSON, name=" Jane  Doe ", email="jane@mail.acme.co.uk", company=None)
    assert (query.name, query.domain, query.company) == ("Jane Doe", "acme.co.uk", "")
    assert query_of(PERSON, email="jane@gmail.com").domain == ""
    assert query_of(COMPANY, website="https://www.acme.com/about", email="x@other.com").domain == "acme.com"


def test_the_first_verified_value_wins_else_the_surest():
    first = Directory("a", "a", 0, {(PERSON, "job_title"): ("Clerk", 0.5), (PERSON, "country"): ("Germany", 0.4)})
    facts = {(PERSON, "job_title"): ("Buyer", 0.6), (PERSON, "country"): ("France", 0.4)}
    second = Directory("b", "b", 0, facts, verified=True)
    facts = {(PERSON, "job_title"): ("Chief", 0.99), (PERSON, "country"): ("Spain", 1.0)}
    third = Directory("c", "c", 0, facts, verified=True)
    found = {one.field: one for one in ask(QUERY, [first, second, third]).findings}
    assert (found["job_title"].value, found["job_title"].source) == ("Buyer", "b")
    assert found["country"].value == "France"
    third.verified = False
    assert {one.field: one.value for one in ask(QUERY, [first, third]).findings} == {"job_title": "Chief", "country": "Spain"}
    tied = Directory("d", "d", 0, {(PERSON, "job_title"): ("Later", 0.5)})
    assert ask(QUERY, [first, tied]).findings[0].value == "Clerk"


def test_a_paid_source_is_not_asked_for_what_is_known():
    sure = Directory("a", "a", 0, dict.fromkeys(WANTED[PERSON], ("x", 1.0)), verified=True)
    paid = Directory("b", "b", 3, PARTS)
    answer = ask(QUERY, [sure, paid])
    assert paid.queries == [] and answer.cost == 0 and "known" in answer.asked[1].problem
    assert ask(QUERY, [paid], held=frozenset(WANTED[PERSON])).asked[0].cost == 0 and paid.queries == []
    sure.verified = False
    answer = ask(QUERY, [sure, paid])
    assert len(paid.queries) == 1 and answer.cost == 3


def test_only_hits_cost():
    hit, miss = Directory("a", "a", 2, PARTS), Directory("b", "b", 5)
    answer = ask(QUERY, [hit, miss])
    assert (answer.cost, most([hit, miss])) == (2, 7)
    assert [one.problem for one in answer.asked] == ["", "Not listed."]


def test_what_one_source_finds_the_next_is_asked_with():
    facts = {(COMPANY, "website"): ("https://www.acme.com", 0.9), (COMPANY, "company_name"): ("Acme", 0.3)}
    website = Directory("a", "a", 0, facts)
    paid = Directory("b", "b", 1)
    ask(query_of(PERSON, name="Jane Doe"), [website, paid])
    assert paid.queries[0].domain == "acme.com" and paid.queries[0].website == "https://www.acme.com"
    assert paid.queries[0].company == ""  # not sure enough to ask with


def test_the_answer_names_who_gave_something():
    ours, theirs = Directory("name", BUILTIN, 0, PARTS), Directory("pdl", "pdl", 1)
    assert ask(QUERY, [ours, theirs]).provider == BUILTIN
    theirs.facts = {(PERSON, "country"): ("Germany", 0.9)}
    answer = ask(QUERY, [ours, theirs])
    assert (answer.provider, answer.confidence) == ("pdl", 0.8)
    assert answer.results() == {"person": {"job_title": "Head of Sales", "country": "Germany"}, "company": {}}
    assert ask(QUERY, []).provider == BUILTIN and not ask(QUERY, []).hit


def test_a_source_that_fails_does_not_stop_the_others():
    away = Directory("a", "a", 1, error=Passing("try later"))
    closed = Directory("b", "b", 1, error=Permanent("wrong key"))
    answer = ask(QUERY, [away, closed, Directory("c", "c", 1, PARTS)])
    assert answer.results()["person"] == {"job_title": "Head of Sales"}
    told = [(one.away, one.refused, one.cost) for one in answer.asked]
    assert told == [(True, False, 0), (False, True, 0), (False, False, 1)]
    assert answer.away == ["a"] and "wrong key" in answer.problem


def test_values_that_cannot_be_stored_are_left_out():
    facts = {(PERSON, "job_title"): ("  ", 0.9), (PERSON, "city"): ("Ber\x00lin ", 7), ("pet", "x"): ("y", 1)}
    (found,) = ask(QUERY, [Directory("a", "a", 0, facts)]).findings
    assert (found.value, found.confidence) == ("Berlin", 1.0)
