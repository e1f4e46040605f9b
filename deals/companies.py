"""Deals of companies, by way of their leads: a deal belongs to the company that its lead belongs to, and goes where it goes."""

from deals.models import Deal


def won(organization, most):
    """The companies of won deals, those of the deals that were won last first (lio.registry.won). Found by index."""
    deals = Deal.objects.of(organization).alive().won().filter(closed_at__isnull=False, lead__company__isnull=False)
    return list(deals.order_by("-closed_at", "-pk").values_list("lead__company_id", flat=True)[:most])
