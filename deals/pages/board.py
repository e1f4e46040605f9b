"""The board: a column a stage, cards loaded as a column scrolls, added in it, moved, and changed together."""

from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from types import MappingProxyType
from typing import Any
from urllib.parse import urlencode, urlsplit

from django.core.exceptions import TooManyFieldsSent
from django.db.models import Count, Q, Sum
from django.http import QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.timezone import now

from deals import edit
from deals.models import Deal, Stage
from deals.pages.forms import QuickForm
from deals.pages.list import BulkDeals, Deals, ShownDeals
from deals.pages.query import dressed, pipelines_of
from deals.serializers import attributes
from lio.api.envelope import BadParameter
from lio.api.viewsets import in_order
from lio.errors import DomainError, Missing
from lio.grammar import GROUPS, zone_of
from lio.pages import Page, words_of
from lio.rows import plain_rows
from lookups.list_page import EditView, SaveView, as_query, cleaned
from lookups.names import whole

SIZE = 25  # cards that a column loads at once
RECENT = timedelta(days=30)  # for so long won and lost deals stay on the board
AHEAD = timedelta(days=30)  # until then a deal that is added in a column is expected to close
ROUTES = {"list": "board", "bulk": "board_bulk", "view_add": "board_view_add", "view_edit": "board_view_edit"}


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


class OnBoard(Deals):
    """The deals with the board for their list: filters and saved views are the same, its addresses are its own."""

    tabs = [("All deals", {}), ("Mine", {"assigned_to": "true"}), ("Rotting", {"rotting": "true"})]
    inputs = [one for one in Deals.inputs if one[1] not in ("pipeline_id", "status")]
    exported = ""

    def url(self, name, *args):
        return super().url(ROUTES.get(name, name), *args)


class BoardPage(OnBoard, ShownDeals):
    def pipeline(self, means):
        """(the pipeline that the filters name, else the first one; None without any, all there are)."""
        named = str(means.get("pipeline_id") or "").strip("[]").split(",")[0].strip()
        there = pipelines_of(self.organization)
        return next((row for row in there if str(row.pk) == named), there[0] if there else None), there

    def matching(self, query, pipeline):
        """(what the board shows of a pipeline, what was wrong with the address): open deals and those closed lately."""
        query = query.copy()
        for name in ("order_by", "order_in", "columns"):
            query.pop(name, None)
        query["pipeline_id"] = str(pipeline.pk)
        listing, complaints = self.listing(query)
        rows = listing.rows
        if "state" not in self.means(query)[1]:
            rows = rows.filter(Q(closed_at=None) | Q(closed_at__gte=now() - RECENT))
        return rows, complaints

    def columns_with_sums(self, rows, pipeline, only=None):
        """{stage id: Column} with counts and sums."""
        stages = Stage.objects.filter(pipeline=pipeline).alive().order_by("position", "id")
        found = {stage.pk: Column(stage) for stage in (stages.filter(pk__in=only) if only else stages)}
        sums = rows.filter(stage__in=list(found)).order_by().values("stage_id")
        for row in sums.annotate(n=Count("pk"), total=Sum("value")):
            found[row["stage_id"]].count, found[row["stage_id"]].total = row["n"], row["total"]
        return found

    def load(self, columns, rows, query, after=None):
        """Give each column its first cards, or those after the (rank, id) of a card. One query a column for their ids."""
        ids: dict[int, list[int]] = {}
        for pk in columns:
            inside = rows.filter(stage=pk)
            if after:
                inside = inside.filter(Q(board_rank__gt=after[0]) | Q(board_rank=after[0], pk__gt=after[1]))
            ids[pk] = list(inside.order_by("board_rank", "pk").values_list("pk", flat=True)[: SIZE + 1])
        cards = self.cards([pk for found in ids.values() for pk in found[:SIZE]])
        for pk, column in columns.items():
            column.cards = [cards[one] for one in ids[pk][:SIZE] if one in cards]
            if len(ids[pk]) > SIZE and column.cards:
                last, rest = column.cards[-1], query.copy()
                rest["column"], rest["after"] = str(pk), f"{last['board_rank']}.{last['id']}"
                column.more = f"{reverse('deals:cards')}?{rest.urlencode()}"
        return columns

    def cards(self, ids):
        """{id: what a card shows} of deals."""
        rows = plain_rows(in_order(Deal.objects, ids).page_rows()) if ids else []
        return {row["id"]: row for row in dressed(rows, self.request.user)}

    def shown(self):
        """What every card and head is told."""
        return {"currency": self.organization.currency, "may_edit": self.request.user.can("records.edit")}

    # ---------------------------------------------------------------- as the board at another address shows it
    def query_of(self, address):
        """The filters of a board's address."""
        try:
            return self.changed(cleaned(QueryDict(urlsplit(address or "").query), self.filter_class))[1]
        except (BadParameter, Missing, ValueError, TooManyFieldsSent):  # of a view that is gone; no address at all
            return QueryDict(mutable=True)

    def heads(self, stages, address):
        """(columns of these stages of one pipeline as the board at `address` sums them up, what that board shows)."""
        try:
            rows, _ = self.matching(self.query_of(address), stages[0].pipeline)
        except BadParameter:  # the board's view does not work any more
            rows, _ = self.matching(QueryDict(mutable=True), stages[0].pipeline)
        return list(self.columns_with_sums(rows, stages[0].pipeline, only=[stage.pk for stage in stages]).values()), rows

    # ---------------------------------------------------------------- tabs and chips
    def everything(self):
        """The heads count."""

    def chip(self, name, means):
        return None if name == "pipeline_id" else super().chip(name, means)

    def shown_tabs(self, query):
        plain = query.copy()
        named = plain.pop("pipeline_id", None)
        found = super().shown_tabs(plain)
        for tab in found:
            if named and "view=" not in tab["query"]:
                tab["query"] += f"{'&' if len(tab['query']) > 1 else ''}pipeline_id={named[-1]}"
        return found


class Board(BoardPage):
    def get(self, request):
        try:
            view, query = self.changed(self.cleaned())
            if view and query.get("pipeline_id") == str(view.filters.get("pipeline_id")):
                query.pop("pipeline_id")  # the panel sends it along
            _, means = self.means(query)
        except BadParameter as error:
            self.complain(words_of(error).removeprefix("view: "))
            return redirect("deals:board")
        pipeline, there = self.pipeline(means)
        if pipeline is None:
            return self.show("deals/board.html", {"pipeline": None, "pipelines": []} | self.shown())
        try:
            rows, complaints = self.matching(query, pipeline)
        except BadParameter as error:  # a view that does not work any more: told, never half of it shown
            self.complain(words_of(error).removeprefix("view: "))
            return redirect("deals:board")
        for text in complaints:
            self.complain(text)
        columns = list(self.load(self.columns_with_sums(rows, pipeline), rows, query).values())
        return self.show("deals/_board.html" if self.is_swap else "deals/board.html",
                         self.context(query, view, pipeline, there, columns))  # fmt: skip

    def context(self, query, view, pipeline, there, columns):
        query = query.copy()
        for name in ("order_by", "order_in", "columns"):
            query.pop(name, None)
        _, means = self.means(query)
        tree = {name: means[name] for name in GROUPS if name in means}
        means = as_query(means)
        open_columns = [column for column in columns if not column.stage.is_protected]

        def of(row):
            other = query.copy()
            other["pipeline_id"] = str(row.pk)
            return f"?{other.urlencode()}"

        return {
            "pipeline": pipeline, "columns": columns,
            "list": self.describe(query, means), "search": means.get("search_value", ""),
            "pipelines": [{"name": row.name, "query": of(row), "current": row.pk == pipeline.pk} for row in there],
            "weighted": sum(column.weighted for column in open_columns), "total": sum(column.total for column in open_columns),
            "here": f"{reverse('deals:board')}{of(pipeline)}", "as_list": f"{reverse('deals:list')}{of(pipeline)}",
            "tabs": self.shown_tabs(query), "chips": self.chips(query, view, means, tree), "inputs": self.panel(means),
            **self.views(view, query, []), "chooser": None, **self.bulk(), **self.shown(),
        }  # fmt: skip

    def describe(self, query, means=MappingProxyType({})):
        """Filters are changed within the pipeline."""
        named = means.get("pipeline_id")
        kept = [("pipeline_id", named)] if named else []
        return super().describe(query) | {"kept": kept, "clear": f"?{urlencode(kept)}"}


class Cards(BoardPage):
    """The next cards of a column."""

    def get(self, request):
        rank, _, last = request.GET.get("after", "").rpartition(".")
        stage = self.stage(whole(request.GET.get("column", "")))
        if not rank or len(rank) > 200 or "\x00" in rank:
            raise Missing()
        try:
            query = self.changed(self.cleaned())[1]
            rows, _ = self.matching(query, stage.pipeline)
        except BadParameter as error:  # of a view that does not work any more
            raise Missing() from error
        column = Column(stage)
        self.load({stage.pk: column}, rows, query, after=(rank, whole(last)))
        return self.show("deals/_cards.html", {"column": column} | self.shown())

    def stage(self, pk):
        return stage_of(self.organization, pk)


class QuickAdd(BoardPage):
    """A deal added in a column: GET the form, POST title, lead and value. Answers the form again, the card and the sums."""

    verb = "records.edit"

    def get(self, request, stage_id=0):
        stage = stage_of(self.organization, stage_id)
        if not self.is_swap:
            return redirect(f"{reverse('deals:add')}?stage={stage.pk}")
        return self.form(stage, QuickForm(organization=self.organization, stage=stage))

    def post(self, request, stage_id):
        stage = stage_of(self.organization, stage_id)
        day = (now().astimezone(zone_of(request.user)) + AHEAD).date()
        form = QuickForm(request.POST, organization=self.organization, stage=stage, day=day)
        if not form.is_valid():
            return self.form(stage, form, status=422)
        try:
            values = attributes(self.organization, form.given, new=True)
            deal_id = edit.add(self.organization, values.pop("lead_id"), values, by=request.user, ask=True)
        except DomainError as error:
            form.refuse(error)
            return self.form(stage, form, status=422)
        if not self.is_swap:
            self.say(f"{form.given['title']} is added.", undoable=True)
            return redirect("deals:view", pk=deal_id)
        columns, rows = self.heads([stage], request.headers.get("HX-Current-URL"))
        card = self.cards([deal_id])[deal_id] if rows.filter(pk=deal_id).exists() else None
        text = f"{form.given['title']} is added.{'' if card else ' The filters of the board hide it.'}"
        empty = QuickForm(organization=self.organization, stage=stage)
        return self.form(stage, empty, events={"toast": {"text": text, "undo_url": self.undo_url or None}},
                         columns=columns, deal=card)  # fmt: skip

    def form(self, stage, form, status=200, events=None, **added):
        context = {"stage": stage, "form": form} | self.shown() | added
        return self.show("deals/_quick.html", context, status=status, events=events)


def stage_of(organization, pk):
    """The living stage of that id with its pipeline. Raises Missing."""
    rows = Stage.objects.of(organization).alive().filter(pipeline__deleted_at=None).select_related("pipeline")
    found = rows.filter(pk=pk).first()
    if found is None:
        raise Missing()
    return found


class BulkBoard(OnBoard, BulkDeals):
    pass


class SaveBoardView(OnBoard, SaveView):
    pass


class EditBoardView(OnBoard, EditView):
    pass


def heads(page, stage_ids, address):
    """The heads of these columns as the board at `address` shows them after a move."""
    board = BoardPage()
    board.request = page.request
    stages = list(Stage.objects.of(page.organization).filter(pk__in=stage_ids).select_related("pipeline"))
    return board.heads(stages, address)[0]
