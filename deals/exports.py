"""What an exported file can say of a deal, and which leads are clients (R47)."""

from django.db.models import Case, Exists, F, OuterRef, When

from accounts.models import full_name
from deals.columns import DEFAULT
from deals.models import Deal
from leads.models import Lead
from lio.spreadsheet import Column, columns_of
from lookups.exports import REST, keys, own_columns
from lookups.filters import CUSTOM

__all__ = ["ORDER", "REST", "clients", "columns", "keys", "of_view", "shown"]

ORDER = (
    "id", "title", "lead_id", "lead_name", "company_name", "pipeline_id", "pipeline_name", "stage_id", "stage_name", "status",
    "value", "currency", "amount", "rate", "probability", "weighted_value", "expected_close_date", "priority", "priority_text",
    "category", "assigned_to", "assigned_to_name", "next_step", "next_step_on", "lost_reason", "description",
    "moved_close_dates", "entered_stage_at", "closed_at", "last_activity_at", "created_at", "updated_at",
)  # fmt: skip
DAYS = ("expected_close_date", "next_step_on")
WORDS = {"assigned_to": "assigned_to_name", "priority": "priority_text"}  # column of the list: of the file


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
    return {name: plain[name] for name in ORDER} | own_columns(organization, keys, "deal")


def of_view(names):
    """The columns that stand for those of a saved view: which deal it is, then what the list shows, people by their names."""
    shown_as = [WORDS.get(name, name) for name in names or DEFAULT]
    return ["id", "title", *(name for name in shown_as if name in ORDER or name.startswith(CUSTOM))]


def clients(organization):
    """Leads with at least one won deal."""
    won = Deal.objects.filter(organization=OuterRef("organization"), lead=OuterRef("pk"), deleted_at=None, stage__is_won=True)
    return Lead.objects.of(organization).alive().filter(Exists(won))
