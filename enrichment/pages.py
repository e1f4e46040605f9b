"""Enrichment in the pages: the card of a record (last run, values, proposals), and many leads from their list."""

from functools import partial
from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from companies.pages.list import BulkCompanies
from contacts.pages.list import BulkContacts
from enrichment import batches, filling, runs
from enrichment.chain import WANTED, most
from enrichment.models import Batch, FoundValue, Run
from enrichment.records import KINDS, label
from integrations.ports import COMPANY, PERSON
from integrations.registry import PROVIDERS
from leads.pages.bulk import BulkLeads
from leads.pages.list import number
from lio.errors import Missing
from lio.outside import Errand
from lio.pages import REFUSALS, Page, words_of
from lio.registry import subjects
from lio.rows import plain_rows

SOURCES = {
    "own_data": "Your records",
    "email_domain": "Mail domain",
    "name": "Name",
    "linkedin_slug": "LinkedIn address",
    "phone": "Phone number",
    "job_title": "Job title",
    "place": "Place",
}
BESIDE = ("seniority", "department", "decision_maker", "time_zone", "language")  # what a lead has no field for
SHOWN = 20  # values of the card
SIZE = 50  # results a page
State = FoundValue.State


def card(user, model_type, record_id):
    """Context of enrichment/_card.html for a record that is there: what its page shows and when it asks again.

    A part of a record's page (lio.registry.record_parts): `name`, `template` and `place` are the page's, the rest the card's.
    """
    organization = user.organization
    mine = Run.objects.of(organization).of_record(model_type, record_id).exclude(finished_at=None)
    last = mine.order_by("-id").first()
    values = FoundValue.objects.of(organization).of_record(model_type, record_id)
    proposals = list(values.open().order_by("pk"))
    filled = [one for one in values.with_undone().filter(state__in=[State.APPLIED, State.ACCEPTED]).order_by("-id")[: 2 * SHOWN]
              if not one.undone]
    standing = {one.run_id for one in filled if one.state == State.APPLIED}
    found = last.results.get(PERSON, {}) if last and KINDS[model_type].keeps_all else {}
    return {
        "name": "enrichment",
        "template": "enrichment/_card.html",
        "place": "side",
        "model_type": model_type,
        "record_id": record_id,
        "last": last,
        "asked": [source_label(one["name"]) for one in last.sources if one["hit"]] if last else [],
        "provider": source_label(last.provider) if last and last.provider != "builtin" else "",
        "proposals": [told(one) for one in proposals],
        "all_ids": [one.pk for one in proposals],
        "filled": [told(one) for one in filled[:SHOWN]],
        "left_out": [told(one) for one in values.filter(run=last, state=State.LEFT_OUT)] if last else [],
        "beside": [(label(name), found[name]) for name in BESIDE if found.get(name)] if last else [],
        "take_back": last.pk if last and last.pk in standing else None,
        "cost": cost_of(organization, model_type, record_id),
        "may_edit": user.can("records.edit"),
    }


def card_of(model_type):
    """The card as a part of the pages of that kind of record."""
    return lambda user, record_id, request: card(user, model_type, record_id)


def cost_of(organization, model_type, record_id):
    """Credits that enriching the record now can cost at most."""
    kind = KINDS[model_type]
    row = kind.row(organization, record_id)
    return 0 if WANTED[kind.of] <= kind.held(row) else most(runs.sources_of(organization))


def told(one):
    """A FoundValue as the card shows it."""
    return {
        "id": one.pk, "label": label(one.field), "old": words(one.old_value), "new": words(one.value),
        "source": source_label(one.source), "percent": round(one.confidence * 100), "verified": one.verified, "why": one.why,
        "at": one.decided_at or one.created_at,
    }


def words(value):
    return ", ".join(map(str, value)) if isinstance(value, list) else "" if value is None else str(value)


def source_label(name):
    if name in PROVIDERS:
        return PROVIDERS[name].label
    return SOURCES.get(name, name.replace("_", " ").capitalize())


class RecordPage(Page):
    """What the pages about one record share."""

    def dispatch(self, request, *args, model_type, pk, **kwargs):
        self.model_type, self.pk = model_type, pk
        return super().dispatch(request, *args, **kwargs)

    @property
    def address(self):
        """Of the record's own page; of the card's where the record has none."""
        return subjects[self.model_type].url(self.pk) or self.own_address

    @property
    def own_address(self):
        return reverse("enrichment:card", args=[self.model_type, self.pk])

    def part(self):
        if self.model_type not in KINDS:
            raise Missing()
        return card(self.request.user, self.model_type, self.pk)

    def changed(self, text, *, undoable=False):
        """The card anew and a toast for htmx, else back to the record with a message."""
        undo = self.undo_url if undoable else ""
        if not self.is_swap:
            self.say(text, undoable=undoable)
            return redirect(self.address)
        events = {"toast": {"text": text, "undo_url": undo or None}, "lead-changed": None, "record-changed": None}
        return self.show("enrichment/_card.html", {"part": self.part()}, events=events)

    def refused(self, error):
        """The reason as a toast; the card stays as it is."""
        if not self.is_swap:
            self.complain(words_of(error))
            return redirect(self.address)
        answer = HttpResponse(status=204)
        answer["HX-Redirect"] = self.address
        self.complain(words_of(error))
        return answer


class ShowCard(RecordPage):
    """The card by itself: for htmx, and as a page."""

    def get(self, request):
        part = self.part()
        if self.is_swap:
            return self.show("enrichment/_card.html", {"part": part})
        names = subjects[self.model_type].names(self.organization, [self.pk])
        context = {"part": part, "record": names.get(self.pk, ""), "back": subjects[self.model_type].url(self.pk)}
        return self.show("enrichment/card.html", context)


class Act(RecordPage):
    verb = "records.edit"

    def get(self, request):
        return redirect(self.own_address)

    def post(self, request):
        if self.model_type not in KINDS:
            raise Missing()
        KINDS[self.model_type].row(self.organization, self.pk)
        try:
            return self.act()
        except REFUSALS as error:
            if isinstance(error, Missing):
                raise
            return self.refused(error)

    def act(self):
        raise NotImplementedError


class EnrichNow(Act):
    def act(self):
        started = runs.begin(self.organization, by=self.request.user, model_type=self.model_type, model_id=self.pk)

        def settle(answer):
            run = runs.finish(self.organization, started, answer)
            return self.changed(outcome(run), undoable=run.change_id is not None)

        return Errand(ask=started.ask, settle=settle, give_up=partial(runs.give_up, self.organization, started.run_id))


def outcome(run):
    """What came of a run, as a sentence."""
    states = list(FoundValue.objects.filter(run=run).values_list("state", flat=True))
    filled, proposed = states.count(State.APPLIED), states.count(State.PROPOSED)
    parts = [f"{filled} filled in"] * bool(filled) + [f"{proposed} proposed"] * bool(proposed)
    return f"Enriched: {', '.join(parts)}." if parts else "Nothing new was found."


class Decide(Act):
    """Accepts or dismisses the proposals whose ids are posted."""

    def act(self):
        given = self.request.POST
        ids = [number(text) for text in given.getlist("ids")]
        mine = FoundValue.objects.of(self.organization).of_record(self.model_type, self.pk).open().filter(pk__in=ids)
        ids = list(mine.values_list("pk", flat=True))
        if not ids:
            return self.changed("That is decided already.")
        if given.get("answer") == "accept":
            done = filling.accept(self.organization, ids, by=self.request.user)
            return self.changed(f"{label(done[0].field)} accepted." if len(done) == 1 else f"{len(done)} values accepted.",
                                undoable=True)
        done = filling.dismiss(self.organization, ids, by=self.request.user)
        return self.changed("Dismissed." if len(done) == 1 else f"{len(done)} proposals dismissed.")


class TakeBack(Act):
    def act(self):
        mine = Run.objects.of(self.organization).of_record(self.model_type, self.pk)
        run = mine.filter(pk=number(self.request.POST.get("run"))).first()
        if run is None:
            raise Missing()
        done = runs.take_back(self.organization, run, by=self.request.user)
        left = f" {len(done.conflicts)} changed since and stayed." if done.conflicts else ""
        return self.changed(f"What the run filled in is taken back.{left}", undoable=True)


# ------------------------------------------------------------------------- many
class EnrichMany:
    """The records that are ticked in their list: how many and what it can cost, then, once confirmed, the run.

    Mixed into the page that the list's bulk bar posts to, which knows which records are meant.
    """

    model_type = ""
    request: Any
    organization: Any
    rows: Any
    show: Any

    def get(self, request):
        return redirect(self.list_address)

    @property
    def list_address(self):
        query = self.request.GET.copy()
        return f"{reverse(f'{KINDS[self.model_type].plural}:list')}?{query.urlencode()}"

    def act(self, action):
        rows, given = self.rows(), self.request.POST
        count = rows.count()
        if given.get("confirmed") == "yes":
            batch = batches.of_records(self.organization, self.model_type, rows, by=self.request.user)
            return redirect("enrichment:batch", batch.pk)
        chosen = [("select_all", "true"), ("expected_count", count)] if given.get("select_all") else [
            ("ids", pk) for pk in given.getlist("ids")]
        what = subjects[self.model_type].plural or f"{self.model_type}s"
        return self.show("enrichment/confirm.html", {
            "hidden": [("confirmed", "yes"), *chosen], "back": self.list_address,
            "what": f"{count:,} {self.model_type if count == 1 else what}",
            "sources": [source_label(source.name) for source in runs.sources_of(self.organization)],
            **batches.estimate(self.organization, count)})


class EnrichLeads(EnrichMany, BulkLeads):
    model_type = "lead"


class EnrichCompanies(EnrichMany, BulkCompanies):
    model_type = "company"


class EnrichContacts(EnrichMany, BulkContacts):
    model_type = "contact"


class ShowBatch(Page):
    """How far a bulk run is, and what came of each of its items."""

    def get(self, request, pk):
        rows = plain_rows(Batch.objects.of(self.organization).filter(pk=pk).rows())
        if not rows:
            raise Missing()
        batch = rows[0]
        at = min(max(1, number(request.GET.get("page"))), 10**6)
        done = Run.objects.of(self.organization).filter(batch_id=pk).exclude(finished_at=None).order_by("pk")
        shown = list(done[(at - 1) * SIZE : at * SIZE])
        context = {
            "batch": batch,
            "working": batch["status"] in ("queued", "processing"),
            "rows": self.items(shown),
            "page": paged(at, len(shown), batch["processed"]),
        }
        return self.show("enrichment/_batch.html" if self.is_swap else "enrichment/batch.html", context)

    def items(self, done):
        """What the table shows of runs: one query for the values, one for the names of each kind of record."""
        states: dict[int, list] = {run.pk: [] for run in done}
        for run_id, state in FoundValue.objects.of(self.organization).filter(run_id__in=states).values_list("run_id", "state"):
            states[run_id].append(state)
        names: dict = {}
        for model_type in {run.model_type for run in done if run.model_type}:
            ids = [run.model_id for run in done if run.model_type == model_type]
            rows = KINDS[model_type].model.objects.of(self.organization).alive()
            living = set(rows.filter(pk__in=ids).values_list("pk", flat=True))
            for pk, name in subjects[model_type].names(self.organization, ids).items():
                names[model_type, pk] = name, subjects[model_type].url(pk) if pk in living else ""
        return [self.item(run, states[run.pk], names) for run in done]

    @staticmethod
    def item(run, states, names):
        asked = next((str(run.query[name]) for name in runs.NAMES if run.query.get(name)), "")
        name, url = names.get((run.model_type, run.model_id), (asked, ""))
        found = {**run.results.get(COMPANY, {}), **run.results.get(PERSON, {})}
        return {
            "name": name, "url": url,
            "provider": source_label(run.provider) if run.provider not in ("", "builtin") else "Built in",
            "filled": states.count(State.APPLIED), "proposed": states.count(State.PROPOSED), "found": len(found),
            "cost": run.cost, "problem": run.problem, "hit": run.hit,
        }


def paged(at, shown, total):
    """What parts/_foot.html shows below a page of results."""
    first = (at - 1) * SIZE
    return {"number": at, "first": first + 1 if shown else 0, "last": first + shown, "total": total, "total_is_capped": False,
            "previous": at - 1 if at > 1 else None, "next": at + 1 if first + shown < total else None}
