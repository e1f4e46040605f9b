"""Months as whole numbers, twelve times the year and the month from 0: so one can count with them."""

import re
from datetime import date

PERIODS = ("monthly", "quarterly")


def month_of(day):
    """The month in which a day (or moment) lies."""
    return day.year * 12 + day.month - 1


def first_day(month):
    return date(month // 12, month % 12 + 1, 1)


def position(month):
    """Whether it is the first (0), second or third (2) month of its quarter."""
    return month % 3


def name_of(month):
    """2017-12"""
    return f"{month // 12:04}-{month % 12 + 1:02}"


def quarter_name(month):
    """2017-Q4"""
    return f"{month // 12:04}-Q{month % 12 // 3 + 1}"


def read_month(text):
    """The month that `YYYY-MM` names. Raises ValueError."""
    if not isinstance(text, str) or not re.fullmatch(r"(19|20|21)[0-9]{2}-(0[1-9]|1[0-2])", text):
        raise ValueError("must be a month, like 2026-06")
    return int(text[:4]) * 12 + int(text[5:]) - 1
