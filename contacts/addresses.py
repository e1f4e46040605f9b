"""A contact's e-mail addresses and phone numbers: several of each, the first is the main one.

The main ones stand on the contact, where lists and duplicates look; further ones are ContactPoint rows. Rules speak of one list
[{value, label}] for each kind.
"""

from collections.abc import Callable
from dataclasses import dataclass

from contacts.models import ContactPoint
from lio.norms import email_norm, phone_norm

MOST = 20  # addresses of one kind
UNSENT = object()


@dataclass(frozen=True)
class Kind:
    """`many` is the list's name in the API, `main`, `norm` and `label` are the contact's own columns."""

    point: str
    many: str
    main: str
    norm: str
    label: str
    make: Callable

    def norm_of(self, value):
        """By what two spellings of one address are known as one; never empty."""
        return self.make(value) or value.strip().lower()


EMAIL = Kind(ContactPoint.Kind.EMAIL.value, "emails", "email", "email_norm", "email_label", email_norm)
PHONE = Kind(ContactPoint.Kind.PHONE.value, "phone_numbers", "phone_number", "phone_norm", "phone_label", phone_norm)
KINDS = (EMAIL, PHONE)


def of_contact(contact, points):
    """{list's name: [{value, label}]} of a contact with these ContactPoint rows, in their order."""
    found = {}
    for kind in KINDS:
        value = getattr(contact, kind.main)
        main = [{"value": value, "label": getattr(contact, kind.label)}] if value else []
        found[kind.many] = main + [{"value": p.value, "label": p.label} for p in points if p.kind == kind.point]
    return found


def points_of(organization, ids):
    """{contact's id: its ContactPoint rows, in their order}."""
    found: dict[int, list] = {pk: [] for pk in ids}
    rows = ContactPoint.objects.of(organization).filter(contact_id__in=ids).order_by("position", "id")
    for row in rows:
        found[row.contact_id].append(row)
    return found


def arranged(kind, there, values):
    """The list that `there` becomes by `values`, from which what was sent of this kind is taken.

    A list replaces all. A single main address replaces the main one; one that was a further one changes places with it. An
    emptied main address makes room for the next one.
    """
    many, main = values.pop(kind.many, UNSENT), values.pop(kind.main, UNSENT)
    found = list(there) if many is UNSENT else [dict(one) for one in many or ()]
    if main is not UNSENT and not main:
        found = found[1:] if many is UNSENT else found
    elif main is not UNSENT:
        norm = kind.norm_of(main)
        same = next((one for one in found if kind.norm_of(one["value"]) == norm), None)
        if same is None:
            label = found[0]["label"] if many is UNSENT and found else ""
            found = [{"value": main, "label": label}, *(found[1:] if many is UNSENT else found)]
        else:
            found = [{"value": main, "label": same["label"]}, *(one for one in found if one is not same)]
    once: dict[str, dict] = {}
    for one in found:
        once.setdefault(kind.norm_of(one["value"]), one)
    return list(once.values())


def main_of(kind, found):
    """{column: value} of the contact whose addresses of this kind are `found`."""
    first = found[0] if found else {"value": None, "label": ""}
    return {kind.main: first["value"], kind.norm: kind.make(first["value"]), kind.label: first["label"]}


def further(kind, found, **owner):
    """The ContactPoint rows of all but the first, not yet saved."""
    return [
        ContactPoint(**owner, kind=kind.point, norm=kind.norm_of(one["value"]), position=n, **one)
        for n, one in enumerate(found[1:])
    ]
