"""What an exported file can say of a lead."""

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Case, F, Func, OuterRef, TextField, When

from accounts.models import full_name
from leads.models import Lead, LeadTag
from lio.spreadsheet import Column, columns_of
from lookups.custom import Kind, State, definitions
from lookups.filters import CUSTOM

ORDER = (
    "id", "first_name", "last_name", "email", "phone_number", "company", "job_title", "status", "status_text", "priority",
    "priority_text", "score", "estimated_value", "lead_source", "lead_source_text", "assigned_to", "assigned_to_name", "tags",
    "linkedin_url", "website", "industry", "address", "city", "state", "country", "pin_code", "notes", "company_id",
    "last_activity_at", "created_at", "updated_at",
)  # fmt: skip
BESIDE = {"status": "status_text", "priority": "priority_text", "lead_source": "lead_source_text",
          "assigned_to": "assigned_to_name"}  # the words of what the API has as a number
REST = "custom_fields"  # all custom values as JSON: for when there are more keys than columns
MOST_KEYS = 300
HIDDEN = (State.DROPPED, State.ARCHIVED)
TAGS = (  # most leads have none: their names are looked up for the others alone
    "CASE WHEN r.tag_ids <> '{}' THEN (SELECT string_agg(t.name, '; ' ORDER BY t.number) FROM lookups_lookup t "
    "WHERE t.id = ANY (r.tag_ids)) END"
)
SHOWN = (  # a custom value as text; several choices with "; " between them, as an import reads them
    "CASE jsonb_typeof(r.custom_fields -> %s) WHEN 'array' THEN (SELECT string_agg(one, '; ') FROM "
    "jsonb_array_elements_text(r.custom_fields -> %s) AS one) ELSE r.custom_fields ->> %s END"
)


def shown(leads):
    tags = LeadTag.objects.filter(lead=OuterRef("pk")).values("tag_id")
    owner = Case(When(assigned_to=None, then=None), default=full_name("assigned_to__"))
    return leads.rows().annotate(assigned_to_name=owner, tag_ids=ArraySubquery(tags))


def columns(organization, keys=()):
    """{name: Column}; `keys` are names of columns for custom fields that nobody has defined."""
    plain = columns_of(Lead.objects.rows()) | {
        "assigned_to_name": Column("r.assigned_to_name"),
        "tags": Column(TAGS),
    }
    found = {name: plain[name] for name in ORDER}
    defined = definitions(organization)
    own = [key for key, one in defined.items() if one.state not in HIDDEN]
    more = [name.removeprefix(CUSTOM) for name in keys if name.startswith(CUSTOM)]
    for key in [*own, *(key for key in more if key not in defined)]:
        number = key in defined and defined[key].kind in (Kind.NUMBER, Kind.MONEY)
        found[f"{CUSTOM}{key}"] = Column(SHOWN, (key, key, key), is_number=number)
    return found | {REST: Column("NULLIF(r.custom_fields::text, '{}')")}


def keys(leads):
    """The keys of custom fields that these leads have values of; where there are too many, all of them in one column."""
    key = Func(F("custom_fields"), function="jsonb_object_keys", output_field=TextField())
    found = leads.annotate(custom_key=key).order_by().values_list("custom_key", flat=True).distinct()
    names = [f"{CUSTOM}{name}" for name in sorted(found[: MOST_KEYS + 1])]
    return [*names[:MOST_KEYS], *([REST] if len(names) > MOST_KEYS else [])]


def of_view(names):
    """The columns that stand for those of a saved view: who it is, then what the list shows, in numbers and in words."""
    wanted = ["id", "first_name", "last_name"]
    for name in names:
        wanted += [name, BESIDE[name]] if name in BESIDE else [name]
    return wanted
