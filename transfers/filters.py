from django.db.models import Q

from lio.api.fields import Text
from lio.filters import Filter, ListFilter


class ImportFilter(ListFilter):
    filters = {"type": Filter(Text(max_length=50), lambda value, caller: Q(type=value.strip().lower()))}
    search_in = ("type", "file_name")
    sorts = {
        name: name
        for name in (
            "id",
            "type",
            "file_name",
            "total",
            "processed",
            "succeeded",
            "created",
            "merged",
            "failed",
            "skipped",
            "created_at",
        )
    } | {"status": "state", "state": "state", "completed_at": "finished_at"}
    nullable = frozenset({"finished_at"})


class ExportFilter(ListFilter):
    search_in = ("export_type", "file_name")
    sorts = {
        name: name
        for name in (
            "id",
            "export_type",
            "format",
            "row_count",
            "total",
            "size",
            "file_name",
            "timezone",
            "problem",
            "state",
            "created_at",
            "expires_at",
        )
    } | {"status": "state", "completed_at": "finished_at"}
    nullable = frozenset({"finished_at", "expires_at"})
