"""What may be sent of a lead, and what it means for the model (R37, R42)."""

from orjson import dumps
from rest_framework import serializers
from rest_framework.exceptions import NotFound, ValidationError

from accounts.models import User
from companies.models import Company
from leads.models import FollowUp, Lead
from lio.api.fields import CustomFields, Email, Flag, Ids, Mapping, Moment, Money, Owned, Text, Upload, WebAddress, Whole
from lio.api.serializers import Input
from lio.errors import Invalid
from lio.selection import Selection
from lookups.custom import propose, read_custom
from lookups.known import known

READ_ONLY = frozenset({"id", "score", "ai_information", "last_activity_at", "created_at", "updated_at", "deleted_at",
                       "status_text", "priority_text", "lead_source_text", "organization_id", "organization"})
NOT_SENT = frozenset({"enrichment"})  # keys of ai_information that only enrichment writes
MAX_CUSTOM = CustomFields.max_bytes


class Anything(serializers.JSONField):
    """Any JSON value, within the bounds of all custom fields together."""

    def to_internal_value(self, data):
        if len(dumps(data)) > MAX_CUSTOM:
            raise ValidationError(f"must be at most {MAX_CUSTOM} bytes")
        return data


class LeadFields(Input):
    """Every writable field, none of them required."""

    first_name = Text(max_length=50, required=False)
    last_name = Text(max_length=50, required=False)
    email = Email(required=False)
    phone_number = Text(max_length=30, required=False)
    company = Text(max_length=200, required=False)
    job_title = Text(max_length=200, required=False)
    linkedin_url = WebAddress(required=False)
    status = Whole(min_value=1, max_value=2**53, required=False)
    priority = serializers.ChoiceField(choices=Lead.Priority.choices, required=False)
    lead_source = Whole(min_value=1, max_value=2**53, required=False, allow_null=True)
    custom_fields = CustomFields(required=False)
    estimated_value = Money(required=False, allow_null=True)
    industry = Text(max_length=100, required=False)
    website = WebAddress(required=False)
    address = Text(max_length=300, required=False)
    city = Text(max_length=100, required=False)
    state = Text(max_length=100, required=False)
    country = Text(max_length=100, required=False)
    pin_code = Text(max_length=20, required=False)
    notes = Text(max_length=10_000, required=False)
    company_id = Owned(Company, required=False, allow_null=True)
    assigned_to = Owned(User, required=False, allow_null=True)
    do_not_contact = Flag(required=False)
    tracking_off = Flag(required=False)


class AddLead(LeadFields):
    first_name = Text(min_length=2, max_length=50)
    last_name = Text(min_length=2, max_length=50)
    tags = Ids(required=False, allow_null=True)


class UpdateLead(AddLead):
    ai_information = Mapping(required=False)


class PushedLead(LeadFields):
    """`POST /api/v1/lead`: tags by name, unknown fields kept."""

    LISTED = ("email", "phone_number", "first_name", "last_name", "company", "job_title", "linkedin_url", "status", "priority",
              "lead_source", "tags", "custom_fields", "duplicate", "merge")

    tags = serializers.ListField(child=Text(min_length=1, max_length=100), max_length=50, required=False, allow_null=True)
    duplicate = Flag(required=False, allow_null=True)
    merge = Flag(required=False, allow_null=True)

    @classmethod
    def take(cls, data):
        """(fields, tags, on_duplicate) of a pushed body."""
        given = cls.read({name: data[name] for name in cls.LISTED if name in data})
        if not (given.get("email") or given.get("phone_number") or given.get("linkedin_url")):
            raise Invalid({name: ["is required: one of email, phone_number and linkedin_url"]
                           for name in ("email", "phone_number", "linkedin_url")},
                          "Send at least one of email, phone_number and linkedin_url.")
        tags = given.pop("tags", None) or []
        merge, accept = given.pop("merge", False), given.pop("duplicate", False)
        cls.keep_unlisted(data, given)
        return given, tags, "merge" if merge else "accept" if accept else "refuse"

    @classmethod
    def keep_unlisted(cls, data, given):
        """Fields that are not listed go to custom_fields, literally; known lead fields among them are set as well (R42)."""
        extra = {name: value for name, value in data.items()
                 if name not in cls.LISTED and name not in READ_ONLY and value is not None}
        if not extra:
            return
        for name in extra.keys() & cls._fields_by_name().keys():
            try:
                given[name] = cls._fields_by_name()[name].run_validation(extra[name])
            except (ValidationError, NotFound):
                continue  # no value for that field, yet never lost: it stays among the custom fields
        merged = {**extra, **(given.get("custom_fields") or {})}
        try:
            given["custom_fields"] = CustomFields().run_validation(merged)
        except ValidationError as error:
            raise ValidationError({"custom_fields": error.detail}) from None

    @classmethod
    def _fields_by_name(cls):
        bound = cls._bound.get(False) or cls(partial=False)
        return {name: field for name, field in bound.fields.items() if name not in cls.LISTED}


class StatusChange(Selection):
    status = Whole(min_value=1, max_value=2**53)


class BulkUpdate(Selection):
    fields = Mapping()  # type: ignore[assignment]  # the names of lead/update


class Assign(Selection):
    assigned_to = Owned(User, allow_null=True)


class AssignTags(Selection):
    tags = Ids()


class CustomValues(Input):
    lead_id = Owned(Lead, source="lead")
    custom_fields = CustomFields()


class CustomFieldValue(Input):
    lead_id = Owned(Lead, source="lead")
    field_name = Text(min_length=1, max_length=64)  # type: ignore[assignment]  # the document's name; DRF has one, too
    field_value = Anything(required=False, allow_null=True)


class AddNote(Input):
    lead_id = Owned(Lead, source="lead")
    title = Text(min_length=1, max_length=200)
    note = Text(max_length=10_000, required=False)


class ChangeNote(Input):
    title = Text(min_length=1, max_length=200)
    note = Text(max_length=10_000, required=False)
    is_pinned = Flag(required=False)


class AddFollowUp(Input):
    lead_id = Owned(Lead, source="lead")
    follow_up_date = Moment(source="due_at")
    notes = Text(max_length=10_000, required=False)
    repeats = serializers.ChoiceField(choices=FollowUp.Repeats.choices, required=False, allow_null=True, allow_blank=True)
    assigned_to = Owned(User, required=False, allow_null=True)


class ChangeFollowUp(Input):
    follow_up_date = Moment(source="due_at")
    notes = Text(max_length=10_000, required=False)
    status = serializers.ChoiceField(choices=FollowUp.Status.choices, required=False)
    repeats = serializers.ChoiceField(choices=FollowUp.Repeats.choices, required=False, allow_null=True, allow_blank=True)
    assigned_to = Owned(User, required=False, allow_null=True)


class AddDocument(Input):
    lead_id = Owned(Lead, source="lead")
    file = Upload()
    document_type = Text(max_length=50, required=False)
    description = Text(max_length=1000, required=False)


class Picture(Input):
    image = Upload()


def follow_up_attributes(given):
    """`given` as model attributes. Raises Invalid for a member who has left."""
    values = dict(given)
    for name in ("notes", "repeats"):
        if name in values and values[name] is None:
            values[name] = ""
    if "assigned_to" in values:
        member = values.pop("assigned_to")
        values["assigned_to_id"] = member and check_active(member).pk
    return values


def attributes(organization, given, *, new=False, keep=False):
    """`given` (names of the API) as model attributes. Raises Invalid for an unknown look-up or an inactive member, and for a
    custom value that does not fit its definition; with `keep` that one is kept as sent (R42). `new`: of a lead to be made.
    """
    values = dict(given)
    if new or values.get("custom_fields"):
        read = read_custom(organization, values.get("custom_fields"), strict=not keep, new=new)
        propose(organization, read.proposals)
        if read.values:
            values["custom_fields"] = read.values
    for name, column, kind in (("status", "status_id", "status"), ("lead_source", "source_id", "source")):
        if name in values:
            number = values.pop(name)
            values[column] = None if number is None else entry(organization, kind, number, name).pk
    if "assigned_to" in values:
        member = values.pop("assigned_to")
        values["assigned_to_id"] = member and check_active(member).pk
    if "company_id" in values:
        company = values.pop("company_id")
        values["company_id"] = company and company.pk
    if values.get("ai_information"):
        values["ai_information"] = {key: value for key, value in values["ai_information"].items() if key not in NOT_SENT}
    for name in ("first_name", "last_name"):
        if name in values and values[name] is None:
            values[name] = ""
    if "custom_fields" in values and values["custom_fields"] is None:
        values["custom_fields"] = {}
    return values


def misfits(organization, given):
    """{custom_fields.<key>: complaints} of custom values that were kept although they do not fit."""
    complaints = read_custom(organization, given.get("custom_fields"), strict=False).complaints
    return {f"custom_fields.{key}": lines for key, lines in complaints.items()}


def entry(organization, kind, number, field):
    """The look-up with that number. Raises Invalid (R19)."""
    found = known(organization, kind).get(number)
    if found is None:
        raise Invalid({field: [f"{number} is not one of the {kind} look-ups"]})
    return found


def check_active(member):
    if not member.is_active:
        raise Invalid({"assigned_to": ["is not an active member"]})
    return member


def tag_ids(organization, numbers):
    """Inner ids of tags by their numbers. Raises Invalid for an unknown one (R41)."""
    there = known(organization, "tags")
    unknown = [number for number in numbers if number not in there]
    if unknown:
        raise Invalid({"tags": [f"{unknown[0]} is not a tag"]})
    return [there[number].pk for number in dict.fromkeys(numbers)]
