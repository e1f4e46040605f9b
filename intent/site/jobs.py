"""Background doors of the organisation's own site."""

from django.db import connections

from accounts.models import Organization
from intent.site import taking, visits
from lio.jobs import every, job
from lio.tenancy import org_scope

WAITING = "SELECT DISTINCT organization_id FROM intent_rawevent WHERE NOT is_taken AND channel = 'site'"
TURNS = 20  # chunks of one organisation before the others have their turn


@every(5)
@job(attempts=1)
def take_views():
    """Make signals of the views that have come in."""
    with connections["system"].cursor() as cursor:
        cursor.execute(WAITING)
        busy = [organization_id for (organization_id,) in cursor.fetchall()]
    for organization_id in busy:
        for _ in range(TURNS):
            with org_scope(organization_id):
                if taking.take(Organization.objects.get(pk=organization_id)) < taking.CHUNK:
                    break


@every(86400)
@job(attempts=1)
def forget_views():
    """Views are kept for a while only."""
    for organization_id in visits.to_forget():
        with org_scope(organization_id):
            visits.forget(organization_id)
