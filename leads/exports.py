"""What an exported file can say of a lead."""

from django.db.models import Case, When

from accounts.models import full_name
from leads.models import Lead, LeadTag
from lio.spreadsheet import Column, columns_of
from lookups.exports import MOST_KEYS, REST, TAGS, keys, own_columns, tag_ids

__all__ = ["MOST_KEYS", "ORDER", "REST", "columns", "keys", "of_view", "shown"]

ORDER = (
    "id", "first_name", "last_name", "email", "phone_number", "company", "job_title", "status", "status_text", "priority",
    "priority_text", "score", "estimated_value", "lead_source", "lead_source_text", "assigned_to", "assigned_to_name", "tags",
    "linkedin_url", "website", "industry", "address", "city", "state", "country", "pin_code", "notes", "company_id",
    "do_not_contact",
    "last_activity_at", "created_at", "updated_at",
)  # fmt: skip
BESIDE = {"status": "status_text", "priority": "priority_text", "lead_source": "lead_source_text",
          "assigned_to": "assigned_to_name"}  # the words of what the API has as a number


def shown(leads):
    owner = Case(When(assigned_to=None, then=None), default=full_name("assigned_to__"))
    return leads.rows().annotate(assigned_to_name=owner, tag_ids=tag_ids(LeadTag, "lead"))


def columns(organization, keys=()):
    """{name: Column}; `keys` are names of columns for custom fields that nobody has defined."""
    plain = columns_of(Lead.objects.rows()) | {"assigned_to_name": Column("r.assigned_to_name"), "tags": TAGS}
    return {name: plain[name] for name in ORDER} | own_columns(organization, keys, "lead")


def of_view(names):
    """The columns that stand for those of a saved view: who it is, then what the list shows, in numbers and in words."""
    wanted = ["id", "first_name", "last_name"]
    for name in names:
        wanted += [name, BESIDE[name]] if name in BESIDE else [name]
    return wanted
