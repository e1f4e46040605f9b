from django.db.models import Q
from django.utils.timezone import now
from rest_framework.exceptions import ValidationError

from booking.meetings import LONGEST
from booking.models import Meeting
from leads.filters import Holders
from lio.api.fields import INT8, Flag, Ids, Text, Whole
from lio.filters import Filter, any_of, equal, since, until
from lio.grammar import Column
from lio.models import Change
from lookups.filters import OwnFilter

WHEN = {  # what a meeting is to its reader, by the clock; the index knows when they begin, and none lasts longer than LONGEST
    "coming": lambda moment: Q(end_time__gte=moment, start_time__gte=moment - LONGEST, status__in=Meeting.BLOCKING),
    "unsettled": lambda moment: Q(end_time__lt=moment, start_time__lt=moment, status__in=Meeting.BLOCKING),
    "past": lambda moment: Q(end_time__lt=moment, start_time__lt=moment),
}


class Statuses(Ids):
    def to_internal_value(self, data):
        found = super().to_internal_value(data)
        if not set(found) <= set(Meeting.Status.values):
            raise ValidationError("must be of 1 to 5")
        return found


class When(Text):
    def to_internal_value(self, data):
        text = super().to_internal_value(data)
        if text not in WHEN:
            raise ValidationError(f"must be one of {', '.join(WHEN)}")
        return text


def hosted_by(value, caller):
    return Q(host__in=[getattr(caller, "pk", None) if caller.is_member else None] if value is True else value)


def changed_in(value, caller):
    return Q(pk__in=Change.objects.filter(change_id=value, model_type="meeting").values("model_id"))


def _id():
    return Whole(min_value=1, max_value=INT8)


class MeetingFilter(OwnFilter):
    module = "meeting"
    columns = {
        **{name: Column("text", name) for name in ("title", "description", "location", "meeting_tool", "timezone")},
        **{name: Column("id", name) for name in ("lead_id", "contact_id", "company_id", "status")},
        "user_id": Column("person", "host_id"), "is_booked": Column("flag", "exclusive"),
        **{name: Column("moment", name) for name in ("start_time", "end_time", "created_at", "updated_at")},
    }  # fmt: skip
    filters = {
        "lead_id": equal("lead", _id()),
        "contact_id": equal("contact", _id()),
        "company_id": equal("company", _id()),
        "user_id": Filter(Holders(), hosted_by, many=True),
        "status": Filter(Statuses(), lambda value, caller: any_of("status").rule(value, caller), many=True),
        "when": Filter(When(max_length=20), lambda value, caller: WHEN[value](now())),
        "is_booked": Filter(Flag(), lambda value, caller: Q(exclusive=value)),
        "from": since("start_time"),
        "to": until("start_time"),
        "start_from": since("start_time"),
        "start_to": until("start_time"),
        "change_id": Filter(_id(), changed_in),
    }
    ranges = (("start_date", "end_date"), ("from", "to"), ("start_from", "start_to"))
    date_field = "start_time"
    search_kind = "meeting"
    sorts = {name: name for name in ("id", "start_time", "end_time", "title", "status", "created_at", "updated_at", "lead_id",
                                     "contact_id", "company_id", "timezone", "location", "meeting_tool", "description",
                                     "meeting_url")}
    sorts |= {"user_id": "host_id", "is_booked": "exclusive"}
    nullable = frozenset({"lead_id", "contact_id", "company_id"})
