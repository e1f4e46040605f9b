"""What may be sent of a company, and what it means for the model (R37)."""

from lio.api.fields import CustomFields, Email, Ids, Mapping, Text, Upload, WebAddress, Whole
from lio.api.serializers import Input
from lio.selection import Selection
from lookups.custom import propose, read_custom


class CompanyFields(Input):
    """Every writable field but the name, none of them required."""

    industry_type = Text(max_length=100, required=False)
    address = Text(max_length=300, required=False)
    city = Text(max_length=100, required=False)
    state = Text(max_length=100, required=False)
    country = Text(max_length=100, required=False)
    pin_code = Text(max_length=20, required=False)
    employee_size = Text(max_length=50, required=False)
    rating = Whole(min_value=1, max_value=5, required=False, allow_null=True)
    contact_email = Email(required=False)
    phone_number = Text(max_length=30, required=False)
    website = WebAddress(required=False)
    linkedin_url = WebAddress(required=False)
    summary = Text(max_length=10_000, required=False)
    custom_fields = CustomFields(required=False)
    tags = Ids(required=False, allow_null=True)


class AddCompany(CompanyFields):
    company_name = Text(min_length=2, max_length=200)
    company_logo = Upload(required=False)


class UpdateCompany(AddCompany):
    ai_information = Mapping(required=False)


class BulkUpdate(Selection):
    fields = Mapping()  # type: ignore[assignment]  # the names of company/update


def attributes(organization, given, *, new=False):
    """`given` (names of the API, without tags) as model attributes. Raises Invalid for a custom value that does not fit its
    definition. `new`: of a company to be made."""
    values = dict(given)
    if new or values.get("custom_fields"):
        read = read_custom(organization, values.get("custom_fields"), new=new, module="company")
        propose(organization, read.proposals, module="company")
        if read.values:
            values["custom_fields"] = read.values
    if "custom_fields" in values and values["custom_fields"] is None:
        values["custom_fields"] = {}
    return values
