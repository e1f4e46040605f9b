from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from lio.api.envelope import BadParameter
from lio.api.fields import Flag, Text, Whole
from lio.api.serializers import Input


class ChangeScoreSettings(Input):
    """`excluded`: names of fields as the model's card has them, `cf.<key>` for a custom one."""

    excluded = serializers.ListField(child=Text(min_length=1, max_length=120), max_length=200, required=False)
    learns = Flag(required=False)


class AskPast(Input):
    """`days` over which is told what has changed."""

    days = Whole(min_value=1, max_value=365, required=False, default=30)

    @classmethod
    def ask(cls, params):
        """The validated values by name. Raises BadParameter."""
        try:
            return cls.read({name: value for name, value in params.items() if value != ""})
        except ValidationError as error:
            raise BadParameter(error.detail) from None
