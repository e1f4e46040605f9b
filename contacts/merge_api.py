"""Contacts that may be one person, and made one, over the API."""

from contacts import duplicates, merge
from contacts.filters import ContactPairFilter
from contacts.models import ContactPair
from lio.api.merging import Duplicates, Merge, MergeView
from lio.api.schema import documented


class ContactDuplicates(Duplicates):
    queryset, filter_class, matching = ContactPair.objects.all(), ContactPairFilter, duplicates.KIT


class MergeContacts(MergeView):
    merging, rule = merge.KIT, staticmethod(merge.merge)

    @documented("Make one contact of 2 to 10", input=Merge, answer={"id": int, "merged": [int], "contact": dict}, status=200)
    def post(self, request):
        return self.merged(request)
