from django.contrib import admin

from integrations import connections
from integrations.models import Connection
from lio.admin.base import Shown
from lio.clientip import client_ip


@admin.register(Connection)
class ConnectionAdmin(Shown):
    """Connected services; never a secret. They are connected on the settings page."""

    verbs = {"view": "organization.manage", "act": "organization.manage"}
    has_history = True
    list_display = ["provider", "state", "reason", "connected_by", "connected_at", "checked_at"]
    list_filter = ["state"]
    list_select_related = ["connected_by"]
    ordering = ["provider"]
    fields = ["provider", "state", "reason", "options", "connected_by", "connected_at", "is_checking", "checked_at"]
    actions = ["disconnect"]

    @admin.action(description="Disconnect selected services", permissions=["act"])
    def disconnect(self, request, queryset):
        def end(row):
            connections.disconnect(self.organization(request), row.provider, by=request.user, ip=client_ip(request))

        self.each(request, queryset.exclude(state=Connection.State.OFF), end, "Disconnected: {n}.")
