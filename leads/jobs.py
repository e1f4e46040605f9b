"""Background doors of leads: a job takes ids, reads afresh, and may run twice without harm."""

from time import monotonic

from django.db import connection, connections
from django.db.models import F
from django.utils.timezone import now
from orjson import dumps

from accounts.models import Organization
from leads import duplicates, follow_ups, words
from leads.models import Lead, fold_counts
from leads.scoring import drift, training
from leads.web_forms import models as web_forms
from lio import search
from lio.jobs import AGAIN, TURN_SECONDS, advance, enqueue, every, job
from lio.registry import engagement
from lio.tenancy import current_organization_id, org_scope
from lookups.seeds import LOST, WON

FACTS = (
    "email", "phone_number", "linkedin_url", "first_name", "last_name", "job_title", "website", "industry", "city", "country",
    "custom_fields",
)  # fmt: skip
CHUNK = 1000  # leads a transaction
BUSY = """
SELECT o.id, (now() AT TIME ZONE o.timezone)::date FROM accounts_organization o
WHERE NOT EXISTS (SELECT FROM leads_scoresettings t WHERE t.organization_id = o.id AND NOT t.learns)
AND EXISTS (SELECT FROM leads_lead l JOIN lookups_lookup s ON s.id = l.status_id
            WHERE l.organization_id = o.id AND l.deleted_at IS NULL AND s.type = 'status' AND s.number = ANY(%s))
"""
WATCHED = """
SELECT m.organization_id, (now() AT TIME ZONE o.timezone)::date FROM leads_scoremodel m
JOIN accounts_organization o ON o.id = m.organization_id
JOIN leads_scoresettings t ON t.organization_id = m.organization_id AND NOT t.learns WHERE m.is_active
"""
UNFOLDED = 50  # counter rows of one organisation from which folding pays


@job(batch=True)
def score_leads(lead_ids):
    """Compute the scores of these leads and store them with their reasons, in one update."""
    organization = Organization.objects.get(pk=current_organization_id())
    score_rows(Lead.objects.filter(pk__in=set(lead_ids)).alive(), organization, training.active(organization))


def score_rows(leads, organization, model):
    """Score a queryset of leads by a Model; answers how many there were."""
    found = looked_at(leads)
    engaged = {pk: told for of in engagement for pk, told in of(organization, list(found), now()).items()}
    moment, told = now().strftime("%Y-%m-%dT%H:%M:%S.000Z"), []
    for pk, lead in found.items():
        told.append((pk, model.score(lead, engaged.get(pk, (0.0, ()))) | {"scored_at": moment}))
    with connection.cursor() as cursor:
        cursor.execute(
            """UPDATE leads_lead l SET score = n.score, ai_information = l.ai_information || n.note::jsonb
               FROM unnest(%s::bigint[], %s::int[], %s::text[]) AS n(id, score, note) WHERE l.id = n.id""",
            [[pk for pk, _ in told], [note["score"] for _, note in told], [dumps(note).decode() for _, note in told]],
        )
    return len(found)


def looked_at(leads):
    """{id: what a score looks at, named as in leads.scoring.facts.facts_of} of a queryset of leads, in the order of ids."""
    rows = leads.order_by("pk").values("pk", *FACTS, company_name=F("company__company_name"), lead_source=F("source__number"))
    return {row["pk"]: row | {"company": row["company_name"]} for row in rows}


@job(long=True, attempts=20)
def score_all(row, reason=""):
    """Score every living lead of the organisation anew, in the order of their ids."""
    end = monotonic() + TURN_SECONDS
    after = row.cursor or 0
    while True:
        with org_scope(row.organization_id):
            organization = Organization.objects.get(pk=row.organization_id)
            living = Lead.objects.of(organization).alive().filter(pk__gt=after)
            ids = list(living.order_by("pk").values_list("pk", flat=True)[:CHUNK])
            if not ids:
                return None
            count = score_rows(living.filter(pk__lte=ids[-1]), organization, training.active(organization))
            after = ids[-1]
            advance(row, cursor=after, processed=count, succeeded=count)
        if monotonic() > end:
            return AGAIN


@every(3_600)
@job(attempts=1)
def learn_all():
    """Start the night's learning of every organisation that has closed leads and lets its scores learn; watch the others."""
    with connections["system"].cursor() as cursor:
        cursor.execute(BUSY, [[WON, LOST]])
        busy = cursor.fetchall()
        cursor.execute(WATCHED)
        settled = cursor.fetchall()
    for organization_id, day in busy:
        with org_scope(organization_id):
            enqueue(learn_scores, key=f"learn:{organization_id}:{day}")
    for organization_id, day in settled:
        with org_scope(organization_id):
            enqueue(watch_scores, key=f"watch:{organization_id}:{day}")


@job(attempts=3)
def learn_scores():
    """Learn from the closed leads of the organisation; when that makes the scores better, compute them all anew."""
    organization = Organization.objects.get(pk=current_organization_id())
    adopted = training.train(organization)["adopted"]
    if drift.act(organization) or adopted:
        enqueue(score_all, total=Lead.objects.of(organization).alive().count())


@job(attempts=3)
def watch_scores():
    """The same for scores that are not to learn: whether the leads are still those that the model knows."""
    organization = Organization.objects.get(pk=current_organization_id())
    settings = training.stored_settings(organization)
    training.watch_again(settings, settings.watched)
    if drift.act(organization):
        enqueue(score_all, total=Lead.objects.of(organization).alive().count())


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


@job(long=True, attempts=50)
def match_leads(row):
    """Look for the duplicates of the leads that wait to be looked at."""
    return duplicates.KIT.match_waiting(row)


@job(long=True, attempts=50)
def look_again(row):
    """Have all leads of the organisation looked at anew."""
    return duplicates.KIT.look_again(row)


@every(5)
@job(attempts=1)
def match_waiting():
    duplicates.KIT.start_where_waiting(match_leads)


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
