from django.db.models import Q

from lio.api.fields import Flag, Text, Whole
from lio.filters import Filter, ListFilter
from lookups.edit import kind_of


class LookupFilter(ListFilter):
    date_field = None
    filters = {
        "module_name": Filter(Text(max_length=50), lambda value, caller: Q(module_name=value.strip().lower())),
        "type": Filter(Text(max_length=50), lambda value, caller: Q(type=kind_of(value))),
        "is_active": Filter(Flag(), lambda value, caller: Q(is_active=value)),
        "parent_id": Filter(Whole(max_value=2**53), lambda value, caller: Q(parent__number=value)),
    }
    search_in = ("name", "value")
    sorts = {"id": "number", "module_name": "module_name", "type": "type", "name": "name", "value": "value",
             "color_code": "color_code", "is_active": "is_active", "is_system": "is_system", "parent_id": "parent__number"}
    nullable = frozenset({"parent__number"})


class CustomFieldFilter(ListFilter):
    date_field = None
    filters = {
        "module_name": Filter(Text(max_length=50), lambda value, caller: Q(module_name=value.strip().lower())),
        "state": Filter(Text(max_length=10), lambda value, caller: Q(state=value.strip().lower())),
    }
    search_in = ("key", "label")
    sorts = {name: name for name in ("id", "module_name", "key", "label", "kind", "required", "is_unique", "position", "state",
                                     "created_at")}
