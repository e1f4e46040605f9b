"""Pick lists over the API (section 6.5). Ids on the wire are numbers per type (R35)."""

from lio.api.envelope import Envelope
from lio.api.schema import documented
from lio.api.viewsets import AddAction, DeleteAction, ListAction, TenantViewSet, UpdateAction, path_id
from lio.errors import Forbidden, Missing
from lookups import edit, fields, views
from lookups.filters import CustomFieldFilter, LookupFilter, ViewFilter
from lookups.models import FIRST_ADDED, CustomField, Lookup, SavedView
from lookups.serializers import AddLookup, AddView, DefineField, RedefineField, UpdateLookup


class LookupViewSet(ListAction, TenantViewSet):
    queryset = Lookup.objects.all()
    filter_class = LookupFilter
    permissions = {"list": "records.view", "create": "lookups.manage", "update": "lookups.manage"}

    @documented("Add a value to a pick list", input=AddLookup)
    def create(self, request):
        fields = self.read(AddLookup)
        number = fields.pop("parent_id", None)
        if number is not None:
            fields["parent"] = self.get_queryset().filter(number=number).first()
            if fields["parent"] is None:
                raise Missing(fields={"parent_id": ["There is no such record."]})
        lookup = edit.add(self.organization, by=self.caller, **{k: v for k, v in fields.items() if v is not None})
        return Envelope(self.shown(lookup.pk), "Lookup created successfully", status=201)

    @documented("Rename, recolour or switch off a value that the organization added", input=UpdateLookup)
    def update(self, request, pk):
        number = path_id(pk)
        lookup = self.get_queryset().filter(number=number).first()
        if lookup is None:
            raise Missing()
        if number < FIRST_ADDED:
            raise Forbidden("Seeded values cannot be changed.", code="lookup_protected")
        edit.update(lookup, self.organization, by=self.caller, **self.read(UpdateLookup, partial=True))
        return Envelope(self.shown(lookup.pk), "Lookup updated successfully")


class CustomFieldViewSet(ListAction, AddAction, UpdateAction, TenantViewSet):
    """The organisation's own fields. Everybody sees them; who runs the organisation decides about them."""

    queryset = CustomField.objects.all()
    input_class, filter_class = DefineField, CustomFieldFilter
    permissions = {"list": "records.view", "create": "organization.manage", "update": "organization.manage"}

    def perform_create(self, given):
        return fields.add(self.organization, by=self.caller, **given)

    @documented("Change, accept, archive or drop a custom field; its values follow a new key", input=RedefineField)
    def update(self, request, pk):
        field = fields.update(self.get_object(pk), self.organization, by=self.caller, **self.read(RedefineField, partial=True))
        return Envelope(self.shown(field.pk), self.message("updated"))


class ViewViewSet(ListAction, AddAction, UpdateAction, DeleteAction, TenantViewSet):
    """Saved views. Private ones of others are not there at all (R13)."""

    queryset = SavedView.objects.all()
    input_class, filter_class = AddView, ViewFilter
    permissions = {"list": "records.view", "create": "records.view", "update": "records.view", "destroy": "records.view"}

    def narrow(self, queryset):
        return queryset.seen_by(self.request.user)

    def perform_create(self, given):
        return views.add(self.organization, by=self.caller, **cleaned(given))

    def perform_update(self, view, given):
        views.update(view, by=self.caller, **cleaned(given))

    def perform_destroy(self, rows):
        ids = []
        for view in rows:
            views.delete(view, by=self.caller)
            ids.append(view.pk)
        return ids


def cleaned(given):
    if "module_name" in given:
        given["module_name"] = given["module_name"].strip().lower()
    return given
