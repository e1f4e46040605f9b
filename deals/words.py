"""The words a deal is found by (contract: search of deal-list)."""

from lio import search


def body(deal):
    return search.document(deal.title, deal.description)
