"""Background doors of leads: a job takes ids, reads afresh, and may run twice without harm."""

from time import monotonic

from django.db import connection, connections
from django.utils.timezone import now
from orjson import dumps

from leads import duplicates, follow_ups, scoring, words
from leads.models import Lead, fold_counts
from leads.web_forms import models as web_forms
from lio import search
from lio.jobs import AGAIN, TURN_SECONDS, advance, enqueue, every, job, path_of
from lio.tenancy import org_scope

FACTS = (
    "email",
    "phone_number",
    "linkedin_url",
    "first_name",
    "last_name",
    "job_title",
    "website",
    "industry",
    "city",
    "country",
    "estimated_value",
    "priority",
)
CHUNK = 1000  # leads a transaction
UNFOLDED = 50  # counter rows of one organisation from which folding pays


@job(batch=True)
def score_leads(lead_ids):
    """Compute the scores of these leads and store them with their reasons, in one update."""
    rows = Lead.objects.filter(pk__in=set(lead_ids)).alive().order_by("pk")
    rows = rows.values_list("pk", "company__company_name", "status__number", "source__number", *FACTS)
    moment, ids, scores, notes = now().strftime("%Y-%m-%dT%H:%M:%S.000Z"), [], [], []
    for pk, company, status, source, *facts in rows:
        points, reasons = scoring.score(
            dict(zip(FACTS, facts, strict=True), company=company, status=status, lead_source=source)
        )
        ids.append(pk)
        scores.append(points)
        notes.append(
            dumps({"score": points, "score_reasons": reasons, "score_model": scoring.MODEL, "scored_at": moment}).decode()
        )
    with connection.cursor() as cursor:
        cursor.execute(
            """UPDATE leads_lead l SET score = n.score, ai_information = l.ai_information || n.note::jsonb
               FROM unnest(%s::bigint[], %s::int[], %s::text[]) AS n(id, score, note) WHERE l.id = n.id""",
            [ids, scores, notes],
        )


@job(long=True)
def write_words_of_company(row, company_id):
    """Write the search words of the leads of a company that got another name, in the order of their ids."""
    after, end = row.cursor or 0, monotonic() + TURN_SECONDS
    while True:
        with org_scope(row.organization_id):
            leads = Lead.objects.of(row.organization_id).alive().filter(company_id=company_id, pk__gt=after)
            leads = list(leads.order_by("pk").select_related("company")[:CHUNK])
            if not leads:
                return None
            search.write_many("lead", [
                (lead.pk, words.body({name: getattr(lead, name) for name in words.COLUMNS}, lead.company.company_name))
                for lead in leads])  # fmt: skip
            after = leads[-1].pk
            advance(row, cursor=after, processed=len(leads), succeeded=len(leads))
        if monotonic() > end:
            return AGAIN


WITH_FOLLOW_UPS_DUE = """
SELECT f.organization_id FROM leads_followup f JOIN leads_lead l ON l.id = f.lead_id AND l.deleted_at IS NULL
WHERE f.deleted_at IS NULL AND f.status IN (1, 2, 4) AND f.reminded_at IS NULL AND f.due_at <= now()
UNION
SELECT f.organization_id FROM leads_followup f JOIN leads_lead l ON l.id = f.lead_id AND l.deleted_at IS NULL
WHERE f.deleted_at IS NULL AND f.status IN (1, 4) AND f.due_at < now() - interval '1 day'
"""


@every(60)
@job(attempts=1)
def tend_follow_ups():
    """Remind of what is due, and call missed what is past for a day."""
    with connections["system"].cursor() as cursor:
        cursor.execute(WITH_FOLLOW_UPS_DUE)
        busy = [organization_id for (organization_id,) in cursor.fetchall()]
    for organization_id in busy:
        with org_scope(organization_id):
            follow_ups.tell_due()
            follow_ups.miss_past()


MATCH_TURN = 3  # seconds: nobody waits for it, others wait for its worker


@job(long=True, attempts=50)
def match_leads(row):
    """Look for the duplicates of the leads that wait to be looked at, some hundred a transaction."""
    end = monotonic() + MATCH_TURN
    while monotonic() < end:
        with org_scope(row.organization_id):
            taken = duplicates.match_next(row.organization_id)
            if not taken:
                return None
            advance(row, cursor=None, processed=taken)
    return AGAIN


@job(long=True, attempts=50)
def look_again(row):
    """Have all leads of the organisation looked at anew."""
    last, end = row.cursor or 0, monotonic() + MATCH_TURN
    while monotonic() < end:
        with org_scope(row.organization_id):
            last = duplicates.put_in_line(row.organization_id, last)
            if last is None:
                return None
            advance(row, cursor=last)
    return AGAIN


@every(5)
@job(attempts=1)
def match_waiting():
    """Start `match_leads` where leads wait and none is at work yet."""
    with connections["system"].cursor() as cursor:
        cursor.execute(
            """SELECT o.id FROM accounts_organization o WHERE EXISTS (
                   SELECT FROM leads_leadtomatch w WHERE w.organization_id = o.id)
               AND NOT EXISTS (SELECT FROM lio_job j WHERE j.organization_id = o.id AND j.function = %s
                               AND j.state IN ('queued', 'processing'))""", [path_of(match_leads)])
        busy = [organization_id for (organization_id,) in cursor.fetchall()]
    for organization_id in busy:
        with org_scope(organization_id):
            enqueue(match_leads)


@every(15)
@job(attempts=1)
def fold_lead_counts():
    """Keep the counters of the lead lists short. Which organisations need it is asked with the system role."""
    with connections["system"].cursor() as cursor:
        cursor.execute("SELECT organization_id FROM leads_leadcount GROUP BY 1 HAVING count(*) > %s", [UNFOLDED])
        busy = [organization_id for (organization_id,) in cursor.fetchall()]
    for organization_id in busy:
        with org_scope(organization_id):
            fold_counts()


@every(15)
@job(attempts=1)
def fold_web_form_counts():
    """Keep the counters of the hosted forms short, the same way."""
    with connections["system"].cursor() as cursor:
        cursor.execute("SELECT organization_id FROM leads_webformcount GROUP BY 1 HAVING count(*) > %s", [UNFOLDED])
        busy = [organization_id for (organization_id,) in cursor.fetchall()]
    for organization_id in busy:
        with org_scope(organization_id):
            web_forms.fold_counts()


@every(3600)
@job(attempts=1)
def forget_held_submissions():
    """What was sent to a form and held is kept for 30 days."""
    with connections["system"].cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT organization_id FROM leads_heldsubmission WHERE created_at < now() - make_interval(days => %s)",
            [web_forms.HELD_DAYS],
        )
        busy = [organization_id for (organization_id,) in cursor.fetchall()]
    for organization_id in busy:
        with org_scope(organization_id):
            web_forms.forget_held()
