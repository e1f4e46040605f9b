"""Pick lists over the API (section 6.5). Ids on the wire are numbers per type (R35)."""

from lio.api.envelope import Envelope
from lio.api.schema import documented
from lio.api.viewsets import ListAction, TenantViewSet, path_id
from lio.errors import Forbidden, Missing
from lookups import edit
from lookups.filters import LookupFilter
from lookups.models import FIRST_ADDED, Lookup
from lookups.serializers import AddLookup, UpdateLookup


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
