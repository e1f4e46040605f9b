"""The floor: the same answers and the same writes by a bare WSGI handler, so that figures are ratios and not of one machine.

psycopg with prepared statements, one connection a thread, orjson, the same HTTP server and settings as the product. No sign-in,
no rate, no walls, no total, no validation, no history of who did it: what is left is what the work itself costs.
"""

import os
import threading
from base64 import b64decode
from hashlib import sha256
from urllib.parse import parse_qs

import orjson
import psycopg

LIST = """
SELECT json_agg(r)::text FROM (
    SELECT l.id, l.first_name, l.last_name, l.email, l.phone_number, l.company_id, l.job_title, l.industry, l.website,
        l.address, l.city,
        l.state, l.country, l.pin_code, l.priority, l.score, l.estimated_value, l.linkedin_url, l.custom_fields,
        l.notes, l.ai_information, c.company_name AS company, s.number AS status, o.number AS lead_source,
        l.assigned_to_id AS assigned_to,
        ARRAY(SELECT json_build_object('id', t.number, 'name', t.name, 'color_code', t.color_code)
              FROM leads_leadtag lt JOIN lookups_lookup t ON t.id = lt.tag_id
              WHERE lt.organization_id = l.organization_id AND lt.lead_id = l.id ORDER BY t.number) AS tags,
        to_char(l.last_activity_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS last_activity_at,
        to_char(l.created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS created_at,
        to_char(l.updated_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS updated_at,
        s.name AS status_text, o.name AS lead_source_text,
        CASE l.priority WHEN 1 THEN 'Low' WHEN 2 THEN 'Medium' WHEN 3 THEN 'High' WHEN 4 THEN 'Urgent' END AS priority_text
    FROM leads_lead l JOIN lookups_lookup s ON s.id = l.status_id LEFT JOIN lookups_lookup o ON o.id = l.source_id
    LEFT JOIN companies_company c ON c.id = l.company_id
    WHERE l.organization_id = %s AND l.deleted_at IS NULL ORDER BY {order} LIMIT {limit} OFFSET {offset}) AS r
"""
ORDERS = {"id": "l.id DESC", "created_at": "l.created_at DESC, l.id DESC", "score": "l.score DESC, l.id DESC",
          "last_name": "l.last_name DESC, l.id DESC"}
LEAD = """
INSERT INTO leads_lead (organization_id, first_name, last_name, email, email_norm, holds_email, phone_number, phone_norm,
    company_id, job_title, status_id, priority, source_id, score, linkedin_url, linkedin_norm, holds_linkedin, custom_fields,
    ai_information, created_at, updated_at)
SELECT %(org)s, %(first_name)s, %(last_name)s, %(email)s, %(email)s, true, %(phone)s, %(phone)s,
    (SELECT id FROM companies_company
     WHERE organization_id = %(org)s AND name_norm = lower(%(company)s) AND deleted_at IS NULL),
    %(job_title)s, (SELECT id FROM lookups_lookup WHERE organization_id = %(org)s AND type = 'status' AND number = 1), 2,
    (SELECT id FROM lookups_lookup WHERE organization_id = %(org)s AND type = 'source' AND number = %(source)s), 0,
    %(linkedin)s, %(linkedin)s, true, %(custom)s::jsonb, '{}', now(), now()
ON CONFLICT DO NOTHING RETURNING id
"""
DOCUMENT = "INSERT INTO lio_searchdoc (organization_id, kind, object_id, body) VALUES (%s, 'lead', %s, %s)"
CHANGE = """INSERT INTO lio_change (organization_id, change_id, verb, model_type, model_id, after, actor)
            VALUES (%s, nextval('lio_change_group'), 'lead.created', 'lead', %s, %s::jsonb, 'floor')"""
JOB = """INSERT INTO lio_job (organization_id, function, args, is_batch, state, attempts, max_attempts, total, processed,
                              succeeded, failed, skipped, error)
         VALUES (%s, 'leads.jobs.score_leads', %s::jsonb, true, 'queued', 0, 5, 0, 0, 0, 0, 0, '')"""
HIT = """
INSERT INTO intent_rawevent AS e (organization_id, kind, channel, lead_id, token_id, message_id, agent, network, hints, arrival,
                                  classification, classifier_version, minute, is_taken)
SELECT organization_id, 'open', 'mail', lead_id, id, message_id, %(agent)s, '', '', 'human', 'human', 1,
       floor(extract(epoch FROM now()) / 60)::int, false
FROM intent_trackingtoken WHERE digest = %(digest)s AND purpose = 'open'
ON CONFLICT (token_id, minute, arrival) WHERE token_id IS NOT NULL DO UPDATE SET hits = e.hits + 1 WHERE e.hits < 10
"""
GIF = b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")
own = threading.local()


def connection():
    if getattr(own, "connection", None) is None:
        own.connection = psycopg.connect(os.environ["DATABASE_SYSTEM_URL"], autocommit=True, prepare_threshold=0,
                                         application_name="lio-floor", options="-c max_parallel_workers_per_gather=0")
    return own.connection


def application(environ, start_response):
    if environ["PATH_INFO"].startswith("/hit/"):
        hit(environ)
        start_response("200 OK", [("Content-Type", "image/gif"), ("Content-Length", str(len(GIF)))])
        return [GIF]
    query = {name: values[0] for name, values in parse_qs(environ["QUERY_STRING"]).items()}
    status, answer = add(environ, query) if environ["REQUEST_METHOD"] == "POST" else listed(query)
    body = orjson.dumps(answer)
    start_response(status, [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
    return [body]


def hit(environ):
    """The row that the product writes for the picture of a mail, as little waiting for the disk."""
    if getattr(own, "hits", None) is None:
        own.hits = psycopg.connect(os.environ["DATABASE_SYSTEM_URL"], autocommit=True, prepare_threshold=0,
                                   application_name="lio-floor", options="-c synchronous_commit=off")
    own.hits.execute(HIT, {"agent": environ.get("HTTP_USER_AGENT", ""),
                           "digest": sha256(environ["PATH_INFO"][5:].encode()).hexdigest()})


def listed(query):
    """/?org=1&order=score&limit=10&page=1"""
    limit, page = int(query["limit"]), int(query["page"])
    sql = LIST.format(order=ORDERS[query["order"]], limit=limit, offset=(page - 1) * limit)
    rows = connection().execute(sql, [int(query["org"])]).fetchone()[0]
    return "200 OK", {"success": True, "message": "", "data": orjson.Fragment(rows), "page": page, "limit": limit}


def add(environ, query):
    """The rows that the product writes for a pushed lead: lead, search document, change, job."""
    body, org = environ["wsgi.input"].read(), int(query["org"])
    given = orjson.loads(body)
    name = f"{given['first_name']} {given['last_name']}"
    text = "\n".join([name, given["email"], given["phone_number"], given["company"], given["job_title"]]).lower()
    with connection().transaction(), connection().cursor() as cursor:
        cursor.execute(LEAD, {
            "org": org, "first_name": given["first_name"], "last_name": given["last_name"], "email": given["email"],
            "phone": given["phone_number"], "company": given["company"], "job_title": given["job_title"],
            "source": given["lead_source"], "linkedin": given.get("linkedin_url"),
            "custom": orjson.dumps(given["custom_fields"]).decode()})
        found = cursor.fetchone()
        if not found:
            return "409 Conflict", {"success": False}
        cursor.execute(DOCUMENT, [org, found[0], text])
        cursor.execute(CHANGE, [org, found[0], body.decode()])
        cursor.execute(JOB, [org, f"[{found[0]}]"])
    return "201 Created", {"success": True, "data": {"id": found[0]}}
