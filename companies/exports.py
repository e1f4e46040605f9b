"""What an exported file can say of a company."""

from companies.columns import DEFAULT
from companies.models import Company, CompanyTag
from lio.spreadsheet import columns_of
from lookups.exports import REST, TAGS, keys, own_columns, tag_ids

__all__ = ["ORDER", "REST", "columns", "keys", "of_view", "shown"]

ORDER = (
    "id", "company_name", "industry_type", "website", "domain", "linkedin_url", "contact_email", "phone_number", "address",
    "city", "state", "country", "pin_code", "employee_size", "rating", "tags", "summary", "created_by", "created_at",
    "updated_at",
)  # fmt: skip


def shown(companies):
    return companies.rows().annotate(tag_ids=tag_ids(CompanyTag, "company"))


def columns(organization, keys=()):
    """{name: Column}; `keys` are names of columns for custom fields that nobody has defined."""
    plain = columns_of(Company.objects.rows()) | {"tags": TAGS}
    return {name: plain[name] for name in ORDER} | own_columns(organization, keys, "company")


def of_view(names):
    """The columns that stand for those of a saved view: which company it is, then what the list shows."""
    return ["id", "company_name", *(name for name in names or DEFAULT if name in ORDER or name.startswith("cf."))]
