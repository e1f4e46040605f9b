from rest_framework import serializers

from lio.api.serializers import Input
from transfers.models import Import


class Upload(Input):
    """A lead list as it is sent: the file, and what a row that is there already does."""

    file = serializers.FileField(allow_empty_file=True, max_length=1000)
    policy = serializers.ChoiceField(choices=Import.Policy.choices, required=False)
    match = serializers.ChoiceField(choices=Import.Match.choices, required=False)
