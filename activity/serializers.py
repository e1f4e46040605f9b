from rest_framework.exceptions import ValidationError

from activity.filters import SUBJECT_TYPES, OneOf
from activity.kinds import CHANNELS, KINDS
from activity.models import Attachment
from lio.api.envelope import first_message
from lio.api.fields import Flag, Ids, Mapping, Text, Upload, WebAddress, Whole
from lio.api.serializers import Input
from lio.errors import DomainError

CLOUDS = [value for value in Attachment.Provider.values if value != Attachment.Provider.LIO]


class ReadNotifications(Input):
    ids = Ids(required=False, allow_null=True)

    def validate(self, data):
        if not data.get("ids"):
            raise DomainError("Send ids.", fields={"ids": ["is required"]})
        return data


class Choices(Mapping):
    """{kind: {channel: true or false}}; kinds and channels that are not named stay as they are."""

    def to_internal_value(self, data):
        found, flag = {}, Flag()
        for name, channels in super().to_internal_value(data).items():
            if name not in KINDS:
                raise ValidationError(f"{name} is not one of {', '.join(KINDS)}")
            if not isinstance(channels, dict) or set(channels) - set(CHANNELS):
                raise ValidationError(f"{name} must be an object with some of {', '.join(CHANNELS)}")
            try:
                found[name] = {channel: flag.run_validation(value) for channel, value in channels.items()}
            except ValidationError:
                raise ValidationError(f"{name} must have true or false for each") from None
        return found


class ChangePreferences(Input):
    preferences = Choices()


class AddFile(Input):
    file = Upload()


class CloudFile(Mapping):
    """{id, name, mime_type, web_url}; the address must be http or https."""

    parts = {"id": Text(max_length=255, min_length=1), "name": Text(max_length=255, min_length=1),
             "mime_type": Text(max_length=255, required=False), "web_url": WebAddress(max_length=2000, min_length=1)}

    def to_internal_value(self, data):
        if not isinstance(data, dict):
            raise ValidationError("must be an object with id, name, mime_type and web_url")
        found, errors = {}, []
        for name, part in self.parts.items():
            value = data.get(name)
            if isinstance(value, int) and not isinstance(value, bool) and name == "id":
                value = str(value)
            if value is None:
                found[name] = ""
                if part.required:
                    errors.append(f"{name} is required")
                continue
            try:
                found[name] = part.run_validation(value) or ""
            except ValidationError as error:
                errors.append(f"{name}: {first_message(error.detail)}")
        if errors:
            raise ValidationError(errors)
        return found


class AttachFile(Input):
    provider = OneOf(choices=CLOUDS)
    subject_type = OneOf(choices=SUBJECT_TYPES)
    subject_id = Whole(min_value=0, max_value=2**63 - 1)
    file = CloudFile()
