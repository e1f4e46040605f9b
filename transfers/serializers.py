from rest_framework import serializers

from lio.api.fields import INT8, Ids, Mapping, Text, Whole
from lio.api.serializers import Input
from transfers.exports import TYPES
from transfers.models import Export, Import


class Upload(Input):
    """A lead list as it is sent: the file, and what a row that is there already does."""

    file = serializers.FileField(allow_empty_file=True, max_length=1000)
    policy = serializers.ChoiceField(choices=Import.Policy.choices, required=False)
    match = serializers.ChoiceField(choices=Import.Match.choices, required=False)


class NewExport(Input):
    """What is to be exported: all that the list shows with the filters, or with those of a view; or the records of `ids`."""

    export_type = serializers.ChoiceField(choices=TYPES)
    filters = Mapping(required=False, allow_null=True)
    format = serializers.ChoiceField(choices=Export.Format.choices, required=False)
    view_id = Whole(min_value=1, max_value=INT8, required=False, allow_null=True)
    columns = serializers.ListField(
        child=Text(min_length=1, max_length=100), max_length=400, required=False, allow_null=True
    )
    ids = Ids(required=False, allow_null=True)
