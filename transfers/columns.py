"""Which column is which field of a lead, and the body of `POST /api/v1/lead` that a row makes.

    mapping = Mapping.guess(table.header, table.sample())
    draft = mapping.draft(row.values)
    if not draft.problem:
        send(draft.body)

Names of columns are the first evidence (`synonyms.py`), the shape of their values the second. What no field takes is
kept in `custom_fields` under the column's own name, so nothing of a file is lost.
"""

import re
from dataclasses import dataclass, field

from transfers.drafts import CHOICES, TEXTS, draft
from transfers.synonyms import compact, field_of
from transfers.values import LEGAL_FORM, clean, emails_in, is_email, is_honorific, is_phone, linkedin_url

# Fields that more than one column may fill.
SEVERAL = ("full_name", "email", "phone_number", "linkedin_url", "website", "url")
FIELDS = (
    *("first_name", "last_name", "full_name", "email", "phone_number", "phone_country_code", "linkedin_url", "website"),
    *("url", *TEXTS, "location", "estimated_value", "tags", *CHOICES, "assigned_to"),
)
CUSTOM, IGNORE = "custom", "ignore"
COMPANY_COLUMNS = {
    "accountnumber", "accounttype", "numberofemployees", "numemp", "employees", "annualrevenue", "tickersymbol", "sic",
    "companytype", "naics", "parentid", "vatnumber", "ustid",
}  # fmt: skip
STAFF_WORDS = ("owner", "agent", "assign", "rep", "createdby", "modifiedby", "updatedby", "staff", "user", "login")
SECRETS = ("password", "passwd", "passwort", "kennwort", "motdepasse", "contrasena", "senha", "wachtwoord")
SURE_PHONE = re.compile(r"\+\d|\(?\d{2,5}\)?[ .-]\d{2,5}[ .-]\d{3,}")  # digits alone may be an id


@dataclass
class Mapping:
    """`fields`: field -> its columns, the preferred first. Columns named in none of them become custom fields."""

    header: list[str]
    fields: dict[str, list[str]]
    ignored: set[str] = field(default_factory=set)
    default_source: int | None = None
    addressed: set[str] = field(default_factory=set)  # columns that hold e-mail addresses in more than one row
    choices: dict[str, dict[str, int]] = field(default_factory=lambda: CHOICES)  # field -> {what a cell says: number}
    full_name_is_enough: bool = False  # without it a row needs an address or a number

    @classmethod
    def guess(cls, header, sample, *, overrides=None, default_source=None):
        """Judge columns by name and by `sample`, rows as dicts. `overrides`: column -> field, custom or ignore."""
        guesses = {name: _guess(name, [clean(row.get(name, "")) for row in sample]) for name in header}
        _settle_names(guesses, sample)
        _settle_lone_shapes(guesses, sample)
        ignored = {name for name in header if compact(name) in SECRETS}  # a user list's passwords are not for a CRM
        if {"row_number", "reason"} <= set(header):  # a file of refused rows that comes back mended
            ignored |= {"row_number", "reason"}
        for name in ignored:
            guesses[name] = (None, 0)
        for name, chosen in (overrides or {}).items():
            guesses[name] = (chosen if chosen in FIELDS else None, -1)
            ignored = ignored | {name} if chosen == IGNORE else ignored - {name}
        fields: dict[str, list[str]] = {}
        for name in sorted(guesses, key=lambda name: guesses[name][1]):  # stable: equal ranks stay in the file's order
            chosen = guesses[name][0]
            if chosen and (chosen in SEVERAL or chosen not in fields):
                fields.setdefault(chosen, []).append(name)
        addressed = {name for name in header if sum(is_email(clean(row.get(name, ""))) for row in sample) > 1}
        return cls(list(header), fields, ignored, default_source, addressed)

    def field_of(self, name):
        """The field a column goes to, "custom" or "ignore"."""
        if name in self.ignored:
            return IGNORE
        return next((chosen for chosen, names in self.fields.items() if name in names), CUSTOM)

    def draft(self, values):
        """The `Draft` of one row."""
        return draft(values, self)


def _guess(name, values):
    """(field, rank) of a column by its name, corrected by the shape of its values."""
    chosen, rank = field_of(name)
    values = [value for value in values if value]
    share = _shares(values)
    if chosen == "title":
        honorific = sum(is_honorific(value) for value in values) > len(values) / 2
        return (None, 0) if honorific else ("job_title", rank + 1)
    if chosen == "contact":
        shape = next((shape for shape in ("email", "phone_number", "linkedin_url") if share(shape) >= 0.6), None)
        return (shape or "full_name", rank + 1)
    if chosen in (*TEXTS, "full_name", "location") and share("email") >= 0.6:
        return "email", rank + 1
    if chosen == "phone_country_code" and values and not share("dial_code"):
        return ("country", rank + 2)
    return chosen, rank


def _shares(values):
    """A function from a shape to the share of `values` that have it."""
    tests = {
        "email": lambda value: bool(emails_in(value)[0]),
        "phone_number": lambda value: is_phone(value) and bool(SURE_PHONE.match(value)),
        "linkedin_url": lambda value: bool(linkedin_url(value)),
        "dial_code": lambda value: value.lstrip("+").isdigit() and len(value) <= 6,
    }
    return lambda shape: sum(map(tests[shape], values)) / len(values) if values else 0.0


def _settle_lone_shapes(guesses, sample):
    """Columns of unknown name that hold nothing but addresses, when no column of that field is known by name."""
    for shape in ("email", "linkedin_url", "phone_number"):
        if any(chosen == shape for chosen, _ in guesses.values()):
            continue
        for name, (chosen, _) in guesses.items():
            values = [value for row in sample if (value := clean(row.get(name, "")))]
            staff = any(word in compact(name) for word in STAFF_WORDS)
            if chosen is None and not staff and _shares(values)(shape) >= 0.8:
                guesses[name] = (shape, 0)
                break


def _settle_names(guesses, sample):
    """Decide what "Name" means beside the other columns: a person, a family name, or a company."""
    has = {chosen: name for name, (chosen, _) in reversed(guesses.items()) if chosen}
    whole, first, last = (has.get(name) for name in ("full_name", "first_name", "last_name"))
    if whole and first and not last:
        pairs = [(compact(row.get(whole, "")), compact(row.get(first, ""))) for row in sample]
        if not any(given and given in name for name, given in pairs):  # German "Name" and French "Nom" beside "Prénom"
            guesses[whole] = ("last_name", 0)
    elif whole and last and not first and compact(whole) == "nome":
        guesses[whole] = ("first_name", 0)
    elif first and not last and not whole:
        values = [value for row in sample if (value := clean(row.get(first, "")))]
        if sum(len(value.split()) > 1 for value in values) > len(values) / 2:  # "Nombre" with all of it
            guesses[first] = ("full_name", 0)
    if whole and "company" not in has and not {"first_name", "last_name", "email", "job_title"} & set(has):
        values = [value for row in sample if (value := clean(row.get(whole, "")))]
        formal = sum(bool(LEGAL_FORM.search(value)) for value in values) >= 0.3 * len(values) > 0
        if formal or COMPANY_COLUMNS & {compact(name).removeprefix("property") for name in guesses}:
            guesses[whole] = ("company", 0)
