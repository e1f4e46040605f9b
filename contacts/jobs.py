"""Background doors of contacts: a job takes ids, reads afresh, and may run twice without harm."""

from contacts import duplicates
from lio.jobs import every, job


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
