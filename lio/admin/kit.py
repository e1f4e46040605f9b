"""The kit's own tables: background jobs and the history of changes."""

from django.contrib import admin
from django.utils.timezone import now

from lio.admin.base import OwnChoices, Shown
from lio.models import Change, Job


@admin.register(Job)
class JobAdmin(Shown):
    """Never the arguments: a mail's hold the link that signs somebody in."""

    verbs = {"view": "organization.manage", "act": "organization.manage"}
    list_display = ["id", "function", "state", "attempts", "max_attempts", "run_at", "started_at", "finished_at", "by"]
    list_display_links = ["id", "function"]
    list_filter = ["state"]
    list_select_related = ["by"]
    search_fields = ["function"]
    ordering = ["-id"]
    sortable_by = ["id"]
    fields = ["function", "state", "attempts", "max_attempts", "run_at", "started_at", "finished_at", "total", "processed",
              "succeeded", "failed", "skipped", "by", "created_at", "error"]
    actions = ["try_again"]

    @admin.action(description="Try failed jobs again", permissions=["act"])
    def try_again(self, request, queryset):
        n = queryset.filter(state=Job.State.FAILED).order_by().update(
            state=Job.State.QUEUED, attempts=0, run_at=now(), woken_at=None, finished_at=None)
        self.message_user(request, f"Queued again: {n}.")


@admin.register(Change)
class ChangeAdmin(Shown):
    verbs = {"view": "records.view"}
    list_display = ["id", "created_at", "verb", "model_type", "model_id", "by", "actor"]
    list_filter = [("by", OwnChoices)]
    list_select_related = ["by"]
    links = ("model_type", "model_id", "change_id")
    search_fields = ["verb"]
    search_help_text = "A verb, like lead.updated"
    ordering = ["-id"]
    sortable_by = ["id"]
    fields = ["created_at", "verb", "model_type", "model_id", "before", "after", "by", "actor", "change_id"]

    def get_search_results(self, request, queryset, search_term):
        term = search_term.strip()
        return (queryset.filter(verb=term) if term else queryset), False
