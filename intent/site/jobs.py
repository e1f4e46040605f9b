"""Background doors of the organisation's own site."""

from accounts.models import Organization
from intent.across import organizations_with
from intent.site import taking, visits
from lio.jobs import every, job
from lio.tenancy import org_scope

WAITING = "SELECT DISTINCT organization_id FROM intent_rawevent WHERE NOT is_taken AND channel = 'site'"
OLD = "SELECT DISTINCT organization_id FROM intent_rawevent WHERE channel = 'site' AND at < now() - make_interval(days => %s)"
TURNS = 20  # chunks of one organisation before the others have their turn


@every(5)
@job(attempts=1)
def take_views():
    """Make signals of the views that have come in."""
    for organization_id in organizations_with(WAITING):
        for _ in range(TURNS):
            with org_scope(organization_id):
                if taking.take(Organization.objects.get(pk=organization_id)) < taking.CHUNK:
                    break


@every(86400)
@job(attempts=1)
def forget_views():
    """Views are kept for a while only."""
    for organization_id in organizations_with(OLD, [visits.ATTACHED]):
        with org_scope(organization_id):
            visits.forget(organization_id)
