"""Recurring jobs of the kit."""

from django.db import connection

from lio import ratelimit
from lio.api import idempotency
from lio.jobs import every, job


@every(600)
@job(attempts=1)
def forget_old_counts():
    ratelimit.sweep()
    idempotency.sweep()


@every(3600)
@job(attempts=1)
def forget_done_jobs():
    """Jobs that are done and shown to nobody are kept for a day, failed ones for thirty."""
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM lio_job WHERE by_id IS NULL AND ((state = 'completed' AND finished_at < now() - interval '1 day')"
            " OR (state = 'failed' AND finished_at < now() - interval '30 days'))"
        )
        cursor.execute("DELETE FROM django_q_ormq WHERE lock < now() - interval '1 day'")
