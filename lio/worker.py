"""The worker's supervisor: starts django-q2's cluster, wakes what waits, and replaces a cluster that is stuck.

django-q2 hangs for good when an idle worker process is killed (its queue's lock dies with it), so this process watches: due
work that nobody takes, while fewer jobs run than there are workers, means a stuck cluster. Its whole process group is killed
and a new one started; nothing is lost, the rows are still in the tables.
"""

import os
import signal
import subprocess
import sys
from time import monotonic, sleep
from typing import Any

import structlog
from django.conf import settings
from django.db import Error, close_old_connections, connection

from lio import jobs

log = structlog.get_logger(__name__)
TICK, STALL, GRACE = 0.25, 10, 20  # seconds
WAITING = """
SELECT EXISTS (SELECT 1 FROM django_q_ormq WHERE lock < now() - make_interval(secs => %s)),
       (SELECT count(DISTINCT lock_id) FROM lio_job WHERE state = 'processing'),
       coalesce((SELECT max(started_at) FROM lio_job) > now() - make_interval(secs => %s), false)
"""


class Worker:
    def __init__(self):
        self.cluster: Any = None
        self.started, self.stopping = 0.0, False
        self.woken: dict = {}

    def run(self):
        """Until SIGTERM or SIGINT; then the running jobs get GRACE seconds to finish."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self.stop)
        self.start()
        while not self.stopping:
            sleep(TICK)
            close_old_connections()
            if self.cluster.poll() is not None:
                log.warning("cluster_died", code=self.cluster.returncode)
                self.restart()
            try:
                jobs.tick(self.woken)
                if self.is_stuck():
                    log.warning("cluster_stuck")
                    self.restart()
            except Error as error:
                log.warning("database_away", error=str(error)[:200])
                connection.close()
                sleep(1)
        self.end()

    def start(self):
        # a group of its own, so that all of it can be killed; LIO_ROLE lifts the time-outs of a web request
        self.cluster = subprocess.Popen([sys.executable, "manage.py", "qcluster"], cwd=settings.BASE_DIR,
                                        start_new_session=True, env={**os.environ, "LIO_ROLE": "worker"})
        self.started = monotonic()

    def restart(self):
        self.kill(signal.SIGKILL)
        self.cluster.wait()
        self.start()

    def is_stuck(self):
        if monotonic() - self.started < STALL:
            return False
        with connection.cursor() as cursor:
            cursor.execute(WAITING, [STALL, STALL])
            waiting, running, lively = cursor.fetchone()
        return waiting and running < settings.WORKERS and not lively

    def stop(self, *_):
        self.stopping = True

    def end(self):
        # Only the parent: it ends its processes one after the other, and hangs when they are gone already.
        self.cluster.terminate()
        try:
            self.cluster.wait(GRACE)
        except subprocess.TimeoutExpired:
            self.kill(signal.SIGKILL)
            self.cluster.wait()

    def kill(self, number):
        try:
            os.killpg(self.cluster.pid, number)
        except ProcessLookupError:
            pass
