"""One page of a list: its ids from an index, and the exact total where that is cheap (R34, SPEED 0.1, 0.6)."""

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import F
from orjson import Fragment

from lio import search
from lio.rows import json_of_ids, json_of_page, whole_sql
from lio.search import CAP

SHALLOW = 1_000  # rows up to which skipping them costs next to nothing


class Listing:
    """A list as the API and the pages show it.

    `rows` are the caller's living rows. A model whose queryset has `counted(filter)` answers totals from counters for the
    filters that it knows; else the matches are counted, up to CAP.
    """

    def __init__(self, rows, filter_class, params, caller):
        self.filter = filter_class(params, caller)
        self.everything = rows
        self.rows = self.filter.narrow(rows)

    def ordered(self, *, backwards=False):
        """Ties go by id, the same way as the column, so that one index serves both directions."""
        column, descending = self.filter.order
        down = descending != backwards
        if column == "id":
            return self.rows.order_by("-id" if down else "id")
        empty_last = {"nulls_last" if descending == down else "nulls_first": True}
        by = self.filter.sort_expression
        empty_last = empty_last if by or column in self.filter.nullable else {}
        one = (by or F(column)).desc(**empty_last) if down else (by or F(column)).asc(**empty_last)
        return self.rows.order_by(one, "-id" if down else "id")

    def total(self):
        """(total, whether it is capped)."""
        counted = getattr(self.everything, "counted", None)
        exact = counted(self.filter) if counted else None
        if exact is not None:
            return exact, False
        if self.everything.whole_of and self.filter.is_search_alone:
            found = search.count(self.filter.search_kind, self.filter.search, self.filter.hits)
            return min(found, CAP), found > CAP
        try:
            sql, params = self.rows.order_by().values("pk")[: CAP + 1].query.sql_with_params()
        except EmptyResultSet:  # a search without hits
            return 0, False
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT count(*) FROM ({sql}) AS matches", params)
            found = cursor.fetchone()[0]
        return min(found, CAP), found > CAP

    def page(self, offset, limit):
        """(ids of the page, total, whether the total is capped)."""
        total, capped = self.total()
        if offset >= total and not capped:
            return [], total, capped
        if not capped and offset > total / 2:  # nearer from the end
            count = min(limit, total - offset)
            start = total - offset - count
            ids = list(self.ordered(backwards=True).values_list("pk", flat=True)[start : start + count])[::-1]
        else:
            ids = list(self.ordered().values_list("pk", flat=True)[offset : offset + limit])
        return ids, total, capped

    def json_page(self, offset, limit):
        """(the page's rows as JSON, total, whether the total is capped).

        The first pages of a whole list, which are asked for most, take one statement that is compiled once.
        """
        rows, order = self.everything, self.filter.order
        ids = whole_sql(rows, self.ordered, order) if self.filter.is_plain and offset < SHALLOW else None
        if ids is None:
            found, total, capped = self.page(offset, limit)
            return json_of_ids(rows.model, found), total, capped
        counting = rows.count_of_whole or f"SELECT count(*) FROM ({whole_sql(rows)} LIMIT {CAP + 1}) AS matches"
        data, total = json_of_page(rows.model, f"SELECT ARRAY({ids} LIMIT {limit} OFFSET {offset})", [rows.whole_of],
                                   (counting, [rows.whole_of]))
        capped = total > CAP and not rows.count_of_whole
        return Fragment(data), CAP if capped else total, capped
