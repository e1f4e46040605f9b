"""Likely duplicates and merges over the API: the same for every kind of record (lio/matching.py, lio/merging.py)."""

from dataclasses import asdict
from typing import Any

from lio.api.envelope import Envelope
from lio.api.fields import INT8, Ids, Mapping, Whole
from lio.api.schema import documented
from lio.api.serializers import Input
from lio.api.views import LioView
from lio.api.viewsets import ListAction, TenantViewSet, path_id
from lio.errors import DomainError, Missing
from lio.rows import json_of_one


class Several(Input):
    ids = Ids(required=False, allow_null=True)

    def validate(self, data):
        if not data.get("ids"):
            raise DomainError("Send ids.", fields={"ids": ["is required"]})
        return data


class Merge(Several):
    survivor_id = Whole(min_value=1, max_value=INT8, required=False, allow_null=True)
    fields = Mapping(required=False, allow_null=True)  # type: ignore[assignment]  # the name of the API; DRF has one, too


class Duplicates(ListAction, TenantViewSet):
    """Pairs of records that may be one; those of one record by its id; dismissed. A subclass names its `matching`."""

    matching: Any
    permissions = {"list": "records.view", "retrieve": "records.view", "dismiss": "records.edit"}

    @documented("List pairs that may be one")
    def list(self, request):
        return super().list(request)

    @documented("Those that may be the same as this one, as of now", answer={"id": int, "duplicates": [dict]})
    def retrieve(self, request, pk):
        number = path_id(pk)
        if not self.matching.merging.model.objects.of(self.organization).alive().filter(pk=number).exists():
            raise Missing()
        found = [asdict(one) | {"strength": one.strength} for one in self.matching.of_record(self.organization, number)]
        return Envelope({"id": number, "duplicates": found})

    @documented("Remember that these are different", input=Several, answer={"dismissed": int}, status=200)
    def dismiss(self, request):
        done = self.matching.dismiss(self.organization, self.read(Several)["ids"], by=self.caller)
        return Envelope({"dismissed": done}, "Duplicates dismissed successfully")


class MergeView(LioView):
    """Takes records away, so it asks for the right to delete. A subclass names the rule, and documents its `post`."""

    permissions = {"post": "records.delete"}
    merging: Any
    rule: Any

    def merged(self, request):
        given, kit = Merge.read(request.data), self.merging
        survivor_id = type(self).rule(self.organization, given["ids"], survivor_id=given.get("survivor_id"),
                                      fields=given.get("fields"), by=self.caller)
        merged = [pk for pk in sorted(given["ids"]) if pk != survivor_id]
        row = json_of_one(kit.model.objects.whole(self.organization), survivor_id)
        return Envelope({"id": survivor_id, "merged": merged, kit.kind: row}, f"{kit.plural.capitalize()} merged successfully")
