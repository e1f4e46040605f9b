"""Events of the caller's calendars over the API (section 6.11)."""

from datetime import UTC, timedelta

from django.utils.timezone import now

from booking import finding, profiles
from booking.api import iso
from booking.calendars import events, given
from booking.finding import BadQuestion
from lio.api.envelope import Envelope
from lio.api.schema import documented
from lio.api.views import LioView
from lio.errors import Forbidden

EVENT = {"id": object, "title": str, "start_time": str, "end_time": str, "attendees": [{"email": str, "name": str}],
         "provider": str}
NEXT, MOST_DAYS = timedelta(days=30), 366
YEARS = 1970, 2200


class CalendarEvents(LioView):
    """Of one calendar: `local` are our own meetings."""

    permissions = {"get": "records.view", "post": "records.edit"}

    @documented("Events of one of the caller's calendars between two moments", query=given.AskEvents,
                body={"success": bool, "message": str, "data": [EVENT], "total": int, "page": int, "limit": int},
                failures=(400, 401, 403, 404, 409))
    def get(self, request, provider):
        events.check(provider)
        since, until = between(given.AskEvents.ask(request.query_params), self.zone())

        def answer(found):
            return Envelope([shown(one) for one in found], total=len(found), page=1, limit=len(found))

        return events.listed(self.caller, provider, since, until, answer)

    @documented("Create an event in one of the caller's calendars, in the provider's shape or in ours", status=201,
                answer=EVENT, input=given.GivenEvent, open=True, failures=(400, 401, 403, 404, 409, 422))
    def post(self, request, provider):
        events.check(provider)
        zone = self.zone()
        return events.added(self.caller, provider, given.read(request.data, zone),
                            lambda found: Envelope(shown(found), "Event created successfully", status=201),
                            key=self.idempotency_key(request) or "")

    def zone(self):
        if self.caller is None:
            raise Forbidden("A key has no calendar of its own. Ask with the token of a member.")
        return profiles.zone(profiles.of(self.caller))


def shown(event):
    return event | {name: iso(event[name]) for name in ("start_time", "end_time")}


def between(asked, zone):
    """[since, until) in UTC: from now on, and for 30 days, unless `asked` says otherwise. Raises BadQuestion."""
    since = finding.edge(asked["from"], zone) if "from" in asked else now().astimezone(UTC)
    if not YEARS[0] <= since.year <= YEARS[1]:
        raise BadQuestion("from: is out of range", fields={"from": ["is out of range"]})
    until = finding.edge(asked["to"], zone, days=1) if "to" in asked else since + NEXT
    if until < since:
        raise BadQuestion("to: is before from", fields={"to": ["is before from"]})
    if (until - since).days > MOST_DAYS:
        raise BadQuestion(f"to: at most {MOST_DAYS} days can be asked for",
                          fields={"to": [f"is over {MOST_DAYS} days away"]})
    return since, until
