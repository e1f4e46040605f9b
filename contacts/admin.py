from django.contrib import admin

from contacts.models import Contact
from lio.admin.base import Shown


@admin.register(Contact)
class ContactAdmin(Shown):
    verbs = {"view": "records.view"}
    has_history = True
    list_display = ["name", "email", "company", "designation", "created_at"]
    list_select_related = ["company"]
    search_fields = ["name", "email"]
    sortable_by = []
    fields = [
        "name", "email", "phone_number", "linkedin_url", "company", "company_since", "designation", "seniority", "department",
        "decision_maker", "city", "country", "lead_score", "status", "lead", "custom_fields", "created_at", "updated_at",
    ]  # fmt: skip
