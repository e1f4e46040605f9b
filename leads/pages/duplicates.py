"""Pages of duplicates: the list of likely pairs, the hint in the form for a new lead, the screen on which leads are merged."""

from django.core.exceptions import PermissionDenied
from django.http import QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from leads import duplicates, jobs, merge
from leads.filters import DuplicateFilter
from leads.models import DuplicatePair, Lead, LeadToMatch
from leads.pages.fields import CUSTOM, LABELS, LeadFields
from leads.pages.list import SIZE, LeadList, number
from leads.pages.parts import TONES, likely
from lio.errors import Invalid, Missing
from lio.jobs import enqueue
from lio.listing import Listing
from lio.pages import REFUSALS, Page, words_of
from lio.rows import in_order, plain_rows
from lookups.custom import definitions

ORDER = ["first_name", "last_name", "email", "phone_number", "linkedin_url", "company", "job_title", "status", "assigned_to",
         "lead_source", "priority", "estimated_value", "industry", "website", "address", "city", "state", "country", "pin_code",
         "notes", "profile_image"]
LONG = 1_000_000  # leads that wait are counted up to here


class DuplicateList(Page):
    """GET: likely pairs, the surest first. POST: all leads are looked at again."""

    def get(self, request):
        query = QueryDict("order_by=score")
        listing = Listing(DuplicatePair.objects.whole(self.organization), DuplicateFilter, query, request.user)
        at = LeadList.number(request.GET.get("page"))
        ids, total, capped = listing.page((at - 1) * SIZE, SIZE)
        if total and not ids:
            at = -(-total // SIZE)
            ids, total, capped = listing.page((at - 1) * SIZE, SIZE)
        rows = plain_rows(in_order(DuplicatePair.objects, ids).rows()) if ids else []
        for row in rows:
            row["sides"], row["tone"] = [row["first"], row["second"]], TONES[row["strength"]]
            row["why"] = [duplicates.REASONS[reason] for reason in row["reasons"]]
        page = LeadList.page(at, len(rows), total, capped)
        return self.show("leads/duplicates.html", {
            "pairs": rows, "page": page, "waiting": duplicates.waiting(self.organization, LONG + 1),
            "may_merge": request.user.can("records.delete"), "may_edit": request.user.can("records.edit")})

    def post(self, request):
        if not request.user.can("records.edit"):
            raise PermissionDenied
        if not LeadToMatch.objects.of(self.organization).exists():
            enqueue(jobs.look_again, by=request.user)
        self.say("All leads are being looked at again.")
        return redirect("leads:duplicates")


class Dismiss(Page):
    verb = "records.edit"

    def post(self, request):
        try:
            duplicates.dismiss(self.organization, ids_of(request.POST), by=request.user)
        except REFUSALS as error:
            self.complain(words_of(error))
        else:
            self.say("They are kept apart.", undoable=True)
        back = request.POST.get("back", "")
        return redirect(back if url_has_allowed_host_and_scheme(back, None) else reverse("leads:duplicates"))


class DuplicateHint(Page):
    """Who a lead could be that is still being typed: a fragment of the form. POST, so that no name stands in an address."""

    verb = "records.edit"

    def post(self, request):
        return self.show("leads/_hint.html", {"likely": hint(self.organization, request.POST)})


def hint(organization, typed):
    return [likely(one) for one in duplicates.of_typed(organization, typed)]


class MergePage(Page):
    """GET: leads (`ids`) side by side. POST: `survivor`, and `f.<field>` with the lead whose value wins."""

    verb = "records.delete"

    def get(self, request):
        try:
            return self.page(ids_of(request.GET))
        except REFUSALS as error:
            self.complain(words_of(error) if not isinstance(error, Missing) else "One of these leads is gone.")
            return redirect("leads:duplicates")

    def post(self, request):
        fields = {name.removeprefix("f."): value for name, value in request.POST.items() if name.startswith("f.")}
        try:
            ids = ids_of(request.POST)
            survivor_id = merge.merge(
                self.organization, ids, survivor_id=number(request.POST.get("survivor")) or None, by=request.user,
                fields={name: number(value) for name, value in fields.items()})
        except REFUSALS as error:
            self.complain(words_of(error) if not isinstance(error, Missing) else "One of these leads is gone.")
            return redirect("leads:duplicates")
        self.say(f"{len(ids)} leads are one now.", undoable=True)
        return redirect("leads:view", pk=survivor_id)

    def page(self, ids):
        ids = merge.several(self.organization, ids)
        rows = plain_rows(Lead.objects.of(self.organization).alive().filter(pk__in=ids).order_by("pk").page_rows())
        return self.show("leads/merge.html", {
            "leads": rows, "survivor": ids[0], "rows": self.choices(rows),
            "tags": list({tag["id"]: tag for row in rows for tag in row["tags"]}.values())})

    def choices(self, leads):
        """[{name, label, same, options: [{id, text, picture, chosen}]}]: what differs first, then what is the same."""
        own = definitions(self.organization)
        keys = dict.fromkeys(key for lead in leads for key in lead["custom_fields"] or {})
        names = [(name, LABELS.get(name, "Picture"), name) for name in ORDER] + [
            (f"{merge.OWN}{key}", own[key].label if key in own else key, f"{CUSTOM}{key}") for key in keys]
        found = []
        for name, label, field in names:
            options = [{"id": lead["id"], "lead": lead, "text": self.text(lead, field), "picture": None} for lead in leads]
            if name == "profile_image":
                for option in options:
                    option["picture"] = option["lead"]["picture_id"]
                    option["text"] = str(option["picture"] or "")
            values = {option["text"] for option in options}
            if values == {""}:
                continue
            wins = next(option for option in options if option["text"])
            wins["chosen"] = True
            found.append({"name": name, "label": label, "same": len(values) == 1, "options": options, "value": wins["text"]})
        return sorted(found, key=lambda row: row["same"])

    def text(self, lead, name):
        if name == "status":
            return lead["status_text"]
        if name == "profile_image":
            return ""
        return LeadFields(self.organization).field(lead, name)["text"]


def ids_of(given):
    """The ids of a form or address: `ids=1&ids=2` or `ids=1,2`. Raises Invalid."""
    parts = [part for value in given.getlist("ids") for part in value.split(",") if part]
    ids = [number(part) for part in parts]
    if not all(ids) or not merge.FEWEST <= len(set(ids)) <= merge.MOST:
        choose = f"choose {merge.FEWEST} to {merge.MOST} leads"
        raise Invalid({"ids": [choose]}, f"{choose.capitalize()}.")
    return ids

