from django.db.models import Case, Q, Value, When

from leads.filters import Holders
from lio.api.fields import Flag, Text
from lio.filters import Filter, ListFilter, any_of, since, until


class AlertFilter(ListFilter):
    date_field = "occurred_at"
    filters = {
        "from_date": since("occurred_at"),
        "to_date": until("occurred_at"),
        "lead_id": any_of("lead_id"),
        "assigned_to_id": Filter(Holders(), lambda value, caller: Q(lead__assigned_to__in=_owners(value, caller)), many=True),
        "signal_type": Filter(Text(max_length=24), lambda value, caller: Q(signal_type=value)),
        "is_acknowledged": Filter(Flag(), lambda value, caller: Q(acknowledged_at__isnull=not value)),
    }
    ranges = (("start_date", "end_date"), ("from_date", "to_date"))
    search_in = ("signal_type", "source")
    sorts = {name: name for name in (
        "id", "lead_id", "signal_type", "source", "occurred_at", "acknowledged_at", "created_at", "outcome", "outcome_note",
        "is_acknowledged")} | {
            "assigned_to_id": "lead__assigned_to_id",
            "acknowledged_by": "acknowledged_by_id", "first_response_at": "responded_at", "response_hours": "response_minutes"}
    nullable = frozenset({"source", "acknowledged_at", "outcome", "outcome_note", "lead__assigned_to_id", "acknowledged_by_id",
                          "responded_at", "response_minutes"})


    @property
    def sort_expression(self):
        if self.order[0] != "is_acknowledged":
            return None
        return Case(When(acknowledged_at=None, then=Value(False)), default=Value(True))


def _owners(value, caller):
    return [getattr(caller, "pk", None)] if value is True else value

