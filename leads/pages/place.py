"""What time it is for a lead, where its country tells."""

from datetime import datetime
from functools import cache
from importlib.resources import files
from zoneinfo import ZoneInfo

from django.utils.timezone import now

# how people write countries that the table of zones calls otherwise
ALSO = {
    "GB": ("uk", "united kingdom", "great britain", "england", "scotland", "wales"),
    "KR": ("south korea", "korea"),
    "CZ": ("czechia",),
    "DE": ("deutschland",),
    "AT": ("österreich",),
    "CH": ("schweiz", "suisse"),
    "IT": ("italia",),
    "NL": ("the netherlands", "holland"),
    "AE": ("uae",),
    "TR": ("türkiye",),
    "IE": ("republic of ireland",),
    "SE": ("sverige",),
    "PL": ("polska",),
    "BE": ("belgië", "belgique"),
    "VN": ("viet nam",),
    "PH": ("the philippines",),
}


def local_time(country, moment=None):
    """`10:42` in a country (its English name or two-letter code) at `moment`, by default now; "" where its clocks differ."""
    moment = moment or now()
    clocks = {
        moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None) for zone in _zones().get((country or "").strip().lower(), ())
    }
    return f"{_only(clocks):%H:%M}" if len(clocks) == 1 else ""


def _only(clocks: set[datetime]):
    (clock,) = clocks
    return clock


@cache
def _zones():
    """{country, lower case: its time zones} from the tables of the time zone database."""
    zones: dict[str, list[str]] = {}
    for code, _, zone, *_ in _table("zone.tab"):
        zones.setdefault(code, []).append(zone)
    named = {}
    for code, name in _table("iso3166.tab"):
        for word in (code, name, *ALSO.get(code, ())):
            named[word.lower()] = tuple(zones.get(code, ()))
    return named


def _table(name):
    lines = files("tzdata").joinpath("zoneinfo", name).read_text(encoding="utf-8").splitlines()
    return [line.split("\t") for line in lines if line and not line.startswith("#")]
