"""A row of a lead list on its way to a lead: what R45 asks of it, and why it is refused.

    reader = Reader(organization, header, sample, overrides)
    arrived = reader.read(row)
    if not arrived.reason: ...  # arrived.fields are what `capture` takes, arrived.tags names

Cells are understood by `drafts.py`; then each value must pass the field that `POST /api/lead/add` reads it with.
"""

import re
from dataclasses import dataclass, field
from typing import Any

from rest_framework.exceptions import NotFound, ValidationError

from accounts.models import User
from leads.serializers import LeadFields, attributes
from lio.api.envelope import first_message
from lio.api.fields import Email, Text, WebAddress
from lookups.custom import active, definitions, read_custom
from lookups.known import known
from lookups.models import CustomField
from transfers.columns import CUSTOM, FIELDS, Mapping
from transfers.drafts import CHOICES, SHIFTED
from transfers.synonyms import compact
from transfers.values import amount, clean, emails_in, iso_date

OWNER = {
    "assignedto",
    "assignee",
    "owner",
    "leadowner",
    "contactowner",
    "assigneduser",
    "leadassignedto",
    "owneremail",
    "assignedtoemail",
    "salesrep",
    "salesowner",
    "verantwortlicher",
    "zustandig",
    "proprietaire",
    "propietario",
}
KINDS = {"status": "status", "lead_source": "source"}
DIRECTORY_PATH = re.compile(r"/(o|ou|cn)=", re.IGNORECASE)  # what Outlook has in place of a colleague's address
NO_ADDRESS = {
    "none",
    "no",
    "na",
    "nil",
    "unknown",
    "noemail",
    "notprovided",
    "notavailable",
    "keine",
    "aucun",
    "ninguno",
    "nessuno",
}
SCHEME = re.compile(r"(?!https?:)[a-z][a-z0-9+.-]*:(?!\d)", re.IGNORECASE)  # javascript:, data:, ftp: (and no host:port)
PLAIN_NUMBER = re.compile(r"[+-]?\d+(?:\.\d+)?", re.ASCII)
NEGATIVE = re.compile(r"[-−(]\s*\D{0,3}\d")
# What these fields of the API take as it is. Asking DRF about each cell would be most of the work of an import.
PLAIN = {
    Text: re.compile(r"[^\0]+"),
    Email: re.compile(
        r"[a-z0-9_+-]+(?:\.[a-z0-9_+-]+)*@(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}", re.IGNORECASE | re.ASCII
    ),
    WebAddress: re.compile(r"https?://[a-z0-9][a-z0-9.-]*(?:/[^\s<>\"\\]*)?", re.IGNORECASE | re.ASCII),
}
LONGEST_NAME = 64  # of a custom field
QUOTED = 60  # characters of a cell that a reason quotes


@dataclass
class Arrived:
    """`fields` as capture takes them and the names of `tags`, or the `reason` why the row is refused."""

    fields: dict[str, Any] = field(default_factory=dict)
    tags: list[str] = field(default_factory=list)
    reason: str = ""


class Reader:
    """How the rows of one table are read. Must be made inside the organisation's scope; `read` asks nothing of the database."""

    def __init__(self, organization, header, sample, overrides=None):
        self.organization = organization
        self.mapping = mapping_of(organization, header, sample, overrides)
        self.mapping.choices = choices_of(organization)
        bound = LeadFields._bound.get(False) or LeadFields(partial=False)
        self.fields = dict(bound.fields)
        self.tag_names = {str(number): entry.name for number, entry in known(organization, "tags").items()}
        self.custom_names: dict[str, str] = {}
        self.definitions = definitions(organization)
        fields = active(organization)
        self.defined = {compact(name): one.key for one in fields for name in (*one.aliases, one.label, one.key)}
        self.people = {one.key for one in fields if one.kind == CustomField.Kind.PERSON}  # not asked for row by row

    def read(self, row):
        """What a `reading.Row` brings."""
        if row.problem:
            return Arrived(reason=row.problem)
        draft = self.mapping.draft(row.values)
        shifted = draft.problem.startswith(SHIFTED)
        if reason := (not shifted and self.wrong_cell(row.values, draft.body)) or draft.problem:
            return Arrived(reason=reason)
        return self.take(draft.body)

    def take(self, body):
        tags = [self.tag_names.get(tag, tag) for tag in body.pop("tags", ())]
        member = body.pop("assigned_to", None)
        if custom := body.get("custom_fields"):
            body["custom_fields"] = {self.custom_name(name): value for name, value in custom.items()}
        given = {}
        for name, value in body.items():
            try:
                given[name] = self.checked(name, value)
            except (ValidationError, NotFound) as error:
                return Arrived(reason=self.blame(name, str(value), first_message(error.detail)))
        custom = given.pop("custom_fields", None)
        fields = attributes(self.organization, given)
        if custom:
            fields["custom_fields"], reason = self.read_custom(custom)
            if reason:
                return Arrived(reason=reason)
        if member:
            fields["assigned_to_id"] = member
        return Arrived(fields, tags)

    def checked(self, name, value):
        """The value as the API's own field reads it. Plain text that fits is itself; asking DRF would be most of the work."""
        reader = self.fields[name]
        plain = PLAIN.get(type(reader))
        if plain and isinstance(value, str) and 0 < len(value) <= reader.max_length and plain.fullmatch(value):
            return value
        return reader.run_validation(value)

    def read_custom(self, values):
        """({key: value in its canonical form}, why the row is refused or "")."""
        members = self.mapping.choices["assigned_to"]
        people = {key: members.get(compact(str(values[key]))) for key in self.people & values.keys()}
        read = read_custom(
            self.organization,
            {key: self.as_typed(key, value) for key, value in values.items() if key not in people},
            strict=False,
            found=self.definitions,
        )
        complaints = read.complaints | {key: ["must be an active member"] for key, member in people.items() if not member}
        for key, lines in complaints.items():
            column = next(column for column, name in self.custom_names.items() if name == key)
            return {}, self.words(key, column, str(values[key]), lines[0])
        return {key: value for key, value in (read.values | people).items() if value is not None}, ""

    def as_typed(self, key, cell):
        """A cell in the spelling that a custom field takes: sums and dates are written in many ways."""
        one = self.definitions.get(key)
        if one is None or not one.is_active:
            return cell
        if one.kind == CustomField.Kind.DATE:
            return iso_date(cell)
        if one.kind in (CustomField.Kind.MONEY, CustomField.Kind.NUMBER) and not PLAIN_NUMBER.fullmatch(cell):
            found = amount(cell)
            return cell if found is None else str(found)
        return cell

    def custom_name(self, column):
        """The custom field of a column: a defined one by its key or label, else the column's name on one line, at most 64
        characters."""
        if column not in self.custom_names:
            if (key := self.defined.get(compact(column))) and key not in self.custom_names.values():
                self.custom_names[column] = key
                return key
            name = base = " ".join(column.split())[:LONGEST_NAME]
            count = 1
            while name in self.custom_names.values():
                count += 1
                name = f"{base[: LONGEST_NAME - 5]} ({count})"
            self.custom_names[column] = name
        return self.custom_names[column]

    # ------------------------------------------------------------------- what lead-add would refuse
    def wrong_cell(self, values, body):
        """Why a cell of a known column cannot be what its column says, or ""."""
        if "email" not in body:
            for column, cell in self.cells("email", values):
                if not DIRECTORY_PATH.match(cell) and compact(cell) not in NO_ADDRESS and not emails_in(cell)[0]:
                    return self.words("email", column, cell, "must be an e-mail address")
        for name in ("linkedin_url", "website", "url"):
            for column, cell in self.cells(name, values):
                if SCHEME.match(cell):
                    return self.words(name, column, cell, "must be an http or https address")
        for name in self.mapping.choices:
            for column, cell in self.cells(name, values):
                if cell.lstrip("+-").isdigit() and name not in body:
                    return self.words(name, column, cell, "is not one of those that there are")
        for column, cell in self.cells("estimated_value", values):
            if NEGATIVE.match(cell) and "estimated_value" not in body:
                return self.words("estimated_value", column, cell, "must be 0 or more")
        return ""

    def cells(self, name, values):
        for column in self.mapping.fields.get(name, ()):
            if cell := clean(values.get(column, "")):
                yield column, cell

    def blame(self, name, value, complaint):
        columns = (
            self.mapping.fields.get(name) or self.mapping.fields.get("full_name" if name.endswith("_name") else "url") or [name]
        )
        return self.words(name, columns[0], value, complaint)

    @staticmethod
    def words(name, column, cell, complaint):
        cell = " ".join(cell.split())
        shown = cell if len(cell) <= QUOTED else f"{cell[:QUOTED]}…"
        return f"{name} {complaint} (column “{' '.join(column.split())[:QUOTED]}”: “{shown}”)"


def mapping_of(organization, header, sample, overrides=None):
    """The `Mapping` of an import: guessed, owners included, with `overrides` {column: field, custom or ignore}.

    A column that is called like a custom field of the organisation is that field, whatever a synonym would make of it.
    Must be called inside the organisation's scope.
    """
    guess = Mapping.guess(header, sample)
    owners = [name for name in header if compact(name) in OWNER and guess.field_of(name) == CUSTOM]
    defined = {compact(name) for one in active(organization) for name in (one.key, one.label)}
    own = [name for name in header if compact(name) in defined - {compact(name) for name in FIELDS}]
    chosen = dict.fromkeys(owners[:1], "assigned_to") | dict.fromkeys(own, CUSTOM) | (overrides or {})
    mapping = Mapping.guess(header, sample, overrides=chosen)
    mapping.full_name_is_enough = True
    return mapping


def choices_of(organization):
    """{field: {what a cell may say: its number}}: names and numbers of look-ups, the people of the organisation."""
    found = {"priority": CHOICES["priority"] | {str(number): number for number in range(1, 5)}}
    for name, kind in KINDS.items():
        entries = known(organization, kind)
        found[name] = {word: number for word, number in CHOICES[name].items() if number in entries}
        for number, entry in entries.items():
            found[name] |= {compact(entry.name): number, str(number): number}
    people: dict = {}
    for member in User.objects.of(organization).active():
        people |= {compact(member.full_name): member.pk, compact(member.email): member.pk, str(member.pk): member.pk}
    found["assigned_to"] = people
    return found
