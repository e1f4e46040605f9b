"""The list of leads: tabs, filters, rows, paging, and what the bulk bar does."""

from urllib.parse import urlencode

from django.http import QueryDict
from django.shortcuts import redirect
from django.urls import reverse

from accounts.models import User
from companies.models import Company
from leads.filters import LeadFilter
from leads.models import Lead
from leads.pages.table import chooser, columns_of, fill
from leads.pages.tested import in_words, lookup_options
from lio.api.envelope import BadParameter
from lio.api.viewsets import in_order
from lio.grammar import GROUPS
from lio.listing import Listing
from lio.pages import Page, words_of
from lio.registry import bulk_actions
from lio.rows import plain_rows
from lookups import list_page, views
from lookups.custom import Kind, active, definitions
from lookups.filters import CUSTOM
from lookups.known import known
from lookups.list_page import as_query
from lookups.models import SavedView

MOST_TABS = 30
PANEL = {Kind.CHOICE: "choices", Kind.CHOICES: "choices", Kind.PERSON: "choices", Kind.NUMBER: "range", Kind.MONEY: "range",
         Kind.DATE: "dates", Kind.CHECKBOX: "yes"}  # kind of input in the filter panel; all others are text
SIZE = 25
HOT = 75  # score from which a lead is hot (lio/templatetags/look.py)
TABS = [("All leads", {}), ("Mine", {"assigned_to": "true"}), ("Unassigned", {"unassigned": "true"}),
        ("Hot", {"score_min": str(HOT)})]
VERBS = {"score_min": ("Score", "at least"), "score_max": ("Score", "at most"), "state_id": ("Status", "is"),
         "lead_source": ("Source", "is"), "priority": ("Priority", "is"), "assigned_to": ("Owner", "is"),
         "unassigned": ("Owner", "is"), "company": ("Company", "has"),
         "company_id": ("Company", "is"), "city": ("City", "is"), "state": ("State", "is"),
         "country": ("Country", "is"), "created_from": ("Created", "from"), "created_to": ("Created", "to"),
         "change_id": ("Changed", "by action"), "start_date": ("Created", "from"), "end_date": ("Created", "to")}


def cleaned(params):
    """The list's own parameters without empty ones, as a QueryDict."""
    return list_page.cleaned(params, LeadFilter)


def changed(query, user):
    """(the view of the address or None, `query` without what changes nothing of it). Raises Missing."""
    return list_page.changed(query, user, "lead", LeadFilter)


def listing_of(query, user):
    """(the list, what was wrong with its parameters): a wrong one is told and left out, not answered with an error page."""
    complaints: list[str] = []
    while True:
        rows = Lead.objects.whole(user.organization)
        try:
            return Listing(rows, LeadFilter, query, user), complaints
        except BadParameter as error:
            if "view" in error.fields or not error.fields.keys() & query.keys():
                raise
            for name, lines in error.fields.items():
                unknown = "The list cannot be sorted or searched like that."
                complaints.append(f"{VERBS[name][0]}: {lines[0]}" if name in VERBS else unknown)
                query.pop(name, None)


class LeadList(Page):
    def get(self, request):
        try:
            view, query = changed(cleaned(request.GET), request.user)
            listing, complaints = listing_of(query, request.user)
        except BadParameter as error:  # a view that does not work any more: told, never half of it shown
            self.complain(words_of(error).removeprefix("view: "))
            return redirect("leads:list")
        for text in complaints:
            self.complain(text)
        page = self.number(request.GET.get("page"))
        ids, total, capped = listing.page((page - 1) * SIZE, SIZE)
        if total and not ids:  # beyond the end: leads were deleted, or somebody typed the address
            page = -(-total // SIZE)
            ids, total, capped = listing.page((page - 1) * SIZE, SIZE)
        rows = plain_rows(in_order(Lead.objects, ids).page_rows()) if ids else []
        place = [query.urlencode(), page]
        if request.session.get("leads_place") != place:  # where "next lead" goes on
            request.session["leads_place"] = place
        _, means = views.merged("lead", query, request.user, LeadFilter.aliases)
        names = query["columns"].split(",") if query.get("columns") else view.columns if view else []
        columns = columns_of(names, self.organization)
        fill(rows, columns, self.organization)
        tree = {name: means[name] for name in GROUPS if name in means}
        means = as_query(means)
        context = {
            **self.views(view, query, columns), "columns": columns, "own": self.own(means),
            "leads": rows, "currency": self.organization.currency, "total": lead_count(request.user),
            "query": {name: means.get(name, "") for name in [*LeadFilter.filters, "search_value", "order_by"]},
            "sort": {"by": means.get("order_by", "id"), "in": means.get("order_in", "DESC").upper()},
            "tabs": self.tabs(query), "chips": self.chips(query, view, means, tree), "choices": self.choices(means),
            "bulk": self.bulk(),
            "page": self.page(page, len(rows), total, capped),
        }
        return self.show("leads/_table.html" if self.is_swap else "leads/list.html", context)

    @staticmethod
    def number(text):
        return max(1, int(text)) if text and text.isascii() and text.isdigit() and len(text) < 10 else 1

    @staticmethod
    def page(number, shown, total, capped):
        first = (number - 1) * SIZE
        return {"number": number, "first": first + 1 if shown else 0, "last": first + shown, "total": total,
                "total_is_capped": capped, "previous": number - 1 if number > 1 else None,
                "next": number + 1 if first + shown < total or (capped and shown == SIZE) else None}

    def tabs(self, query):
        filters = {name: query.getlist(name) for name in query if name not in ("order_by", "order_in", "columns")}
        user = self.request.user
        return [{"label": label, "query": f"?{urlencode(params)}",
                 "count": count_of(params, user) if params else lead_count(user),
                 "current": filters == {name: [value] for name, value in params.items()}} for label, params in TABS
                ] + self.saved_tabs(query)

    def saved_tabs(self, query):
        """The saved views that the visitor may see, their own first."""
        seen = SavedView.objects.of(self.organization).alive().seen_by(self.request.user).filter(module_name="lead")
        at = number(query.get("view"))
        return [{"label": row.view_name, "query": f"?view={row.pk}", "count": None, "current": row.pk == at}
                for row in seen.order_by("visibility", "id")[:MOST_TABS]]

    def views(self, view, query, columns):
        """What _views.html shows."""
        address, names = query.urlencode(), [column["name"] for column in columns]

        def link(chosen):
            rest = query.copy()
            rest["columns"] = ",".join(chosen)
            return f"?{rest.urlencode()}"

        plain = query.copy()
        plain.pop("columns", None)
        shown = view and {
            "id": view.pk, "name": view.view_name, "may_change": views.may_change(view, self.request.user),
            "modified": bool(set(query) - {"view", "search_value"}), "reset": f"?view={view.pk}",
            "save": f"{reverse('leads:view_edit', args=[view.pk])}?{address}"}
        return {"view": shown, "save_as": f"{reverse('leads:view_add')}?{address}",
                "may_save": bool(set(query) - {"view", "search_value"}),
                "chooser": chooser(columns, self.organization, link) | {
                    "reset": f"?{plain.urlencode()}" if query.get("columns") and names else ""}}

    def chips(self, query, view, means, tree):
        """What the list is filtered by, whether the address or its view says so."""
        found, own = [], set(view.filters) if view else set()
        for name in means:
            words = self.chip(name, means)
            if words is None:
                continue
            rest = query.copy()
            rest.pop(name, None)
            if name in own:
                rest[name] = ""
            found.append({**words, "remove": f"?{rest.urlencode()}"})
        if tree:
            rest = query.copy()
            rest.pop("filters", None)
            if own & {*GROUPS}:
                rest["filters"] = ""
            found.append({"label": "Where", "verb": "", "value": in_words(tree, self.organization),
                          "remove": f"?{rest.urlencode()}", "edit": f"{reverse('leads:combine')}?{query.urlencode()}"})
        return found

    def chip(self, name, means):
        """{label, verb, value} of one filter; None for what is none."""
        if name in VERBS:
            label, verb = VERBS[name]
            return {"label": label, "verb": verb, "value": self.words(name, means.getlist(name))}
        if not name.startswith(CUSTOM):
            return None
        key, verb = name.removeprefix(CUSTOM), "is"
        fields = definitions(self.organization)
        for end, word in (("_min", "at least"), ("_max", "at most")):
            if key not in fields and key.endswith(end):
                key, verb = key.removesuffix(end), word
        people = fields[key].kind == Kind.PERSON if key in fields else False
        value = self.words("assigned_to" if people else name, means.getlist(name))
        return {"label": fields[key].label if key in fields else key, "verb": verb, "value": value}

    def own(self, means):
        """The inputs of the filter panel for custom fields (_own_filters.html)."""
        found = []
        for one in active(self.organization):
            name = f"{CUSTOM}{one.key}"
            kind = PANEL.get(one.kind, "text")
            options = [(option, option) for option in one.options]
            if one.kind == Kind.PERSON:
                options = [(owner["id"], owner["name"]) for owner in self.owners]
            chosen = {part for value in means.getlist(name) for part in [value, *value.split(",")]}
            found.append({"name": name, "label": one.label, "kind": kind, "value": means.get(name, ""),
                          "low": means.get(f"{name}_min", ""), "high": means.get(f"{name}_max", ""),
                          "options": [{"id": key, "name": label, "selected": key in chosen} for key, label in options]})
        return found

    def words(self, name, values):
        kind = {"state_id": "status", "lead_source": "source"}.get(name)
        parts = [part for value in values for part in value.split(",")]
        if kind:
            names = {str(number): found.name for number, found in known(self.organization, kind).items()}
        elif name == "priority":
            names = {str(value): label for value, label in Lead.Priority.choices}
        elif name == "assigned_to":
            names = {owner["id"]: owner["name"] for owner in self.owners} | {"true": "me"}
        elif name == "company_id":
            ids = [number(part) for part in parts]
            rows = Company.objects.of(self.organization).filter(pk__in=ids).values_list("pk", "company_name")
            names = {str(pk): company_name for pk, company_name in rows}
        else:
            return {"unassigned": "nobody"}.get(name, ", ".join(values))
        return ", ".join(names.get(part, part) for part in parts)

    @property
    def owners(self):
        if not hasattr(self, "_owners"):
            members = User.objects.of(self.organization).active().order_by("first_name", "last_name")
            self._owners = [{"id": str(member.pk), "name": member.full_name} for member in members]
        return self._owners

    def choices(self, query):
        def ticked(name, options):
            chosen = {part for value in query.getlist(name) for part in value.split(",")}
            return [{"id": key, "name": label, "selected": str(key) in chosen} for key, label in options]

        return {
            "statuses": ticked("state_id", lookup_options(self.organization, "status")),
            "sources": ticked("lead_source", lookup_options(self.organization, "source")),
            "priorities": ticked("priority", Lead.Priority.choices),
            "owners": ticked("assigned_to", [("true", "Me"), *[(owner["id"], owner["name"]) for owner in self.owners]]),
        }

    def bulk(self):
        return {"people": self.owners,
                "statuses": [{"id": key, "name": name} for key, name in lookup_options(self.organization, "status")],
                "tags": [{"id": key, "name": name} for key, name in lookup_options(self.organization, "tags")],
                "may_import": self.request.user.can("records.import"),
                "may_export": self.request.user.can("records.export"), "may_delete": self.request.user.can("records.delete"),
                "more": bulk_actions["lead"].items(),
                "may_manage_keys": self.request.user.can("keys.manage")}


def count_of(params, user):
    """How many leads a tab shows: from the counters, or counted on an index."""
    query = QueryDict(urlencode(params))
    return Listing(Lead.objects.whole(user.organization), LeadFilter, query, user).total()[0]


def lead_count(user):
    """All leads, counted once a request: rail, tabs and head show it."""
    if not hasattr(user, "_lead_count"):
        user._lead_count = count_of({}, user)
    return user._lead_count


def number(text):
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 17 else 0


