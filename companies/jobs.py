"""Background doors of companies: a job takes ids, reads afresh, and may run twice without harm."""

from companies import duplicates, similar
from lio.jobs import every, job


@job(long=True, attempts=50)
def match_companies(row):
    """Look for the duplicates of the companies that wait to be looked at."""
    return duplicates.KIT.match_waiting(row)


@job(long=True, attempts=50)
def look_again(row):
    """Have all companies of the organisation looked at anew."""
    return duplicates.KIT.look_again(row)


@every(5)
@job(attempts=1)
def match_waiting():
    duplicates.KIT.start_where_waiting(match_companies)


@every(120)
@job(attempts=1)
def count_words():
    """Keep in step how rare words are, by which similar companies are found."""
    similar.keep_counts()
