"""What may be sent of a contact, and what it means for the model (R37)."""

from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.fields import empty

from companies.models import Company
from contacts.addresses import MOST
from leads.models import Lead
from leads.serializers import entry
from lio.api.envelope import first_message
from lio.api.fields import INT8, CustomFields, Email, Flag, Ids, Mapping, Owned, Text, WebAddress, Whole
from lio.api.serializers import Input
from lio.errors import DomainError
from lio.selection import Selection
from lookups.custom import propose, read_custom

LABEL = Text(max_length=30)


class Score(serializers.FloatField):
    """0 to 100; the column holds whole numbers."""

    def __init__(self, **options):
        super().__init__(min_value=0, max_value=100, **options)

    def to_internal_value(self, data):
        number = super().to_internal_value(data) if not isinstance(data, bool) else float("nan")
        if number != number:
            raise ValidationError("must be a number from 0 to 100")
        return number

    def run_validation(self, data=empty):
        number = super().run_validation(data)
        return round(number) if isinstance(number, float) else number


class Addresses(Mapping):
    """An array of texts, or of objects with `value` and `label`; the first is the main one."""

    def __init__(self, part, **options):
        self.part = part
        super().__init__(**options)

    def to_internal_value(self, data):
        if not isinstance(data, list):
            raise ValidationError("must be an array")
        if len(data) > MOST:
            raise ValidationError(f"must be at most {MOST}")
        return [self.one(item) for item in data]

    def one(self, item):
        given = item if isinstance(item, dict) else {"value": item}
        try:
            value = self.part.run_validation(given.get("value"))
            label = LABEL.run_validation(given.get("label") or "")
        except ValidationError as error:
            raise ValidationError(first_message(error.detail)) from None
        if not value or not value.strip():
            raise ValidationError("must not hold an empty one")
        return {"value": value, "label": label}


class ContactFields(Input):
    """Every writable field but the name, none of them required."""

    email = Email(required=False)
    phone_number = Text(max_length=30, required=False)
    emails = Addresses(Email(required=True), required=False, allow_null=True)
    phone_numbers = Addresses(Text(max_length=30, required=True), required=False, allow_null=True)
    designation = Text(max_length=200, required=False)
    seniority = Text(max_length=50, required=False)
    department = Text(max_length=50, required=False)
    decision_maker = Text(max_length=50, required=False)
    linkedin_url = WebAddress(required=False)
    city = Text(max_length=100, required=False)
    country = Text(max_length=100, required=False)
    lead_score = Score(required=False, allow_null=True)
    status = Whole(min_value=1, max_value=2**53, required=False)
    lead_id = Owned(Lead, required=False, allow_null=True)
    custom_fields = CustomFields(required=False)
    tags = Ids(required=False, allow_null=True)


class AddContact(ContactFields):
    name = Text(min_length=2, max_length=100)
    company_id = Owned(Company)


class UpdateContact(ContactFields):
    """The company by its id, or by its name (then made if there is none)."""

    name = Text(min_length=2, max_length=100)
    company_id = Owned(Company, allow_null=True)
    company = Text(max_length=200, required=False)


class ContactIds(Selection):
    """A selection whose ids are called `contact_ids`; `ids` is understood, too."""

    ids_name = "contact_ids"
    contact_ids = Ids(required=False, allow_null=True)

    def validate(self, data):
        ids = data.pop("contact_ids", None) or data.get("ids")
        if not ids and not data.get("select_all"):
            raise DomainError("Send contact_ids, or select_all with filters.", fields={"contact_ids": ["is required"]})
        return super().validate(data | {"ids": ids})


class BulkUpdateContacts(ContactIds):
    """`fields` holds names and values of contact/update; the most used may stand beside it."""

    company_id = Owned(Company, required=False, allow_null=True)
    lead_score = Score(required=False, allow_null=True)
    tags = Ids(required=False, allow_null=True)
    fields = Mapping(required=False, allow_null=True)  # type: ignore[assignment]  # a name of the API; DRF has one, too


class Convert(Input):
    """Of a lead: to which company and contact, where that is not to be found out."""

    lead_id = Owned(Lead, source="lead")
    company_id = Owned(Company, required=False, allow_null=True)
    company = Text(max_length=200, required=False)
    contact_id = Whole(min_value=1, max_value=INT8, required=False, allow_null=True)
    new_contact = Flag(required=False, allow_null=True)
    deal = Mapping(required=False, allow_null=True)  # read by the app of deals


def attributes(organization, given, *, new=False):
    """`given` (names of the API) as model attributes, without tags. Raises Invalid for an unknown look-up, and for a custom
    value that does not fit its definition. `new`: of a contact to be made.
    """
    values = dict(given)
    if new or values.get("custom_fields"):
        read = read_custom(organization, values.get("custom_fields"), new=new, module="contact")
        propose(organization, read.proposals, module="contact")
        if read.values:
            values["custom_fields"] = read.values
    if "status" in values:
        values["status_id"] = entry(organization, "status", values.pop("status"), "status").pk
    for name in ("company_id", "lead_id"):
        if name in values:
            values[name] = values[name] and values[name].pk
    if "custom_fields" in values and values["custom_fields"] is None:
        values["custom_fields"] = {}
    return values
