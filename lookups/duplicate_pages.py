"""Pages of likely duplicates, the same for every kind of record: the list of pairs, the screen on which records are merged, the
section on the page of a record (lio/matching.py, lio/merging.py).

An app names its kind in a subclass of `DuplicateKind` and mixes it into the pages below; the templates stand in
templates/records/. Routes of an app, under its namespace: list, view, duplicates, dismiss, merge.
"""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from lio.errors import Invalid, Missing
from lio.jobs import enqueue
from lio.listing import Listing
from lio.merging import FEWEST, MOST, OWN
from lio.pages import REFUSALS, Page, words_of
from lio.rows import in_order, plain_rows
from lookups.record_fields import CUSTOM

SIZE = 25
LONG = 1_000_000  # records that wait are counted up to here
TONES = {"strong": "hot", "likely": "warm", "possible": "cold"}


class DuplicateKind(Page):
    """`matching` finds them, `reasons` are {reason: words}, `facts` the columns of a pair's sides that its list shows below the
    name; `rule` merges, `look_again` is the job that looks at all anew; `also` are fields that only the merge can choose.
    """

    matching: Any
    filter_class: Any
    reasons: dict[str, str] = {}
    namespace = ""
    title = ""
    name_field = "name"
    facts: tuple[str, ...] = ()
    fields_class: Any
    rule: Any
    look_again: Any
    hint = ""

    @property
    def merging(self):
        return self.matching.merging

    def about(self):
        """What every template gets."""
        return {
            "noun": self.merging.kind, "nouns": self.merging.plural, "title": self.title, "list_url": self.to("list"),
            "duplicates_url": self.to("duplicates"), "dismiss_url": self.to("dismiss"), "merge_url": self.to("merge"),
            "may_merge": self.request.user.can("records.delete"), "may_edit": self.request.user.can("records.edit"),
        }  # fmt: skip

    def to(self, name, *args):
        return reverse(f"{self.namespace}:{name}", args=args)


class DuplicateList(DuplicateKind):
    """GET: likely pairs, the surest first. POST: all records are looked at again."""

    def get(self, request):
        listing = Listing(self.matching.pair.objects.whole(self.organization), self.filter_class, QueryDict("order_by=score"),
                          request.user)
        at = max(1, _number(request.GET.get("page")))
        ids, total, capped = listing.page((at - 1) * SIZE, SIZE)
        if total and not ids:
            at = -(-total // SIZE)
            ids, total, capped = listing.page((at - 1) * SIZE, SIZE)
        rows = plain_rows(in_order(self.matching.pair.objects, ids).rows()) if ids else []
        for row in rows:
            row["sides"] = [self.side(row[side]) for side in ("first", "second")]
            row["tone"], row["why"] = TONES[row["strength"]], [self.reasons[reason] for reason in row["reasons"]]
        page = {"total": total, "total_is_capped": capped, "previous": at > 1 and f"?page={at - 1}",
                "next": at * SIZE < total and f"?page={at + 1}", "first": (at - 1) * SIZE + 1,
                "last": (at - 1) * SIZE + len(rows)}  # fmt: skip
        return self.show("records/duplicates.html", self.about() | {
            "pairs": rows, "page": page, "waiting": self.matching.waiting(self.organization, LONG + 1), "hint": self.hint})

    def side(self, row):
        return {"id": row["id"], "name": row[self.name_field], "url": self.to("view", row["id"]),
                "facts": [row[name] for name in self.facts if row[name]]}  # fmt: skip

    def post(self, request):
        if not request.user.can("records.edit"):
            raise PermissionDenied
        if not self.matching.waiting(self.organization, 1):
            enqueue(type(self).look_again, by=request.user)
        self.say(f"All {self.merging.plural} are being looked at again.")
        return redirect(self.to("duplicates"))


class Dismiss(DuplicateKind):
    verb = "records.edit"

    def post(self, request):
        try:
            self.matching.dismiss(self.organization, ids_of(request.POST, self.merging.plural), by=request.user)
        except REFUSALS as error:
            self.complain(words_of(error))
        else:
            self.say("They are kept apart.", undoable=True)
        back = request.POST.get("back", "")
        return redirect(back if url_has_allowed_host_and_scheme(back, None) else self.to("duplicates"))


class MergePage(DuplicateKind):
    """GET: records (`ids`) side by side. POST: `survivor`, and `f.<field>` with the record whose value wins."""

    verb = "records.delete"

    def get(self, request):
        try:
            ids = self.merging.several(self.organization, ids_of(request.GET, self.merging.plural))
        except REFUSALS as error:
            return self.back(error)
        rows = self.merging.model.objects.of(self.organization).alive().filter(pk__in=ids).order_by("pk")
        rows = [row | {"name": row[self.name_field]} for row in plain_rows(rows.page_rows())]
        return self.show("records/merge.html", self.about() | {
            "records": rows, "survivor": ids[0], "rows": self.choices(rows),
            "tags": list({tag["id"]: tag for row in rows for tag in row["tags"]}.values())})

    def post(self, request):
        fields = {name.removeprefix("f."): _number(value) for name, value in request.POST.items() if name.startswith("f.")}
        try:
            ids = ids_of(request.POST, self.merging.plural)
            chosen = _number(request.POST.get("survivor")) or None
            survivor_id = type(self).rule(self.organization, ids, survivor_id=chosen, by=request.user, fields=fields)
        except REFUSALS as error:
            return self.back(error)
        self.say(f"{len(ids)} {self.merging.plural} are one now.", undoable=True)
        return redirect(self.to("view", survivor_id))

    def back(self, error):
        gone = f"One of these {self.merging.plural} is gone."
        self.complain(gone if isinstance(error, Missing) else words_of(error))
        return redirect(self.to("duplicates"))

    def choices(self, records):
        """[{name, label, same, options: [{id, of, text, picture, chosen}]}]: what differs first, then what is the same."""
        known = self.fields_class(self.organization)
        keys = dict.fromkeys(key for record in records for key in record["custom_fields"] or {})
        names = [*self.merging.fields, *(f"{OWN}{key}" for key in keys)]
        found = []
        for name in names:
            options = [{"id": record["id"], "of": record["name"], **self.option(known, record, name)} for record in records]
            values = {option["text"] for option in options}
            if values == {""}:
                continue
            wins = next(option for option in options if option["text"])
            wins["chosen"] = True
            found.append({"name": name, "label": options[0]["label"], "same": len(values) == 1, "options": options,
                          "value": wins["text"]})  # fmt: skip
        return sorted(found, key=lambda row: row["same"])

    def option(self, known, record, name):
        """{label, text, picture} of a field of a record; `picture` is the id of a file."""
        if name.startswith(OWN):
            field = known.field(record, f"{CUSTOM}{name.removeprefix(OWN)}")
            return {"label": field["label"], "text": field["text"], "picture": None}
        label = known.labels.get(name, name.replace("_", " ").capitalize())
        if name == "company_logo":
            return {"label": "Logo", "text": str(record["picture_id"] or ""), "picture": record["picture_id"]}
        return {"label": label, "text": known.text(record, name), "picture": None}


def ids_of(given, plural):
    """The ids of a form or address: `ids=1&ids=2` or `ids=1,2`. Raises Invalid."""
    ids = [_number(part) for value in given.getlist("ids") for part in value.split(",") if part]
    if not all(ids) or not FEWEST <= len(set(ids)) <= MOST:
        choose = f"choose {FEWEST} to {MOST} {plural}"
        raise Invalid({"ids": [choose]}, f"{choose.capitalize()}.")
    return ids


def _number(text):
    """The positive number that a text is, else 0."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 19 else 0


def section(kind, name):
    """The section of a record's page: those that may be the same (lio.registry.record_parts). None where there are none."""

    def part(user, record_id, request):
        found = kind.matching.of_record(user.organization, record_id)
        if not found and request.GET.get("part") != name:
            return None
        return {
            "name": name, "template": "records/_duplicates.html", "likely": [
                {"id": one.id, "name": str(one), "url": reverse(f"{kind.namespace}:view", args=[one.id]), "why": one.why,
                 "strength": one.strength, "tone": TONES[one.strength]} for one in found],
            "dismiss_url": reverse(f"{kind.namespace}:dismiss"), "merge_url": reverse(f"{kind.namespace}:merge"),
        }  # fmt: skip

    return part
