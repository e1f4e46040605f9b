"""Connected services over the API. No answer ever holds a key."""

from datetime import datetime

from integrations import connections
from integrations.models import Connection
from integrations.serializers import ChangeService
from lio.api.envelope import Envelope
from lio.api.schema import documented
from lio.api.views import LioView
from lio.clientip import client_ip

SERVICE = {
    "provider": str, "label": str, "does": str, "sends": str, "needs_key": bool, "state": str, "is_checking": bool,
    "reason": str, "cost": int, "connected_at": datetime | None, "checked_at": datetime | None,
}  # fmt: skip
SERVICES = {"services": [SERVICE]}


class Services(LioView):
    """The sources of enrichment beyond what is built in, in the order in which they are asked."""

    permissions = {"get": "organization.manage", "post": "organization.manage"}
    input_class = ChangeService

    @documented("Services that can be connected", answer=SERVICES)
    def get(self, request):
        return self.shown()

    @documented("Connect a service, or disconnect it", input=ChangeService, answer=SERVICES)
    def post(self, request):
        given = ChangeService.read(request.data)
        provider, key, who = given.pop("provider"), given.pop("key", "") or "", {"by": request.user, "ip": client_ip(request)}
        if given.pop("connected"):
            connections.connect(self.organization, provider, key=key, options=given, **who)
        else:
            connections.disconnect(self.organization, provider, **who)
        return self.shown("Service changed")

    def shown(self, message=""):
        rows = connections.services(self.organization)
        return Envelope({"services": [service(provider, row or Connection()) for provider, row in rows]}, message)


def service(provider, row):
    return {
        "provider": provider.name, "label": provider.label, "does": provider.does, "sends": provider.sends,
        "needs_key": provider.needs_key, "state": row.state, "is_checking": row.is_checking, "reason": row.reason,
        "cost": connections.cost(provider, row), "connected_at": moment(row.connected_at), "checked_at": moment(row.checked_at),
    }  # fmt: skip


def moment(at):
    return at and f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}Z"
