"""Background doors of contacts."""

from time import monotonic

from contacts import addresses, edit, words
from contacts.models import Contact
from lio import search
from lio.jobs import AGAIN, TURN_SECONDS, advance, job
from lio.tenancy import org_scope

CHUNK = 1000  # contacts a transaction


@job(long=True)
def write_words_of_company(row, company_id):
    """Write the search words of the contacts of a company that got another name, in the order of their ids."""
    after, end = row.cursor or 0, monotonic() + TURN_SECONDS
    while True:
        with org_scope(row.organization_id):
            contacts = Contact.objects.of(row.organization_id).alive().filter(company_id=company_id, pk__gt=after)
            contacts = list(contacts.order_by("pk")[:CHUNK])
            if not contacts:
                return None
            points = addresses.points_of(row.organization_id, [contact.pk for contact in contacts])
            name = edit.names_of({company_id}).get(company_id)
            search.write_many("contact", [
                (contact.pk, words.body(contact, addresses.of_contact(contact, points[contact.pk]), name))
                for contact in contacts])  # fmt: skip
            after = contacts[-1].pk
            advance(row, cursor=after, processed=len(contacts), succeeded=len(contacts))
        if monotonic() > end:
            return AGAIN
