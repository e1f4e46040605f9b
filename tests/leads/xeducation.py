"""The real leads of an online course seller, with their outcome (the shared data's README has source, split and bars)."""

import csv
from hashlib import sha256

from tests.conftest import shared

NUMBERS = ("TotalVisits", "Total Time Spent on Website", "Page Views Per Visit")
AFTERWARDS = {  # what the sales team or another score wrote after the fact, and what tells rows apart
    "Tags", "Lead Quality", "Lead Profile", "Last Notable Activity", "Asymmetrique Activity Index", "Last Activity",
    "Asymmetrique Profile Index", "Asymmetrique Activity Score", "Asymmetrique Profile Score", "Prospect ID", "Lead Number",
    "Converted",
}  # fmt: skip


def rows():
    """[(number of the lead, is of the training part, was converted, {column: value} of the 25 honest columns)]"""
    with open(shared("data/lead-scoring-xeducation/leads.csv"), newline="", encoding="utf-8") as file:
        return [(row["Lead Number"], _trains(row["Prospect ID"]), row["Converted"] == "1", _honest(row))
                for row in csv.DictReader(file)]


def _trains(prospect):
    return int(sha256(prospect.encode()).hexdigest()[:8], 16) % 10 < 7


def _honest(row):
    """Of an empty cell and of one in which nothing was chosen there is no value."""
    there = {name: value for name, value in row.items() if name not in AFTERWARDS and value not in ("", "Select")}
    return there | {name: float(there[name]) for name in NUMBERS if name in there}
