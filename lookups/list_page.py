"""The page of a list: tabs and saved views, filters, columns, rows, paging, and what the bulk bar does.

An app describes its list once in a subclass of `ListKind` and mixes it into the pages below, which are the same for all
kinds; the templates stand in templates/lists/. Routes of an app, under its namespace: list, add, view, bulk, view_add,
view_edit.
"""

from typing import Any
from urllib.parse import urlencode

from django import forms
from django.http import QueryDict
from django.shortcuts import redirect
from django.urls import reverse

from lio.api.envelope import BadParameter
from lio.api.viewsets import in_order
from lio.errors import DomainError, Invalid, Missing
from lio.forms import Choice, InputForm, Text
from lio.grammar import GROUPS
from lio.listing import Listing
from lio.pages import REFUSALS, Page, words_of
from lio.registry import bulk_actions
from lio.rows import plain_rows
from lio.selection import Selection, selected_rows
from lookups import views
from lookups.custom import Kind, active, definitions
from lookups.filters import CUSTOM
from lookups.known import known
from lookups.models import SavedView
from lookups.record_fields import people, words_of_value
from lookups.serializers import AddView

OTHERS = ("search_value", "order_by", "order_in", "view", "filters", "columns", "changed")
SIZE = 25
MOST_TABS, MOST_COLUMNS = 30, 20
PANEL = {Kind.CHOICE: "choices", Kind.CHOICES: "choices", Kind.PERSON: "choices", Kind.NUMBER: "range", Kind.MONEY: "range",
         Kind.DATE: "dates", Kind.CHECKBOX: "yes"}  # kind of input in the filter panel; all others are text  # fmt: skip


def cleaned(params, filter_class):
    """The list's own parameters without empty ones, as a QueryDict."""
    query, view, aliases = QueryDict(mutable=True), params.get("view"), filter_class.aliases
    for name in params:
        values = [value for value in params.getlist(name) if value.strip()]
        name = aliases.get(name.removesuffix("[]"), name.removesuffix("[]"))
        if (values or view) and (name in filter_class.filters or name.startswith(CUSTOM) or name in OTHERS):
            query.setlistdefault(name).extend(values or [""])  # with a view an empty one takes the view's away
    return query


def changed(query, user, module, filter_class):
    """(the view of the address or None, `query` without what changes nothing of it). Raises Missing.

    The filter panel sends `changed`: what it does not send is not to be filtered by, whatever the view says.
    """
    if not query.get("view"):
        query.pop("changed", None)
        return None, query
    view = views.find(module, query["view"], user)
    names = {filter_class.aliases.get(name, name) for name in view.filters} - {*GROUPS}
    if query.pop("changed", None):
        for name in names - set(query):
            query[name] = ""
    for name in [name for name in query if name not in OTHERS and name not in names and not any(query.getlist(name))]:
        query.pop(name)
    return view, query


class ListKind(Page):
    """What the pages of one list share. A subclass names its kind.

    `columns` are {name: label} of what the table can show, `default` those it shows at first, `numbers` those that stand
    right, `down` those whose highest come first with the first click; `name_field` is the row's name, which links to it.
    `tabs` are [(label, filters)], `inputs` those of the filter panel: (kind, name, label), kinds as in PANEL (`dates` and
    `range` ask for <name>_from/_to and <name>_min/_max).
    """

    module = ""
    namespace = ""
    model: Any
    filter_class: Any
    noun, title, icon = "", "", ""
    hint = ""  # what will stand in the list
    name_field, name_label = "name", "Name"
    columns: dict[str, str] = {}
    default: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()
    down: tuple[str, ...] = ("created_at", "updated_at", "last_activity_at")
    tabs: list[tuple[str, dict]] = []
    inputs: list[tuple[str, str, str]] = []
    labels: dict[str, str] = {}  # of filters that are no column
    fields_class: Any

    @property
    def nouns(self):
        return self.title.lower()

    def url(self, name, *args):
        return reverse(f"{self.namespace}:{name}", args=args)

    def counted(self, count):
        """`1 company`, `1,200 companies`."""
        return f"{count:,} {self.noun if count == 1 else self.nouns}"

    def words(self, name, values):
        """The values of a filter in words."""
        options = {str(key): label for key, label in self.options(name)}
        return ", ".join(options.get(part, part) for value in values for part in (value.split(",") if options else [value]))

    def options(self, name):
        """[(value, label)] of a filter whose values are chosen."""
        if name == "tags":
            return [(number, one.name) for number, one in known(self.organization, "tags").items() if one.is_active]
        return []

    # ---------------------------------------------------------------- the address
    def cleaned(self):
        return cleaned(self.request.GET, self.filter_class)

    def changed(self, query):
        return changed(query, self.request.user, self.module, self.filter_class)

    def means(self, query):
        """(the view or None, what the address means with it, as a plain dict)."""
        return views.merged(self.module, query, self.request.user, self.filter_class.aliases)

    @property
    def back(self):
        return f"{self.url('list')}?{self.cleaned().urlencode()}"

    # ---------------------------------------------------------------- columns
    def all_columns(self):
        return self.columns | {f"{CUSTOM}{one.key}": one.label for one in active(self.organization, self.module)}

    def columns_of(self, names):
        """[{name, label, sort, first, classes}] of the named columns; what is not there (any more) is left out."""
        labels = self.all_columns()
        chosen = [name for name in dict.fromkeys(names) if name in labels][:MOST_COLUMNS] or list(self.default)
        own = active(self.organization, self.module)
        numbers = {*self.numbers, *(f"{CUSTOM}{one.key}" for one in own if one.kind in (Kind.NUMBER, Kind.MONEY))}
        sorts = self.filter_class.sorts
        return [
            {
                "name": name,
                "label": labels[name],
                "sort": name if name in sorts or name.startswith(CUSTOM) else "",
                "first": "DESC" if name in self.down or name in numbers else "ASC",
                "classes": "num rank-2" if name in numbers else "rank-3" if at > 3 else "rank-2" if at > 1 else "",
            }
            for at, name in enumerate(chosen)
        ]

    def cell(self, row, name):
        """{kind, text, ...} of a cell; kinds: text (with mark), chip, who, tags, ago, link (see templates/lists/_row.html)."""
        value = row.get(name)
        if name == "tags":
            return {"kind": "tags", "tags": value}
        if name.endswith("_at"):
            return {"kind": "ago", "value": value}
        return {"kind": "text", "text": "" if value is None else str(value)}

    def fill(self, rows, columns):
        """Give each row its `name`, `url` and `cells`, one a column."""
        own = {f"{CUSTOM}{one.key}": one for one in active(self.organization, self.module)}
        members = dict(people(self.organization)) if any(
            own[column["name"]].kind == Kind.PERSON for column in columns if column["name"] in own) else {}
        for row in rows:
            row["name"], row["url"], row["cells"] = row[self.name_field], self.url("view", row["id"]), []
            for column in columns:
                name = column["name"]
                if name in own:
                    value, one = (row["custom_fields"] or {}).get(own[name].key), own[name]
                    text = members.get(value, "") if one.kind == Kind.PERSON else words_of_value(one, value, self.organization)
                    cell = {"kind": "text", "text": text}
                else:
                    cell = self.cell(row, name)
                row["cells"].append({**cell, "label": column["label"], "classes": column["classes"]})
        return rows


class ListPage(ListKind):
    """GET: the page; for htmx, what changes with the address."""

    def get(self, request):
        try:
            view, query = self.changed(self.cleaned())
            listing, complaints = self.listing(query)
        except BadParameter as error:  # a view that does not work any more: told, never half of it shown
            self.complain(words_of(error).removeprefix("view: "))
            return redirect(self.url("list"))
        for text in complaints:
            self.complain(text)
        page = self.number(request.GET.get("page"))
        ids, total, capped = listing.page((page - 1) * SIZE, SIZE)
        if total and not ids:  # beyond the end: rows were deleted, or somebody typed the address
            page = -(-total // SIZE)
            ids, total, capped = listing.page((page - 1) * SIZE, SIZE)
        rows = plain_rows(in_order(self.model.objects, ids).page_rows()) if ids else []
        _, means = self.means(query)
        columns = self.columns_of(query["columns"].split(",") if query.get("columns") else view.columns if view else [])
        self.fill(rows, columns)
        tree = {name: means[name] for name in GROUPS if name in means}
        means = as_query(means)
        context = {
            "list": self.describe(query),
            "rows": rows,
            "columns": columns,
            "total": self.everything(),
            "search": means.get("search_value", ""),
            "sort": {"by": means.get("order_by", "id"), "in": means.get("order_in", "DESC").upper()},
            "sorted": "order_by" in means,
            "tabs": self.shown_tabs(query),
            "chips": self.chips(query, view, means, tree),
            "inputs": self.panel(means),
            "page": self.page(page, len(rows), total, capped),
            **self.views(view, query, columns),
            **self.bulk(),
        }
        return self.show("lists/_table.html" if self.is_swap else "lists/list.html", context)

    def describe(self, query):
        """What the templates are told of the list itself."""
        clear = {name: None for name in [*self.filter_class.filters, *OTHERS, "page"] if name != "columns"}
        kept = query.copy()
        for name in [*clear, *(name for name in query if name.startswith(CUSTOM))]:
            kept.pop(name, None)
        return {
            "noun": self.noun, "nouns": self.nouns, "title": self.title, "icon": self.icon, "hint": self.hint,
            "url": self.url("list"), "add": self.url("add"), "bulk": f"{self.url('bulk')}?{query.urlencode()}",
            "clear": f"?{kept.urlencode()}", "name_field": self.name_field, "name_label": self.name_label,
            "export": f"{reverse('exports:add')}?{query.urlencode()}" if self.exported else "", "kind": self.exported,
            "links": self.links(),
        }  # fmt: skip

    exported = ""  # the export_type of the list

    def links(self):
        """[{label, icon, url}] beside the search: what else can be done with such records."""
        return []

    def listing(self, query):
        """(the list, what was wrong with its parameters): a wrong one is told and left out, not answered with an error page."""
        complaints: list[str] = []
        while True:
            rows = self.model.objects.whole(self.organization)
            try:
                return Listing(rows, self.filter_class, query, self.request.user), complaints
            except BadParameter as error:
                if "view" in error.fields or not error.fields.keys() & query.keys():
                    raise
                for name, lines in error.fields.items():
                    label = self.label(name)
                    complaints.append(f"{label}: {lines[0]}" if label else "The list cannot be sorted or searched like that.")
                    query.pop(name, None)

    def everything(self):
        """How many there are, counted once a request; beyond what lists count, that many."""
        if not hasattr(self, "_everything"):
            rows = self.model.objects.whole(self.organization)
            self._everything = Listing(rows, self.filter_class, QueryDict(), self.request.user).total()[0]
        return self._everything

    @staticmethod
    def number(text):
        return max(1, int(text)) if text and text.isascii() and text.isdigit() and len(text) < 10 else 1

    @staticmethod
    def page(number, shown, total, capped):
        first = (number - 1) * SIZE
        return {
            "number": number, "first": first + 1 if shown else 0, "last": first + shown, "total": total,
            "total_is_capped": capped, "previous": number - 1 if number > 1 else None,
            "next": number + 1 if first + shown < total or (capped and shown == SIZE) else None,
        }  # fmt: skip

    # ---------------------------------------------------------------- tabs and views
    def shown_tabs(self, query):
        """The tabs that everybody has, then the saved views that the visitor may see, their own first."""
        filters = {name: query.getlist(name) for name in query if name not in ("order_by", "order_in", "columns")}
        found = [
            {
                "label": label,
                "query": f"?{urlencode(params)}",
                "count": self.everything() if not params else None,
                "current": filters == {name: [value] for name, value in params.items()},
            }
            for label, params in self.tabs
        ]
        seen = SavedView.objects.of(self.organization).alive().seen_by(self.request.user).filter(module_name=self.module)
        at = query.get("view")
        return found + [
            {"label": row.view_name, "query": f"?view={row.pk}", "count": None, "current": str(row.pk) == at}
            for row in seen.order_by("visibility", "id")[:MOST_TABS]
        ]

    def views(self, view, query, columns):
        """What lists/_views.html shows."""
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
            "url": f"{self.url('view_edit', view.pk)}?view={view.pk}", "save": f"{self.url('view_edit', view.pk)}?{address}",
        }  # fmt: skip
        return {
            "view": shown,
            "save_as": f"{self.url('view_add')}?{address}",
            "may_save": bool(set(query) - {"view", "search_value"}),
            "chooser": chooser(self.all_columns(), names, link)
            | {"reset": f"?{plain.urlencode()}" if query.get("columns") and names else ""},
        }

    # ---------------------------------------------------------------- filters
    def label(self, name):
        """What a filter is called; "" for what is none."""
        for end in ("_min", "_max", "_from", "_to"):
            if name.endswith(end) and name not in self.labels:
                name = name.removesuffix(end)
        known_ones = {one: label for _, one, label in self.inputs} | self.labels
        return known_ones.get(name) or self.columns.get(name, "")

    def chips(self, query, view, means, tree):
        """What the list is filtered by, whether the address or its view says so."""
        found, own = [], set(view.filters) if view else set()
        for name in means:
            if not (words := self.chip(name, means)):
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
            found.append({"label": "Where", "verb": "", "value": "several conditions", "remove": f"?{rest.urlencode()}"})
        return found

    def chip(self, name, means):
        """{label, verb, value} of one filter; None for what is none."""
        verbs = {"_min": "at least", "_max": "at most", "_from": "from", "_to": "to"}
        verb = next((word for end, word in verbs.items() if name.endswith(end)), "is")
        if name in self.filter_class.filters:
            label = self.label(name) or name.replace("_", " ").capitalize()
            return {"label": label, "verb": verb, "value": self.words(name, means.getlist(name))}
        if not name.startswith(CUSTOM):
            return None
        key, fields = name.removeprefix(CUSTOM), definitions(self.organization, self.module)
        if key not in fields:
            key = key.removesuffix("_min").removesuffix("_max")
        else:
            verb = "is"
        one = fields.get(key)
        value = ", ".join(means.getlist(name))
        if one and one.kind == Kind.PERSON:
            names = {str(pk): label for pk, label in people(self.organization)}
            value = ", ".join(names.get(part, part) for part in value.split(", "))
        return {"label": one.label if one else key, "verb": verb, "value": value}

    def panel(self, means):
        """The inputs of the filter panel, those for custom fields last."""
        found = []
        own = [(PANEL.get(one.kind, "text"), f"{CUSTOM}{one.key}", one.label) for one in active(self.organization, self.module)]
        fields = {f"{CUSTOM}{one.key}": one for one in active(self.organization, self.module)}
        for kind, name, label in [*self.inputs, *own]:
            one = fields.get(name)
            low, high = ("_from", "_to") if kind == "dates" and one is None else ("_min", "_max")
            if one and kind == "choices":
                options = people(self.organization) if one.kind == Kind.PERSON else [(option, option) for option in one.options]
            else:
                options = self.options(name) if kind in ("choices", "one") else []
            chosen = {part for value in means.getlist(name) for part in [value, *value.split(",")]}
            low, high = f"{name}{low}", f"{name}{high}"
            found.append({
                "kind": kind, "name": name, "label": label, "value": means.get(name, ""),
                "low": low, "high": high, "low_value": means.get(low, ""), "high_value": means.get(high, ""),
                "options": [{"id": key, "name": text, "selected": str(key) in chosen} for key, text in options]})  # fmt: skip
        return found

    def bulk(self):
        """What the visitor may do, and the tags there are."""
        user = self.request.user
        tags = [{"id": number, "name": one.name} for number, one in known(self.organization, "tags").items() if one.is_active]
        rights = {f"may_{word}": user.can(f"records.{word}") for word in ("edit", "delete", "export", "import")}
        return {"bulk": {"tags": tags, "more": bulk_actions[self.module].items(), **rights}}


def chooser(labels, names, link):
    """What the menu of columns offers; `link(names)` is the address of the list with those columns."""

    def swapped(at, to):
        moved = list(names)
        moved[at], moved[to] = moved[to], moved[at]
        return link(moved)

    return {
        "shown": [
            {
                "label": labels[name],
                "up": swapped(at, at - 1) if at else "",
                "down": swapped(at, at + 1) if at + 1 < len(names) else "",
                "remove": link(names[:at] + names[at + 1 :]) if len(names) > 1 else "",
            }
            for at, name in enumerate(names)
        ],
        "more": [{"label": label, "add": link([*names, name])} for name, label in labels.items() if name not in names]
        if len(names) < MOST_COLUMNS
        else [],
    }


def as_query(means):
    """A plain dict of filters as a QueryDict of texts, as the panel and the chips show them."""
    query = QueryDict(mutable=True)
    for name, value in means.items():
        values = value if isinstance(value, list) else [value]
        query.setlist(name, [str(one).lower() if isinstance(one, bool) else str(one) for one in values])
    return query


# ------------------------------------------------------------------------------------------------ the bulk bar
class BulkPage(ListKind):
    """One form posts `action` with `ids`, or `select_all` with the filters of the address. A subclass names its `rules`:
    set_fields(rows, given, *, by), add_tags and set_tags(rows, numbers, *, by), delete(rows, *, by)."""

    verb = "records.edit"
    rules: Any
    apart: tuple[str, ...] = ()  # fields that have a place of their own in the bulk bar
    warning = ""  # what a deletion takes along

    def post(self, request):
        try:
            answer = self.act(request.POST.get("action", ""))
        except REFUSALS as error:
            self.complain(words_of(error))
            return redirect(self.back)
        return answer or redirect(self.back)

    def rows(self):
        given = self.request.POST
        selection = {"ids": given.getlist("ids")}
        if given.get("select_all"):
            selection = {
                "select_all": True, "filters": self.filters(), "expected_count": given.get("expected_count") or None
            }  # fmt: skip
        mine = self.model.objects.of(self.organization).alive()
        return selected_rows(mine, Selection.read(selection), self.filter_class, self.request.user)

    def filters(self):
        """What the list shows, its view included, as one set of filters."""
        _, means = self.means(self.changed(self.cleaned())[1])
        return {name: value for name, value in means.items() if name not in ("order_by", "order_in", "columns")}

    def act(self, action):
        """Do it. Answers a response, or None to go back to the list."""
        if action in ("tag", "set_tags"):
            return self.tag(replace=action == "set_tags")
        if action == "edit":
            return self.edit()
        if action == "delete":
            return self.delete()
        raise Invalid({"action": ["choose what to do"]})

    def tag(self, *, replace):
        tags, there = [], known(self.organization, "tags")
        for text in self.request.POST.getlist("tags"):
            found = there.get(int(text)) if text.isascii() and text.isdigit() and len(text) < 17 else None
            if found is None:
                raise Invalid({"tags": ["choose tags that there are"]})
            tags.append(found)
        if not tags and not replace:
            raise Invalid({"tags": ["choose at least one"]})
        rule = self.rules.set_tags if replace else self.rules.add_tags
        done = f"tagged {', '.join(tag.name for tag in tags)}" if tags else "left without tags"
        return self.tell(rule(self.rows(), [tag.number for tag in tags], by=self.request.user), done)

    def tell(self, outcome, done):
        if outcome.job_id:
            self.say(f"{self.counted(outcome.count)} are being {done} in the background.", undoable=True)
        else:
            self.say(f"{self.counted(outcome.count)} {done}.", undoable=True)

    def hidden(self, count):
        """The selection, for a form that posts here again."""
        if self.request.POST.get("select_all"):
            return [("select_all", "true"), ("expected_count", count)]
        return [("ids", pk) for pk in self.request.POST.getlist("ids")]

    def edit(self):
        """One field of all of them: asked for on a page of its own, which posts here again."""
        given, rows, fields = self.request.POST, self.rows(), self.fields_class(self.organization)
        name, names, error = given.get("field", ""), fields.for_many(self.apart), ""
        if given.get("confirmed") == "yes":
            try:
                outcome = self.rules.set_fields(rows, fields.posted(name, given), by=self.request.user)
                done = "given another" if given.get("value") else "left without"
                return self.tell(outcome, f"{done} {names.get(name, name)}")
            except REFUSALS as refusal:
                error = words_of(refusal)
        name = name if name in names else next(iter(names))
        count = rows.count()
        context = {
            "title": f"Change a field of {self.counted(count)}", "hidden": self.hidden(count), "error": error,
            "field": fields.empty(name) | {"error": error}, "names": names.items(), "chosen": name, "back": self.back,
            "here": f"{self.url('bulk')}?{self.cleaned().urlencode()}", "list_title": self.title,
        }  # fmt: skip
        swap = self.is_swap and given.get("confirmed") != "yes"
        return self.show("leads/_bulk_edit.html" if swap else "leads/bulk_edit.html", context)

    def delete(self):
        if not self.request.user.can("records.delete"):
            raise Invalid({"action": [f"your role does not let you delete {self.nouns}"]})
        rows = self.rows()
        if self.request.POST.get("confirmed") == "yes":
            return self.tell(self.rules.delete(rows, by=self.request.user), "deleted")
        count = rows.count()
        hidden = [("action", "delete"), ("confirmed", "yes"), *self.hidden(count)]
        many = self.counted(count)
        return self.show("confirm.html", {
            "title": f"Delete {many}?", "verb": f"Delete {many}", "action": "", "hidden": hidden, "text": self.warning,
            "back": self.back})  # fmt: skip


# ------------------------------------------------------------------------------------------------ saved views
HELP = "Shared views are tabs for everybody in the organization; you and administrators can change them."


class ViewForm(InputForm):
    input_class = AddView
    view_name = Text("Name", required=True, maxlength=100, autofocus=True)
    visibility = Choice("Who sees it", choices=SavedView.Visibility.choices, required=True, help_text=HELP)
    module_name = forms.CharField(widget=forms.HiddenInput)


class ViewPage(ListKind):
    def state(self):
        """{filters, columns, sorting}: the list as the address shows it, with what its view says and what was changed."""
        view, found = self.means(self.changed(self.cleaned())[1])
        columns = found.pop("columns", None)
        sorting = {name: found.pop(name) for name in ("order_by", "order_in") if name in found}
        found.pop("search_value", None)
        columns = columns.split(",") if columns else view.columns if view else []
        return {"filters": found, "columns": columns, "sorting": sorting or None}

    def form(self, form, title, verb, status=200, **more):
        context = {"form": form, "title": title, "verb": verb, "back": self.back, "list_title": self.title, **more}
        return self.show("leads/view_form.html", context, status=status)

    def posted(self):
        return ViewForm({**self.request.POST.dict(), "module_name": self.module})

    def saved(self, pk):
        rows = SavedView.objects.of(self.organization).alive().seen_by(self.request.user)
        found = rows.filter(pk=pk, module_name=self.module).first()
        if found is None:
            raise Missing()
        return found


class SaveView(ViewPage):
    """A new view of what the address shows."""

    def get(self, request):
        initial = {"visibility": "private", "module_name": self.module}
        return self.form(ViewForm(initial=initial), "Save view", "Save view")

    def post(self, request):
        form = self.posted()
        if form.is_valid():
            try:
                view = views.add(self.organization, by=request.user, **form.given | self.state())
                self.say(f"The view {view.view_name} is saved.", undoable=True)
                return redirect(f"{self.url('list')}?view={view.pk}")
            except DomainError as error:
                form.refuse(error)
        return self.form(form, "Save view", "Save view", status=422)


class EditView(ViewPage):
    """Rename and share; `overwrite` puts what the address shows into the view, `delete` deletes it."""

    def get(self, request, pk):
        view = self.saved(pk)
        initial = {"view_name": view.view_name, "visibility": view.visibility, "module_name": self.module}
        may_change = views.may_change(view, request.user)
        return self.form(ViewForm(initial=initial), view.view_name, "Save", view=view, may_change=may_change)

    def post(self, request, pk):
        view, there = self.saved(pk), f"{self.url('list')}?view={pk}"
        try:
            if "delete" in request.POST:
                views.delete(view, by=request.user)
                self.say(f"The view {view.view_name} is deleted.", undoable=True)
                return redirect(self.url("list"))
            form = self.posted()
            if "overwrite" in request.POST or form.is_valid():
                given = self.state() if "overwrite" in request.POST else form.given
                views.update(view, by=request.user, **given)
                self.say(f"The view {view.view_name} is saved.", undoable=True)
                return redirect(there)
        except REFUSALS as error:
            self.complain(words_of(error))
            return redirect(self.url("list") if "delete" in request.POST else there)
        may_change = views.may_change(view, request.user)
        return self.form(form, view.view_name, "Save", status=422, view=view, may_change=may_change)
