"""What may be sent to enrichment."""

from typing import Any

from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from companies.domains import registered_domain
from companies.models import Company
from enrichment.batches import MOST_SENT
from enrichment.runs import NAMES
from leads.models import Lead
from lio.api.fields import Email, Mapping, Owned, Text, WebAddress
from lio.api.serializers import Input
from lio.errors import Invalid
from lio.selection import Selection

MAX_LABEL = 1000  # characters of a group_id as JSON


class Domain(Text):
    """A registered domain, from it or from an address below it."""

    def __init__(self, **options):
        super().__init__(**{"max_length": 500, **options})

    def to_internal_value(self, data):
        text = super().to_internal_value(data).strip()
        found = registered_domain(text) if text else ""
        if found is None:
            raise ValidationError("must be a domain, like acme.com")
        return found


class Known(Input):
    """What is known of one person or company."""

    email = Email(required=False)
    linkedin_url = WebAddress(required=False)
    name = Text(max_length=200, required=False)
    company = Text(max_length=200, required=False)
    domain = Domain(required=False)

    @staticmethod
    def known(given):
        return {name: given[name].strip() for name in NAMES if (given.get(name) or "").strip()}


class Enrich(Known):
    lead_id = Owned(Lead, source="lead", required=False, allow_null=True)

    def validate(self, data):
        if not data.get("lead") and not self.known(data):
            names = ("lead_id", *NAMES)
            raise Invalid({name: [f"is required: one of {', '.join(names)}"] for name in names},
                          f"Send at least one of {', '.join(names)}.")
        return data


class Items(serializers.ListField):
    """1 to MOST_SENT objects of Known; what is wrong is named item by item, `leads.0.email`."""

    def to_internal_value(self, data):
        if not isinstance(data, list) or not 1 <= len(data) <= MOST_SENT:
            raise ValidationError(f"must be an array of 1 to {MOST_SENT} objects")
        read: list[dict] = []
        wrong: dict[str, Any] = {}
        for n, item in enumerate(data):
            name = f"{self.field_name}.{n}"
            if not isinstance(item, dict):
                wrong[name] = ["must be an object"]
                continue
            try:
                known = Known.known(Known.read(item))
            except ValidationError as error:
                assert isinstance(error.detail, dict)
                wrong |= {f"{name}.{inner}": lines for inner, lines in error.detail.items()}
                continue
            if not known:
                wrong[name] = [f"needs at least one of {', '.join(NAMES)}"]
            read.append(known)
        if wrong:
            raise Invalid(wrong)
        return read


class EnrichMany(Input):
    leads = Items(child=Mapping())
    group_id = serializers.JSONField(required=False, allow_null=True)

    def validate_group_id(self, value):
        if len(str(value)) > MAX_LABEL:
            raise ValidationError(f"must be at most {MAX_LABEL} characters")
        return value


class EnrichCompany(Input):
    company_id = Owned(Company, source="company")


class Records(Selection):
    module = Text(min_length=1, max_length=20)
