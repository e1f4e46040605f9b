"""Many runs at once: queued with one bulk run, done one after the other in the background, each with its own result."""

from accounts import credits
from enrichment import jobs, runs
from enrichment.chain import most
from enrichment.models import Batch, Run
from enrichment.records import KINDS
from lio.errors import Invalid
from lio.jobs import enqueue

MOST_SENT = 500  # people or companies of one request
MOST_RECORDS = 10_000  # records of one bulk run


def of_sent(organization, items, *, group_id, by):
    """Queue a run for each of `items` ({name of runs.NAMES: text})."""
    return _queue(organization, [Run(organization=organization, query=item, by=by) for item in items], by=by, group_id=group_id)


def of_records(organization, model_type, rows, *, by):
    """Queue a run for each of `rows`, frozen now. Raises Invalid for more than MOST_RECORDS."""
    ids = list(rows.order_by("pk").values_list("pk", flat=True)[: MOST_RECORDS + 1])
    if len(ids) > MOST_RECORDS:
        raise Invalid({"filters": [f"match more than {MOST_RECORDS:,} records; narrow them"]})
    made = [Run(organization=organization, model_type=model_type, model_id=pk, by=by) for pk in ids]
    return _queue(organization, made, by=by, model_type=model_type)


def _queue(organization, made, *, by, **how):
    batch = Batch.objects.create(organization=organization, total=len(made), by=by, **how)
    for run in made:
        run.batch = batch
    Run.objects.bulk_create(made, batch_size=1000)
    batch.job_id = enqueue(jobs.work, batch.pk, by=by, total=len(made))
    batch.save(update_fields=["job_id"])
    return batch


def estimate(organization, count):
    """What enriching `count` records can cost at most: {count, credits, balance}. Only hits of paid sources cost anything."""
    each = most(runs.sources_of(organization))
    return {"count": count, "credits": count * each, "balance": credits.balance(organization)}


def kind_named(name):
    """The Kind of a module's name. Raises Invalid."""
    if name not in KINDS:
        raise Invalid({"module": [f"must be one of {', '.join(KINDS)}"]})
    return KINDS[name]
