"""What a visitor of the organisation's own site did, kept as it came.

A visitor is a random number in a browser until an e-mail address comes with it, by the site's own call or a hosted form. Until
then a few of the pages are kept for some time; they become those of the lead as soon as it is known, else they are forgotten.
"""

from django.db import connection, transaction

from intent.models import RawEvent
from leads.models import Lead
from lio.norms import norms

VIEW, IDENTIFIED = "view", "identify"
MOST = 50  # views of a visitor whom nobody knows
ATTACHED, KEPT = 30, 180  # days: views that become those of a lead; and all others
REPEATS = 10  # of one page and minute that are counted

# One row a page and minute. Who is not known is not to be looked at by the worker; whom tracking is off for leaves no row.
SEEN = """
WITH known AS (
    INSERT INTO intent_visitor (organization_id, number) VALUES (%(organization)s, %(visitor)s)
    ON CONFLICT (organization_id, number) DO UPDATE SET number = EXCLUDED.number RETURNING id, lead_id)
INSERT INTO intent_rawevent AS e (organization_id, kind, channel, visitor_id, lead_id, page, agent, arrival, classification,
                                  classifier_version, minute, is_taken)
SELECT %(organization)s, 'view', 'site', known.id, l.id, %(page)s, %(agent)s, %(looks)s, %(looks)s, 1,
       floor(extract(epoch FROM clock_timestamp()) / 60)::int, l.id IS NULL
FROM known LEFT JOIN leads_lead l ON l.organization_id = %(organization)s AND l.id = known.lead_id AND l.deleted_at IS NULL
WHERE coalesce(NOT l.tracking_off, true)
  AND (l.id IS NOT NULL OR %(most)s > (SELECT count(*) FROM (
        SELECT FROM intent_rawevent o WHERE o.visitor_id = known.id AND o.kind = 'view' LIMIT %(most)s) AS few))
ON CONFLICT (visitor_id, minute, page) WHERE visitor_id IS NOT NULL DO UPDATE SET hits = e.hits + 1 WHERE e.hits < %(repeats)s
"""
KNOWN = """
WITH known AS (
    INSERT INTO intent_visitor (organization_id, number, lead_id) VALUES (%(organization)s, %(visitor)s, %(lead)s)
    ON CONFLICT (organization_id, number) DO UPDATE SET lead_id = EXCLUDED.lead_id RETURNING id),
told AS (
    INSERT INTO intent_rawevent (organization_id, kind, channel, visitor_id, lead_id, detail, minute)
    SELECT %(organization)s, 'identify', 'site', id, %(lead)s, jsonb_build_object('by', %(by)s::text),
           floor(extract(epoch FROM clock_timestamp()) / 60)::int FROM known
    ON CONFLICT DO NOTHING)
UPDATE intent_rawevent e SET lead_id = %(lead)s, is_taken = false FROM known
WHERE e.visitor_id = known.id AND e.kind = 'view' AND e.lead_id IS NULL AND e.at > now() - make_interval(days => %(days)s)
"""
FORGET = """
DELETE FROM intent_rawevent WHERE organization_id = %(organization)s AND channel = 'site'
AND at < now() - make_interval(days => CASE WHEN lead_id IS NULL THEN %(attached)s ELSE %(kept)s END)
"""
FORGET_VISITORS = """
DELETE FROM intent_visitor v WHERE v.organization_id = %(organization)s AND v.lead_id IS NULL
AND v.created_at < now() - make_interval(days => %(attached)s)
AND NOT EXISTS (SELECT FROM intent_rawevent e WHERE e.visitor_id = v.id)
"""


def home_of(site_key):
    """Id of the organisation that watches its site under this key; None where there is none. Looks over the wall."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT intent_home(%s)", [site_key])
        return cursor.fetchone()[0]


def seen(organization_id, visitor, page, *, agent="", looks=RawEvent.Is.HUMAN):
    """A visitor (UUID) sees a page (its path). Answers before the row is on disk: a view may be lost with the machine."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL synchronous_commit = off")
        cursor.execute(SEEN, {"organization": organization_id, "visitor": visitor, "page": page, "agent": agent[:300],
                              "looks": looks, "most": MOST, "repeats": REPEATS})


def known_by_mail(organization_id, visitor, email):
    """The site says whose browser this is. An address that no living lead has says nothing. Answers the lead's id or None."""
    norm = norms({"email": email}).get("email_norm")
    leads = Lead.objects.of(organization_id).alive().filter(email_norm=norm, holds_email=True, tracking_off=False)
    lead_id = leads.values_list("pk", flat=True).first() if norm else None
    if lead_id:
        known(organization_id, visitor, lead_id, by="site")
    return lead_id


def known(organization_id, visitor, lead_id, *, by):
    """From now on the visitor is this lead; so were the views of late that are nobody's. Those of another lead stay with it."""
    with connection.cursor() as cursor:
        cursor.execute(KNOWN, {
            "organization": organization_id, "visitor": visitor, "lead": lead_id, "by": by, "days": ATTACHED})


def of_form(organization, form, lead_id, about):
    """A hosted form has come from a page that carried a visitor's number (lio.registry.on_form)."""
    visitor = about.get("visitor")
    if visitor and not Lead.objects.of(organization).filter(pk=lead_id, tracking_off=True).exists():
        known(organization.pk, visitor, lead_id, by="form")


def forget(organization_id):
    """Forget old views, and visitors whom nobody knows and who did not come again."""
    with connection.cursor() as cursor:
        for sql in (FORGET, FORGET_VISITORS):
            cursor.execute(sql, {"organization": organization_id, "attached": ATTACHED, "kept": KEPT})
