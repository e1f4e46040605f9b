"""What may be sent of signals, alerts and their settings."""

from datetime import timedelta

from django.utils.timezone import now
from orjson import dumps
from rest_framework import serializers
from rest_framework.exceptions import NotFound, ValidationError

from intent.models import Signal
from intent.types import TYPES
from leads.models import Lead
from lio.api.envelope import BadParameter
from lio.api.fields import Flag, Mapping, Moment, Owned, Text, Whole
from lio.api.serializers import Input

AHEAD = timedelta(minutes=5)  # by which a sender's clock may be fast


class SignalTypeField(serializers.ChoiceField):
    def __init__(self, **options):
        super().__init__(choices=list(TYPES), **options)

    def to_internal_value(self, data):
        if not isinstance(data, str) or data not in TYPES:
            raise ValidationError(f"must be one of {', '.join(TYPES)}")
        return data


class Detail(Mapping):
    max_bytes = 8_000  # as JSON

    def to_internal_value(self, data):
        found = super().to_internal_value(data)
        if len(dumps(found)) > self.max_bytes:
            raise ValidationError(f"must be at most {self.max_bytes} bytes")
        return found


class Past(Moment):
    def to_internal_value(self, data):
        moment = super().to_internal_value(data)
        if moment > now() + AHEAD:
            raise ValidationError("must not be in the future")
        return moment


class LogSignal(Input):
    lead_id = Owned(Lead, source="lead")
    signal_type = SignalTypeField()
    signal_detail = Detail(required=False, allow_null=True)
    source = Text(max_length=100, required=False)  # type: ignore[assignment]  # the document's name; DRF has one, too
    occurred_at = Past(required=False, allow_null=True)


class Acknowledge(Input):
    outcome = serializers.ChoiceField(choices=Signal.Outcome.choices, required=False, allow_null=True, allow_blank=True)
    note = Text(max_length=1000, required=False)


class AskHot(Input):
    limit = Whole(min_value=1, required=False, default=10)
    assigned_to_id = Whole(min_value=1, max_value=2**63 - 1, required=False)
    signal_type = SignalTypeField(required=False)

    @classmethod
    def ask(cls, params):
        """The validated values by name; a limit above 100 is lowered. Raises BadParameter."""
        try:
            found = cls.read({name: value for name, value in params.items() if value != ""})
        except NotFound:
            raise
        except ValidationError as error:
            raise BadParameter(error.detail) from None
        return found | {"limit": min(found["limit"], 100)}


class Weights(serializers.DictField):
    """{type: points}; which types there are and what they may weigh the rule says (intent/rules.py)."""

    def to_internal_value(self, data):
        if not isinstance(data, dict) or not all(isinstance(name, str) for name in data):
            raise ValidationError("must be an object of points by type")
        return dict(data)


class ChangeSettings(Input):
    weights = Weights(required=False)
    hot_from = Whole(min_value=1, max_value=1000, required=False)
    half_life_days = Whole(min_value=1, max_value=365, required=False)
    work_days = serializers.ListField(child=Whole(min_value=1, max_value=7), required=False, max_length=7)
    work_from = serializers.TimeField(required=False)
    work_to = serializers.TimeField(required=False)
    mail_tracking = Flag(required=False)
    site_tracking = Flag(required=False)
    site_hosts = serializers.ListField(child=Text(max_length=300, allow_null=False), required=False, max_length=100)
    site_rules = serializers.ListField(child=Mapping(), required=False, max_length=100)
