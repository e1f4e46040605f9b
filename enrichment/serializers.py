"""What may be sent to enrichment."""

from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from companies.domains import registered_domain
from companies.models import Company
from enrichment.batches import MOST_SENT
from enrichment.runs import NAMES
from leads.models import Lead
from lio.api.fields import Email, Owned, Text, WebAddress
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


class EnrichMany(Input):
    leads = serializers.JSONField()
    group_id = serializers.JSONField(required=False, allow_null=True)

    def validate_group_id(self, value):
        if len(str(value)) > MAX_LABEL:
            raise ValidationError(f"must be at most {MAX_LABEL} characters")
        return value

    def validate_leads(self, items):
        """[{name: text}]. Raises Invalid naming each item that is wrong, `leads.0`."""
        if not isinstance(items, list) or not 1 <= len(items) <= MOST_SENT:
            raise ValidationError(f"must be an array of 1 to {MOST_SENT} objects")
        read, wrong = [], {}
        for n, item in enumerate(items):
            try:
                if not isinstance(item, dict):
                    raise ValidationError({f"leads.{n}": ["must be an object"]})
                known = Known.known(Known.read(item))
                if not known:
                    raise ValidationError({f"leads.{n}": [f"needs at least one of {', '.join(NAMES)}"]})
                read.append(known)
            except ValidationError as error:
                wrong |= {name if name.startswith("leads.") else f"leads.{n}.{name}": lines for name, lines in error.detail.items()}
        if wrong:
            raise Invalid(wrong)
        return read


class EnrichCompany(Input):
    company_id = Owned(Company, source="company")


class Records(Selection):
    module = Text(min_length=1, max_length=20)
