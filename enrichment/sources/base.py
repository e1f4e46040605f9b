"""What the built-in sources share."""

from typing import Any

from integrations.ports import Finding, Found


class Builtin:
    """A source that asks nobody: it costs nothing and opens no connection but to our own database."""

    name = ""
    provider = "builtin"
    cost = 0

    def says(self, of: str, field: str, value: Any, confidence: float, why: str, *, verified: bool = False) -> Finding:
        return Finding(of, field, value, self.name, confidence, verified, why)


def found(findings: list[Finding], problem: str = "") -> Found:
    """The answer that has these findings; without any it is no hit, and `problem` says why."""
    return Found(findings, bool(findings), "" if findings else problem)


def known_value(known: list[Finding], of: str, field: str) -> Any:
    """The first value that the sources before have for a field, "" where they have none."""
    return next((finding.value for finding in known if (finding.of, finding.field) == (of, field)), "")


def words(text: str) -> frozenset[str]:
    """A set written as a text."""
    return frozenset(text.split())
