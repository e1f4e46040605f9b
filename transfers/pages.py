"""Files in and out in the browser.

The wizard of imports: a file is dropped, its columns are mapped, a dry run tells what each row will do, the run shows its
progress.
Exports: asked for from a list or here, their progress, and the files that are ready.
"""

from datetime import timedelta

from django.http import QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.timezone import now

from leads.pages.fields import LABELS
from leads.pages.table import columns_of
from lio.errors import Missing
from lio.listing import Listing
from lio.pages import REFUSALS, Page, words_of
from lio.undo import DAYS
from lio.undo_page import undoing_of
from lookups import list_page, views
from transfers import exports, imports
from transfers.api import refuse_large, rejected_file
from transfers.columns import CUSTOM, IGNORE
from transfers.filters import ExportFilter, ImportFilter
from transfers.incoming import mapping_of
from transfers.models import Export, Import, ImportRow
from transfers.serializers import NewExport

SIZE = 50  # rows and imports a page
State, Outcome = Import.State, ImportRow.Outcome
OTHERS = {
    "full_name": "Full name",
    "phone_country_code": "Country code of the phone",
    "url": "Web address of any kind",
    "location": "Place",
    CUSTOM: "Custom field",
    IGNORE: "Leave out",
}
STEPS = [
    ("File", ()),
    ("Columns", (State.READING, State.MAPPING)),
    ("Check", (State.CHECKING, State.READY)),
    ("Import", (State.RUNNING, *Import.OVER)),
]
KINDS = {
    "create": ("New lead", "good"),
    "merge": ("Update", "acc"),
    "skip": ("Skip, is there already", ""),
    "fail": ("Refused", "bad"),
}
WORDS = {"reading": "Reading the workbook", "checking": "Checking the rows", "running": "Importing"}


class ImportList(Page):
    verb = "records.import"

    def get(self, request, error="", status=200):
        number = page_number(request.GET.get("page"))
        listing = Listing(Import.objects.of(self.organization).alive(), ImportFilter, {}, request.user)
        ids, total, capped = listing.page((number - 1) * SIZE, SIZE)
        there = {row.pk: row for row in Import.objects.of(self.organization).filter(pk__in=ids).select_related("by")}
        return self.show(
            "transfers/imports.html",
            {
                "imports": [there[pk] for pk in ids],
                "error": error,
                "limits": limits(),
                "page": page_of(number, len(ids), total) | {"total_is_capped": capped},
            },
            status=status,
        )

    def post(self, request):
        try:
            refuse_large(request)
            file = request.FILES.get("file")
            if file is None:
                return self.get(request, "Choose a file first.", 422)
            row = imports.take(file, by=request.user)
        except REFUSALS as error:
            return self.get(request, words_of(error).removeprefix("file: "), 422)
        return redirect("imports:view", row.pk)


def limits():
    from django.conf import settings

    return {"megabytes": settings.IMPORT_MAX_BYTES >> 20, "rows": settings.IMPORT_MAX_ROWS}


def page_number(text):
    return max(1, int(text)) if text and text.isascii() and text.isdigit() and len(text) < 8 else 1


def page_of(number, shown, total):
    first = (number - 1) * SIZE
    return {
        "number": number,
        "first": first + 1 if shown else 0,
        "last": first + shown,
        "total": total,
        "total_is_capped": False,
        "previous": number - 1 if number > 1 else None,
        "next": number + 1 if first + shown < total else None,
    }


class OneImport(Page):
    """What the pages of one import share."""

    verb = "records.import"

    def row(self, pk):
        found = Import.objects.of(self.organization).alive().select_related("by").filter(pk=pk).first()
        if found is None:
            raise Missing()
        return found


class ImportPage(OneImport):
    """An import as it stands: its columns, what the check found, its progress, or what came of it."""

    def get(self, request, pk):
        row = self.row(pk)
        context = {"import": row, "steps": steps(row), "by": row.by.full_name if row.by else "", "complaint": ""}
        if row.state == State.MAPPING:
            context |= mapping_context(row)
        elif row.is_working:
            context |= progress(row)
        else:
            context |= self.result(row)
        return self.show("transfers/_import.html" if self.is_swap else "transfers/import.html", context)

    def result(self, row):
        chosen = self.request.GET.get("rows", "")
        rows = ImportRow.objects.of(self.organization).filter(of=row).exclude(outcome=None)
        counts = (
            row.expected
            if row.state == State.READY
            else {"create": row.created, "merge": row.merged, "skip": row.skipped, "fail": row.failed}
        )
        if chosen not in KINDS:
            chosen = "" if row.state == State.READY else "fail"
        kinds = [
            {"name": name, "label": label, "tone": tone, "count": counts.get(name, 0), "current": name == chosen}
            for name, (label, tone) in KINDS.items()
        ]
        total = counts.get(chosen, 0) if chosen else sum(counts.values())
        if chosen:
            rows = rows.filter(outcome=Outcome[chosen.upper()])
        number = page_number(self.request.GET.get("page"))
        start = (number - 1) * SIZE
        found = [row_shown(one) for one in rows.order_by("number")[start : start + SIZE]]
        leads = f"{reverse('leads:list')}?change_id={row.change_id}" if row.change_id and row.succeeded else ""
        undo = undoing_of(self.organization, row.change_id) if leads else {"undoing": None}
        young = row.finished_at and row.finished_at > now() - timedelta(days=DAYS)
        may_undo = leads and young and undo["undoing"] is None and self.request.user.can("records.edit")
        return undo | {
            "undo": reverse("undo", args=[row.change_id]) if may_undo else "",
            "kinds": kinds,
            "rows": found,
            "page": page_of(number, len(found), total),
            "chosen": chosen,
            "leads": leads,
            "acting": counts.get("create", 0) + counts.get("merge", 0),
            "total": sum(counts.values()),
        }


def row_shown(row):
    fields = (row.data or {}).get("fields", {})
    name = f"{fields.get('first_name', '')} {fields.get('last_name', '')}".strip()
    label, tone = KINDS[Outcome(row.outcome).name.lower()]
    reach = fields.get("email") or fields.get("phone_number") or fields.get("linkedin_url") or ""
    return {
        "number": row.number,
        "name": name or reach,
        "reach": reach if name else "",
        "company": fields.get("company", ""),
        "label": label,
        "tone": tone,
        "reason": row.reason,
        "lead_id": row.lead_id,
    }


def steps(row):
    at = next(n for n, (_, states) in enumerate(STEPS) if row.state in states)
    return [{"label": label, "state": "now" if n == at else "done" if n < at else "next"} for n, (label, _) in enumerate(STEPS)]


def mapping_context(row, posted=None):
    """The columns with what they were taken for, samples and what else they could be."""
    mapping = mapping_of(row.organization, row.header, row.sample, row.overrides)
    labels = LABELS | OTHERS
    names = [name for name in [*imports.TARGETS] if name in labels]
    columns = [
        {"name": name, "field": f"column_{n}", "chosen": mapping.field_of(name), "samples": samples(row, name)}
        for n, name in enumerate(row.header)
    ]
    return {
        "columns": columns,
        "targets": [(name, labels[name]) for name in names],
        "policies": Import.Policy.choices,
        "matches": Import.Match.choices,
        "preview": [[cells.get(name, "") for name in row.header] for cells in row.sample[:3]],
        "reached": any(
            mapping.fields.get(name) for name in ("email", "phone_number", "linkedin_url", "full_name", "last_name")
        ),
    }


def samples(row, name):
    found = dict.fromkeys(" ".join(cells.get(name, "").split()) for cells in row.sample)
    return [cell for cell in found if cell][:3]


def progress(row):
    seconds = (now() - row.started_at).total_seconds() if row.started_at else 0
    return {"doing": WORDS[row.state], "rate": round(row.processed / seconds) if seconds >= 1 else 0}


class Step(OneImport):
    """A form of the wizard: acts, and shows the import again."""

    def get(self, request, pk):
        return redirect("imports:view", pk)

    def post(self, request, pk):
        row = self.row(pk)
        try:
            self.act(row)
        except REFUSALS as error:
            self.complain(words_of(error))
        return redirect("imports:view", pk)

    def act(self, row):
        raise NotImplementedError


class Check(Step):
    def act(self, row):
        given, guessed = self.request.POST, mapping_of(row.organization, row.header, row.sample)
        chosen = {name: given.get(f"column_{n}", "") for n, name in enumerate(row.header)}
        overrides = {name: field for name, field in chosen.items() if field and field != guessed.field_of(name)}
        imports.check(row, policy=given.get("policy", row.policy), match=given.get("match", row.match), overrides=overrides)


class Columns(Step):
    def act(self, row):
        imports.change_mapping(row)


class Start(Step):
    def act(self, row):
        imports.start(row)


class Cancel(Step):
    def act(self, row):
        imports.cancel(row, by=self.request.user)
        self.say("The import is cancelled." if not row.succeeded else "The import is cancelled. What came in by then stays.")


class Rejected(OneImport):
    def get(self, request, pk):
        return rejected_file(self.row(pk))


# ------------------------------------------------------------------------- exports
class ExportList(Page):
    """What was exported; while something is being written the list asks again every two seconds."""

    verb = "records.export"

    def get(self, request):
        number = page_number(request.GET.get("page"))
        listing = Listing(Export.objects.of(self.organization).alive(), ExportFilter, {}, request.user)
        ids, total, capped = listing.page((number - 1) * SIZE, SIZE)
        there = {row.pk: row for row in Export.objects.of(self.organization).filter(pk__in=ids).select_related("by")}
        context = {
            "exports": [there[pk] for pk in ids],
            "working": any(row.is_open for row in there.values()),
            "page": page_of(number, len(ids), total) | {"total_is_capped": capped},
            "kinds": [(name, exports.kinds()[name].label) for name in exports.TYPES],
            "formats": Export.Format.choices,
        }
        return self.show("transfers/_exports.html" if self.is_swap else "transfers/exports.html", context)


class AddExport(Page):
    """Asked for from the list of leads, whose address says what it shows, or from the list of exports."""

    verb = "records.export"

    def get(self, request):
        return redirect("exports:list")

    def post(self, request):
        query = self.query()
        try:
            row = exports.create(self.organization, by=request.user, **NewExport.read(self.asked(query)))
        except REFUSALS as error:
            self.complain(words_of(error).removeprefix("filters: "))
            found = exports.kinds().get(self.kind)
            back = reverse(self.lists[self.kind] if request.GET and found and found.module else "exports:list")
            return redirect(f"{back}?{query.urlencode()}" if query else back)
        self.say(f"{row.file_name} is being written. The bell tells when it is ready.")
        return redirect("exports:list")

    lists = {"leads": "leads:list", "companies": "companies:list", "contacts": "contacts:list"}

    @property
    def kind(self):
        return self.request.POST.get("export_type", "leads")

    def query(self):
        """What the list's address says; nothing for a kind without a list of its own."""
        found = exports.kinds().get(self.kind) if self.kind in self.lists else None
        return list_page.cleaned(self.request.GET, found.filter_class) if found else QueryDict(mutable=True)

    def asked(self, query):
        """The body of `POST /api/exports/create` that means the same."""
        given, kind = self.request.POST, exports.kinds().get(self.kind)
        asked = {"export_type": self.kind, "format": given.get("format", "csv")}
        if self.kind not in self.lists or not kind or not kind.module:
            return asked
        view, query = list_page.changed(query, self.request.user, kind.module, kind.filter_class)
        filters = dict(views.sent(query, kind.filter_class.aliases))
        shown = [name for name in (filters.pop("columns", "") or "").split(",") if name]
        if given.get("columns") == "shown":
            names = shown or (view.columns if view else [])
            if kind.module == "lead":
                names = [column["name"] for column in columns_of(names, self.organization)]
            asked["columns"] = kind.of_view(names)
        else:
            asked["columns"] = []
        if not given.get("select_all") and (ids := given.getlist("ids")):
            asked["ids"] = ids
        return asked | {"filters": filters}


class OneExport(Page):
    verb = "records.export"

    def row(self, pk):
        found = Export.objects.of(self.organization).alive().filter(pk=pk).first()
        if found is None:
            raise Missing()
        return found


class CancelExport(OneExport):
    def get(self, request, pk):
        return redirect("exports:list")

    def post(self, request, pk):
        row = self.row(pk)
        try:
            self.say(f"{exports.cancel(row).file_name} is cancelled.")
        except REFUSALS as error:
            self.complain(words_of(error))
        return redirect("exports:list")


class DownloadExport(OneExport):
    def get(self, request, pk):
        row = self.row(pk)
        try:
            return exports.serve(row)
        except REFUSALS as error:
            self.complain(words_of(error))
            return redirect("exports:list")
