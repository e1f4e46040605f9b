"""The worker's supervisor: starts django-q2's cluster, wakes what waits, and replaces a cluster that is stuck.

django-q2 hangs for good when an idle worker process is killed (its queue's lock dies with it), so this process watches: due
work of which nothing moves, while fewer jobs run than there are workers, means a stuck cluster. Its whole process group is
killed and a new one started; nothing is lost, the rows are still in the tables. The same after the database was away, because
django-q2 then sleeps for ten seconds.
"""

import ctypes
import os
import signal
import subprocess
import sys
from contextlib import suppress
from time import monotonic, sleep
from typing import Any

import psutil
import structlog
from django.conf import settings
from django.db import Error, close_old_connections, connection

from lio import jobs

log = structlog.get_logger(__name__)
TICK, STALL, LONGEST_STALL, GRACE = 0.25, 6, 96, 20  # seconds
PR_SET_PDEATHSIG = 1
# The job that has been due for longest, and who runs what: both stay the same only where nothing moves.
STANDING = """
SELECT (SELECT id FROM lio_job WHERE state = 'queued' AND run_at < now() - interval '1 s' ORDER BY run_at, id LIMIT 1),
       array(SELECT DISTINCT lock_id FROM lio_job WHERE state = 'processing' ORDER BY 1)
"""


def die_with_parent():
    """In the cluster, before it begins: when this supervisor is killed, the cluster ends as after SIGTERM (Linux)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


class Worker:
    def __init__(self):
        self.cluster: Any = None
        self.stopping = self.away = self.fresh = self.up = False
        self.woken: dict = {}
        self.standing: Any = None  # what was waiting and running at the last look
        self.moved, self.patience = 0.0, STALL  # when that was different, and how long it may stay the same

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
                if self.fresh:
                    jobs.forget_wakes()
                    self.fresh = False
                jobs.tick(self.woken)
                stuck = self.is_stuck()
            except Error as error:
                if not self.away:
                    log.warning("database_away", error=str(error)[:200])
                self.away = self.away or connection.connection is None  # it does not even let us in
                connection.close()
                continue
            if self.away or stuck:
                log.warning("cluster_restarted", reason="the database was away" if self.away else "stuck")
                self.patience = self.patience if self.away else min(self.patience * 2, LONGEST_STALL)
                self.away = False
                self.restart()
        self.end()

    def start(self):
        # a group of its own, so that all of it can be killed; LIO_ROLE lifts the time-outs of a web request
        self.cluster = subprocess.Popen([sys.executable, "manage.py", "qcluster"], cwd=settings.BASE_DIR,
                                        start_new_session=True, preexec_fn=die_with_parent,
                                        env={**os.environ, "LIO_ROLE": "worker"})
        self.fresh, self.up, self.moved = True, False, monotonic()

    def restart(self):
        self.kill(signal.SIGKILL)
        self.cluster.wait()
        self.start()

    def is_stuck(self):
        with connection.cursor() as cursor:
            cursor.execute(STANDING)
            waiting, running = standing = cursor.fetchone()
        if not self.is_up():
            self.moved = monotonic()
        elif standing != self.standing or waiting is None or len(running) >= settings.WORKERS:
            self.standing, self.moved, self.patience = standing, monotonic(), STALL
        return monotonic() - self.moved > self.patience

    def is_up(self):
        """Whether the cluster has its workers. On a busy machine that takes longer than a cluster may stand still."""
        with suppress(psutil.NoSuchProcess):
            self.up = self.up or len(psutil.Process(self.cluster.pid).children(recursive=True)) > settings.WORKERS
        return self.up

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
        with suppress(ProcessLookupError):
            os.killpg(self.cluster.pid, number)
