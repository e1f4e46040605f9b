"""Scores: all leads of the large organisation anew, and one lead after a signal.

CPU time of this process and its backend, beside bare statements that write the same columns as a role that no wall binds. The
floor computes nothing: it gives every lead the note that it has. The model is a learned one, with its custom fields.
"""

import time
from statistics import median

import psycopg

from bench.cases import BIG
from bench.report import goal
from bench.work import clocked

SIGNALS, ROUNDS = 100, 5
ALL = """UPDATE leads_lead SET score = score, ai_information = ai_information || '{}'
         WHERE organization_id = %s AND deleted_at IS NULL"""
LOGGED = """
WITH event AS (
    INSERT INTO intent_rawevent (organization_id, kind, channel, lead_id, at)
    VALUES (%(org)s, 'link_clicked', 'api', %(lead)s, now())
    RETURNING id)
INSERT INTO intent_signal (organization_id, lead_id, signal_type, signal_detail, channel, occurred_at, event_id)
SELECT %(org)s, %(lead)s, 'link_clicked', '{}', 'api', now(), id FROM event"""
SCORED = "UPDATE leads_lead SET score = score, ai_information = ai_information || '{}' WHERE id = %(lead)s"


def measure(urls, say):
    """Checks, one a case. Every lead of the large organisation has another version of its row afterwards."""
    with psycopg.connect(urls["system"], autocommit=True) as floor, psycopg.connect(urls["owner"], autocommit=True) as owner:
        org = floor.execute("SELECT id FROM accounts_organization ORDER BY id OFFSET %s LIMIT 1", [BIG - 1]).fetchone()[0]
        try:
            return [*after_a_signal(floor, org, say), *everybody(floor, owner, org, say)]
        finally:
            owner.execute("TRUNCATE intent_signal, intent_rawevent, intent_hotlead, leads_scoremodel CASCADE")
            owner.execute("DELETE FROM lio_job")


def after_a_signal(floor, org, say):
    """Logging a signal with all that follows, and the score that comes of it; beside three bare statements."""
    from django.db import connection

    from accounts.models import Organization
    from intent import signals
    from leads.jobs import score_leads
    from lio.tenancy import org_scope

    say("scores: after a signal")
    leads = [row[0] for row in floor.execute(
        "SELECT id FROM leads_lead WHERE organization_id = %s ORDER BY id DESC LIMIT %s", [org, SIGNALS])]
    connection.ensure_connection()

    def ours():
        with clocked(connection.connection) as spent:
            for lead in leads:
                with org_scope(org):
                    signals.log(Organization.objects.get(pk=org), lead, "link_clicked")
                with org_scope(org):
                    score_leads([lead])
        return spent

    def bare():
        with clocked(floor) as spent:
            for lead in leads:
                with floor.transaction():
                    floor.execute(LOGGED, {"org": org, "lead": lead})
                floor.execute(SCORED, {"lead": lead})
        return spent

    ours(), bare()
    pairs = [(ours(), bare()) for _ in range(ROUNDS)]
    ratio = median(mine["cpu"] / its["cpu"] for mine, its in pairs)
    seconds, under = (median(one["seconds"] for one in column) / SIGNALS * 1000 for column in zip(*pairs, strict=True))
    return [{"case": "signal logged, lead scored", "text": f"{seconds:.1f} ms, bare statements {under:.1f} ms",
             "goals": [goal("CPU / bare statements", ratio, 20)]}]


def everybody(floor, owner, org, say):
    """The job that scores all leads anew, as after each model that is adopted."""
    from django.db import connection

    from accounts.models import Organization
    from leads.jobs import score_all
    from leads.scoring import training
    from lio.jobs import enqueue, run
    from lio.models import Job
    from lio.tenancy import org_scope

    say("scores: learning")
    connection.ensure_connection()
    began = time.perf_counter()
    with org_scope(org):
        card = training.train(Organization.objects.get(pk=org))
        job_id = enqueue(score_all)
    learning = time.perf_counter() - began
    say("scores: all leads")
    owner.execute("VACUUM leads_lead")
    with floor.transaction(force_rollback=True), clocked(floor) as bare:
        count = floor.execute(ALL, [org]).rowcount
    owner.execute("VACUUM leads_lead")
    with clocked(connection.connection) as mine:
        while (row := Job.objects.get(pk=job_id)).state == Job.State.QUEUED:
            run(job_id)
    if row.state != Job.State.DONE or row.succeeded != count:
        raise SystemExit(f"{row.succeeded} of {count} leads scored: {row.error}")
    return [
        {"case": "learning of scores", "text": f"{learning:.1f} s from {card['rows']:,} closed leads", "goals": []},
        {"case": "score of all",
         "text": f"{count:,} leads in {mine['seconds']:.1f} s ({count / mine['seconds']:,.0f} a second), one bare statement "
                 f"{bare['seconds']:.1f} s",
         "goals": [goal("CPU / one statement", mine["cpu"] / bare["cpu"], 3)]},
    ]
