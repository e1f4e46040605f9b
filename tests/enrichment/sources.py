"""Small sources of facts for tests, connected the way a vendor is: real Enrichers, which answer what the test tells them."""

from dataclasses import dataclass, field

from django.db import connection
from django.utils.timezone import now

from integrations import registry
from integrations.models import Connection
from integrations.ports import Finding, Found


@dataclass
class Directory:
    """Knows `facts`: {(of, field): (value, confidence)} or a function of the query that answers such a dict."""

    name: str = "directory"
    provider: str = "directory"
    cost: int = 1
    facts: object = field(default_factory=dict)
    error: Exception | None = None
    verified: bool = False
    queries: list = field(default_factory=list)
    in_transaction: list = field(default_factory=list)

    def find(self, query, known):
        self.queries.append(query)
        self.in_transaction.append(connection.in_atomic_block)
        if self.error:
            raise self.error
        facts = self.facts(query) if callable(self.facts) else self.facts
        findings = [Finding(of, name, value, self.name, confidence, self.verified, "it is listed")
                    for (of, name), (value, confidence) in facts.items()]
        return Found(findings, hit=bool(findings) and self.cost > 0, problem="" if findings else "Not listed.")


def connect(organization, source, monkeypatch):
    """Put `source` into the registry of services and connect it to the organisation. Inside its scope. Answers it."""
    provider = registry.Provider(source.provider, source.provider.title(), "", "", lambda key, options: source)
    monkeypatch.setitem(registry.PROVIDERS, source.provider, provider)
    Connection.objects.create(organization=organization, provider=source.provider, state=Connection.State.CONNECTED,
                              connected_at=now())
    return source
