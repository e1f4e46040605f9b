"""The background: how soon a pushed lead has its score, and how fast a pile of waiting jobs goes down."""

import json
import time
from statistics import median

from bench.cases import BIG
from bench.client import leads
from bench.report import goal

SINGLE, PILE, PATIENCE = 12, 2_000, 120


def measure(servers, callers, say):
    """Checks without goals, apart from the thirty seconds within which each lead must be scored."""
    say("jobs: one lead at a time, then a pile")
    servers.database.execute("DELETE FROM lio_job")
    servers.worker.start()
    pushed = leads(callers.push(BIG), f"job-{time.time_ns()}", callers.companies[BIG])
    delays = [delay(servers, next(pushed)) for _ in range(SINGLE + 2)][2:]  # the first ones start the worker
    pile = {"head": callers.push(BIG), "companies": callers.companies[BIG]}
    servers.worker.terminate()
    servers.worker.kill_remains()
    made = 0
    while made < PILE:
        spec = {"clients": 8, "seconds": 1, "leads": pile | {"run": f"pile-{time.time_ns()}"}}
        made += servers.run("product", spec)["count"]
    waiting = count(servers)
    began = time.perf_counter()
    servers.worker.start()
    wait_until(lambda: count(servers) == 0)
    seconds = time.perf_counter() - began  # the start of the worker among them
    servers.worker.terminate()
    delays.sort()
    return [
        {"case": "score of one lead", "text": f"after {median(delays):.2f} s (longest {delays[-1]:.2f} s)",
         "goals": [goal("longest s", delays[-1], 30)]},
        {"case": "pile of scores", "text": f"{waiting} in {seconds:.1f} s, {waiting / seconds:.0f} a second", "goals": []},
    ]


def delay(servers, request):
    """Seconds from the answer to a pushed lead until its score stands."""
    head, _, body = request.partition(b"\r\n\r\n")
    answer = json.loads(servers.post("product", head.decode(), body))
    answered = time.perf_counter()
    lead = answer["data"]["id"]
    wait_until(lambda: servers.database.execute("SELECT score > 0 FROM leads_lead WHERE id = %s", [lead]).fetchone()[0])
    return time.perf_counter() - answered


def count(servers):
    return servers.database.execute("SELECT count(*) FROM lio_job WHERE is_batch").fetchone()[0]


def wait_until(holds):
    deadline = time.perf_counter() + PATIENCE
    while not holds():
        if time.perf_counter() > deadline:
            raise SystemExit(f"The worker did not finish within {PATIENCE} seconds.")
        time.sleep(0.01)
