"""The built-in sources of enrichment, in the order in which they are asked. None of them opens a connection to anybody else."""

from enrichment.sources.email_domain import EmailDomain
from enrichment.sources.job_title import JobTitle
from enrichment.sources.linkedin import LinkedIn
from enrichment.sources.names import NameParts
from enrichment.sources.own_data import OwnData
from enrichment.sources.phone import Phone
from enrichment.sources.place import Place
from integrations.ports import Enricher

# What the organisation has on record comes before guesses at the same thing.
BUILTIN: list[Enricher] = [OwnData(), EmailDomain(), NameParts(), LinkedIn(), Phone(), JobTitle(), Place()]


def builtin(organization) -> list[Enricher]:
    """The built-in sources for an organisation (or its id), whose own data is one of them."""
    return [OwnData(organization) if isinstance(source, OwnData) else source for source in BUILTIN]
