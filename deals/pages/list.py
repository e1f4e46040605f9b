"""The list of deals: tabs, filters, rows, paging, and what its bulk bar does."""

from urllib.parse import urlencode

from django.shortcuts import redirect
from django.urls import reverse

from accounts.models import User
from deals import bulk
from deals.columns import COLUMNS, DEFAULT
from deals.filters import DealFilter
from deals.models import Deal, Stage
from deals.pages.board import whole
from deals.pages.moving import REASONS
from deals.pages.query import (
    as_params,
    chips,
    choices,
    cleaned,
    dressed,
    link,
    listing_of,
    owners_of,
    pipelines_of,
    views_of,
)
from lio.api.viewsets import in_order
from lio.errors import Invalid
from lio.pages import REFUSALS, Page, words_of
from lio.rows import plain_rows
from lio.selection import Selection, selected_rows
from lookups import views

SIZE = 25
TABS = [("All deals", {}), ("Open", {"state": "open"}), ("Mine", {"state": "open", "assigned_to": "true"}),
        ("Rotting", {"rotting": "true"}), ("Won", {"state": "won"}), ("Lost", {"state": "lost"})]
SORTS = {"lead_name": "lead_id", "stage_name": "status", "company_name": "", "pipeline_name": "pipeline_id",
         "probability": "probability", "assigned_to": "assigned_to"}
DOWN = ("value", "weighted_value", "created_at", "updated_at", "last_activity_at", "probability")
RANKS = {"value": "num", "weighted_value": "num rank-2", "probability": "num rank-2", "assigned_to": "rank-2",
         "company_name": "rank-3", "last_activity_at": "rank-3", "moved_close_dates": "num"}


def columns_of(names):
    chosen = [name for name in dict.fromkeys(names) if name in COLUMNS] or list(DEFAULT)
    sorts = {name: SORTS.get(name, name if name in DealFilter.sorts else "") for name in chosen}
    return [{"name": name, "label": COLUMNS[name], "sort": sorts[name], "first": "DESC" if name in DOWN else "ASC",
             "classes": RANKS.get(name, "")} for name in chosen]


class DealList(Page):
    def get(self, request):
        query = cleaned(request.GET)
        listing, complaints = listing_of(query, request.user)
        for text in complaints:
            self.complain(text)
        page = max(1, whole(request.GET.get("page", "")) if len(request.GET.get("page", "")) < 9 else 1)
        ids, total, capped = listing.page((page - 1) * SIZE, SIZE)
        if total and not ids:
            page = -(-total // SIZE)
            ids, total, capped = listing.page((page - 1) * SIZE, SIZE)
        rows = dressed(plain_rows(in_order(Deal.objects, ids).page_rows()), request.user) if ids else []
        view, _ = views.merged("deal", query, request.user, DealFilter.aliases)
        first = (page - 1) * SIZE
        plain = {name: query.getlist(name) for name in query if name not in ("order_by", "order_in")}
        context = {
            "deals": rows, "columns": columns_of(view.columns if view else ()), "currency": self.organization.currency,
            "total": Deal.objects.of(self.organization).alive().count() if query else total,
            "tabs": [{"label": label, "query": f"?{urlencode(params)}",
                      "current": plain == {name: [value] for name, value in params.items()}} for label, params in TABS
                     ] + views_of(request.user, query),
            "chips": chips(query, self.organization), "query": query.dict(), "choices": choices(query, self.organization),
            "sort": {"by": query.get("order_by", "id"), "in": query.get("order_in", "DESC").upper()},
            "page": {"number": page, "first": first + 1 if rows else 0, "last": first + len(rows), "total": total,
                     "total_is_capped": capped, "previous": page - 1 if page > 1 else None,
                     "next": page + 1 if first + len(rows) < total or (capped and len(rows) == SIZE) else None},
            "bulk": self.bulk(query), "address": as_params(query), "may_edit": request.user.can("records.edit"),
            "board": f"{reverse('deals:board')}{link(query, order_by=None, order_in=None)}",
        }
        return self.show("deals/_table.html" if self.is_swap else "deals/list.html", context)

    def bulk(self, query):
        """Stages to move to are offered where all deals shown are of one pipeline."""
        there = pipelines_of(self.organization)
        named = [row for row in there if str(row.pk) == query.get("pipeline_id")] or (there if len(there) == 1 else [])
        stages = Stage.objects.filter(pipeline__in=named).alive().order_by("position", "id")
        return {"people": owners_of(self.organization), "stages": [(stage.pk, stage.name) for stage in stages],
                "categories": Deal.Category.choices, "reasons": REASONS, "may_delete": self.request.user.can("records.delete"),
                "may_export": self.request.user.can("records.export")}


class SaveDealView(Page):
    """Keep the filters of the address under a name."""

    def post(self, request):
        query = cleaned(request.GET)
        _, means = views.merged("deal", query, request.user, DealFilter.aliases)
        sorting = {name: means.pop(name) for name in ("order_by", "order_in") if name in means}
        try:
            shared = request.POST.get("visibility")
            view = views.add(self.organization, by=request.user, module_name="deal", filters=means, sorting=sorting or None,
                             view_name=request.POST.get("name", "").strip()[:100] or "Untitled view",
                             visibility=shared if shared in ("private", "team", "public") else "private")
        except REFUSALS as error:
            self.complain(words_of(error))
            return redirect(f"{reverse('deals:list')}?{as_params(query)}")
        self.say(f"The view {view.view_name} is saved.", undoable=True)
        return redirect(f"{reverse('deals:list')}?view={view.pk}")


class BulkDeals(Page):
    """One form posts `action` with `ids`, or `select_all` with the filters of the address."""

    verb = "records.edit"

    def post(self, request):
        back = f"{reverse('deals:list')}?{as_params(cleaned(request.GET))}"
        try:
            return self.act(request.POST.get("action", ""), back) or redirect(back)
        except REFUSALS as error:
            self.complain(words_of(error))
            return redirect(back)

    def rows(self):
        given = self.request.POST
        query = cleaned(self.request.GET)
        _, means = views.merged("deal", query, self.request.user, DealFilter.aliases)
        filters = {name: value for name, value in means.items() if name not in ("order_by", "order_in", "columns")}
        selection = {"select_all": True, "filters": filters, "expected_count": given.get("expected_count") or None
                     } if given.get("select_all") else {"ids": given.getlist("ids")}
        mine = Deal.objects.of(self.organization).alive()
        return selected_rows(mine, Selection.read(selection), DealFilter, self.request.user)

    def act(self, action, back):
        given, by = self.request.POST, self.request.user
        if action == "assign":
            member = User.objects.of(self.organization).filter(pk=whole(given.get("assigned_to", ""))).first()
            done = f"given to {member.full_name}" if member else "left without an owner"
            return self.tell(bulk.set_fields(self.rows(), {"assigned_to": member and member.pk}, by=by), done)
        if action == "stage":
            stage = Stage.objects.of(self.organization).alive().filter(pk=whole(given.get("stage_id", ""))).first()
            if stage is None:
                raise Invalid({"stage_id": ["choose a stage"]})
            fields = {"stage_id": stage.pk}
            if stage.is_lost:
                fields["lost_reason"] = given.get("lost_reason", "").strip()[:500]
            return self.tell(bulk.set_fields(self.rows(), fields, by=by, ask=True), f"moved to {stage.name}")
        if action == "close":
            fields = {"expected_close_date": given.get("expected_close_date", "")}
            return self.tell(bulk.set_fields(self.rows(), fields, by=by), "given another close date")
        if action == "category":
            return self.tell(bulk.set_fields(self.rows(), {"category": given.get("category") or None}, by=by),
                             "given another category")
        if action == "delete":
            return self.delete(back)
        raise Invalid({"action": ["choose what to do"]})

    def tell(self, outcome, done):
        deals = f"{outcome.count:,} deal{'s' if outcome.count != 1 else ''}"
        self.say(f"{deals} are being {done} in the background." if outcome.job_id else f"{deals} {done}.", undoable=True)

    def delete(self, back):
        if not self.request.user.can("records.delete"):
            raise Invalid({"action": ["your role does not let you delete deals"]})
        rows, given = self.rows(), self.request.POST
        if given.get("confirmed") == "yes":
            return self.tell(bulk.delete(rows, by=self.request.user), "deleted")
        count = rows.count()
        hidden = [("action", "delete"), ("confirmed", "yes")]
        hidden += [("select_all", "true"), ("expected_count", count)] if given.get("select_all") else [
            ("ids", pk) for pk in given.getlist("ids")]
        deals = f"{count:,} deal{'s' if count != 1 else ''}"
        context = {"title": f"Delete {deals}?", "verb": f"Delete {deals}", "action": "", "hidden": hidden, "back": back}
        return self.show("confirm.html", context | {"text": "They go from board, lists and forecast."})
