"""Background doors of tracking: what came in becomes signals; what came in before is read anew; agents are forgotten."""

from time import monotonic

from django.db import connection

from accounts.models import Organization
from intent.across import organizations_with
from intent.tracking import settling
from intent.tracking.classifying import VERSION
from intent.tracking.settling import AGENT_DAYS
from lio.jobs import AGAIN, TURN_SECONDS, advance, enqueue, every, job, path_of
from lio.tenancy import current_organization_id, org_scope

AT_ONCE = 10_000  # rows a transaction
# Marked before it is read: a hit that comes meanwhile takes the mark off again and is read the next time. In this order no hit
# waits for the reading.
TAKE = """
WITH due AS (SELECT id FROM intent_rawevent WHERE organization_id = %(organization)s AND NOT is_taken AND channel = 'mail'
             ORDER BY id LIMIT %(most)s FOR UPDATE SKIP LOCKED),
taken AS (UPDATE intent_rawevent e SET is_taken = true FROM due WHERE e.id = due.id RETURNING e.lead_id)
INSERT INTO lio_job (organization_id, function, args, is_batch, state, attempts, max_attempts, total, processed, succeeded,
                     failed, skipped, error)
SELECT %(organization)s, %(function)s, jsonb_build_array(lead_id), true, 'queued', 0, %(attempts)s, 0, 0, 0, 0, 0, ''
FROM (SELECT DISTINCT lead_id FROM taken WHERE lead_id IS NOT NULL) AS busy
"""
TO_TAKE = "SELECT DISTINCT organization_id FROM intent_rawevent WHERE NOT is_taken AND channel = 'mail'"
OLD = "SELECT DISTINCT organization_id FROM intent_rawevent WHERE agent <> '' AND at <= now() - make_interval(days => %(days)s)"
FORGET = """
UPDATE intent_rawevent SET agent = '', network = '', hints = ''
WHERE organization_id = %(organization)s AND agent <> '' AND at <= now() - make_interval(days => %(days)s)"""
READ_BEFORE = """
SELECT DISTINCT organization_id FROM intent_rawevent
WHERE channel = 'mail' AND kind IN ('open', 'click') AND at > now() - make_interval(days => %(days)s)
  AND (%(whole)s OR classifier_version < %(version)s)"""
AGAIN_FROM = """
WITH old AS (SELECT id FROM intent_rawevent
             WHERE organization_id = %(organization)s AND id > %(after)s AND channel = 'mail' AND kind IN ('open', 'click')
               AND at > now() - make_interval(days => %(days)s) AND (%(whole)s OR classifier_version < %(version)s)
             ORDER BY id LIMIT %(most)s),
marked AS (UPDATE intent_rawevent e SET is_taken = false FROM old WHERE e.id = old.id)
SELECT max(id), count(*) FROM old"""


@job(batch=True)
def settle_leads(lead_ids):
    """Bring the signals of these leads of the open organisation in line with what has come in."""
    settling.settle(Organization.objects.get(pk=current_organization_id()), lead_ids)


@every(2)
@job(attempts=1, long=True)
def take_hits(row):
    """Have what has come in be read; one job a lead, in the transaction that marks its rows.

    A transaction for each organisation, so that hits that come meanwhile wait for none but their own.
    """
    for organization_id in organizations_with(TO_TAKE):
        with org_scope(organization_id):
            take(organization_id)


def take(organization_id):
    """The same for one organisation, inside its scope."""
    with connection.cursor() as cursor:
        cursor.execute(TAKE, {"organization": organization_id, "most": AT_ONCE, "function": path_of(settle_leads),
                              "attempts": settle_leads.job["attempts"]})


@every(86400)
@job(attempts=3)
def reclassify(whole=False):
    """Read anew what was read by an older version of intent/tracking/classifying.py; with `whole`, all that can be."""
    for organization_id in organizations_with(READ_BEFORE, {"days": AGENT_DAYS, "version": VERSION, "whole": whole}):
        with org_scope(organization_id):
            enqueue(read_again, whole)


@job(long=True, attempts=20)
def read_again(row, whole):
    """Mark the rows of one organisation as not taken, in the order of their ids; `take_hits` does the rest."""
    after, end = row.cursor or 0, monotonic() + TURN_SECONDS
    while True:
        with org_scope(row.organization_id), connection.cursor() as cursor:
            cursor.execute(AGAIN_FROM, {"organization": row.organization_id, "after": after, "days": AGENT_DAYS,
                                        "version": VERSION, "whole": whole, "most": AT_ONCE})
            last, count = cursor.fetchone()
            if not count:
                return None
            after = last
            advance(row, cursor=after, processed=count, succeeded=count)
        if monotonic() > end:
            return AGAIN


@every(86400)
@job(attempts=3)
def forget_agents():
    """What fetched something is forgotten after AGENT_DAYS; what it was taken for stays."""
    for organization_id in organizations_with(OLD, {"days": AGENT_DAYS}):
        with org_scope(organization_id):
            forget(organization_id)


def forget(organization_id):
    """The same for one organisation, inside its scope."""
    with connection.cursor() as cursor:
        cursor.execute(FORGET, {"organization": organization_id, "days": AGENT_DAYS})
