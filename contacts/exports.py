"""What an exported file can say of a contact."""

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef

from contacts.models import Contact, ContactTag
from lookups.exports import HIDDEN, REST, SHOWN, TAGS
from lio.spreadsheet import Column, columns_of
from lookups.custom import Kind, definitions
from lookups.filters import CUSTOM

ORDER = (
    "id", "name", "email", "phone_number", "emails", "phone_numbers", "designation", "seniority", "department",
    "decision_maker", "company", "company_id", "company_since", "status", "status_text", "lead_score", "tags", "linkedin_url",
    "city", "country", "lead_id", "created_by", "last_activity_at", "created_at", "updated_at",
)  # fmt: skip
LIST = "(SELECT string_agg(one ->> 'value', '; ') FROM unnest(r.{name}) AS one)"


def shown(contacts):
    tags = ContactTag.objects.filter(contact=OuterRef("pk")).values("tag_id")
    return contacts.rows().annotate(tag_ids=ArraySubquery(tags))


def columns(organization, keys=()):
    """{name: Column}; `keys` are names of columns for custom fields that nobody has defined."""
    plain = columns_of(Contact.objects.rows()) | {
        "tags": TAGS,
        **{name: Column(LIST.format(name=name)) for name in ("emails", "phone_numbers")},
    }
    found = {name: plain[name] for name in ORDER}
    defined = definitions(organization, "contact")
    own = [key for key, one in defined.items() if one.state not in HIDDEN]
    more = [name.removeprefix(CUSTOM) for name in keys if name.startswith(CUSTOM)]
    for key in [*own, *(key for key in more if key not in defined)]:
        number = key in defined and defined[key].kind in (Kind.NUMBER, Kind.MONEY)
        found[f"{CUSTOM}{key}"] = Column(SHOWN, (key, key, key), is_number=number)
    return found | {REST: Column("NULLIF(r.custom_fields::text, '{}')")}


def of_view(names):
    """The columns that stand for those of a saved view: who it is, then what the list shows, in numbers and in words."""
    return ["id", "name", *(part for name in names for part in ([name, "status_text"] if name == "status" else [name]))]
