"""The words a company is found by (contract: search of company-list)."""

from lio import search

COLUMNS = ("company_name", "website", "contact_email", "city", "country")


def body(row):
    return search.document(*(getattr(row, name) for name in COLUMNS))


def write(rows):
    search.write_many("company", [(row.pk, body(row)) for row in rows])
