"""What the lists of the forecast understand."""

from datetime import date

from django.db.models import Q
from rest_framework.exceptions import ValidationError

from deals.forecast.lists import RISKS
from deals.forecast.months import first_day, month_of, name_of, read_month
from lio.api.fields import INT8, Text, Whole, Words
from lio.filters import Filter, ListFilter, any_of


class Word(Text):
    """Text that stands for something else, which has no length."""

    def __init__(self, **options):
        super().__init__(**{"allow_null": False, "allow_blank": False, **options})

    def run_validators(self, value):
        pass


class MonthField(Word):
    """YYYY-MM, read as a month (deals/forecast/months.py)."""

    def to_internal_value(self, data):
        try:
            return read_month(super().to_internal_value(data))
        except ValueError as error:
            raise ValidationError(str(error)) from None


class DayField(Word):
    """YYYY-MM-DD, in the years that months may have."""

    def to_internal_value(self, data):
        text = super().to_internal_value(data)
        try:
            day = date.fromisoformat(text)
            read_month(name_of(month_of(day)))
        except ValueError:
            raise ValidationError("must be an ISO date, like 2026-06-15") from None
        return day


class Whose(Text):
    def to_internal_value(self, data):
        if data not in ("me", "all"):
            raise ValidationError("must be me or all")
        return data


def at_risk(names, caller=None):
    found = Q(pk__in=[])
    for name in names:
        found |= RISKS[name]()
    return found


def any_risk():
    """At risk for whatever reason."""
    return at_risk(RISKS)


def whose(value, caller):
    """R54: the lead is the caller's, or the caller made the deal; or it is assigned to them."""
    if value == "all":
        return Q()
    me = caller.pk if caller.is_member else None
    return Q(lead__assigned_to=me) | Q(created_by=me) | Q(assigned_to=me) if me else Q(pk__in=[])


def of_month(month, caller=None):
    return Q(expected_close_date__gte=first_day(month), expected_close_date__lt=first_day(month + 1))


class AtRiskFilter(ListFilter):
    date_field = None
    filters = {
        "status": Filter(Words(RISKS), at_risk),
        "owner": Filter(Whose(max_length=3, default="all"), whose),
        "pipeline_id": any_of("pipeline_id"),
    }
    search_in = ("title",)
    sorts = {"id": "id", "deal_id": "id", "title": "title", "value": "value", "expected_close_date": "expected_close_date",
             "lead_id": "lead_id", "pipeline_id": "pipeline_id", "stage_id": "stage_id", "assigned_to": "assigned_to_id",
             "days_overdue": "days_overdue"}
    nullable = frozenset({"assigned_to_id"})

    def narrow(self, rows):
        rows = super().narrow(rows)
        return rows.with_days_overdue() if self.order[0] == "days_overdue" else rows


class ContributorFilter(ListFilter):
    date_field = None
    filters = {
        "pipeline_id": Filter(Whole(min_value=1, max_value=INT8), lambda value, caller: Q(pipeline=value)),
        "period_month": Filter(MonthField(), of_month),
    }
    required = ("pipeline_id", "period_month")
    search_in = ("title",)
    sorts = {"id": "id", "deal_id": "id", "title": "title", "lead_id": "lead_id", "stage_id": "stage_id", "value": "value",
             "expected_close_date": "expected_close_date", "category": "category", "assigned_to": "assigned_to_id",
             "stage_name": "stage__name", "probability": "stage__probability", "weighted_value": "weighted"}
    nullable = frozenset({"assigned_to_id"})

    def narrow(self, rows):
        rows = super().narrow(rows)
        return rows.with_weighted() if self.order[0] == "weighted" else rows
