"""The board: a column a stage, cards loaded as a column scrolls, and moving them."""

from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

from django.db.models import Count, Q, Sum
from django.http import QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.timezone import now

from deals.models import Deal, Stage
from deals.pages.query import chips, choices, cleaned, dressed, link, listing_of, pipelines_of, views_of
from lio.api.viewsets import in_order
from lio.errors import Missing
from lio.pages import Page
from lio.rows import plain_rows

SIZE = 25  # cards that a column loads at once
RECENT = timedelta(days=30)  # for so long won and lost deals stay on the board


@dataclass
class Column:
    stage: Any
    count: int = 0
    total: Decimal = Decimal(0)
    cards: list = field(default_factory=list)
    more: str = ""  # address of the next cards

    @property
    def weighted(self):
        return (self.total * self.stage.probability).quantize(Decimal("0.01"))

    @property
    def share(self):
        """The probability in percent, for the bar under the head."""
        return round(self.stage.probability * 100)


class Home(Page):
    """Where "Deals" leads: the board."""

    def get(self, request):
        return redirect("deals:board")


class BoardPage(Page):
    def pipeline(self, query):
        """The pipeline that the address names, else the first one; None without any."""
        named = query.get("pipeline_id", "").split(",")[0]
        there = pipelines_of(self.organization)
        return next((row for row in there if str(row.pk) == named), there[0] if there else None), there

    def rows(self, query, pipeline):
        """(what the board shows of a pipeline, what was wrong with the address): open deals and those closed lately."""
        query = query.copy()
        for name in ("pipeline_id", "order_by", "order_in"):
            query.pop(name, None)
        listing, complaints = listing_of(query, self.request.user)
        rows = listing.rows.filter(pipeline=pipeline)
        if "state" not in query:
            rows = rows.filter(Q(closed_at=None) | Q(closed_at__gte=now() - RECENT))
        return rows, complaints

    def columns(self, rows, pipeline, only=None):
        """{stage id: Column} with counts and sums."""
        stages = Stage.objects.filter(pipeline=pipeline).alive().order_by("position", "id")
        found = {stage.pk: Column(stage) for stage in (stages.filter(pk__in=only) if only else stages)}
        sums = rows.filter(stage__in=list(found)).order_by().values("stage_id")
        for row in sums.annotate(n=Count("pk"), total=Sum("value")):
            found[row["stage_id"]].count, found[row["stage_id"]].total = row["n"], row["total"]
        return found

    def fill(self, columns, rows, query, after=None):
        """Give each column its first cards, or those after the (rank, id) of a card. One query a column for their ids."""
        ids: dict[int, list[int]] = {}
        for pk in columns:
            inside = rows.filter(stage=pk)
            if after:
                inside = inside.filter(Q(board_rank__gt=after[0]) | Q(board_rank=after[0], pk__gt=after[1]))
            ids[pk] = list(inside.order_by("board_rank", "pk").values_list("pk", flat=True)[: SIZE + 1])
        every = [pk for found in ids.values() for pk in found[:SIZE]]
        cards = {row["id"]: row for row in dressed(plain_rows(in_order(Deal.objects, every).page_rows()), self.request.user)}
        for pk, column in columns.items():
            column.cards = [cards[one] for one in ids[pk][:SIZE] if one in cards]
            if len(ids[pk]) > SIZE and column.cards:
                last = column.cards[-1]
                rest = link(query, column=pk, after=f"{last['board_rank']}.{last['id']}")
                column.more = f"{reverse('deals:cards')}{rest}"
        return columns


class Board(BoardPage):
    def get(self, request):
        query = cleaned(request.GET)
        pipeline, there = self.pipeline(query)
        if pipeline is None:
            return self.show("deals/board.html", {"pipeline": None, "pipelines": []})
        rows, complaints = self.rows(query, pipeline)
        for text in complaints:
            self.complain(text)
        columns = self.fill(self.columns(rows, pipeline), rows, query)
        open_columns = [column for column in columns.values() if not column.stage.is_protected]
        query.pop("pipeline_id", None)
        kept = {"pipeline_id": str(pipeline.pk)}
        address = {**kept, **query.dict()}
        context = {
            "pipeline": pipeline, "columns": list(columns.values()), "currency": self.organization.currency,
            "pipelines": [{"id": row.pk, "name": row.name, "query": link(query, pipeline_id=row.pk),
                           "current": row.pk == pipeline.pk} for row in there],
            "weighted": sum(column.weighted for column in open_columns), "total": sum(column.total for column in open_columns),
            "query": address, "chips": [one | {"remove": with_pipeline(one["remove"], pipeline)}
                                        for one in chips(query, self.organization)],
            "choices": choices(query, self.organization), "views": views_of(request.user, query),
            "here": f"{reverse('deals:board')}{link(query, **kept)}", "list": f"{reverse('deals:list')}{link(query, **kept)}",
            "may_edit": request.user.can("records.edit"),
        }
        return self.show("deals/_board.html" if self.is_swap else "deals/board.html", context)


class Cards(BoardPage):
    """The next cards of a column."""

    def get(self, request):
        query = cleaned(request.GET)
        pipeline, _ = self.pipeline(query)
        rank, _, last = request.GET.get("after", "").rpartition(".")
        number, stage = whole(last), whole(request.GET.get("column", ""))
        if pipeline is None or not rank or len(rank) > 200 or "\x00" in rank:
            raise Missing()
        rows, _ = self.rows(query, pipeline)
        columns = self.columns(rows, pipeline, only=[stage])
        if not columns:
            raise Missing()
        (column,) = self.fill(columns, rows, query, after=(rank, number)).values()
        return self.show("deals/_cards.html", {"column": column, "currency": self.organization.currency,
                                               "may_edit": request.user.can("records.edit")})


def heads(page, stage_ids, address):
    """Context of the heads of these columns as the board at `address` shows them after a move."""
    query = cleaned(QueryDict(urlsplit(address or "").query))
    board = BoardPage()
    board.request = page.request
    pipeline = Stage.objects.get(pk=stage_ids[0]).pipeline
    rows, _ = board.rows(query, pipeline)
    return list(board.columns(rows, pipeline, only=stage_ids).values())


def with_pipeline(address, pipeline):
    return f"{address}{'&' if len(address) > 1 else ''}pipeline_id={pipeline.pk}"


def whole(text):
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 19 else 0
