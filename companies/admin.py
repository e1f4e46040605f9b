from django.contrib import admin

from companies.models import Company
from lio.admin.base import Shown


@admin.register(Company)
class CompanyAdmin(Shown):
    verbs = {"view": "records.view"}
    has_history = True
    list_display = ["company_name", "created_at", "updated_at"]
    search_fields = ["company_name"]
    sortable_by = []
    fields = ["company_name", "created_at", "updated_at"]
