"""Background doors of the organisation's own site."""

from django.db import connections

from accounts.models import Organization
from intent.site import taking, visits
from lio.jobs import every, job
from lio.tenancy import org_scope

WAITING = "SELECT DISTINCT organization_id FROM intent_rawevent WHERE NOT is_taken AND channel = 'site'"
OLD = "SELECT DISTINCT organization_id FROM intent_rawevent WHERE channel = 'site' AND at < now() - make_interval(days => %s)"
TURNS = 20  # chunks of one organisation before the others have their turn


def _where(condition, *params):
    """Ids of the organisations that have such rows, asked with the system role."""
    with connections["system"].cursor() as cursor:
        cursor.execute(condition, params)
        return [organization_id for (organization_id,) in cursor.fetchall()]


@every(5)
@job(attempts=1)
def take_views():
    """Make signals of the views that have come in."""
    for organization_id in _where(WAITING):
        for _ in range(TURNS):
            with org_scope(organization_id):
                if taking.take(Organization.objects.get(pk=organization_id)) < taking.CHUNK:
                    break


@every(86400)
@job(attempts=1)
def forget_views():
    """Views are kept for a while only."""
    for organization_id in _where(OLD, visits.ATTACHED):
        with org_scope(organization_id):
            visits.forget(organization_id)
