"""Deals as the lists of the forecast show them."""

from typing import Any, ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db.models import Case, CharField, DateField, F, Func, IntegerField, Q, Value, When
from django.db.models.functions import Cast, Greatest, Now

from deals.filters import quiet, stuck
from deals.models import Deal, DealQuerySet, weighted

OVERDUE, STALLED, INACTIVE = "overdue", "stalled", "inactive"


class Today(Func):
    """The day that it is where the organisation is."""

    template, output_field = "(statement_timestamp() AT TIME ZONE %(expressions)s)::date", DateField()

    def __init__(self):
        super().__init__(F("organization__timezone"))


def overdue():
    return Q(closed_at=None, expected_close_date__lt=Today())


RISKS = {OVERDUE: overdue, STALLED: lambda: stuck(Now()), INACTIVE: lambda: quiet(Now())}  # R54


def reasons():
    """The reasons for which an open deal is at risk, as an array."""
    texts = [Case(When(risk(), then=Cast(Value(name), CharField())), default=None) for name, risk in RISKS.items()]
    return Func(*texts, template="array_remove(ARRAY[%(expressions)s]::text[], NULL)", output_field=ArrayField(CharField()))


def days_overdue():
    late = Func(Today(), F("expected_close_date"), template="(%(expressions)s)", arg_joiner=" - ", output_field=IntegerField())
    return Greatest(Value(0), late)


class AtRiskQuerySet(DealQuerySet):
    def with_days_overdue(self):
        """With the column that they can be sorted by."""
        return self.annotate(days_overdue=days_overdue())

    def rows(self):
        return self.values(
            "id", "title", "value", "expected_close_date", "lead_id", "pipeline_id", "stage_id", deal_id=F("id"),
            assigned_to_=F("assigned_to_id"), reasons=reasons(), days_overdue=days_overdue(),
        )


class DealAtRisk(Deal):
    objects: ClassVar[Any] = AtRiskQuerySet.as_manager()

    class Meta:
        proxy = True
        verbose_name, verbose_name_plural = "deal at risk", "deals at risk"


class ContributorQuerySet(DealQuerySet):
    def with_weighted(self):
        """With the column that they can be sorted by."""
        return self.annotate(weighted=weighted())

    def rows(self):
        return self.values(
            "id", "title", "lead_id", "stage_id", "value", "expected_close_date", "category", deal_id=F("id"),
            probability=F("stage__probability"), weighted_value=weighted(), assigned_to_=F("assigned_to_id"),
            stage_name=F("stage__name"),
        )


class Contributor(Deal):
    """An open deal behind a month of the forecast."""

    objects: ClassVar[Any] = ContributorQuerySet.as_manager()

    class Meta:
        proxy = True
