"""Forms over the API (section 8.3)."""

from leads.web_forms import editing
from leads.web_forms.filters import WebFormFilter
from leads.web_forms.models import WebForm
from leads.web_forms.serializers import AddWebForm
from lio.api.viewsets import AddAction, DeleteAction, ListAction, TenantViewSet, UpdateAction


class WebFormViewSet(ListAction, AddAction, UpdateAction, DeleteAction, TenantViewSet):
    queryset = WebForm.objects.all()
    input_class, filter_class = AddWebForm, WebFormFilter
    update_method = "put"
    permissions = {"list": "records.view", "create": "records.edit", "update": "records.edit", "destroy": "records.delete"}

    def narrow(self, queryset):
        return queryset.counted_up() if self.action == "list" else queryset

    def perform_create(self, given):
        return editing.add(self.organization, by=self.caller, **given)

    def perform_update(self, form, given):
        editing.update(form.pk, self.organization, given, by=self.caller)

    def perform_destroy(self, rows):
        return editing.delete(rows, by=self.caller)
