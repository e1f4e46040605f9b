"""Background doors of signals: what time does to heat and engagement."""

from django.db import connection

from intent import heat
from intent.across import organizations_with
from leads.jobs import score_leads
from lio.jobs import every, job, path_of
from lio.tenancy import org_scope

DAYS = 60  # engagement of older signals has all but gone
RESCORE = """
INSERT INTO lio_job (organization_id, function, args, is_batch, state, attempts, max_attempts, total, processed, succeeded,
                     failed, skipped, error)
SELECT %s, %s, jsonb_build_array(lead_id), true, 'queued', 0, %s, 0, 0, 0, 0, 0, ''
FROM (SELECT DISTINCT lead_id FROM intent_signal
      WHERE organization_id = %s AND withdrawn_at IS NULL AND occurred_at > now() - make_interval(days => %s)) AS busy
"""


@every(86400)
@job(attempts=3)
def rescore():
    """Engagement fades: the scores of leads with signals of the last two months are computed anew each night."""
    for organization_id in organizations_with(
            "SELECT DISTINCT organization_id FROM intent_signal WHERE occurred_at > now() - make_interval(days => %s)", [DAYS]):
        with org_scope(organization_id), connection.cursor() as cursor:
            cursor.execute(RESCORE, [organization_id, path_of(score_leads), score_leads.job["attempts"], organization_id, DAYS])


@every(3600)
@job(attempts=1)
def weigh_again():
    """Weigh what is hot anew: leads have been merged or deleted, and what has cooled is forgotten."""
    for organization_id in organizations_with("SELECT DISTINCT organization_id FROM intent_hotlead"):
        with org_scope(organization_id):
            heat.refresh(organization_id)
