"""Rows out. What an answer shows of a row is declared once, as expressions of its queryset, and PostgreSQL writes the JSON.

`LeadQuerySet.rows()` names the columns; lists, single views, exports and pages read the same ones. Serializers are for
what comes in. At 100 rows this costs about a twentieth of a ModelSerializer's CPU, and no answer can need a query per row.
"""

from django.db import connections
from django.db.models import CharField, Func
from orjson import Fragment


class Moment(Func):
    """A timestamp as the API writes it: UTC, milliseconds, Z (R9)."""

    template = """to_char(%(expressions)s AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')"""
    output_field = CharField()


def json_rows(rows):
    """All rows of a `.values()` queryset as one JSON array, ready to be put into an answer."""
    return Fragment(_fetch(rows, "coalesce(json_agg(r), '[]')"))


def json_row(rows):
    """The first row as a JSON object; None where there is none."""
    found = _fetch(rows[:1], "json_agg(r)->0")
    return found and Fragment(found)


def plain_rows(rows):
    """The rows as dicts with the API's names, for pages and exports."""
    return [{name.removesuffix("_"): value for name, value in row.items()} for row in rows]


def _fetch(rows, what):
    """A name may end in "_" to stand for the field of that name (Django lets no annotation share it)."""
    query = rows.query
    names = [*query.values_select, *query.annotation_select]
    columns = ", ".join('"{}"'.format(name.removesuffix("_")) for name in names)
    sql, params = query.get_compiler(rows.db).as_sql()
    with connections[rows.db].cursor() as cursor:
        cursor.execute(f"SELECT ({what})::text FROM ({sql}) AS r({columns})", params)
        return cursor.fetchone()[0]
