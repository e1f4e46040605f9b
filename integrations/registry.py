"""Which services there are, and which of them an organisation has connected: the only way to an adapter."""

from collections.abc import Callable
from dataclasses import dataclass, field

import structlog

from integrations.models import Connection
from integrations.ports import Enricher
from lio.secrets import Unreadable

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Provider:
    """A service. `sends` says in plain words what leaves this machine; `make(key, options)` gives its adapter.

    `options` are what an admin may choose, {name: default}; `cost` is among them where a hit is to be paid for.
    """

    name: str
    label: str
    does: str
    sends: str
    make: Callable[[str, dict], Enricher]
    needs_key: bool = False
    options: dict = field(default_factory=dict)


# Adapters are loaded when they are used: what they need takes longer to load than all else that the web process does.
def _website(key, options):
    from integrations.vendors.website import Website

    return Website()


def _people_data_labs(key, options):
    from integrations.vendors.pdl import PeopleDataLabs

    return PeopleDataLabs(key, **options)


PROVIDERS = {
    provider.name: provider
    for provider in (  # in the order in which they are asked: what costs nothing first
        Provider(
            "website",
            "Company website",
            "Reads a company's own home page, and one page about or to contact it: name, address, phone, size, profiles.",
            "The company's own server sees that somebody reads its page, and this installation's address. Nothing of yours is "
            "sent.",
            _website,
        ),
        Provider(
            "pdl",
            "People Data Labs",
            "Looks people and companies up in a commercial database: job title, seniority, phone, profiles, industry, size.",
            "Name, email, phone number, LinkedIn address and company of the lead or contact, or name and website of the "
            "company, go to People Data Labs, who charge you for each hit.",
            _people_data_labs,
            needs_key=True,
            options={"cost": 1, "min_likelihood": 6},
        ),
    )
}


def enrichers(organization):
    """The adapters that `organization` has connected and that work, in the order in which they are to be asked.

    They hold no connection to the database. Must be called inside the organisation's scope.
    """
    rows = {row.provider: row for row in Connection.objects.of(organization).filter(state=Connection.State.CONNECTED)}
    found = []
    for provider in PROVIDERS.values():
        if row := rows.get(provider.name):
            try:
                found.append(made(row))
            except Unreadable:
                log.warning("secret_unreadable", provider=provider.name, organization=row.organization_id)
    return found


def made(row):
    """The adapter of one connection. Raises lio.secrets.Unreadable."""
    provider = PROVIDERS[row.provider]
    return provider.make(row.key, {name: row.options.get(name, default) for name, default in provider.options.items()})
