"""Values as schema.org has them, and what they are in our fields; "" for what is none."""

import re

from phonenumbers.geodata.locale import LOCALE_DATA

from integrations.vendors.webpage import clean

BANDS = (10, 50, 200, 500, 1000, 5000, 10000)
GENERIC = {"Organization", "Corporation", "LocalBusiness", "OnlineBusiness", "OnlineStore", "Store", "ProfessionalService",
           "NewsMediaOrganization", "EducationalOrganization", "GovernmentOrganization"}  # fmt: skip


def types(thing):
    """The names of what a thing says it is, without the vocabulary's address."""
    found = thing.get("@type")
    return [kind.rsplit("/", 1)[-1] for kind in (found if isinstance(found, list) else [found]) if isinstance(kind, str)]


def industry(kinds):
    """`AutoRepair` -> `Auto repair`; "" for what every company is."""
    for kind in kinds:
        if kind not in GENERIC and re.fullmatch(r"[A-Z][A-Za-z]{3,60}", kind):
            return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", kind).capitalize()
    return ""


def country_name(code):
    """`DE` -> `Germany`; "" for what is no country."""
    names = LOCALE_DATA.get(code, {})
    name = names.get("en", "")
    return names.get(name[1:], "") if name.startswith("*") else name  # "*aa": as in that language


def band(value):
    """How many work there as one of the usual bands: 120 -> `51-200`."""
    if isinstance(value, dict):
        value = value.get("value") or value.get("maxValue") or value.get("minValue")
    if isinstance(value, str):
        numbers = [int(number.replace(",", "").replace(".", "")) for number in re.findall(r"\d[\d.,]{0,11}", value[:40])]
        value = numbers[-1] if numbers else None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 10_000_000:
        return ""
    low = 1
    for high in BANDS:
        if value <= high:
            return f"{low}-{high}"
        low = high + 1
    return "10001+"


def year(value):
    """`2009-05-01` -> `2009`."""
    match = re.match(r"(1[5-9]\d\d|20\d\d)\b", clean(str(value), 30) if isinstance(value, str | int) else "")
    return match[1] if match else ""
