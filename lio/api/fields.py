"""Fields for what comes in: bounded, so that the database never has to refuse a value."""

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError as DjangoInvalid
from django.core.files.uploadedfile import UploadedFile
from django.core.validators import validate_email
from orjson import dumps
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, NotFound, ValidationError

from lio.tenancy import current_organization_id

INT4, INT8 = 2**31 - 1, 2**63 - 1
TRUE, FALSE = (True, 1, "true", "1", "True"), (False, 0, "false", "0", "False")


class Text(serializers.CharField):
    """Text as sent (R29): not trimmed; `min_length` counts without blanks at the ends."""

    def __init__(self, *, min_length=None, **options):
        options.setdefault("max_length", 255)
        if min_length:
            options["allow_blank"] = False
        else:
            options.setdefault("allow_blank", True)
            if not options.get("required"):
                options.setdefault("allow_null", True)
        super().__init__(trim_whitespace=False, **options)
        self.shortest = min_length

    def to_internal_value(self, data):
        if not isinstance(data, str):
            self.fail("invalid")  # a number is not text (R5), although DRF would take it
        text = super().to_internal_value(data)
        if self.shortest and len(text.strip()) < self.shortest:
            raise ValidationError(f"must have at least {self.shortest} characters")
        return text


class Whole(serializers.IntegerField):
    """A whole number within the column's bounds."""

    def __init__(self, *, min_value=-INT4 - 1, max_value=INT4, **options):
        super().__init__(min_value=min_value, max_value=max_value, **options)


class Flag(serializers.Field):
    """true/false, 1/0 and the same as text (R21)."""

    def to_internal_value(self, data):
        if isinstance(data, bool | int | str):
            if data in TRUE:
                return True
            if data in FALSE:
                return False
        raise ValidationError("must be true or false")


class Money(serializers.DecimalField):
    """An amount with at most two decimals; further ones are rounded half up."""

    def __init__(self, **options):
        options.setdefault("min_value", Decimal(0))
        super().__init__(max_digits=14, decimal_places=2, **options)

    def to_internal_value(self, data):
        if isinstance(data, bool):
            self.fail("invalid")
        return super().to_internal_value(data)

    def validate_precision(self, value):
        from decimal import ROUND_HALF_UP

        if abs(value) >= Decimal(10) ** 12:
            raise ValidationError("must be below 1,000,000,000,000")
        return value.quantize(Decimal("0.01"), ROUND_HALF_UP)


class Email(Text):
    """One e-mail address: no list, no display name."""

    def __init__(self, **options):
        super().__init__(**{"max_length": 254, **options})

    def to_internal_value(self, data):
        text = super().to_internal_value(data).strip()
        if text:
            try:
                validate_email(text)
            except DjangoInvalid:
                raise ValidationError("must be an e-mail address") from None
        return text


class WebAddress(Text):
    """An http or https address, else refused (R29). Without a scheme https is meant."""

    def __init__(self, **options):
        super().__init__(**{"max_length": 500, **options})

    def to_internal_value(self, data):
        text = super().to_internal_value(data).strip()
        if not text:
            return text
        if "://" not in text and not re.match(r"[a-z][a-z0-9+.-]*:", text, re.I):
            text = f"https://{text}"
        try:
            parts = urlsplit(text)
            host = parts.hostname
        except ValueError:
            host = parts = None
        if not host or parts.scheme.lower() not in ("http", "https") or re.search(r"[\s<>\"\\]", text):
            raise ValidationError("must be an http or https address")
        return text


class Moment(serializers.Field):
    """Any ISO 8601 date-time; without an offset it is UTC (R9)."""

    def to_internal_value(self, data):
        try:
            moment = datetime.fromisoformat(data)
            moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
            moment.astimezone(UTC) - timedelta(days=2)  # the edges of the calendar overflow in other zones
            moment.astimezone(UTC) + timedelta(days=2)
            return moment.astimezone(UTC)
        except (TypeError, ValueError, OverflowError):
            raise ValidationError("must be an ISO 8601 date-time") from None


class Mapping(serializers.DictField):
    """A JSON object with sane keys."""

    max_keys, max_key = 100, 64

    def to_internal_value(self, data):
        if not isinstance(data, dict):
            self.fail("not_a_dict", input_type=type(data).__name__)
        if len(data) > self.max_keys:
            raise ValidationError(f"must have at most {self.max_keys} entries")
        if any(not key.strip() or len(key) > self.max_key for key in data):
            raise ValidationError(f"must have names of 1 to {self.max_key} characters")
        return dict(data)


class CustomFields(Mapping):
    """The values of custom fields; what each of them may be its definition says (lookups/custom.py)."""

    max_bytes = 32_000  # as JSON

    def to_internal_value(self, data):
        values = super().to_internal_value(data)
        text = dumps(values)
        if len(text) > self.max_bytes:
            raise ValidationError(f"must be at most {self.max_bytes} bytes")
        if rb"\u0000" in text and any("\x00" in part for pair in values.items() for part in pair if isinstance(part, str)):
            raise ValidationError("must not hold a NUL character")  # of a form; JSON was looked through as it came in
        return values


class NoSuchRecord(NotFound):
    """A body names a record that is not there, or is another organisation's."""

    def __init__(self, field):
        super().__init__("There is no such record.")
        self.fields = {field: [ErrorDetail("There is no such record.")]}


class Owned(serializers.Field):
    """Id of a record of the caller's organisation; another's id is as unknown as one that never was (R18, R19)."""

    def __init__(self, model, *, alive=True, **options):
        self.model, self.alive = model, alive
        super().__init__(**options)

    def rows(self):
        rows = self.model.objects.of(current_organization_id())
        return rows.alive() if self.alive else rows

    def to_internal_value(self, data):
        if isinstance(data, str) and re.fullmatch(r"\d{1,18}", data):
            data = int(data)
        if isinstance(data, bool) or not isinstance(data, int):
            raise ValidationError("must be the id of a record")
        found = self.rows().filter(pk=data).first() if 0 < data <= INT8 else None
        if found is None:
            raise NoSuchRecord(self.field_name)
        return found


class Upload(serializers.Field):
    """A file of a multipart body; what it is and how large it may be is the rule's to say (activity/storing.py)."""

    def to_internal_value(self, data):
        if not isinstance(data, UploadedFile):
            raise ValidationError("must be a file")
        return data


class Words(serializers.Field):
    """Some of a few words, with commas between them."""

    def __init__(self, words, **options):
        super().__init__(**options)
        self.words = set(words)

    def to_internal_value(self, data):
        found = {part.strip() for part in data.split(",")} if isinstance(data, str) else set()
        if not found or not found <= self.words:
            raise ValidationError(f"must be of {', '.join(sorted(self.words))}")
        return found


class Ids(serializers.Field):
    """Several ids: a JSON array, or text with commas (R17)."""

    def to_internal_value(self, data):
        items = data.split(",") if isinstance(data, str) else data if isinstance(data, list) else [data]
        ids = []
        for item in items:
            for part in item.split(",") if isinstance(item, str) else [item]:
                if isinstance(part, str) and re.fullmatch(r"\s*\d{1,18}\s*", part):
                    part = int(part)
                if isinstance(part, bool) or not isinstance(part, int) or not 0 <= part <= INT8:
                    raise ValidationError("must be whole numbers")
                ids.append(part)
        return ids
