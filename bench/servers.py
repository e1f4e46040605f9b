"""What is measured: the product under the command that `make run` uses, the floor under the same one, and their CPU time."""

import http.client
import json
import os
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import psutil
import psycopg

from lio.embedded.place import CHECKOUT
from lio.run.child import Child, end_all
from lio.run.runner import children

READY = 30  # seconds


class Servers:
    """Context manager: product and floor on ports of their own, and the load generator beside them."""

    def __init__(self, folder: Path, ports, urls):
        self.ports, self.urls = ports, urls
        os.environ["LIO_PORT"] = str(ports["product"])
        web, self.worker = children(folder)
        instead = {"lio.wsgi:application": "bench.floor:application",
                   f"--bind=127.0.0.1:{ports['product']}": f"--bind=127.0.0.1:{ports['floor']}"}
        command = [instead.get(one, one) for one in web.command]
        self.children = {"product": web, "floor": Child("floor", command, folder)}

    def __enter__(self):
        self.database = psycopg.connect(self.urls["system"], autocommit=True, application_name="lio-bench")
        for child in self.children.values():
            child.start()
        self.client = subprocess.Popen([sys.executable, "-m", "bench.client"], cwd=CHECKOUT, text=True,
                                       stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        wait_for(self.ports["product"], "/healthz", self.children["product"])
        wait_for(self.ports["floor"], "/?org=1&order=id&limit=1&page=1", self.children["floor"])
        return self

    def __exit__(self, *_):
        end_all([*self.children.values(), self.worker], 5, hurry=lambda: False)
        self.client.stdin.close()
        self.client.wait()
        self.database.close()

    def run(self, server, spec):
        """One measured run: what the client saw, and the CPU microseconds of a request in the server and in PostgreSQL."""
        spec = {**spec, "port": self.ports[server]}
        app, backends = self.cpu(server), self.database_cpu()
        self.client.stdin.write(json.dumps(spec) + "\n")
        self.client.stdin.flush()
        line = self.client.stdout.readline()
        if not line:
            raise SystemExit("The load generator died; see above.")
        result = json.loads(line)
        after = self.database_cpu()
        spent = sum(seconds - backends.get(pid, 0.0) for pid, seconds in after.items())
        result["app"] = (self.cpu(server) - app) / result["count"] * 1e6
        result["db"] = spent / result["count"] * 1e6
        return result

    def fetch(self, server, request):
        """The body that one raw GET is answered with."""
        return self.ask(server, "GET", request.strip())

    def post(self, server, head, body):
        return self.ask(server, "POST", head, body)

    def ask(self, server, method, head, body=None):
        first, *headers = head.split("\r\n")
        connection = http.client.HTTPConnection("127.0.0.1", self.ports[server], timeout=30)
        connection.request(method, first.split()[1], body, headers=dict(line.split(": ", 1) for line in headers))
        answer = connection.getresponse()
        found = answer.read()
        if answer.status not in (200, 201):
            raise SystemExit(f"{first} answered {answer.status}: {found[:500]!r}\n{self.children[server].end_of_log(30)}")
        return found

    def cpu(self, server):
        """CPU seconds that the server's processes have used so far."""
        master = psutil.Process(self.children[server].process.pid)
        return sum(cpu_seconds(process.pid) for process in [master, *master.children(recursive=True)])

    def database_cpu(self):
        """{pid: CPU seconds} of the backends at work in this database; empty when the server is on another machine."""
        pids = [row[0] for row in self.database.execute(
            "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()")]
        return {pid: cpu_seconds(pid) for pid in pids}


def cpu_seconds(pid):
    """Of all threads of a process: to the nanosecond where the kernel tells, else in ticks."""
    total = 0.0
    with suppress(OSError, psutil.Error):
        for task in Path(f"/proc/{pid}/task").iterdir():
            total += int((task / "schedstat").read_text().split()[0]) / 1e9
        if not total:
            total = sum(psutil.Process(pid).cpu_times()[:2])
    return total


def wait_for(port, path, child):
    deadline = time.monotonic() + READY
    while time.monotonic() < deadline:
        with suppress(OSError, http.client.HTTPException):
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            connection.request("GET", path)
            if connection.getresponse().status == 200:
                return
        if not child.is_alive():
            break
        time.sleep(0.1)
    raise SystemExit(f"{child.name} did not start:\n{child.end_of_log(40)}")
