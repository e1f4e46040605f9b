"""Days of the forecast are those of the organisation's time zone: a deal won on the 31st at night is that month's."""

from zoneinfo import ZoneInfo

from django.utils.timezone import now

from accounts.models import Organization
from lio.tenancy import current_organization_id


def zone():
    """The time zone of the organisation whose scope is open."""
    name = Organization.objects.filter(pk=current_organization_id()).values_list("timezone", flat=True).first()
    return ZoneInfo(name or "UTC")


def today():
    return now().astimezone(zone()).date()
