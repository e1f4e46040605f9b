from orjson import dumps
from rest_framework import serializers

from lio.api.fields import INT8, Flag, Mapping, Text, Whole
from lio.api.serializers import Input
from lookups.models import CustomField, SavedView

MAX_VIEW = 32_000  # bytes of a view as JSON


class AddLookup(Input):
    module_name = Text(min_length=1, max_length=50)
    type = Text(min_length=1, max_length=50)
    name = Text(min_length=1, max_length=100)
    value = Text(max_length=255, required=False)
    color_code = Text(max_length=7, required=False)
    parent_id = Whole(min_value=-INT8, max_value=INT8, required=False, allow_null=True)


class UpdateLookup(Input):
    name = Text(min_length=1, max_length=100, required=False)
    value = Text(max_length=255, required=False, allow_null=False)
    color_code = Text(max_length=7, required=False, allow_null=False)
    is_active = Flag(required=False)


class DefineField(Input):
    module_name = Text(min_length=1, max_length=50, required=False)
    key = Text(max_length=64, required=False)
    label = Text(min_length=1, max_length=100)  # type: ignore[assignment]
    kind = serializers.ChoiceField(choices=CustomField.Kind.choices, required=False)
    options = serializers.ListField(child=Text(min_length=1, max_length=100), max_length=200, required=False)
    required = Flag(required=False)  # type: ignore[assignment]
    is_unique = Flag(required=False)


class RedefineField(Input):
    key = Text(min_length=1, max_length=64, required=False)
    label = Text(min_length=1, max_length=100, required=False)  # type: ignore[assignment]
    kind = serializers.ChoiceField(choices=CustomField.Kind.choices, required=False)
    options = serializers.ListField(child=Text(min_length=1, max_length=100), max_length=200, required=False)
    required = Flag(required=False)  # type: ignore[assignment]
    is_unique = Flag(required=False)
    position = Whole(min_value=1, max_value=10_000, required=False)
    state = serializers.ChoiceField(choices=("active", "archived", "dropped"), required=False)


class AddView(Input):
    module_name = Text(min_length=1, max_length=50)
    visibility = serializers.ChoiceField(choices=SavedView.Visibility.choices)
    view_name = Text(min_length=1, max_length=100, required=False)
    filters = Mapping(required=False)
    columns = serializers.ListField(child=Text(min_length=1, max_length=100), max_length=100, required=False)
    sorting = serializers.JSONField(required=False, allow_null=True)

    def validate(self, data):
        if len(dumps(data)) > MAX_VIEW:
            raise serializers.ValidationError({"filters": [f"must be at most {MAX_VIEW} bytes with columns and sorting"]})
        return data
