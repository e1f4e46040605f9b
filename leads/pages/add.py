"""A new lead by hand."""

from django import forms
from django.shortcuts import redirect

from accounts.models import User
from leads.capture import capture
from leads.models import Lead
from leads.pages.duplicates import hint
from leads.pages.tested import lookup_options
from leads.serializers import AddLead, attributes, tag_ids
from lio.errors import Conflict, DomainError
from lio.forms import Choice, InputForm, Text
from lio.pages import Page
from lookups.own_inputs import OwnInputs


class LeadForm(OwnInputs, InputForm):
    input_class = AddLead
    first_name = Text("First name", required=True, maxlength=50, autofocus=True)
    last_name = Text("Last name", required=True, maxlength=50)
    email = Text("Email", kind="email")
    phone_number = Text("Phone", kind="tel", maxlength=30)
    linkedin_url = Text("LinkedIn profile", kind="url")
    company = Text("Company", maxlength=200, help_text="A new name makes a new company.")
    job_title = Text("Title", maxlength=200)
    website = Text("Website", kind="url")
    industry = Text("Industry", maxlength=100)
    city = Text("City", maxlength=100)
    country = Text("Country", maxlength=100)
    status = Choice("Status", required=True)
    priority = Choice("Priority", choices=Lead.Priority.choices, required=True)
    assigned_to = Choice("Owner")
    lead_source = Choice("Source")
    estimated_value = Text("Value", kind="number", step="0.01", min="0", inputmode="decimal")
    tags = forms.MultipleChoiceField(label="Tags", required=False, widget=forms.CheckboxSelectMultiple)
    notes = forms.CharField(label="Remarks", required=False, widget=forms.Textarea(attrs={"rows": 3, "maxlength": 10_000}))

    def __init__(self, *args, organization, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["status"].choices = lookup_options(organization, "status")
        self.fields["lead_source"].choices = [("", "Not known"), *lookup_options(organization, "source")]
        members = User.objects.of(organization).active().order_by("first_name", "last_name")
        self.fields["assigned_to"].choices = [("", "Nobody yet"), *[(member.pk, member.full_name) for member in members]]
        tags = lookup_options(organization, "tags")
        if tags:
            self.fields["tags"].choices = tags
        else:
            del self.fields["tags"]
        self.ask_for_own(organization)


class AddLeadPage(Page):
    verb = "records.edit"

    def get(self, request):
        initial = {"status": 1, "priority": Lead.Priority.MEDIUM, "assigned_to": request.user.pk}
        return self.page(LeadForm(initial=initial, organization=self.organization))

    def post(self, request):
        form = LeadForm(request.POST, organization=self.organization)
        duplicate = None
        if form.is_valid():
            try:
                return self.add(dict(form.given))
            except Conflict as error:
                duplicate = self.existing(error, form)
                if duplicate is None:
                    form.refuse(error)
            except DomainError as error:
                form.refuse(error)
        return self.page(form, duplicate, status=422)

    def add(self, given):
        tags = tag_ids(self.organization, given.pop("tags", None) or [])
        lead_id, _ = capture(self.organization, attributes(self.organization, given, new=True), tags=tags, by=self.request.user)
        self.say(f"{given['first_name']} {given['last_name']} is added.", undoable=True)
        return redirect("leads:view", pk=lead_id)

    def existing(self, error, form):
        lead = Lead.objects.of(self.organization).filter(pk=error.details.get("lead_id")).first()
        if lead is None:
            return None
        same_email = (form.given.get("email") or "").lower() == (lead.email_norm or "-")
        return {"id": lead.pk, "name": str(lead), "by": "email address" if same_email else "LinkedIn address"}

    def page(self, form, duplicate=None, status=200):
        likely = hint(self.organization, form.data) if form.is_bound and duplicate is None else []
        context = {"form": form, "custom": form.custom, "duplicate": duplicate, "likely": likely}
        return self.show("leads/form.html", context, status=status)


