"""What the pages of signals share: what is read of an address, the clock in words, and the answer that a form posts."""

from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme

from intent import alerts
from intent.models import Signal
from intent.serializers import Acknowledge
from intent.types import TYPES
from intent.worktime import in_words
from leads.models import Lead
from lio.errors import Missing
from lio.pages import REFUSALS, Page, sentence

SIZE = 25
OUTCOMES = Signal.Outcome.choices
DONE = {"called": "called", "mailed": "wrote an e-mail", "meeting": "set up a meeting", "later": "put off",
        "not_relevant": "not relevant"}


class SignalPage(Page):
    """`read` names the parameters of the address that mean something here."""

    read: tuple[str, ...] = ()

    def asked(self):
        """{name: value} of the parameters that are set."""
        found = {name: self.request.GET.get(name, "").strip() for name in self.read}
        return {name: value[:40] for name, value in found.items() if value}

    @property
    def is_editor(self):
        return self.request.user.can("records.edit")

    def lead_names(self, ids):
        """{id: {name, company, owner}} of leads."""
        rows = Lead.objects.of(self.organization).filter(pk__in=ids).select_related("company", "assigned_to")
        rows = rows.only("organization_id", "first_name", "last_name", "email", "phone_number", "company__company_name",
                         "company__organization_id", "assigned_to__first_name", "assigned_to__last_name", "assigned_to__email")
        return {lead.pk: {"name": str(lead), "company": lead.company.company_name if lead.company else "",
                          "company_id": lead.company_id, "owner": lead.assigned_to.full_name if lead.assigned_to else ""}
                for lead in rows}

    def back(self, route):
        """Where a form leads: the page that it stood on, as it is now; else `route`. htmx is told to read it anew."""
        asked = self.request.headers
        address = asked.get("HX-Current-URL") or asked.get("Referer") or ""
        safe = url_has_allowed_host_and_scheme(address, {self.request.get_host()}, self.request.is_secure())
        answer = redirect(address if safe else route)
        if self.is_swap:
            return HttpResponse(status=204, headers={"HX-Redirect": answer.url})
        return answer


class AnswerPage(SignalPage):
    """Posts `outcome` and `note`: alerts are answered. A subclass says which (`answer`) and what is shown then (`shown`)."""

    verb = "records.edit"

    def post(self, request, pk):
        try:
            given = Acknowledge.read({"outcome": request.POST.get("outcome") or None, "note": request.POST.get("note", "")})
            name = self.answer(pk, given.get("outcome"), given.get("note"))
        except REFUSALS as error:
            if isinstance(error, Missing):
                raise
            self.complain(sentence(error))
            return self.back("intent:hot")
        outcome = given.get("outcome")
        text = f"{name}: {DONE[outcome]}." if outcome else f"{name}: seen."
        fragment = self.shown(pk) if self.is_swap else None
        if fragment is None:
            self.say(text, undoable=True)
            return self.back("intent:hot")
        template, context = fragment
        return self.show(template, context, events={"toast": {"text": text, "undo_url": self.undo_url or None},
                                                    "lead-changed": None})

    def answer(self, pk, outcome, note):
        """Answers what the toast names. Raises Missing."""
        raise NotImplementedError

    def shown(self, pk):
        """(template, context) of the fragment that htmx puts in the form's place; None for the whole page anew."""
        raise NotImplementedError


def clock_of(organization, rules):
    """f(since, until) -> the working time between two moments in words."""
    minutes = alerts.clock(organization, rules)
    return lambda since, until: in_words(minutes(since, until))


def number(text, least=1):
    """A whole number of an address; `least` when it is none."""
    return max(least, int(text)) if text and text.isascii() and text.isdigit() and len(text) < 10 else least


def paging(at, shown, total, *, capped=False, size=SIZE):
    """The foot of a list (parts/_foot.html)."""
    first = (at - 1) * size
    more = first + shown < total or (capped and shown == size)
    return {"number": at, "first": first + 1 if shown else 0, "last": first + shown, "total": total, "total_is_capped": capped,
            "previous": at - 1 if at > 1 else None, "next": at + 1 if more else None}


def tabs_of(presets, asked, names):
    """[{label, query, current}]: `presets` are (label, {name: value}) of the parameters `names`; the others stay."""
    rest = {name: value for name, value in asked.items() if name not in names}
    mine = {name: asked[name] for name in names if name in asked}
    return [{"label": label, "query": f"?{urlencode(rest | params)}", "current": mine == params} for label, params in presets]


def type_options(chosen):
    return [{"id": name, "name": one.label, "selected": name == chosen} for name, one in TYPES.items()]
