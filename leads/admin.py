"""Leads in the Django admin: fields through the same rules as everywhere, lists that open at once with a million rows."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ActionForm
from rest_framework.exceptions import APIException

from accounts.models import User
from leads import bulk, edit
from leads.capture import capture
from leads.models import Lead, LeadTag, Note
from leads.serializers import AddLead, UpdateLead, attributes, tag_ids
from lio.admin.base import OwnChoices, RuleForm, Shown, TenantAdmin
from lio.api.parsers import safe_json
from lio.errors import DomainError
from lio.search import found_in
from lio.tenancy import current_organization_id
from lookups.known import known
from lookups.models import Lookup
from lookups.seeds import NEW

WRITABLE = ["first_name", "last_name", "email", "phone_number", "company", "job_title", "linkedin_url", "status", "priority",
            "source", "assigned_to", "tags", "estimated_value", "industry", "website", "address", "city", "state", "country",
            "pin_code", "notes", "custom_fields"]
COMPUTED = ["score", "ai_information", "last_activity_at", "created_at", "updated_at"]


def lookups(kind):
    return Lookup.objects.of(current_organization_id()).alive().filter(type=kind).order_by("number")


def offer(form: Any, name, rows):
    form.fields[name].queryset = rows


class SafeJSON(forms.JSONField):
    """An object that PostgreSQL can store, as the API's parser understands it."""

    def to_python(self, value):
        if value in self.empty_values or not isinstance(value, str):
            return value or {}
        try:
            return safe_json(value.encode())
        except (APIException, UnicodeEncodeError) as error:
            raise forms.ValidationError("Must be a JSON object.") from error


class LeadForm(RuleForm):
    wire = {"source": "lead_source", "company": "company_id"}
    tags = forms.ModelMultipleChoiceField(Lookup.objects.none(), required=False)
    custom_fields = SafeJSON(required=False, initial=dict, widget=forms.Textarea(attrs={"rows": 6, "class": "vLargeTextField"}))

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        offer(self, "tags", lookups("tags"))
        if self.instance.pk:
            self.initial["tags"] = list(LeadTag.objects.filter(lead=self.instance).values_list("tag_id", flat=True))

    def sent(self, name):
        value = super().sent(name)
        if name == "custom_fields":  # the rule merges: what was taken out of the text is removed by a null
            return {**dict.fromkeys(self.instance.custom_fields), **value}
        return value


class LeadActions(ActionForm):
    status = forms.ModelChoiceField(Lookup.objects.none(), required=False, label="Status:")
    member = forms.ModelChoiceField(User.objects.none(), required=False, label="Owner:", empty_label="Nobody")

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        offer(self, "status", lookups("status"))
        offer(self, "member", User.objects.of(current_organization_id()).active().order_by("first_name", "pk"))


@admin.register(Lead)
class LeadAdmin(TenantAdmin):
    verbs = {"view": "records.view", "add": "records.edit", "change": "records.edit", "delete": "records.delete",
             "act": "records.edit"}
    limits = {"status": {"type": "status"}, "source": {"type": "source"}, "assigned_to": {"is_active": True}}
    input_add, input_change = AddLead, UpdateLead
    form, action_form = LeadForm, LeadActions
    has_history = True
    list_display = ["__str__", "email", "company", "status", "score", "assigned_to", "created_at"]
    list_filter = [("status", OwnChoices), ("assigned_to", OwnChoices)]
    list_select_related = ["company", "status", "assigned_to"]
    search_fields = ["email"]  # shows the box; `get_search_results` looks through the search documents
    search_help_text = "Name, email, phone number, company or job title"
    ordering = ["-id"]
    sortable_by = ["score", "created_at"]
    autocomplete_fields = ["company"]
    fields = [*WRITABLE, *COMPUTED]
    readonly_fields = COMPUTED
    actions = ["set_status", "assign"]

    def get_fields(self, request, obj=None):
        return self.fields if obj else WRITABLE

    def get_changeform_initial_data(self, request):
        return {"status": lookups("status").filter(number=NEW).first()} | super().get_changeform_initial_data(request)

    def get_search_results(self, request, queryset, search_term):
        term = search_term.strip()
        return (found_in(queryset, "lead", (), term) if term else queryset), False

    def add_row(self, request, given):
        organization = self.organization(request)
        tags = tag_ids(organization, given.pop("tags", None) or [])
        lead_id, _ = capture(organization, attributes(organization, given), tags=tags, by=request.user)
        return Lead(pk=lead_id)

    def change_row(self, request, row, given):
        organization = self.organization(request)
        tags = tag_ids(organization, given.pop("tags") or []) if "tags" in given else None
        edit.update(row.pk, organization, attributes(organization, given), tags=tags, by=request.user)

    def delete_model(self, request, obj):
        edit.delete(self.get_queryset(request).filter(pk=obj.pk), by=request.user)

    @admin.action(description="Set the status", permissions=["act"])
    def set_status(self, request, queryset):
        chosen = lookups("status").filter(pk=request.POST.get("status") or 0).first()
        if chosen is None:
            self.message_user(request, "Choose a status first.", messages.ERROR)
            return
        status = known(self.organization(request), "status")[chosen.number]
        self.told(request, lambda: bulk.set_status(queryset, status, by=request.user))

    @admin.action(description="Assign", permissions=["act"])
    def assign(self, request, queryset):
        chosen = request.POST.get("member")
        member = User.objects.of(current_organization_id()).filter(pk=chosen).first() if chosen else None
        self.told(request, lambda: bulk.assign(queryset, member, by=request.user))

    def told(self, request, deed):
        try:
            outcome = deed()
        except DomainError as refusal:
            self.message_user(request, str(refusal), messages.ERROR)
        else:
            later = " They are changed in the background." if outcome.job_id else ""
            self.message_user(request, f"Leads: {outcome.count}.{later}", messages.SUCCESS)


@admin.register(Note)
class NoteAdmin(Shown):
    verbs = {"view": "records.view"}
    list_display = ["title", "lead", "created_by", "created_at"]
    list_select_related = ["lead", "created_by"]
    search_fields = ["title", "note"]
    sortable_by = []
    fields = ["lead", "title", "note", "created_by", "created_at"]
