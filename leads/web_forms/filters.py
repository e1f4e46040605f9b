"""The list of forms."""

from lio.filters import ListFilter


class WebFormFilter(ListFilter):
    search_in = ("name", "title")
    sorts = {name: name for name in ("id", "name", "form_link", "is_active", "title", "created_at")} | {
        "url": "form_link",
        "lead_source": "source__number",
        "assigned_to": "assigned_to_id",
        "submission_count": "submissions",
        "view_count": "views",
        "held_count": "held",
    }
    nullable = frozenset({"source__number", "assigned_to_id"})
