"""A deal by hand: a new one, and all fields of one that is there."""

import re
from typing import Any

from django import forms
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.timezone import now

from accounts.models import User
from deals import edit
from deals.models import Deal, Stage
from deals.pages import sections
from deals.pages.moving import DealPage
from deals.pages.query import pipelines_of
from deals.serializers import AddDeal, UpdateDeal, attributes
from leads.filters import LeadFilter
from leads.models import Lead
from lio.errors import Conflict, DomainError
from lio.forms import Choice, InputForm, Text
from lio.grammar import zone_of
from lio.listing import Listing
from lio.norms import norms
from lio.pages import Page
from lookups.own_inputs import OWN, OwnInputs

MOST = 8  # leads that a search offers


class LeadChoice(Text):
    """A lead as a person names one: `Jane Doe #12` as the list offers it, or an e-mail address."""

    def find(self, organization, text):
        rows = Lead.objects.of(organization).alive()
        if number := re.search(r"#(\d{1,18})\s*$", text):
            return rows.filter(pk=int(number[1])).first()
        email = norms({"email": text}).get("email_norm")
        return rows.filter(email_norm=email, holds_email=True).first() if email else None


class DealForm(OwnInputs, InputForm):
    input_class: Any = AddDeal
    module = "deal"
    title = Text("Title", required=True, maxlength=50, autofocus=True)
    lead = LeadChoice("Lead", required=True, list="leads", placeholder="Name or email address",
                      help_text="Begin to type a name, then choose.")
    stage_id = Choice("Stage", required=True)
    value = Text("Value", kind="number", step="0.01", min="1", inputmode="decimal")
    currency = Text("Other currency", maxlength=3, help_text="Three letters, like EUR, when the deal is not in your own.")
    amount = Text("Amount in it", kind="number", step="0.01", min="0", inputmode="decimal")
    expected_close_date = Text("Expected to close", required=True, kind="date")
    priority = Choice("Priority", choices=Lead.Priority.choices, required=True)
    category = Choice("Forecast category", choices=[("", "As its stage says"), *Deal.Category.choices])
    assigned_to = Choice("Owner")
    next_step = Text("Next step", maxlength=300)
    next_step_on = Text("Next step on", kind="date")
    lost_reason = Text("Lost because", maxlength=500)
    description = forms.CharField(
        label="Description", required=False, widget=forms.Textarea(attrs={"rows": 3, "maxlength": 1000})
    )

    def __init__(self, *args, organization, deal=None, **kwargs):
        self.organization, self.deal = organization, deal
        super().__init__(*args, **kwargs)
        stages = Stage.objects.of(organization).alive().filter(pipeline__deleted_at=None).select_related("pipeline")
        stages = stages.filter(pipeline=deal["pipeline_id"]) if deal else stages.filter(pipeline__is_active=True)
        many = len({stage.pipeline_id for stage in stages}) > 1
        self.stages = {str(stage.pk): stage for stage in stages.order_by("pipeline__position", "pipeline_id", "position", "id")}
        self.fields["stage_id"].choices = [
            (key, f"{stage.pipeline.name}: {stage.name}" if many else stage.name) for key, stage in self.stages.items()
        ]
        members = User.objects.of(organization).active().order_by("first_name", "last_name")
        self.fields["assigned_to"].choices = [("", "Nobody" if deal else "The lead's owner"),
                                              *[(member.pk, member.full_name) for member in members]]
        self.ask_for_own(organization)
        for name in ("lead", "stage_id") if deal else ("lost_reason",):
            del self.fields[name]

    def clean_lead(self):
        found = self.fields["lead"].find(self.organization, self.cleaned_data["lead"])
        if found is None:
            raise forms.ValidationError("Choose one of the leads that are offered.")
        self.found = found
        return self.cleaned_data["lead"]

    def clean(self):
        """What the API's Input reads: ids instead of names."""
        if not self.deal:
            if found := getattr(self, "found", None):
                self.cleaned_data["lead_id"] = found.pk
            if stage := self.stages.get(self.cleaned_data.get("stage_id", "")):
                self.cleaned_data["pipeline_id"] = stage.pipeline_id
        if not self.cleaned_data.get("currency"):
            self.cleaned_data.pop("amount", None)
        elif self.cleaned_data.get("amount") and not self.cleaned_data.get("value"):
            self.cleaned_data["value"] = self.cleaned_data["amount"]
        return super().clean()

    def blame(self, complaints):
        super().blame({"lead" if name == "lead_id" else name: lines for name, lines in complaints.items()})


class ChangeDealForm(DealForm):
    input_class = UpdateDeal
    partial = True
    version = forms.CharField(widget=forms.HiddenInput, required=False)


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
        initial = {name: value for name, value in deal.items() if value is not None}
        initial |= {"category": deal["category"] if deal["category_by_hand"] else ""}
        initial |= {f"{OWN}{key}": value for key, value in deal["custom_fields"].items()}
        return self.page(deal, ChangeDealForm(organization=self.organization, deal=deal, initial=initial))

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
                self.complain(f"{error} Your changes were not saved.")
                return redirect("deals:edit", pk=self.pk)
            except DomainError as error:
                form.refuse(error)
        return self.page(deal, form, status=422)

    def page(self, deal, form, status=200):
        context = {"form": form, "title": f"Change {deal['title']}", "verb": "Save", "back": self.address}
        return self.show("deals/form.html", context, status=status)


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
