"""What an exported file can say of a contact."""

from contacts.models import Contact, ContactTag
from lio.spreadsheet import Column, columns_of
from lookups.exports import TAGS, own_columns, tag_ids

ORDER = (
    "id", "name", "email", "phone_number", "emails", "phone_numbers", "designation", "seniority", "department",
    "decision_maker", "company", "company_id", "company_since", "status", "status_text", "lead_score", "tags", "linkedin_url",
    "city", "country", "lead_id", "created_by", "last_activity_at", "created_at", "updated_at",
)  # fmt: skip
LIST = "(SELECT string_agg(one ->> 'value', '; ') FROM unnest(r.{name}) AS one)"


def shown(contacts):
    return contacts.rows().annotate(tag_ids=tag_ids(ContactTag, "contact"))


def columns(organization, keys=()):
    """{name: Column}; `keys` are names of columns for custom fields that nobody has defined."""
    plain = columns_of(Contact.objects.rows()) | {
        "tags": TAGS,
        "company_since": Column("r.company_since", is_text=False),
        **{name: Column(LIST.format(name=name)) for name in ("emails", "phone_numbers")},
    }
    return {name: plain[name] for name in ORDER} | own_columns(organization, keys, "contact")


def of_view(names):
    """The columns that stand for those of a saved view: who it is, then what the list shows, in numbers and in words."""
    return ["id", "name", *(part for name in names for part in ([name, "status_text"] if name == "status" else [name]))]
