"""Background doors of contacts: a job takes ids, reads afresh, and may run twice without harm."""

from time import monotonic

from contacts import addresses, duplicates, words
from contacts.models import Contact
from lio import search
from lio.jobs import AGAIN, TURN_SECONDS, advance, every, job
from lio.tenancy import org_scope


@job(long=True, attempts=50)
def match_contacts(row):
    """Look for the duplicates of the contacts that wait to be looked at."""
    return duplicates.KIT.match_waiting(row)


@job(long=True, attempts=50)
def look_again(row):
    """Have all contacts of the organisation looked at anew."""
    return duplicates.KIT.look_again(row)


@every(5)
@job(attempts=1)
def match_waiting():
    duplicates.KIT.start_where_waiting(match_contacts)


@job(long=True)
def write_words_of_company(row, company_id):
    """Write the search words of the contacts of a company that got another name, in the order of their ids."""
    after, end = row.cursor or 0, monotonic() + TURN_SECONDS
    while True:
        with org_scope(row.organization_id):
            people = Contact.objects.of(row.organization_id).alive().filter(company_id=company_id, pk__gt=after)
            people = list(people.order_by("pk").select_for_update(of=("self",), no_key=True).select_related("company")[:1000])
            if not people:
                return None
            points = addresses.points_of(row.organization_id, [one.pk for one in people])
            search.write_many("contact", [
                (one.pk, words.body(one, addresses.of_contact(one, points[one.pk]), one.company and one.company.company_name))
                for one in people])
            after = people[-1].pk
            advance(row, cursor=after, processed=len(people), succeeded=len(people))
        if monotonic() > end:
            return AGAIN
