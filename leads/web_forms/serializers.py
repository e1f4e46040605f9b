"""What may be sent of a form over the API."""

from rest_framework import serializers

from accounts.models import User
from lio.api.fields import Flag, Mapping, Owned, Text, WebAddress, Whole
from lio.api.serializers import Input


class AddWebForm(Input):
    name = Text(min_length=1, max_length=100)
    fields = serializers.ListField(child=Mapping(), max_length=50, required=False, allow_null=True)  # type: ignore[assignment]
    lead_source = Whole(min_value=1, max_value=2**53, required=False, allow_null=True)
    assigned_to = Owned(User, required=False, allow_null=True)
    success_message = Text(max_length=2_000, required=False)
    title = Text(max_length=150, required=False)
    intro = Text(max_length=2_000, required=False)
    button = Text(max_length=40, required=False)
    redirect_url = WebAddress(max_length=500, required=False)
    consent_text = Text(max_length=2_000, required=False)
    color = Text(max_length=7, required=False)
    background = Text(max_length=7, required=False)
    allowed_domains = serializers.ListField(
        child=Text(min_length=1, max_length=253), max_length=50, required=False, allow_null=True
    )
    capture_utm = Flag(required=False)
    is_active = Flag(required=False)
