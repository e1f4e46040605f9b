"""The plans of the list's own statements, as the app's role inside a scope; and what the walls and the total cost.

The statements are caught while the product answers a request, so they are the product's own. A plan fails when it reads all
leads of an organisation (sequentially, or through an index whose rows a filter then throws away): that stays invisible in
tests and takes a second at a million leads.
"""

import json
import random
from statistics import median
from time import perf_counter

import psycopg

from bench.report import goal
from bench.servers import cpu_seconds

THROWN_AWAY = 20_000  # rows that a filter may drop beside an index
ROUNDS = 9
MEANT = 30  # milliseconds of a count(*) from which counters are meant to help


def look(urls, terms, member, say):
    """Checks: one a query for its plan, then the walls and the total."""
    from accounts.models import User
    from bench import data

    admin = User.objects.select_related("organization", "role").get(email=data.EMAIL.format(1))
    queries = {
        "list by id": {}, "list by created_at": {"order_by": "created_at"}, "list by score": {"order_by": "score"},
        "list by last_name": {"order_by": "last_name"}, "page 500 x 10": {"page": 500},
        "status + score": {"state_id": 3, "score_min": 60, "score_max": 70, "order_by": "score"},
        "owner": {"assigned_to": member}, "owner + status + score": {"assigned_to": member, "state_id": 2, "score_min": 80},
        "unassigned": {"unassigned": "true"},
        "created range": {"created_from": "2026-01-01", "created_to": "2026-01-31", "order_by": "created_at"},
        **{f"search {name}": {"search_value": term} for name, term in terms.items() if name != "rare small"},
    }
    checks, caught = [], {}
    with scoped(urls["app"], admin.organization_id) as app:
        for name, query in queries.items():
            caught[name] = statements(admin, query)
            faults = [fault for sql, params in caught[name] for fault in faults_of(app, sql, params)]
            checks.append({"case": f"plan of {name}", "text": "; ".join(faults) or "reads what it shows",
                           "goals": [goal("faults", len(faults), 0)]})
        one = app.execute("SELECT max(id) FROM leads_lead WHERE organization_id = %s", [admin.organization_id]).fetchone()[0]
        company = app.execute("SELECT max(id) FROM companies_company WHERE organization_id = %s", [admin.organization_id])
        company = company.fetchone()[0]
        paths = {"duplicates of a lead": f"/api/lead/duplicates/{one}", "duplicates": "/api/lead/duplicates",
                 "duplicates of a company": f"/api/company/duplicates/{company}", "company pairs": "/api/company/duplicates",
                 "similar companies": f"/api/company/similar/{company}"}
        for name, path in paths.items():
            faults = [fault for sql, params in statements(admin, {}, path) for fault in faults_of(app, sql, params)]
            checks.append({"case": f"plan of {name}", "text": "; ".join(faults) or "reads what it shows",
                           "goals": [goal("faults", len(faults), 0)]})
    say("plans: walls and totals")
    with scoped(urls["app"], admin.organization_id) as app, scoped(urls["system"], admin.organization_id) as system:
        ratios = {name: walls(app, system, caught[name]) for name in caught if not name.startswith("search")}
        worst = max(ratios, key=ratios.get)
        checks.append({"case": "walls", "text": "CPU of the list's statements with row level security / without",
                       "goals": [goal("median", median(ratios.values()), 1.4), goal(f"worst ({worst})", ratios[worst], 2)]})
        org = [admin.organization_id]
        quick = timed(app, "SELECT coalesce(sum(n), 0) FROM leads_leadcount WHERE organization_id = %s", org)
        slow = timed(system, "SELECT count(*) FROM leads_lead WHERE organization_id = %s AND deleted_at IS NULL", org)
        checks.append({"case": "total", "text": f"{quick:.2f} ms against {slow:.0f} ms for count(*)",
                       "goals": [goal("total / count(*)", quick / slow, 0.02)] if slow > MEANT else []})
    return checks


def scoped(url, organization_id):
    """A connection as the product's own, in a transaction with its organisation set."""
    connection = psycopg.connect(url, prepare_threshold=0, cursor_factory=psycopg.Cursor,
                                 options="-c max_parallel_workers_per_gather=0")
    connection.execute("SELECT set_config('app.org', %s, true)", [str(organization_id)])
    return connection


def statements(member, query, path="/api/lead/list"):
    """[(SQL, parameters)] that the product runs in the scope to answer a GET."""
    from django.db import connection
    from rest_framework.test import APIClient

    from accounts import sessions, tokens

    caught = []

    def catch(execute, sql, params, many, context):
        caught.append((sql, params))
        return execute(sql, params, many, context)

    client = APIClient(headers={"Authorization": f"Bearer {tokens.issue(sessions.start(member, 'token'))}"})
    with connection.execute_wrapper(catch):
        answer = client.get(path, query)
    if answer.status_code != 200:
        raise SystemExit(f"{query} answered {answer.status_code}: {answer.content[:300]!r}")
    opened = next(n for n, (sql, _) in enumerate(caught) if "set_config" in sql)
    return caught[opened + 1 :]


def faults_of(app, sql, params):
    """What is wrong with the plan of one statement, in words."""
    plan = app.execute(f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {sql}", params).fetchone()[0]
    plan = json.loads(plan) if isinstance(plan, str) else plan
    found, waiting = [], [plan[0]["Plan"]]
    while waiting:
        node = waiting.pop()
        waiting += node.get("Plans", [])
        table = node.get("Relation Name")
        if table not in ("leads_lead", "lio_searchdoc"):
            continue
        dropped = node.get("Rows Removed by Filter", 0) * node["Actual Loops"]
        if node["Node Type"] == "Seq Scan":
            found.append(f"reads all of {table}")
        elif dropped > THROWN_AWAY:
            found.append(f"throws away {dropped:.0f} rows of {table} ({node.get('Index Name')})")
    return found


def walls(app, system, caught):
    """CPU time of the statements as the app's role divided by that as a role that no wall binds, interleaved."""
    spent = {"app": [], "system": []}
    for sql, params in caught:  # PostgreSQL plans a statement anew for its first five times
        for connection in (app, system):
            timed(connection, sql, params)
    for _ in range(ROUNDS):
        for name, connection in random.sample([("app", app), ("system", system)], 2):
            began = clock(connection)
            for sql, params in caught * 5:
                connection.execute(sql, params).fetchall()
            spent[name].append(clock(connection) - began)
    return median(spent["app"]) / median(spent["system"])


def clock(connection):
    """CPU seconds of the connection's backend; of the wall, where the server is on another machine."""
    return cpu_seconds(connection.info.backend_pid) or perf_counter()


def timed(connection, sql, params, rounds=ROUNDS):
    """Median milliseconds of a statement, prepared."""
    found = []
    for _ in range(rounds + 1):
        began = perf_counter()
        connection.execute(sql, params).fetchall()
        found.append((perf_counter() - began) * 1000)
    return median(found[1:])
