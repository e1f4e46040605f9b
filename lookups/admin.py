from django.contrib import admin

from lio.admin.base import RuleForm, TenantAdmin
from lookups import edit
from lookups.models import Lookup
from lookups.serializers import AddLookup, UpdateLookup


class LookupForm(RuleForm):
    wire = {"parent": "parent_id"}


@admin.register(Lookup)
class LookupAdmin(TenantAdmin):
    """Values of the pick lists; the seeded ones are read only (R35)."""

    verbs = {"view": "records.view", "add": "lookups.manage", "change": "lookups.manage"}
    input_add, input_change = AddLookup, UpdateLookup
    form = LookupForm
    has_history = True
    list_display = ["name", "number", "module_name", "type", "color_code", "is_active", "is_system"]
    list_filter = ["is_active", "is_system"]
    search_fields = ["name", "type", "module_name"]
    ordering = ["module_name", "type", "number"]
    fields = ["module_name", "type", "name", "value", "color_code", "is_active", "parent", "number"]
    list_select_related = ["parent"]

    def get_fields(self, request, obj=None):
        return self.fields if obj else ["module_name", "type", "name", "value", "color_code", "parent"]

    def get_readonly_fields(self, request, obj=None):
        return ["module_name", "type", "parent", "number"] if obj else []

    def has_change_permission(self, request, obj=None):
        return super().has_change_permission(request) and not (obj and obj.is_system)

    def add_row(self, request, given):
        if number := given.pop("parent_id", None):
            given["parent"] = self.get_queryset(request).filter(number=number).first()
        return edit.add(self.organization(request), by=request.user, **given)

    def change_row(self, request, row, given):
        edit.update(row, self.organization(request), by=request.user, **given)
