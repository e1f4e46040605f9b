"""Cells that no spreadsheet program runs: the same rule in Python and in SQL, over whatever people write (R47, TRUST T38)."""

import csv
import io
import os

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lio.spreadsheet import ACTIVE, SPARED, cell, safe

NUMBERS = ["-5", "+5", "-12.5", "+1,200.00", "-1e5", "-3%", "+49 30 1234567", "+1 (555) 123-4567", "+1 555.123.4567 x12",
           "+44 20 7946 0958, ext. 7", "+(49) 30 12"]
FORMULAS = ["=1+1", "+SUM(1)", "-2+3", "-2-3", "@x", "\t=1", "\r1", "\n1", "+1+1", "-", "+", "＝1", "＋1", "－1", "＠x",
            "+cmd|'/C'!A0", "-1;x", "+49 30 1\n=2", "+1x", "-x12"]
ROUNDS = 10_000 if os.environ.get("LIO_SOAK") else 300


@pytest.mark.parametrize("text", NUMBERS)
def test_numbers_and_phone_numbers_are_spared(text):
    assert cell(text) == text


@pytest.mark.parametrize("text", FORMULAS)
def test_what_a_spreadsheet_would_run_gets_an_apostrophe(text):
    assert cell(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", "Jane", "a=b", " =1", "'=1", "1+1", "0049 30"])
def test_everything_else_is_left_alone(text):
    assert cell(text) == text


texts = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12)
active = st.builds(lambda first, rest: first + rest, st.sampled_from(ACTIVE.replace("\0", "")), texts)
numeric = st.text("+-()0123456789 .,/xe%\n", max_size=12)


@settings(max_examples=ROUNDS, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(texts | active | numeric | st.sampled_from([*NUMBERS, *FORMULAS]), min_size=1, max_size=40))
def test_postgresql_says_the_same_and_no_cell_begins_with_a_trigger(db, cells):
    with connection.cursor() as cursor:
        sql = f"COPY (SELECT {safe('t')} FROM unnest(%s::text[]) WITH ORDINALITY AS r(t, n) ORDER BY n) TO STDOUT (FORMAT csv)"
        with cursor.copy(sql, [cells]) as lines:
            read = [row[0] if row else "" for row in csv.reader(io.StringIO(b"".join(lines).decode(), newline=""))]
    assert read == [cell(text) for text in cells]
    for text in read:
        assert not text.startswith(tuple(ACTIVE)) or SPARED.fullmatch(text), text
