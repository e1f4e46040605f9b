from rest_framework import serializers

from lio.api.fields import Flag, Text
from lio.api.serializers import Input


class ChangeScoreSettings(Input):
    """`excluded`: names of fields as the model's card has them, `cf.<key>` for a custom one."""

    excluded = serializers.ListField(child=Text(min_length=1, max_length=120), max_length=200, required=False)
    learns = Flag(required=False)
