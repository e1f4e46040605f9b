from rest_framework.exceptions import ValidationError

from booking.models import Meeting
from lio.api.fields import INT8, Ids, Whole
from lio.filters import Filter, ListFilter, any_of, equal, since, until


class Statuses(Ids):
    def to_internal_value(self, data):
        found = super().to_internal_value(data)
        if not set(found) <= set(Meeting.Status.values):
            raise ValidationError("must be of 1 to 5")
        return found


def _id():
    return Whole(min_value=1, max_value=INT8)


class MeetingFilter(ListFilter):
    filters = {
        "lead_id": equal("lead", _id()),
        "contact_id": equal("contact", _id()),
        "company_id": equal("company", _id()),
        "user_id": any_of("host"),
        "status": Filter(Statuses(), lambda value, caller: any_of("status").rule(value, caller), many=True),
        "from": since("start_time"),
        "to": until("start_time"),
    }
    ranges = (("start_date", "end_date"), ("from", "to"))
    date_field = "start_time"
    search_kind = "meeting"
    sorts = {name: name for name in ("id", "start_time", "end_time", "title", "status", "created_at", "updated_at", "lead_id",
                                     "contact_id", "company_id", "timezone", "location", "meeting_tool")}
    sorts |= {"user_id": "host_id"}
    nullable = frozenset({"lead_id", "contact_id", "company_id"})
