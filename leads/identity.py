"""What makes two leads the same person: the address without what does not matter about it (R40)."""

from django.db import connection

from leads.models import Lead
from lio.errors import Conflict
from lio.tenancy import current_organization_id

HOLDS = {"email_norm": "holds_email", "linkedin_norm": "holds_linkedin"}  # address: whether this lead holds it


def duplicate(lead_id):
    return Conflict("A lead with this e-mail or LinkedIn address exists already.", code="duplicate_lead", lead_id=lead_id)


def ambiguous(lead_ids):
    return Conflict(
        "The e-mail address belongs to one lead and the LinkedIn address to another.", code="ambiguous_match", lead_ids=lead_ids
    )


def holders(organization, addresses):
    """{normal form's column: id of the living lead that holds the address}."""
    found = {}
    for column, flag in HOLDS.items():
        if addresses.get(column):
            held = Lead.objects.of(organization).alive().filter(**{column: addresses[column], flag: True})
            if pk := held.values_list("pk", flat=True).first():
                found[column] = pk
    return found


# the two partial indexes of an address are asked only when both halves are named: else every lead is read
WITH_ADDRESS = """organization_id = %(org)s AND {column} = ANY(%(addresses)s) AND deleted_at IS NULL
                  AND ({flag} OR NOT {flag})"""


def hand_on(emails, linkedins):
    """Make the oldest living duplicate the holder of each address that has lost its own, in the same transaction."""
    for column, flag, values in _addresses(emails, linkedins):
        where = WITH_ADDRESS.format(column=column, flag=flag)
        with connection.cursor() as cursor:
            cursor.execute(
                f"""UPDATE leads_lead SET {flag} = true WHERE organization_id = %(org)s AND id IN (
                        SELECT min(id) FROM leads_lead WHERE {where} GROUP BY {column} HAVING NOT bool_or({flag}))""",
                values,
            )


def settle(emails, linkedins):
    """Make the oldest living lead the one holder of each address, whoever held it so far."""
    for column, flag, values in _addresses(emails, linkedins):
        where = WITH_ADDRESS.format(column=column, flag=flag)
        with connection.cursor() as cursor:
            cursor.execute(
                f"""UPDATE leads_lead l SET {flag} = false
                    FROM (SELECT {column} AS address, min(id) AS oldest FROM leads_lead WHERE {where} GROUP BY 1) AS a
                    WHERE l.organization_id = %(org)s AND l.{column} = a.address AND l.{flag} AND l.deleted_at IS NULL
                    AND l.id <> a.oldest""",
                values,
            )
    hand_on(emails, linkedins)


def _addresses(emails, linkedins):
    for (column, flag), given in zip(HOLDS.items(), (emails, linkedins), strict=True):
        given = sorted({value for value in given if value})
        if given:
            yield column, flag, {"org": current_organization_id(), "addresses": given}
