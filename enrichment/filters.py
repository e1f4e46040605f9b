from django.db.models import Q
from rest_framework.exceptions import ValidationError

from enrichment.linkedin import KIND
from enrichment.records import KINDS
from lio.api.fields import INT8, Text, Whole
from lio.filters import MAX_SEARCH, Filter, ListFilter, equal


class OfKind(Text):
    def to_internal_value(self, data):
        if data not in KINDS:
            raise ValidationError(f"must be one of {', '.join(KINDS)}")
        return data


class ProposalFilter(ListFilter):
    filters = {
        "model_type": Filter(OfKind(), lambda value, caller: Q(model_type=value)),
        "model_id": equal("model_id", Whole(min_value=0, max_value=INT8)),
    }
    search_in = ("value", "source")
    sorts = {
        name: name
        for name in ("id", "model_type", "model_id", "of", "field", "source", "confidence", "run_id", "verified", "why",
                     "state", "created_at")
    }


class LinkedInFilter(ListFilter):
    """The newest first, unless asked otherwise: who was enriched again is new again."""

    search_kind = KIND
    filters = {"search": Filter(Text(max_length=MAX_SEARCH), lambda value, caller: Q())}  # another name of search_value
    sorts = {name: name for name in ("id", "name", "headline", "company", "email", "linkedin_url", "lead_id", "created_at")}
    nullable = frozenset({"lead_id"})

    def __init__(self, params, caller):
        super().__init__(params, caller)
        self.search = self.search or (self.values.get("search") or "").strip()

    def _order(self, params, errors):
        given = {"order_by": params.get("order_by") or "created_at", "order_in": params.get("order_in")}
        return super()._order(given, errors)
