from lio.api.fields import INT8, Flag, Text, Whole
from lio.api.serializers import Input


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
