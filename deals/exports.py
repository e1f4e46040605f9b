"""What an exported file can say of a deal, and which leads are clients (R47)."""

from django.db.models import Case, Exists, F, Func, OuterRef, TextField, When

from accounts.models import full_name
from deals.models import Deal
from leads.models import Lead
from lio.spreadsheet import Column, columns_of
from lookups.custom import Kind, State, definitions
from lookups.filters import CUSTOM

ORDER = (
    "id", "title", "lead_id", "lead_name", "company_name", "pipeline_id", "pipeline_name", "stage_id", "stage_name", "status",
    "value", "currency", "amount", "rate", "probability", "weighted_value", "expected_close_date", "priority", "priority_text",
    "category", "assigned_to", "assigned_to_name", "next_step", "next_step_on", "lost_reason", "description",
    "moved_close_dates", "entered_stage_at", "closed_at", "last_activity_at", "created_at", "updated_at",
)  # fmt: skip
DAYS = ("expected_close_date", "next_step_on")
REST = "custom_fields"


def shown(deals):
    return deals.rows().annotate(
        lead_name=full_name("lead__"),
        company_name=F("lead__company__company_name"),
        pipeline_name=F("pipeline__name"),
        assigned_to_name=Case(When(assigned_to=None, then=None), default=full_name("assigned_to__")),
    )


def columns(organization, keys=()):
    """{name: Column}; `keys` are names of columns for custom fields that nobody has defined."""
    plain = columns_of(shown(Deal.objects.all())) | {name: Column(f"r.{name}::text") for name in DAYS}
    found = {name: plain[name] for name in ORDER}
    defined = definitions(organization, "deal")
    own = [key for key, one in defined.items() if one.state not in (State.DROPPED, State.ARCHIVED)]
    more = [name.removeprefix(CUSTOM) for name in keys if name.startswith(CUSTOM)]
    for key in [*own, *(key for key in more if key not in defined)]:
        number = key in defined and defined[key].kind in (Kind.NUMBER, Kind.MONEY)
        found[f"{CUSTOM}{key}"] = Column("r.custom_fields ->> %s", (key,), is_number=number)
    return found | {REST: Column("NULLIF(r.custom_fields::text, '{}')")}


def keys(deals):
    """The keys of custom fields that these deals have values of."""
    key = Func(F("custom_fields"), function="jsonb_object_keys", output_field=TextField())
    found = deals.annotate(custom_key=key).order_by().values_list("custom_key", flat=True).distinct()
    return [f"{CUSTOM}{name}" for name in sorted(found[:100])]


def clients(organization):
    """Leads with at least one won deal."""
    won = Deal.objects.filter(organization=OuterRef("organization"), lead=OuterRef("pk"), deleted_at=None, stage__is_won=True)
    return Lead.objects.of(organization).alive().filter(Exists(won))
