"""GET /api/lead/list: pages, order, totals (R30, R31, R34)."""

import pytest

from tests.factories import make_lead


def rows(api, **query):
    answer = api.get("/api/lead/list", query)
    assert answer.status_code == 200, answer.content
    return answer.json()


@pytest.fixture
def leads(rep):
    cities = ["Ulm", None, "Bonn", "ulm", None, "Aachen", "", "Zürich", "Bonn", None, "Ulm", "Ärö"]
    return [
        make_lead(
            rep.organization,
            email=f"a{n}@acme.example",
            city=city,
            estimated_value=None if n % 3 else n * 10,
            last_name=f"Name{n % 4}",
        )
        for n, city in enumerate(cities)
    ]


@pytest.mark.parametrize(
    "order", ["id", "last_name", "city", "estimated_value", "score", "created_at", "company", "status", "assigned_to"]
)
@pytest.mark.parametrize("way", ["ASC", "DESC"])
@pytest.mark.parametrize("size", [1, 5, 7])
def test_pages_together_are_the_list_whatever_the_order(api, leads, order, way, size):
    """Also from the end backwards, with empty values and ties."""
    whole = [row["id"] for row in rows(api, order_by=order, order_in=way, limit=100)["data"]]
    assert sorted(whole) == sorted(lead.pk for lead in leads)
    pieces = [
        row["id"] for page in range(1, 13) for row in rows(api, order_by=order, order_in=way, limit=size, page=page)["data"]
    ]
    assert pieces == whole
    filtered = [
        row["id"]
        for page in range(1, 13)
        for row in rows(api, order_by=order, order_in=way, limit=size, page=page, state_id=1)["data"]
    ]
    assert filtered == whole


def test_empty_values_come_last_both_ways(api, leads):
    for way in ("ASC", "DESC"):
        values = [row["estimated_value"] for row in rows(api, order_by="estimated_value", order_in=way, limit=100)["data"]]
        there = [value for value in values if value is not None]
        assert values == there + [None] * (len(values) - len(there))
        assert there == sorted(there, reverse=way == "DESC")


def test_ties_go_by_id(api, leads):
    listed = rows(api, order_by="last_name", order_in="ASC", limit=100)["data"]
    assert [(row["last_name"], row["id"]) for row in listed] == sorted((row["last_name"], row["id"]) for row in listed)
    listed = rows(api, order_by="last_name", order_in="DESC", limit=100)["data"]
    assert [(row["last_name"], row["id"]) for row in listed] == sorted(
        ((row["last_name"], row["id"]) for row in listed), reverse=True
    )


def test_the_limit_is_lowered_and_the_total_exact(api, leads):
    answer = rows(api, limit=1000)
    assert (answer["limit"], answer["total"], len(answer["data"])) == (100, 12, 12)
    assert "total_is_capped" not in answer
    answer = rows(api, page=4, limit=5)
    assert (answer["data"], answer["total"], answer["page"], answer["limit"]) == ([], 12, 4, 5)


def test_totals_above_the_cap_say_so(api, leads, monkeypatch):
    from lio import listing

    monkeypatch.setattr(listing, "CAP", 5)
    for query in ({"search_value": "acme"}, {"score_max": 100}):
        answer = rows(api, limit=3, page=3, **query)
        assert (answer["total"], answer["total_is_capped"], len(answer["data"])) == (5, True, 3)
    for query in ({}, {"state_id": 1}):  # counted anyway
        answer = rows(api, limit=3, **query)
        assert (answer["total"], "total_is_capped" in answer) == (12, False)


def test_an_organisation_without_leads(api):
    answer = rows(api)
    assert (answer["data"], answer["total"]) == ([], 0)
    assert rows(api, search_value="x", order_by="city", page=5)["data"] == []


def test_a_list_of_one_organisation_is_not_told_to_another(api, outsider_api, outsider, leads):
    make_lead(outsider.organization)
    for _ in range(2):  # statements are compiled once and kept
        assert rows(api)["total"] == 12
        assert rows(outsider_api)["total"] == 1
        assert len(rows(outsider_api, limit=100)["data"]) == 1
