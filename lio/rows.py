"""Rows out. What an answer shows of a row is declared once, as expressions of its queryset, and PostgreSQL writes the JSON.

`LeadQuerySet.rows()` names the columns; lists, single views, exports and pages read the same ones. Serializers are for
what comes in. At 100 rows this costs about a twentieth of a ModelSerializer's CPU, and no answer can need a query per row.

`rows()` of a model is the same for every caller, so its SQL is compiled once a process and then asked for ids: compiling it
anew took four fifths of the CPU of a list of ten.
"""

from functools import cache

from django.contrib.postgres.fields import ArrayField
from django.db import connection, connections
from django.db.models import BigIntegerField, BooleanField, CharField, F, Func, Value
from django.db.models.expressions import RawSQL
from orjson import Fragment

IDS = ArrayField(BigIntegerField())


class Moment(Func):
    """A timestamp as the API writes it: UTC, milliseconds, Z (R9)."""

    template = """to_char(%(expressions)s AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')"""
    output_field = CharField()


def with_times(rows):
    """A `.values()` queryset with its moments as timestamps instead of text: a text costs more than the rest of a row."""
    rows = rows.all()
    for name, expression in rows.query.annotation_select.items():
        if isinstance(expression, Moment):
            rows.query.annotations[name] = expression.get_source_expressions()[0]
    rows.query._annotation_select_cache = None
    return rows


class IsAny(Func):
    """Whether the first expression is one of the array that is the second."""

    template, arg_joiner, output_field = "%(expressions)s)", " = ANY (", BooleanField()


def in_order(manager, ids):
    """The rows of `ids`, in their order: late row look-up, after the page's ids came from an index alone."""
    array = ids if hasattr(ids, "as_sql") else Value(ids, output_field=IDS)
    return manager.filter(IsAny(F("pk"), array)).order_by(Func(array, F("pk"), function="array_position"))


def json_of_ids(model, ids):
    """The rows of these ids, in their order, as one JSON array, ready to be put into an answer."""
    return Fragment(json_of_page(model, "SELECT %s::bigint[]", [ids])[0])


def json_of_page(model, page, params, *also):
    """[text of the rows as one JSON array, *values of `also`] for the ids that the SQL `page` answers as an array.

    `also` are (SQL of a single value, its parameters).
    """
    rows, rows_params = _rows_of_page(model)
    extra = "".join(f", ({sql})" for sql, _ in also)
    with connection.cursor() as cursor:
        cursor.execute(
            f"WITH page(ids) AS ({page}) SELECT ({rows}){extra}",
            [*params, *rows_params, *(param for _, more in also for param in more)],
        )
        return cursor.fetchone()


def json_of_one(rows, pk):
    """The row `pk` of `rows` as a JSON object; None when it is not among them."""
    if whole := whole_sql(rows):
        page, params = f"SELECT id FROM ({whole}) AS living(id) WHERE id = %s", [rows.whole_of, pk]
    else:
        page, params = rows.filter(pk=pk).values("pk").query.sql_with_params()
    text = json_of_page(rows.model, f"SELECT ARRAY({page})", params)[0]
    return Fragment(text[1:-1]) if text != "[]" else None


_whole: dict[tuple, str] = {}


def whole_sql(rows, ordered=None, order=None):
    """SQL for the ids of an organisation's whole living rows, with the organisation as its one parameter, compiled once.

    `ordered()` gives the same rows in the order that `order` names. None when `rows` are not the whole.
    """
    key = rows.model, order
    if rows.whole_of is None or key in _whole:
        return rows.whole_of and _whole[key]
    sql, params = (ordered() if ordered else rows.order_by()).values("pk").query.sql_with_params()
    if params == (rows.whole_of,):
        _whole[key] = sql
    return _whole.get(key)


@cache
def _rows_of_page(model):
    """SQL and parameters of `model`'s rows as JSON text, for the ids of a CTE `page(ids)`."""
    rows = in_order(model.objects, RawSQL("(SELECT ids FROM page)::bigint[]", [], output_field=IDS)).rows()
    return _as_json(rows, "coalesce(json_agg(r), '[]')")


def json_row(rows):
    """The first row as a JSON object; None where there is none."""
    found = _fetch(rows[:1], "json_agg(r)->0")
    return found and Fragment(found)


def plain_rows(rows):
    """The rows as dicts with the API's names, for pages and exports."""
    return [{name.removesuffix("_"): value for name, value in row.items()} for row in rows]


def _fetch(rows, what):
    sql, params = _as_json(rows, what)
    with connections[rows.db].cursor() as cursor:
        cursor.execute(sql, params)
        return cursor.fetchone()[0]


def _as_json(rows, what):
    """A name may end in "_" to stand for the field of that name (Django lets no annotation share it)."""
    query = rows.query
    names = [*query.values_select, *query.annotation_select]
    columns = ", ".join('"{}"'.format(name.removesuffix("_")) for name in names)
    sql, params = query.get_compiler(rows.db).as_sql()
    return f"SELECT ({what})::text FROM ({sql}) AS r({columns})", params
