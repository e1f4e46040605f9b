"""The words a contact is found by (contract: search of contact-list)."""

from lio import search


def body(contact, addresses, company):
    """`addresses` as contacts.addresses.of_contact tells them; phone numbers are found by their digits, too."""
    phones = [one["value"] for one in addresses["phone_numbers"]]
    digits = ["".join(sign for sign in phone if sign.isdigit()) for phone in phones]
    return search.document(
        contact.name,
        *(one["value"] for one in addresses["emails"]),
        *phones,
        *(bare for bare, phone in zip(digits, phones, strict=True) if bare != phone),
        contact.designation,
        company,
    )
