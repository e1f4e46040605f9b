"""What may be sent of pipelines and deals, and what it means for the models (R23, R37)."""

from datetime import date, datetime
from decimal import Decimal

from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.fields import empty

from accounts.models import User
from contacts.models import Contact
from deals.edit import requirable
from deals.models import Deal, DealContact, Pipeline, Stage
from leads.models import Lead
from leads.serializers import CustomFields, check_active
from lio.api.fields import INT8, Flag, Ids, Mapping, Money, Owned, Text, Upload, Whole
from lio.api.serializers import Input
from lio.errors import DomainError, Invalid
from lio.selection import Selection
from lookups.custom import propose, read_custom


class Day(serializers.DateField):
    """A plain date; of a date-time the day that it names (R9)."""

    def to_internal_value(self, value):
        try:
            return date.fromisoformat(value) if len(value) <= 10 else datetime.fromisoformat(value).date()
        except (TypeError, ValueError):
            raise ValidationError("must be an ISO date, like 2026-06-15") from None


class Currency(Text):
    """Three letters of ISO 4217."""

    def run_validation(self, data=empty):
        return super().run_validation("" if isinstance(data, str) and not data.strip() else data)

    def to_internal_value(self, data):
        text = super().to_internal_value(data).strip().upper()
        if text and not (len(text) == 3 and text.isascii() and text.isalpha()):
            raise ValidationError("must be three letters, like EUR")
        return text


class Share(serializers.DecimalField):
    """A probability, 0 to 1."""

    def __init__(self, **options):
        super().__init__(max_digits=12, decimal_places=4, min_value=Decimal(0), max_value=Decimal(1), **options)

    def to_internal_value(self, data):
        if isinstance(data, bool):
            self.fail("invalid")
        return super().to_internal_value(data)

    def validate_precision(self, value):
        return value.quantize(Decimal("0.0001"))


class Color(Text):
    def to_internal_value(self, data):
        text = super().to_internal_value(data)
        digits = text.removeprefix("#")
        if text and not (len(text) == 7 and len(digits) == 6 and set(digits.lower()) <= set("0123456789abcdef")):
            raise ValidationError("must be like #5B8AB0")
        return text


# ------------------------------------------------------------------------- pipelines
class StageEntryInput(Input):
    id = Whole(min_value=1, max_value=INT8, required=False, allow_null=True)
    name = Text(min_length=1, max_length=100, required=False)
    color = Color(max_length=7, required=False)
    position = Whole(min_value=0, max_value=100_000, required=False, allow_null=True)
    is_won = Flag(required=False, allow_null=True)
    is_lost = Flag(required=False, allow_null=True)
    probability = Share(required=False, allow_null=True)
    max_days_in_stage = Whole(min_value=1, max_value=3650, required=False, allow_null=True)
    required_fields = serializers.ListField(child=Text(min_length=1, max_length=70), max_length=20, required=False)


class Stages(serializers.ListField):
    def __init__(self, **options):
        super().__init__(child=Mapping(), max_length=50, **options)

    def to_internal_value(self, data):
        return [StageEntryInput.read(entry) for entry in super().to_internal_value(data)]


class AddPipeline(Input):
    name = Text(min_length=2, max_length=100)
    stages = Stages(required=False, allow_null=True)
    max_deal_limit = Money(required=False, allow_null=True)
    region = Text(max_length=100, required=False)
    description = Text(max_length=1000, required=False)
    asks_api = Flag(required=False)


class UpdatePipeline(AddPipeline):
    state_id = serializers.ChoiceField(choices=[(0, "Inactive"), (1, "Active")], required=False)
    position = Whole(min_value=0, max_value=100_000, required=False)


class MoveTo(Input):
    move_to = Owned(Stage, required=False, allow_null=True)


def pipeline_attributes(organization, given):
    """`given` as model attributes. Raises Invalid for a required field that deals do not have."""
    values = dict(given)
    if "state_id" in values:
        values["is_active"] = values.pop("state_id") == 1
    if "description" in values and values["description"] is None:
        values["description"] = ""
    known = requirable(organization)
    for entry in values.get("stages") or ():
        unknown = [name for name in entry.get("required_fields") or () if name not in known]
        if unknown and not _asks_already(organization, entry, unknown):
            raise Invalid({"stages": [f"{unknown[0]} is not a field that a stage can require"]})
    return values


def _asks_already(organization, entry, names):
    """Whether the stage of this entry requires these fields, which are gone by now: what was read can be sent back."""
    row = Stage.objects.of(organization).alive().filter(pk=entry.get("id")).first() if entry.get("id") else None
    return row is not None and set(names) <= set(row.required_fields)


# ------------------------------------------------------------------------- deals
class DealFields(Input):
    """Every writable field, none of them required."""

    title = Text(min_length=2, max_length=50, required=False)
    value = Money(min_value=Decimal(1), required=False)
    currency = Currency(max_length=10, required=False)
    amount = Money(required=False, allow_null=True)
    expected_close_date = Day(required=False)
    priority = serializers.ChoiceField(choices=Lead.Priority.choices, required=False)
    description = Text(max_length=1000, required=False)
    next_step = Text(max_length=300, required=False)
    next_step_on = Day(required=False, allow_null=True)
    lost_reason = Text(max_length=500, required=False)
    assigned_to = Owned(User, required=False, allow_null=True)
    category = serializers.ChoiceField(choices=Deal.Category.choices, required=False, allow_null=True)
    custom_fields = CustomFields(required=False)


class AddDeal(DealFields):
    lead_id = Owned(Lead, source="lead")
    pipeline_id = Owned(Pipeline, source="pipeline")
    stage_id = Owned(Stage, source="stage")
    title = Text(min_length=2, max_length=50)
    value = Money(min_value=Decimal(1))
    expected_close_date = Day()


class DealOfLead(DealFields):
    """What may be said of a deal that is made as its lead is converted; the rest follows from the lead."""

    pipeline_id = Owned(Pipeline, source="pipeline", required=False, allow_null=True)
    stage_id = Owned(Stage, source="stage", required=False, allow_null=True)
    role = serializers.ChoiceField(choices=DealContact.Role.choices, required=False, allow_null=True)


class UpdateDeal(AddDeal):
    version = Whole(min_value=0, required=False, allow_null=True)


class MoveDeal(DealFields):
    stage_id = Owned(Stage, source="stage", required=False)
    after_id = Owned(Deal, required=False, allow_null=True)
    version = Whole(min_value=0, required=False, allow_null=True)


class BulkUpdate(Selection):
    fields = Mapping()  # type: ignore[assignment]  # the names of deal/update


class PutContact(Input):
    contact_id = Owned(Contact, source="contact")
    role = serializers.ChoiceField(choices=DealContact.Role.choices, required=False)


class RateField(serializers.FloatField):
    """What a unit of a currency is worth, above 0."""

    def to_internal_value(self, data):
        number = super().to_internal_value(data)
        rate = Decimal(str(number)).quantize(Decimal("0.00000001")) if abs(number) < 10**9 else Decimal(0)
        if isinstance(data, bool) or not rate > 0:
            raise ValidationError("must be a number above 0 and below 1,000,000,000")
        return rate


class Rate(Input):
    day = Day()
    currency = Currency(min_length=3, max_length=3)
    rate = RateField()
    source = Text(max_length=100, required=False)  # type: ignore[assignment]  # the name of the API; DRF has one, too


class RateFile(Input):
    file = Upload()


class RateIds(Input):
    ids = Ids(required=False, allow_null=True)

    def validate(self, data):
        if not data.get("ids"):
            raise DomainError("Send ids.", fields={"ids": ["is required"]})
        return data


def attributes(organization, given, *, new=False):
    """`given` (names of the API) as model attributes. Raises Invalid for an inactive member and for a custom value that does
    not fit its definition. `new`: of a deal to be made.
    """
    values = {name: value for name, value in given.items() if name not in ("version", "after_id")}
    if new or values.get("custom_fields"):
        read = read_custom(organization, values.get("custom_fields"), new=new, module="deal")
        propose(organization, read.proposals, module="deal")
        if read.values:
            values["custom_fields"] = read.values
    for name in ("lead", "pipeline", "stage"):
        if name in values:
            values[f"{name}_id"] = values.pop(name).pk
    if "assigned_to" in values:
        member = values.pop("assigned_to")
        values["assigned_to_id"] = member and check_active(member).pk
    if "custom_fields" in values and values["custom_fields"] is None:
        values["custom_fields"] = {}
    return values
