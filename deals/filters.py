from datetime import date, timedelta

from django.db.models import DateTimeField, DurationField, ExpressionWrapper, F, Func, Q
from django.db.models.functions import Greatest
from django.db.models.lookups import LessThan
from django.utils.timezone import now
from rest_framework.exceptions import ValidationError

from accounts.filters import STATE
from deals.models import DealContact
from leads.filters import Holders, held_by
from lio.api.fields import INT8, Flag, Money, Text, Whole
from lio.filters import Edge, Filter, ListFilter, any_of, at_least, at_most, same_text
from lio.grammar import Column, Period
from lio.models import Change
from lookups.filters import OwnFilter

QUIET = timedelta(days=14)  # without activity on deal or lead a deal rots (R54)
OUTCOMES = {"open": Q(closed_at=None), "won": Q(stage__is_won=True), "lost": Q(stage__is_lost=True)}


class DayEdge(Edge):
    """One end of a range of plain dates; a word like @this_month stands for its first or its last day."""

    def __init__(self, column, *, last):
        super().__init__(last=last)
        self.column = column

    def run_validation(self, data):
        if period := Period.read(data, marked=True):
            return period
        try:
            return date.fromisoformat(data[:10])
        except (TypeError, ValueError):
            raise ValidationError("must be an ISO date, like 2026-06-15") from None

    def rule(self, value, caller):
        if isinstance(value, Period):
            first, after = value.days(caller)
            value = after - timedelta(days=1) if self.last else first
        return Q(**{f"{self.column}__{'lte' if self.last else 'gte'}": value})


def day(column, *, last):
    edge = DayEdge(column, last=last)
    return Filter(edge, edge.rule)


class Outcomes(Text):
    """open, won, lost, or several of them with commas."""

    def to_internal_value(self, data):
        names = {name.strip() for name in super().to_internal_value(data).split(",")}
        if not names <= OUTCOMES.keys():
            raise ValidationError(f"must be of {', '.join(OUTCOMES)}")
        return names


def with_outcome(value, caller):
    found = Q(pk__in=[])
    for name in value:
        found |= OUTCOMES[name]
    return found


def quiet(moment):
    """Open, and nothing happened on deal or lead for 14 days (R54)."""
    last = Greatest("last_activity_at", "lead__last_activity_at", "created_at")
    return Q(closed_at=None) & Q(LessThan(last, moment - QUIET))


def stuck(moment):
    """Open, and longer in its stage than that allows (R54)."""
    days = Func("stage__max_days_in_stage", template="make_interval(days => %(expressions)s)", output_field=DurationField())
    until = ExpressionWrapper(F("entered_stage_at") + days, output_field=DateTimeField())
    return Q(closed_at=None, stage__max_days_in_stage__isnull=False) & Q(LessThan(until, moment))


def rotting(value, caller):
    found = quiet(now()) | stuck(now())
    return found if value else ~found


def of_contact(value, caller):
    return Q(pk__in=DealContact.objects.filter(contact_id=value).values("deal_id"))


def changed_in(value, caller):
    return Q(pk__in=Change.objects.filter(change_id=value, model_type="deal").values("model_id"))


class PipelineFilter(ListFilter):
    filters = {"state_id": STATE}
    search_in = ("name", "description", "region")
    sorts = {name: name for name in ("id", "name", "description", "max_deal_limit", "region", "position", "created_at",
                                     "updated_at")} | {"state_id": "is_active", "asks_api": "asks_api"}
    nullable = frozenset({"max_deal_limit", "region"})


class DealFilter(OwnFilter):
    module = "deal"
    columns = {
        **{name: Column("text", name) for name in ("title", "description", "next_step", "lost_reason", "category", "currency")},
        **{name: Column("id", name) for name in ("lead_id", "pipeline_id", "stage_id", "priority")},
        "company": Column("text", "lead__company__company_name"), "company_id": Column("id", "lead__company_id"),
        "assigned_to": Column("person", "assigned_to_id"), "created_by": Column("person", "created_by_id"),
        "value": Column("number", "value"), "moved_close_dates": Column("number", "moved_close_dates"),
        **{name: Column("day", name) for name in ("expected_close_date", "next_step_on")},
        **{name: Column("moment", name) for name in ("created_at", "updated_at", "last_activity_at", "closed_at",
                                                     "entered_stage_at")},
    }
    filters = {
        "lead_id": any_of("lead_id"),
        "pipeline_id": any_of("pipeline_id"),
        "status": any_of("stage_id"),
        "company_id": any_of("lead__company_id"),
        "contact_id": Filter(Whole(min_value=1, max_value=INT8), of_contact),
        "assigned_to": Filter(Holders(), held_by, many=True),
        "unassigned": Filter(Flag(), lambda value, caller: Q(assigned_to=None) if value else Q()),
        "priority": any_of("priority"),
        "category": same_text("category"),
        "state": Filter(Outcomes(max_length=20), with_outcome),
        "rotting": Filter(Flag(), rotting),
        "value_min": at_least("value", Money()),
        "value_max": at_most("value", Money()),
        "close_from": day("expected_close_date", last=False),
        "close_to": day("expected_close_date", last=True),
        "change_id": Filter(Whole(min_value=1, max_value=INT8), changed_in),
    }
    aliases = {"stage_id": "status"}
    search_kind = "deal"
    sorts = {name: name for name in (
        "id", "lead_id", "pipeline_id", "stage_id", "title", "value", "currency", "amount", "rate", "expected_close_date",
        "priority", "description", "next_step", "next_step_on", "lost_reason", "category", "category_by_hand", "board_rank",
        "version", "moved_close_dates", "entered_stage_at", "closed_at", "last_activity_at", "created_at", "updated_at")} | {
            "assigned_to": "assigned_to_id", "created_by": "created_by_id", "stage_name": "stage__name",
            "status": "stage__position", "probability": "stage__probability", "priority_text": "priority",
            "weighted_value": "value"}
    nullable = frozenset({"currency", "amount", "rate", "description", "next_step", "next_step_on", "lost_reason", "closed_at",
                          "last_activity_at", "assigned_to_id", "created_by_id"})


class RateFilter(ListFilter):
    date_field = None
    filters = {"currency": same_text("currency"), "day_from": day("day", last=False), "day_to": day("day", last=True)}
    search_in = ("currency", "source")
    sorts = {name: name for name in ("id", "day", "currency", "rate", "source")}
