"""A deal by hand: a new one, and all fields of one that is there."""

from decimal import Decimal, InvalidOperation

from django.shortcuts import redirect
from django.urls import reverse
from django.utils.timezone import now

from deals import edit
from deals.pages import sections
from deals.pages.fields import DealFields
from deals.pages.forms import ChangeDealForm, DealForm
from deals.pages.moving import DealPage
from deals.pages.query import pipelines_of
from deals.serializers import attributes
from leads.filters import LeadFilter
from leads.models import Lead
from lio.errors import Conflict, DomainError
from lio.grammar import zone_of
from lio.listing import Listing
from lio.pages import Page
from lookups.own_inputs import OWN

MOST = 8  # leads that a search offers


class AddDealPage(Page):
    verb = "records.edit"

    def get(self, request):
        lead = sections.lead_of(self.organization, request.GET)
        month = now().astimezone(zone_of(request.user)).date().replace(day=28)
        initial = {"stage_id": request.GET.get("stage", ""), "lead": f"{lead} #{lead.pk}" if lead else "", "priority": 2,
                   "expected_close_date": month.isoformat()}
        return self.page(DealForm(organization=self.organization, initial=initial))

    def post(self, request):
        form = DealForm(request.POST, organization=self.organization)
        if form.is_valid():
            try:
                values = attributes(self.organization, form.given, new=True)
                deal_id = edit.add(self.organization, values.pop("lead_id"), values, by=request.user, ask=True)
                sections.join(self.organization, deal_id, request.GET, by=request.user)
                self.say(f"{form.given['title']} is added.", undoable=True)
                return redirect("deals:view", pk=deal_id)
            except DomainError as error:
                form.refuse(error)
        return self.page(form, status=422)

    def page(self, form, status=200):
        context = {"form": form, "title": "New deal", "verb": "Add deal", "back": reverse("deals:board"),
                   "none": not pipelines_of(self.organization)}
        return self.show("deals/form.html", context, status=status)


class EditDealPage(DealPage):
    verb = "records.edit"

    def get(self, request):
        deal = self.deal()
        return self.page(deal, ChangeDealForm(organization=self.organization, deal=deal, initial=initial_of(deal)))

    def post(self, request):
        deal = self.deal()
        form = ChangeDealForm(request.POST, organization=self.organization, deal=deal)
        if form.is_valid():
            try:
                values = attributes(self.organization, form.given)
                if not values.get("category") and not deal["category_by_hand"]:
                    values.pop("category", None)
                edit.update(self.pk, self.organization, values, version=form.given.get("version"), by=request.user, ask=True)
                self.say(f"{values.get('title', deal['title'])} is saved.", undoable=True)
                return redirect("deals:view", pk=self.pk)
            except Conflict as error:
                if error.code == "stale":
                    return self.stale(form)
                form.refuse(error)
            except DomainError as error:
                form.refuse(error)
        return self.page(deal, form, status=422)

    def stale(self, form):
        """What was typed, and what the deal is by now beside it; saved again, the former wins."""
        deal = self.deal()
        fields, there, typed = DealFields(self.organization), initial_of(deal), form.data.copy()
        now_is = [(label, fields.text(deal, name) or "empty") for name, label in fields.labels.items()
                  if name in form.fields and name in typed and not same(there.get(name, ""), typed[name])]  # fmt: skip
        typed["version"] = deal["version"]
        again = ChangeDealForm(typed, organization=self.organization, deal=deal)
        return self.page(deal, again, status=409, now_is=now_is)

    def page(self, deal, form, status=200, **more):
        context = {"form": form, "title": f"Change {deal['title']}", "verb": "Save", "back": self.address} | more
        return self.show("deals/form.html", context, status=status)


def same(value, typed):
    """Whether what was typed is the value that there is."""
    if isinstance(value, Decimal):
        try:
            return value == Decimal(typed)
        except InvalidOperation:
            return False
    return str(value) == typed


def initial_of(deal):
    """A deal as the form shows it."""
    found = {name: value for name, value in deal.items() if value is not None}
    found |= {"category": deal["category"] if deal["category_by_hand"] else ""}
    return found | {f"{OWN}{key}": value for key, value in deal["custom_fields"].items()}


class FindLeads(Page):
    """Leads for the list under the lead's input, as somebody types."""

    def get(self, request):
        words = request.GET.get("lead", "").split("#")[0].strip()[:100].replace("\x00", "")
        rows = []
        if len(words) >= 2:
            listing = Listing(Lead.objects.whole(self.organization), LeadFilter, {"search_value": words}, request.user)
            ids = list(listing.ordered().values_list("pk", flat=True)[:MOST])
            rows = Lead.objects.of(self.organization).filter(pk__in=ids).select_related("company").order_by("-pk")
        return self.show("deals/_leads.html", {"leads": rows})
