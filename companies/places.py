"""Countries: how people write them, their two-letter codes, clocks and languages."""

import re
import unicodedata
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from zoneinfo import ZoneInfo

from django.utils.timezone import now

# how people write countries that the table of zones calls otherwise; the first of them is the name that we use
ALSO = {
    "US": ("United States", "usa", "u.s.", "u.s.a.", "united states of america", "america"),
    "GB": ("United Kingdom", "uk", "u.k.", "great britain", "england", "scotland", "wales", "northern ireland"),
    "KR": ("South Korea", "korea", "republic of korea"),
    "KP": ("North Korea",),
    "CZ": ("Czechia", "czech republic", "česko"),
    "DE": ("Germany", "deutschland", "allemagne", "alemania", "germania", "duitsland"),
    "AT": ("Austria", "österreich", "autriche", "oostenrijk"),
    "CH": ("Switzerland", "schweiz", "suisse", "svizzera", "zwitserland", "suiza"),
    "FR": ("France", "frankreich", "francia", "frankrijk"),
    "ES": ("Spain", "españa", "spanien", "espagne", "spanje"),
    "IT": ("Italy", "italia", "italien", "italie"),
    "NL": ("Netherlands", "the netherlands", "holland", "nederland", "niederlande", "pays-bas"),
    "BE": ("Belgium", "belgië", "belgique", "belgien"),
    "PT": ("Portugal",),
    "BR": ("Brazil", "brasil", "brasilien"),
    "MX": ("Mexico", "méxico"),
    "AE": ("United Arab Emirates", "uae"),
    "TR": ("Turkey", "türkiye", "türkei"),
    "IE": ("Ireland", "republic of ireland"),
    "SE": ("Sweden", "sverige", "schweden"),
    "NO": ("Norway", "norge"),
    "DK": ("Denmark", "danmark", "dänemark"),
    "FI": ("Finland", "suomi"),
    "PL": ("Poland", "polska", "polen"),
    "VN": ("Vietnam", "viet nam"),
    "PH": ("Philippines", "the philippines"),
    "RU": ("Russia", "russian federation"),
    "MM": ("Myanmar",),
    "CD": ("DR Congo", "democratic republic of the congo"),
    "CG": ("Congo", "republic of the congo"),
    "BA": ("Bosnia and Herzegovina", "bosnia"),
    "WS": ("Samoa",),
    "XK": ("Kosovo",),  # not in the table of countries
}
# the language that most people of a country do business in, where there is one
LANGUAGES = {
    code: language
    for language, codes in {
        "en": "US GB IE AU NZ", "de": "DE AT LI", "fr": "FR MC", "it": "IT SM", "nl": "NL", "pt": "PT BR AO MZ", "sv": "SE",
        "es": "ES MX AR CO CL PE EC UY PY VE BO CR PA GT HN SV NI DO CU", "da": "DK", "nb": "NO", "fi": "FI", "pl": "PL",
        "cs": "CZ", "sk": "SK", "hu": "HU", "ro": "RO", "bg": "BG", "el": "GR", "hr": "HR", "sl": "SI", "tr": "TR", "ru": "RU",
        "uk": "UA", "ja": "JP", "ko": "KR", "zh": "CN TW", "th": "TH", "vi": "VN", "id": "ID", "he": "IL", "is": "IS",
        "et": "EE", "lv": "LV", "lt": "LT",
    }.items()
    for code in codes.split()
}  # fmt: skip


def country_code(country):
    """The two-letter code of a country by its code or one of its names, else ""."""
    return _codes().get(_key(country), "")


def country_name(code):
    """The English name of a country by its two-letter code, else ""."""
    return _names().get((code or "").upper(), "")


def zones(country):
    """Names of the time zones of a country (name or code), the most peopled first as the table of zones has it."""
    return _zones().get(country_code(country), ())


def zone(country, city=""):
    """The one time zone of a country, or of that city of it after which a zone is called; "" where neither tells."""
    found = zones(country)
    clocks = {tuple(moment.astimezone(ZoneInfo(name)).utcoffset() for moment in _moments()) for name in found}
    if len(clocks) == 1:
        return found[0]
    wanted = _key(city).replace(" ", "_")
    return next((name for name in found if wanted and _key(name.rpartition("/")[2]) == wanted), "")


def local_time(country, moment=None):
    """`10:42` in a country (its English name or two-letter code) at `moment`, by default now; "" where its clocks differ."""
    moment = moment or now()
    clocks = {moment.astimezone(ZoneInfo(name)).replace(tzinfo=None) for name in zones(country)}
    return f"{_only(clocks):%H:%M}" if len(clocks) == 1 else ""


def _only(clocks: set[datetime]):
    (clock,) = clocks
    return clock


def _moments():
    """A winter's and a summer's day of this year: zones that agree on both keep the same time."""
    return [datetime(datetime.now(UTC).year, month, 15, tzinfo=UTC) for month in (1, 7)]


def _key(text):
    text = unicodedata.normalize("NFKD", (text or "").strip().lower())
    return re.sub(r"\s+", " ", "".join(char for char in text if not unicodedata.combining(char)))


@cache
def _codes():
    named = {}
    for code, names in (*ALSO.items(), *((code, (name,)) for code, name in _table("iso3166.tab"))):
        for word in (code, *names):
            named[_key(word)] = code
    return named


@cache
def _names():
    return dict(_table("iso3166.tab")) | {code: names[0] for code, names in ALSO.items()}


@cache
def _zones():
    """{code: its time zones} from the tables of the time zone database."""
    found: dict[str, tuple[str, ...]] = {}
    for code, _, name, *_ in _table("zone.tab"):
        found[code] = (*found.get(code, ()), name)
    return found


def _table(name):
    lines = files("tzdata").joinpath("zoneinfo", name).read_text(encoding="utf-8").splitlines()
    return [line.split("\t") for line in lines if line and not line.startswith("#")]
