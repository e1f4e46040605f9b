from django.db.models import Q
from rest_framework.exceptions import ValidationError
from rest_framework.fields import ChoiceField

from activity.feed import verbs_with
from activity.models import Attachment
from lio.api.fields import Flag, Text, Whole
from lio.filters import Filter, ListFilter, any_of, equal
from lio.registry import subjects
from lio.search import hits

FEED_TYPES = ("lead", "deal", "contact", "company", "meeting", "call", "pipeline")
SUBJECT_TYPES = ("lead", "deal", "contact", "company", "meeting")
INT8 = 2**63 - 1


class OneOf(ChoiceField):
    def to_internal_value(self, data):
        if not isinstance(data, str) or data not in self.choices:
            raise ValidationError(f"must be one of {', '.join(map(str, self.choices))}")
        return data


class NotificationFilter(ListFilter):
    filters = {"is_read": equal("is_read", Flag()), "type_id": any_of("type_id")}
    search_in = ("title", "message")
    sorts = {name: name for name in ("id", "type_id", "title", "message", "is_read", "model_type", "model_id", "created_at")}
    nullable = frozenset({"model_id"})


class FeedFilter(ListFilter):
    filters = {
        "model_type": equal("model_type", OneOf(choices=FEED_TYPES)),
        "model_id": equal("model_id", Whole(min_value=0, max_value=INT8)),
    }
    sorts = {
        "id": "id",
        "model_type": "model_type",
        "model_id": "model_id",
        "action": "verb",
        "title": "verb",
        "description": "verb",
        "user_id": "by_id",
        "created_at": "created_at",
    }
    nullable = frozenset({"by_id"})

    def narrow(self, rows):
        """Titles are made of verbs, descriptions begin with the record's name: both are found without reading the history."""
        rows = rows.filter(self.condition)
        if not self.search:
            return rows
        found = Q(verb__in=verbs_with(self.search)) | Q(pk=0)  # never without a condition that the database can look at
        for model_type in subjects:
            found |= Q(model_type=model_type, model_id__in=hits(model_type, self.search))
        return rows.filter(found)


class FileFilter(ListFilter):
    filters = {
        "subject_type": equal("model_type", OneOf(choices=SUBJECT_TYPES)),
        "subject_id": equal("model_id", Whole(min_value=0, max_value=INT8)),
        "category": Filter(Text(max_length=50), lambda value, caller: Q(category__iexact=value)),
        "provider": Filter(OneOf(choices=Attachment.Provider.choices), lambda value, caller: Q(provider=value)),
    }
    required = ("subject_type", "subject_id")
    search_in = ("name",)
    sorts = {
        "id": "id",
        "subject_type": "model_type",
        "subject_id": "model_id",
        "provider": "provider",
        "category": "category",
        "name": "name",
        "created_at": "created_at",
    }
