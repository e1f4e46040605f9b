from django.contrib import admin

from companies.models import Company
from lio.admin.base import Shown


@admin.register(Company)
class CompanyAdmin(Shown):
    verbs = {"view": "records.view"}
    has_history = True
    list_display = ["company_name", "industry_type", "country", "domain", "created_at"]
    search_fields = ["company_name"]
    sortable_by = []
    fields = [
        "company_name", "industry_type", "website", "domain", "linkedin_url", "contact_email", "phone_number", "address",
        "city", "state", "country", "pin_code", "employee_size", "rating", "summary", "custom_fields", "created_at",
        "updated_at",
    ]  # fmt: skip
