"""Moving a deal: dragged on the board, or by "Move to" with keyboard, touch and without script."""

import json

from django.shortcuts import redirect

from accounts.models import User
from activity.record_page import RecordPage
from deals import edit
from deals.edit import KEEP
from deals.models import Deal, Stage
from deals.pages.board import heads
from deals.pages.fields import DealFields
from deals.pages.query import REASONS, dressed
from deals.serializers import MoveDeal, attributes
from lio.errors import Conflict, Invalid, Missing
from lio.pages import REFUSALS, words_of
from lookups.custom import active
from lookups.names import whole

LABELS = {"lost_reason": "Why was it lost?", "next_step": "Next step", "next_step_on": "Next step on",
          "description": "Description", "assigned_to": "Owner"}
KINDS = {"lost_reason": "reason", "next_step_on": "date", "description": "textarea", "assigned_to": "select"}


class DealPage(RecordPage):
    """What the pages of one deal share."""

    model, noun, namespace, title = Deal, "deal", "deals", "Deals"
    name_field, fields_class, rules = "title", DealFields, edit

    def deal(self):
        """The deal as cards and rows show it. Raises Missing."""
        return dressed([self.record()], self.request.user)[0]

    def stages(self, deal):
        return list(Stage.objects.filter(pipeline=deal["pipeline_id"]).alive().order_by("position", "id"))


class MoveDealPage(DealPage):
    """GET asks where to; POST moves. `dragged` tells that the board has shown the move already: it gets the card back and the
    heads of both columns, or a refusal upon which it puts the card where it was."""

    verb = "records.edit"

    def get(self, request):
        deal = self.deal()
        return self.ask(deal, request.GET.get("stage_id"))

    def post(self, request):
        before, sent = self.deal(), request.POST
        try:
            given = MoveDeal.read(self.sent(), partial=True)
            after = KEEP if "after_id" not in sent else given["after_id"] and given["after_id"].pk
            values = attributes(self.organization, given)
            version = given.get("version")
            edit.update(self.pk, self.organization, values, by=request.user, ask=True, version=version, after=after)
        except REFUSALS as error:
            if isinstance(error, Missing):
                raise
            return self.not_moved(before, error)
        return self.moved(before, self.deal())

    def sent(self):
        """The posted fields as the API takes them."""
        sent = self.request.POST
        found = {name: sent[name] for name in ("stage_id", "version", "after_id", *LABELS) if sent.get(name)}
        own = {name[3:]: sent[name] for name in sent if name.startswith("cf.") and sent[name]}
        return found | ({"custom_fields": own} if own else {}) | ({"after_id": None} if sent.get("after_id") == "" else {})

    def moved(self, before, deal):
        text = f"{deal['title']} is in {deal['stage_name']}."
        if not self.is_swap:
            self.say(text, undoable=True)
            return redirect(self.address)
        stages_changed = before["stage_id"] != deal["stage_id"]
        toast = {"toast": {"text": text, "undo_url": self.undo_url or None}} if stages_changed else {}
        if not self.request.POST.get("dragged"):
            answer = self.show("leads/_gone.html", {}, events=toast | {"deals-changed": None})
            answer["HX-Reswap"] = "none"
            return answer
        columns = heads(self, [before["stage_id"], deal["stage_id"]], self.request.headers.get("HX-Current-URL"))
        context = {"deal": deal, "columns": columns, "currency": self.organization.currency, "may_edit": True}
        return self.show("deals/_moved.html", context, events=toast)

    def not_moved(self, deal, error):
        if isinstance(error, Invalid) and error.code == "stage_requires":
            return self.ask(deal, self.request.POST.get("stage_id"), asked=list(error.fields), error=error, status=422)
        stale = isinstance(error, Conflict) and error.code == "stale"
        if not self.is_swap:
            self.complain(words_of(error))
            return redirect(self.address)
        events = {"toast": {"text": words_of(error), "error": True}} | ({"deals-changed": None} if stale else {})
        return self.show("leads/_gone.html", {}, status=409, events=events)

    def ask(self, deal, stage_id, asked=(), error=None, status=200):
        """The form: which stage, and what that stage asks for."""
        sent = self.request.POST
        told = self.request.method == "POST"
        context = {
            "deal": deal, "stages": [(stage.pk, stage.name, stage.pk == (whole(stage_id) or deal["stage_id"]))
                                     for stage in self.stages(deal)],
            "asks": [self.field(name, sent.get(name, ""), error) for name in asked],
            "kept": {name: sent[name] for name in ("version", "after_id") if name in sent} if told else {
                "version": deal["version"]},
            "fixed": bool(asked), "reasons": REASONS, "swap": self.is_swap,
        }
        answer = self.show("deals/_move.html" if self.is_swap else "deals/move.html", context, status=status)
        if self.is_swap:
            answer["HX-Retarget"], answer["HX-Reswap"] = "#ask", "innerHTML"
            if status == 422:
                answer["HX-Trigger"] = json.dumps({"deal-asks": None})
        return answer

    def field(self, name, value, error):
        labels = {f"cf.{one.key}": one.label for one in active(self.organization, "deal")}
        members = User.objects.of(self.organization).active().order_by("first_name", "last_name")
        return {"name": name, "label": LABELS.get(name) or labels.get(name, name), "kind": KINDS.get(name, "text"),
                "value": value, "choices": [(member.pk, member.full_name) for member in members],
                "error": error.fields[name][0] if self.request.POST.get("asked") and error else ""}
