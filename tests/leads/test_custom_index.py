"""Custom values are found by an index: the same leads as by looking through them all."""

import random

import pytest
from django.db import connection

from leads.filters import LeadFilter, with_custom
from leads.models import Lead
from lio.tenancy import org_scope
from lookups import fields
from tests.factories import make_lead

TESTS = [
    ("plan", "is", "pro"), ("plan", "in", ["Basic", "PRO"]), ("plan", "is", "Gold"), ("plan", "not_in", ["Pro"]),
    ("seats", "is", 5), ("seats", "is", "5.0"), ("seats", "in", [5, 2.5]), ("seats", "is_not", 5),
    ("fair", "is", True), ("fair", "is", "false"), ("fair", "is_not", True),
    ("topics", "is", "A, b"), ("topics", "in", ["A, b", "C"]), ("topics", "not_in", ["C"]),
    ("adviser", "is", "me"), ("adviser", "in", ["me", 99]), ("adviser", "is_not", "me"),
    ("plan", "empty", None), ("plan", "contains", "ro"), ("seats", "at_least", 3),
]


@pytest.fixture
def leads(rep):
    with org_scope(rep.organization):
        for label, kind, options in (("Plan", "choice", ["Basic", "Pro"]), ("Seats", "number", []), ("Fair", "checkbox", []),
                                     ("Topics", "choices", ["A, b", "C"]), ("Adviser", "person", [])):
            fields.add(rep.organization, by=rep, label=label, kind=kind, options=options)
    chance = random.Random(5)
    pools = {"plan": ["Basic", "Pro", None, "odd"], "seats": [5, 5.0, 2.5, "many", None], "fair": [True, False, "true", None],
             "topics": [["A, b"], ["C"], ["A, b", "C"], "C", None], "adviser": [rep.pk, 99, None]}
    for _ in range(60):
        values = {key: value for key, pool in pools.items() if (value := chance.choice(pool)) is not None}
        make_lead(rep.organization, custom_fields=values)
    return rep


@pytest.mark.parametrize("key, op, value", TESTS, ids=str)
def test_the_index_finds_what_looking_through_finds(leads, key, op, value, monkeypatch):
    given = {"field": f"cf.{key}", "op": op, "value": value}

    def found():
        return set(LeadFilter.strict(given, leads).narrow(Lead.objects.of(leads.organization)).values_list("pk", flat=True))

    with org_scope(leads.organization):
        by_index = found()
        monkeypatch.setattr(LeadFilter, "custom_hits", None)
        assert by_index == found()
        assert by_index or value in ("Gold", "5.0")


def test_too_many_are_looked_through(leads, monkeypatch):
    monkeypatch.setattr("leads.filters.NEAR", 2)
    with org_scope(leads.organization):
        assert with_custom([{"plan": "Pro"}]) is None
        rows = LeadFilter.strict({"cf.plan": "Pro"}, leads).narrow(Lead.objects.of(leads.organization))
        assert {lead.custom_fields["plan"] for lead in rows} == {"Pro"}


def test_it_keeps_to_the_open_organisation(leads, outsider):
    with org_scope(outsider.organization):
        assert with_custom([{"plan": "Pro"}]) == []


def test_without_an_organisation_it_answers_nothing(leads):
    with connection.cursor() as cursor:
        cursor.execute("SELECT leads_with_custom(ARRAY['{}'::jsonb], 10)")
        assert cursor.fetchone()[0] == []
