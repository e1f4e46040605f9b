"""LIO as it runs for its users: an embedded server, web and worker as `make run` starts them, and clients that post leads."""

import http.client
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from contextlib import contextmanager
from itertools import pairwise

import psutil
import pytest
from django.conf import settings
from django.db import connections

from lio.run import runner
from lio.settings import database
from tests.conftest import _use
from tests.ground.conftest import Ground, until
from tests.ground.test_run import answer, free_port

SOAK = bool(os.environ.get("LIO_SOAK"))
ROUNDS = 5 if SOAK else 1
SCORED_SECONDS = 30


class House:
    """Everything in one folder. Made and migrated by `open`, kept alive as the runner does it until `close`."""

    admin_email, admin_password = "ada@acme.example", "walking-house-7"

    def __init__(self, folder):
        self.folder, self.ground = folder, Ground(folder / "data")
        self.port = free_port()
        self.closing, self.attention = threading.Event(), threading.Lock()

    def open(self):
        self.ground.start()
        self.environment = {
            "DATABASE_URL": self.ground.url(), "DATABASE_OWNER_URL": self.ground.url("owner"),
            "DATABASE_SYSTEM_URL": self.ground.url("system"),
            "LIO_DATA_DIR": str(self.ground.folder), "LIO_PORT": str(self.port), "SITE_URL": f"http://127.0.0.1:{self.port}",
            "SECRET_KEY": settings.SECRET_KEY,  # the tests put jobs into the queue, which is signed with it
            "LIO_RATE_KEY": "1000000", "LIO_RATE_BOOKING": "1000000", "LIO_RATE_BOOKED": "1000000",
            "LIO_RATE_PUBLIC": "1000000",
            "LIO_WEB_WORKERS": "2", "LIO_WEB_THREADS": "4", "LIO_WORKERS": "2",
        }
        self.manage("migrate", "--verbosity=0", "--no-input")
        made = json.loads(self.manage("create_organization", "--name=Acme", f"--admin-email={self.admin_email}",
                                      f"--admin-password={self.admin_password}", "--with-api-key"))
        self.api_key, self.admin_id = made["api_key"], made["user_id"]
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("LIO_PORT", str(self.port))
            patch.setenv("LIO_WEB_WORKERS", "2")
            self.web, self.worker = runner.children(self.ground.folder)
        for part in (self.web, self.worker):
            part.environment.update(self.environment)
            part.start()
        self.watcher = threading.Thread(target=self.watch, daemon=True)
        self.watcher.start()

    def watch(self):
        """What the runner's loop does, as often."""
        while not self.closing.wait(0.2):
            with self.attention:
                runner.watch([self.web, self.worker], embedded=False)

    @contextmanager
    def unattended(self):
        """Meanwhile nothing that dies is started again."""
        with self.attention:
            yield

    def close(self):
        self.closing.set()
        self.watcher.join()
        runner.end_all([self.web, self.worker], 0, hurry=lambda: True)
        self.ground.command("stop")

    def manage(self, *arguments):
        done = subprocess.run([sys.executable, "manage.py", *arguments], capture_output=True, text=True,
                              env={**os.environ, **self.environment}, stdin=subprocess.DEVNULL)
        assert done.returncode == 0, done.stderr
        return done.stdout

    # ------------------------------------------------------------ looking in
    def status(self, path):
        """The status that a GET is answered with, None where nobody answers."""
        return answer(self.port, path)

    def ready(self):
        return self.status("/readyz") == 200

    def rows(self, query, *params):
        """Rows of the database, seen with the system role."""
        with self.ground.connect("system") as connection:
            return connection.execute(query, params or None).fetchall()

    def value(self, query, *params):
        return self.rows(query, *params)[0][0]

    def job(self, job_id):
        """(state, attempts, error) of a job."""
        return self.rows("SELECT state, attempts, error FROM lio_job WHERE id = %s", job_id)[0]

    def unscored(self):
        """How many leads wait for their score or its reasons."""
        return self.value("SELECT count(*) FROM leads_lead WHERE score = 0 OR NOT ai_information ? 'score_reasons'")

    @contextmanager
    def inside(self, blocker):
        """This process's Django works on the house's database, to put jobs into its queue by the product's own door."""
        kept = {alias: dict(connections[alias].settings_dict) for alias in ("default", "system")}
        with blocker.unblock():
            for alias, kind in (("default", "app"), ("system", "system")):
                _use(connections[alias], database(self.ground.url(kind)))
            try:
                yield
            finally:
                for alias, before in kept.items():
                    _use(connections[alias], before)

    # -------------------------------------------------------------- processes
    def cluster(self):
        """The processes of django-q2's cluster: its parent, its sentinel and what that one forked."""
        return psutil.Process(self.worker.process.pid).children(recursive=True)

    def master_and_workers(self):
        master = psutil.Process(self.web.process.pid)
        return master.pid, [child.pid for child in master.children()]

    def wait_until_well(self):
        """Ready, and a job goes through."""
        until(self.ready, 30)
        until(lambda: self.worker.is_alive() and len(self.cluster()) >= 6, 30)


class Clients:
    """Threads that post leads as integrators do: one Idempotency-Key a lead, tried again until it is answered.

    Every lead says `duplicate: 1`: without the key, each repeat of a request that was in fact done would make a second lead.
    """

    def __init__(self, house, threads=16 if SOAK else 6):
        self.house, self.mark = house, f"{random.getrandbits(40):x}"
        self.acked = {}  # e-mail: id of the lead
        self.moments = []  # of the answers
        self.seen = Counter()  # what came back: a status, or "no connection"
        self.wrong = []
        self.stopping = threading.Event()
        self.threads = [threading.Thread(target=self.post_leads, args=(n,), daemon=True) for n in range(threads)]

    def __enter__(self):
        self.begun = time.monotonic()
        for thread in self.threads:
            thread.start()
        self.more()
        return self

    def __exit__(self, *_):
        self.stopping.set()
        for thread in self.threads:
            thread.join(60)

    def more(self, leads=None):
        """Return when so many more leads have been taken in."""
        leads = leads or (200 if SOAK else 25)
        target = len(self.acked) + leads
        until(lambda: len(self.acked) >= target, 60)

    def outage(self):
        """The longest time, in seconds, without any answer of success."""
        moments = [self.begun, *sorted(self.moments)]
        return max(after - before for before, after in pairwise(moments))

    def post_leads(self, thread):
        connection = None
        for n in range(1_000_000):
            if self.stopping.is_set():
                return
            body = {"email": f"{self.mark}-{thread}-{n}@customer.example", "first_name": "Jane", "last_name": f"No {n}",
                    "company": f"Company {n % 7}", "tags": [f"tag {n % 3}"], "duplicate": 1, "budget": n}
            while not (answered := self.post(connection, body)):
                connection = None
                time.sleep(0.05)
            connection = answered

    def post(self, connection, body):
        """The connection, when the lead was taken in; None when it must be tried again."""
        connection = connection or http.client.HTTPConnection("127.0.0.1", self.house.port, timeout=20)
        headers = {"Content-Type": "application/json", "x-api-key": self.house.api_key, "Idempotency-Key": body["email"]}
        try:
            connection.request("POST", "/api/v1/lead", json.dumps(body), headers)
            answer = connection.getresponse()
            raw = answer.read()
        except (OSError, http.client.HTTPException):
            self.seen["no connection"] += 1
            connection.close()
            return None
        self.seen[answer.status] += 1
        if answer.status == 201:
            self.acked[body["email"]] = json.loads(raw)["data"]["id"]
            self.moments.append(time.monotonic())
            return connection
        if answer.status != 503 or not answer.headers["Retry-After"]:
            self.wrong.append((answer.status, answer.headers["Retry-After"], raw[:300]))
        connection.close()
        return None

    def check(self):
        """Every acknowledged lead is there once, under the id that was answered; nothing else is; all are scored soon."""
        assert not any(thread.is_alive() for thread in self.threads)
        assert not self.wrong, self.wrong[:3]
        house, ours = self.house, f"{self.mark}-%"
        there = house.rows("SELECT email, id FROM leads_lead WHERE email LIKE %s", ours)
        assert len(there) == len(self.acked)
        assert dict(there) == self.acked
        told = house.rows("SELECT model_id, count(*) FROM lio_change WHERE model_type = 'lead' AND verb = 'lead.created' "
                          "AND model_id = ANY(%s) GROUP BY 1", list(self.acked.values()))
        assert dict(told) == dict.fromkeys(self.acked.values(), 1)
        tagged = house.value("SELECT count(*) FROM leads_leadtag WHERE lead_id = ANY(%s)", list(self.acked.values()))
        assert tagged == len(self.acked)
        assert house.value("SELECT count(*) FROM companies_company WHERE company_name LIKE 'Company %'") <= 7
        until(lambda: house.unscored() == 0, SCORED_SECONDS)


def kill(pid):
    os.kill(pid, signal.SIGKILL)
