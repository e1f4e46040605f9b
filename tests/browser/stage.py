"""A whole LIO for the browser tests: a database of its own, the web server, the worker, and a client for its API."""

import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

CHECKOUT = Path(__file__).resolve().parents[2]
PASSWORD = "walking-house-7"
START_LIMIT = 60  # seconds


class Stage:
    """`folder` takes the data and logs. Between `start` and `stop` LIO answers at `url`."""

    def __init__(self, urls, folder):
        with socket.socket() as probe, socket.socket() as other, socket.socket() as third:
            for one in (probe, other, third):
                one.bind(("127.0.0.1", 0))
            # the second and the third: of a calendar server, and of one in Google's place
            port, self.calendar_port, self.google_port = (one.getsockname()[1] for one in (probe, other, third))
        google = f"http://127.0.0.1:{self.google_port}"
        self.url, self.folder, self.processes = f"http://127.0.0.1:{port}", folder, []
        self.env = os.environ | {
            "DATABASE_URL": urls["app"],
            "DATABASE_OWNER_URL": urls["owner"],
            "DATABASE_SYSTEM_URL": urls["system"],
            "LIO_ENV": "development",
            "LIO_PORT": str(port),
            "LIO_ALLOW_PRIVATE_HOSTS": f"127.0.0.1:{self.calendar_port},127.0.0.1:{self.google_port}",
            "LIO_GOOGLE_CLIENT_ID": "google-client",
            "LIO_GOOGLE_CLIENT_SECRET": "client-secret-7",
            "LIO_GOOGLE_API_URL": f"{google}/calendar/v3",
            "LIO_GOOGLE_AUTHORIZE_URL": f"{google}/authorize",
            "LIO_GOOGLE_TOKEN_URL": f"{google}/token",
            "SITE_URL": self.url,
            "LIO_DATA_DIR": str(folder),
            "SECRET_KEY": "only-for-the-browser-tests",
            "LIO_TOKEN_KEY": "also-only-for-the-browser-tests-of-lio",
            "LIO_WORKERS": "1",
            "LIO_RATE_PUBLIC": "100000",
            "DJANGO_SETTINGS_MODULE": "lio.settings",
        }

    def manage(self, *words):
        """Run manage.py; answers what it printed."""
        done = subprocess.run([sys.executable, "manage.py", *words], cwd=CHECKOUT, env=self.env, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def start(self):
        self.run(
            "web",
            "-m",
            "gunicorn",
            "lio.wsgi:application",
            f"--bind={self.url.removeprefix('http://')}",
            "--worker-class=gthread",
            "--workers=1",
            "--threads=4",
            "--no-control-socket",
            "--graceful-timeout=2",
        )
        self.run("worker", "manage.py", "worker")
        until(self.is_ready, START_LIMIT, self.log)

    def run(self, name, *words):
        with open(self.folder / f"{name}.log", "w") as log:
            self.processes.append(
                subprocess.Popen([sys.executable, *words], cwd=CHECKOUT, env=self.env, stdout=log, stderr=log)
            )

    def is_ready(self):
        assert all(process.poll() is None for process in self.processes), self.log()
        try:
            return urlopen(f"{self.url}/healthz", timeout=5).status == 200
        except OSError:
            return False

    def log(self):
        return "\n".join(path.read_text()[-4000:] for path in self.folder.glob("*.log"))

    def stop(self):
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def found(self, name, email):
        """A new organisation; answers the API as its Admin sees it."""
        self.manage("create_organization", "--name", name, "--admin-email", email, "--admin-password", PASSWORD)
        return Api(self.url, email)

    def mails(self, to):
        """The mails to an address that the worker has sent, oldest first."""
        files = sorted((self.folder / "mail").glob("*"), key=lambda path: path.stat().st_mtime)
        return [text for text in (path.read_text() for path in files) if f"To: {to}" in text]


class Api:
    """LIO's API with the token of a member."""

    def __init__(self, url, email, password=PASSWORD):
        self.url, self.email = url, email
        self.token = self.post("/api/auth/login", {"email": email, "password": password})["access_token"]

    def post(self, path, body=None, *, method="POST", **headers):
        """The answer's JSON. Raises AssertionError with the answer when it is a refusal."""
        headers = {"Content-Type": "application/json"} | headers
        if token := getattr(self, "token", ""):
            headers.setdefault("Authorization", f"Bearer {token}")
        request = Request(self.url + path, json.dumps(body).encode() if body is not None else None, headers, method=method)
        try:
            with urlopen(request, timeout=20) as answer:
                return json.load(answer)
        except HTTPError as error:
            raise AssertionError(f"{error.code} {error.read().decode()[:500]}") from error

    def get(self, path):
        return self.post(path, method="GET")["data"]

    def lead(self, **fields):
        """The id of a new lead."""
        fields = {"first_name": "Jane", "last_name": "Doe", "status": 1} | fields
        return self.post("/api/lead/add", fields)["data"]["id"]

    def member(self, email, first_name="Rob", last_name="Rep", role="Sales Rep"):
        roles = {row["name"]: row["id"] for row in self.get("/api/role/list")}
        self.post(
            "/api/user/add",
            {
                "first_name": first_name,
                "last_name": last_name,
                "email": email,
                "password": PASSWORD,
                "phone_no": "+49 30 1234",
                "role_id": roles[role],
            },
        )
        return email


def until(true, limit, explain=lambda: ""):
    """Wait until `true()` is; fails after `limit` seconds."""
    end = time.monotonic() + limit
    while not (found := true()):
        assert time.monotonic() < end, explain()
        time.sleep(0.05)
    return found
