from django.contrib import admin

from deals.models import Deal, ExchangeRate, Pipeline, Stage
from lio.admin.base import Shown


@admin.register(Pipeline)
class PipelineAdmin(Shown):
    verbs = {"view": "records.view"}
    has_history = True
    list_display = ["name", "region", "is_active", "position", "created_at"]
    search_fields = ["name"]
    sortable_by = []
    fields = [
        "name", "description", "region", "max_deal_limit", "is_active", "asks_api", "position", "created_at", "updated_at",
    ]  # fmt: skip


@admin.register(Stage)
class StageAdmin(Shown):
    verbs = {"view": "records.view"}
    list_display = ["name", "pipeline", "position", "probability", "is_won", "is_lost"]
    list_select_related = ["pipeline"]
    search_fields = ["name"]
    sortable_by = []
    fields = [
        "pipeline", "name", "color", "position", "is_won", "is_lost", "probability", "max_days_in_stage", "required_fields",
        "created_at", "updated_at",
    ]  # fmt: skip


@admin.register(Deal)
class DealAdmin(Shown):
    verbs = {"view": "records.view"}
    has_history = True
    list_display = ["title", "lead", "stage", "value", "expected_close_date", "assigned_to", "created_at"]
    list_select_related = ["lead", "stage", "assigned_to"]
    search_fields = ["title"]
    sortable_by = []
    fields = [
        "title", "lead", "pipeline", "stage", "value", "currency", "amount", "rate", "expected_close_date",
        "moved_close_dates", "priority", "category", "category_by_hand", "assigned_to", "next_step", "next_step_on",
        "lost_reason", "description", "custom_fields", "version", "entered_stage_at", "closed_at", "created_by", "created_at",
        "updated_at",
    ]  # fmt: skip


@admin.register(ExchangeRate)
class ExchangeRateAdmin(Shown):
    verbs = {"view": "records.view"}
    list_display = ["day", "currency", "rate", "source"]
    search_fields = ["currency"]
    sortable_by = []
    fields = ["day", "currency", "rate", "source"]
