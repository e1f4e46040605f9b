from django.db.models import Q
from rest_framework.exceptions import ValidationError

from lio.api.fields import Ids
from lio.filters import Filter, ListFilter, any_of


class States(Ids):
    def to_internal_value(self, data):
        states = super().to_internal_value(data)
        if set(states) - {0, 1}:
            raise ValidationError("must be 1 (active) or 0 (inactive)")
        return states


STATE = Filter(States(), lambda states, caller: Q(is_active__in=[bool(state) for state in states]), many=True)


class UserFilter(ListFilter):
    filters = {"role_id": any_of("role_id"), "state_id": STATE}
    search_in = ("first_name", "last_name", "email", "phone_no")
    sorts = {
        name: name
        for name in (
            "id",
            "email",
            "first_name",
            "last_name",
            "phone_no",
            "role_id",
            "language",
            "timezone",
            "created_at",
            "organization_id",
        )
    } | {"name": "first_name", "state_id": "is_active", "role_name": "role__name", "booking_slug": "id"}

    def __init__(self, params, caller):
        super().__init__(params, caller)
        if "state_id" not in self.values:  # active members, unless asked otherwise (R12)
            self.condition &= Q(is_active=True)


class RoleFilter(ListFilter):
    filters = {"state_id": STATE}
    search_in = ("name", "description")
    sorts = {"id": "id", "name": "name", "description": "description", "state_id": "is_active", "created_at": "created_at"}


class ApiKeyFilter(ListFilter):
    search_in = ("name",)
    sorts = {name: name for name in ("id", "name", "prefix", "expires_at", "last_used_at", "created_at")} | {
        "state_id": "is_usable"
    }
    nullable = frozenset({"expires_at", "last_used_at"})
