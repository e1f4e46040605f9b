"""From a row to the body of `POST /api/v1/lead`, once a `Mapping` has said which column is which field.

A cell that does not fit its field (no address, an unknown status) goes to custom_fields like those no field takes.
"""

from dataclasses import dataclass
from typing import Any

from transfers.synonyms import compact
from transfers.values import amount, clean, emails_in, is_email, linkedin_url, phones_in, split_name, web_url

NEEDED = "needs an e-mail, phone number or LinkedIn address"
OR_NAME = "needs an e-mail, phone number, LinkedIn address or a first and last name"
SHIFTED = "the cells look shifted"
REACH = {"email": "an e-mail address", "phone_number": "a phone number", "linkedin_url": "a person's LinkedIn page"}
CHOICES = {
    "status": {"new": 1, "contacted": 2, "qualified": 3, "unqualified": 4, "won": 5, "lost": 6},
    "priority": {"low": 1, "medium": 2, "high": 3, "urgent": 4},
    "lead_source": {"website": 1, "web": 1, "referral": 2, "linkedin": 3, "email": 4, "direct": 5},
}
TEXTS = ("company", "job_title", "industry", "address", "city", "state", "country", "pin_code", "notes")
WIDTH_OF_TAG = 50


@dataclass
class Draft:
    """What a row says: `body` for the API, or a `problem` that tells why it cannot be sent."""

    body: dict[str, Any]
    problem: str = ""


def draft(values, mapping):
    """The `Draft` of one row, a dict of cells by column. Empty cells are not sent."""
    cells = {name: text for name, cell in values.items() if name not in mapping.ignored and (text := clean(cell))}
    row = _Row(cells, mapping)
    row.addresses()
    row.names()
    row.texts()
    row.choices()
    return Draft(row.body(), row.problem())


class _Row:
    """One row on its way to a body: `found` are fields, `custom` extra facts, `used` the columns fully said by them."""

    def __init__(self, cells, mapping):
        self.cells, self.mapping = cells, mapping
        self.found: dict[str, Any] = {}
        self.custom: dict[str, Any] = {}
        self.used: set[str] = set()

    def columns(self, name):
        names = self.mapping.fields.get(name)
        return [column for column in names if column in self.cells] if names else ()

    def take(self, name, read):
        """Set a field from its first column for which `read` gives something."""
        for column in self.columns(name):
            value = read(self.cells[column])
            if value not in ("", None) and name not in self.found:
                self.found[name] = value
            if value not in ("", None) and self.found.get(name) == value:
                self.used.add(column)

    def addresses(self):
        self._list("email", emails_in, "other_emails")
        self._list("phone_number", self._phones, "other_phones")
        for column in self.columns("url"):  # "URL", "Profile": a person's page or a company's, as the value says
            read = linkedin_url if linkedin_url(self.cells[column]) else web_url
            self._set("linkedin_url" if read is linkedin_url else "website", read(self.cells[column]), column)
        for column in self.columns("linkedin_url"):
            self._set("linkedin_url", linkedin_url(self.cells[column]), column)
        for column in self.columns("website"):
            value = web_url(self.cells[column])
            self._set("website", "" if "linkedin.com/" in value.lower() else value, column)

    def _set(self, name, value, column):
        if value and self.found.setdefault(name, value) == value:
            self.used.add(column)

    def _list(self, name, read, others):
        values: dict[str, str] = {}
        for column in self.columns(name):
            found, whole = read(self.cells[column])
            for value in found:
                values.setdefault(value.lower(), value)
            if found and whole:
                self.used.add(column)
        if values:
            self.found[name], *rest = values.values()
            if rest:
                self.custom[others] = rest

    def _phones(self, cell):
        """Phones of a cell; a dial code from its own column goes before numbers written without one."""
        found, whole = phones_in(cell)
        for column in self.columns("phone_country_code"):
            code = self.cells[column].lstrip("+").removeprefix("00")
            if code.isdigit() and len(code) <= 4 and found:
                self.used.add(column)
                found = [phone if phone.startswith(("+", "00")) else f"+{code}{phone.lstrip('0')}" for phone in found]
        return found, whole

    def names(self):
        for name in ("first_name", "last_name"):
            self.take(name, str)
        for column in self.columns("full_name"):
            whole = self.cells[column]
            parts = split_name(whole)
            if not self.found.get("first_name") and not self.found.get("last_name") and "@" not in whole:
                self.found |= {key: value for key, value in parts.items() if key in ("first_name", "last_name")}
                self.custom |= {key: value for key, value in parts.items() if key in ("name_prefix", "name_suffix")}
                self.used.add(column)
            elif compact(whole) == compact(self.found.get("first_name", "") + self.found.get("last_name", "")):
                self.used.add(column)

    def texts(self):
        for name in TEXTS:
            self.take(name, str)
        for column in self.columns("location"):
            plain = not any(mark in "," or mark.isdigit() for mark in self.cells[column])
            if (place := "city" if plain else "address") not in self.found:
                self._set(place, self.cells[column], column)
        self.take("estimated_value", lambda cell: None if (sum_of := amount(cell)) is None else _number(sum_of))
        for column in self.columns("tags"):
            tags = [tag.strip().removeprefix("* ").strip() for tag in _split_tags(self.cells[column])]
            tags = list({tag.lower(): tag for tag in tags if tag}.values())
            if tags and all(len(tag) <= WIDTH_OF_TAG for tag in tags):
                self.found["tags"] = tags
                self.used.add(column)

    def choices(self):
        for name, words in self.mapping.choices.items():
            self.take(name, lambda cell, words=words: words.get(compact(cell)))
        if self.mapping.default_source is not None:
            self.found.setdefault("lead_source", self.mapping.default_source)

    def body(self):
        """Fields, then custom_fields: what the row's other cells say, under their columns' names."""
        custom = {column: cell for column, cell in self.cells.items() if column not in self.used}
        custom = self.custom | custom
        return self.found | ({"custom_fields": custom} if custom else {})

    def problem(self):
        """Why the row cannot be sent, or ""."""
        for column in self.columns("email"):
            if column in self.used or emails_in(self.cells[column])[0]:
                continue
            for other, cell in self.cells.items():
                misplaced = self.mapping.field_of(other) not in ("custom", "notes", "email")
                if misplaced and other not in self.mapping.addressed and is_email(cell):
                    return (
                        f"{SHIFTED}: an e-mail address under “{other}”, none under “{column}”; "
                        "put cells that hold a delimiter in quotation marks"
                    )
        if any(self.found.get(name) for name in REACH):
            return ""
        if self.mapping.full_name_is_enough and self.found.get("first_name") and self.found.get("last_name"):
            return ""
        needed = OR_NAME if self.mapping.full_name_is_enough else NEEDED
        for name, noun in REACH.items():
            for column in self.columns(name):
                return f"{needed}; “{self.cells[column][:60]}” under “{column}” is not {noun}"
        return needed


def _split_tags(cell):
    for mark in (":::", ";", ",", "|"):
        if mark in cell:
            return cell.split(mark)
    return [cell]


def _number(value):
    """A Decimal as JSON writes it: whole numbers without a point."""
    return int(value) if value == value.to_integral_value() else float(value)
