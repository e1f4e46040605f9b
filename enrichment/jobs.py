"""Background door of bulk runs: goes on where it was, run by run, and may run twice without harm."""

from time import monotonic

from django.db.models import F
from django.urls import reverse
from django.utils.timezone import now

from activity.notify import Notice, notify
from enrichment import runs
from enrichment.models import Batch, Run
from integrations.ports import Passing
from lio import history
from lio.errors import DomainError
from lio.jobs import AGAIN, TURN_SECONDS, advance, job
from lio.tenancy import org_scope

PATIENCE = 3  # times that a source which is away is waited for; then the rest goes without it, until the next turn


@job(long=True, attempts=50)
def work(row, batch_id):
    """Do the runs of a bulk run that are still to be done.

    A source that cannot answer now raises Passing, so that the job comes back, later each time, to the same run; what that run
    has reserved stays reserved.
    """
    end = monotonic() + TURN_SECONDS
    while True:
        started = None
        with org_scope(row.organization_id), history.one_action():
            run = _next(row.organization_id, batch_id)
            if run is None:
                return _close(row.organization_id, batch_id)
            try:
                started = runs.start(row.organization, run, runs.sources_of(row.organization))
            except DomainError as error:
                _count(row, batch_id, runs.give_up(row.organization, run.pk, error))
        if started:
            answer = started.ask()
            if answer.away and row.attempts <= PATIENCE:
                raise Passing(answer.problem)
            with org_scope(row.organization_id), history.one_action():
                _count(row, batch_id, runs.finish(row.organization, started, answer))
        if monotonic() > end:
            return AGAIN


def _next(organization_id, batch_id):
    """The first run that is not done."""
    return Run.objects.of(organization_id).filter(batch_id=batch_id, finished_at=None).order_by("pk").first()


def _count(row, batch_id, run):
    good = int(run.hit)
    Batch.objects.of(row.organization_id).filter(pk=batch_id).update(
        state=Batch.State.WORKING, processed=F("processed") + 1, succeeded=F("succeeded") + good, failed=F("failed") + 1 - good,
        cost=F("cost") + run.cost)
    advance(row, cursor=run.pk, processed=1, succeeded=good, failed=1 - good)


def _close(organization_id, batch_id):
    open_one = Batch.objects.of(organization_id).filter(pk=batch_id, finished_at=None)
    if open_one.update(state=Batch.State.DONE, finished_at=now()):
        batch = Batch.objects.of(organization_id).get(pk=batch_id)
        found = f"Something was found for {batch.succeeded:,} of {batch.total:,}."
        notify("enrichment_finished", [Notice(batch.by_id, "Your enrichment has finished", message=found,
                                              link=reverse("enrichment:batch", args=[batch.pk]))])
