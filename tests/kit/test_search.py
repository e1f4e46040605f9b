"""Free text over records: what is typed is meant literally (T15)."""

import pytest

from lio import search
from lio.tenancy import org_scope
from tests.factories import make_lead


def found(api, text):
    return {row["last_name"] for row in api.get("/api/lead/list", {"search_value": text, "limit": 100}).json()["data"]}


@pytest.fixture
def leads(rep):
    names = ["100%", "a_b", "axb", r"back\slash", "O'Neil", "Müller", "İstanbul", "ab\ncd", "plain"]
    for n, name in enumerate(names):
        make_lead(
            rep.organization,
            first_name="",
            last_name=name,
            email=f"p{n}@mail.test",
            job_title=f"Job{n}",
            company=f"Firm {n}",
            phone_number=f"+49 30 555-{n:03}",
        )
    return names


def test_wildcards_are_letters(api, leads):
    assert found(api, "%") == {"100%"}
    assert found(api, "_") == {"a_b"}
    assert found(api, "a_b") == {"a_b"}
    assert found(api, "\\") == {r"back\slash"}
    assert found(api, "'") == {"O'Neil"}
    assert found(api, "0%") == {"100%"}


def test_case_and_place_do_not_matter(api, leads):
    assert found(api, "MÜLL") == found(api, "üller") == {"Müller"}
    assert found(api, "PLAIN") == {"plain"}
    assert found(api, "p3@MAIL") == {r"back\slash"}
    assert found(api, "job7") == {"ab\ncd"}
    assert found(api, "firm 2") == {"axb"}


def test_phone_numbers_with_and_without_signs(api, leads):
    assert found(api, "4930555004") == found(api, "+49 30 555-004") == {"O'Neil"}


def test_names_are_found_across_first_and_last(api, rep):
    make_lead(rep.organization, first_name="Grace", last_name="Hopper")
    assert found(api, "grace hop") == {"Hopper"}


def test_words_follow_the_record(api, rep):
    lead = make_lead(rep.organization, last_name="Before", company="Old Inc")
    api.post(f"/api/lead/update/{lead.pk}", {"last_name": "After", "company": "New Inc"})
    assert (found(api, "before"), found(api, "old inc")) == (set(), set())
    assert found(api, "after") == found(api, "new inc") == {"After"}
    api.delete(f"/api/lead/delete?ids={lead.pk}")
    assert found(api, "after") == set()


def test_many_hits_take_the_other_way(api, leads, monkeypatch):
    monkeypatch.setattr(search, "NEAR", 3)
    assert found(api, "mail.test") == set(leads)
    assert api.get("/api/lead/list", {"search_value": "mail.test", "limit": 2}).json()["total"] == len(leads)
    assert found(api, "%") == {"100%"}


def test_search_goes_with_filters_and_pages(api, rep):
    for n in range(5):
        make_lead(rep.organization, last_name=f"Match{n}", city="Ulm" if n % 2 else "Bonn")
    answer = api.get(
        "/api/lead/list", {"search_value": "match", "city": "ulm", "limit": 1, "order_by": "last_name", "order_in": "asc"}
    ).json()
    assert ([row["last_name"] for row in answer["data"]], answer["total"]) == (["Match1"], 2)


def test_the_function_wants_a_scope(rep):
    from django.db import DatabaseError, transaction

    with pytest.raises(DatabaseError), transaction.atomic():
        search.hits("lead", "a")
    with org_scope(rep.organization):
        assert search.hits("lead", "a") == []
