"""The forms of deals: a new one, all fields of one, and what a column of the board asks for."""

import re
from typing import Any

from django import forms

from accounts.models import User
from deals.models import Deal, Stage
from deals.serializers import AddDeal, UpdateDeal
from leads.models import Lead
from lio.forms import Choice, InputForm, Text
from lio.norms import norms
from lookups.own_inputs import OwnInputs


class LeadChoice(Text):
    """A lead as a person names one: `Jane Doe #12` as the list offers it, or an e-mail address."""

    def find(self, organization, text):
        rows = Lead.objects.of(organization).alive()
        if number := re.search(r"#(\d{1,18})\s*$", text):
            return rows.filter(pk=int(number[1])).first()
        email = norms({"email": text}).get("email_norm")
        return rows.filter(email_norm=email, holds_email=True).first() if email else None


class AsksForLead(InputForm):
    """A form with a `lead` input: read as the API's lead_id."""

    organization: Any
    found: Any = None

    def clean_lead(self):
        self.found = self.fields["lead"].find(self.organization, self.cleaned_data["lead"])
        if self.found is None:
            raise forms.ValidationError("Choose one of the leads that are offered.")
        return self.cleaned_data["lead"]

    def clean(self):
        if self.found:
            self.cleaned_data["lead_id"] = self.found.pk
        return super().clean()

    def blame(self, complaints):
        super().blame({"lead" if name == "lead_id" else name: lines for name, lines in complaints.items()})


class QuickForm(AsksForLead):
    """What a deal needs at least; the rest is its column's, and `day`, on which it is expected to close."""

    input_class: Any = AddDeal
    title = Text("Title", required=True, maxlength=50, autofocus=True)
    lead = LeadChoice("Lead", required=True, placeholder="Name or email address")
    value = Text("Value", kind="number", step="0.01", min="1", inputmode="decimal", required=True)

    def __init__(self, *args, organization, stage, day=None, **kwargs):
        self.organization, self.stage, self.day = organization, stage, day
        super().__init__(*args, auto_id=f"quick-{stage.pk}-%s", **kwargs)
        self.fields["lead"].widget.attrs["list"] = f"quick-leads-{stage.pk}"

    def clean(self):
        self.cleaned_data |= {"pipeline_id": self.stage.pipeline_id, "stage_id": self.stage.pk,
                              "expected_close_date": self.day.isoformat()}  # fmt: skip
        return super().clean()


class DealForm(OwnInputs, AsksForLead):
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

    def clean(self):
        """What the API's Input reads: ids instead of names."""
        if not self.deal and (stage := self.stages.get(self.cleaned_data.get("stage_id", ""))):
            self.cleaned_data["pipeline_id"] = stage.pipeline_id
        if not self.cleaned_data.get("currency"):
            self.cleaned_data.pop("amount", None)
        elif self.cleaned_data.get("amount") and not self.cleaned_data.get("value"):
            self.cleaned_data["value"] = self.cleaned_data["amount"]
        return super().clean()


class ChangeDealForm(DealForm):
    input_class = UpdateDeal
    partial = True
    version = forms.CharField(widget=forms.HiddenInput, required=False)
