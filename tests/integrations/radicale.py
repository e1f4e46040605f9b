"""A CalDAV server of its own for a test run: Radicale in a process of its own, with its own port, folder and passwords."""

import socket
import subprocess
import sys
from base64 import b64encode
from contextlib import contextmanager
from http.client import HTTPConnection
from time import monotonic, sleep

USER, PASSWORD = "anna@example.net", "s3cret-of-anna"


class Radicale:
    """The running server. Everything is done as USER, in the calendar `work` unless another is named."""

    def __init__(self, port):
        self.port = port
        self.place, self.url = f"127.0.0.1:{port}", f"http://127.0.0.1:{port}/"

    def ask(self, method, path, body="", status=(200, 201, 204, 207), **headers):
        line = HTTPConnection("127.0.0.1", self.port, timeout=10)
        pair = b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        line.request(method, path, body.encode(), {"Authorization": f"Basic {pair}", **headers})
        answer = line.getresponse()
        text = answer.read().decode()
        line.close()
        assert answer.status in status, (answer.status, text)
        return text

    def path(self, calendar="work", name=""):
        return f"/{USER}/{calendar}/{name}"

    def make(self, calendar="work", title="Work"):
        self.ask("MKCALENDAR", self.path(calendar), f"""<?xml version="1.0"?><c:mkcalendar xmlns:d="DAV:"
            xmlns:c="urn:ietf:params:xml:ns:caldav"><d:set><d:prop><d:displayname>{title}</d:displayname>
            <c:supported-calendar-component-set><c:comp name="VEVENT"/></c:supported-calendar-component-set>
            </d:prop></d:set></c:mkcalendar>""")

    def forget(self):
        self.ask("DELETE", f"/{USER}/", status=(200, 204, 404))

    def put(self, uid, lines, calendar="work"):
        """An event of a few lines of its file."""
        text = "\r\n".join(["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//test//EN", "BEGIN:VEVENT", f"UID:{uid}",
                            "DTSTAMP:20260101T000000Z", "SUMMARY:Private", *lines, "END:VEVENT", "END:VCALENDAR", ""])
        self.ask("PUT", self.path(calendar, f"{uid}.ics"), text, **{"Content-Type": "text/calendar"})

    def drop(self, uid, calendar="work"):
        self.ask("DELETE", self.path(calendar, f"{uid}.ics"))

    def whole(self, calendar="work"):
        """All that stands in a calendar, as one file."""
        return self.ask("GET", self.path(calendar))


@contextmanager
def running(folder, port=None):
    if port is None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
    (folder / "users").write_text(f"{USER}:{PASSWORD}\n")
    (folder / "config").write_text(f"""[server]
hosts = 127.0.0.1:{port}
[auth]
type = htpasswd
htpasswd_filename = {folder / "users"}
htpasswd_encryption = plain
delay = 0
[storage]
filesystem_folder = {folder / "data"}
[logging]
level = warning
""")
    with open(folder / "log", "wb") as log:
        command = [sys.executable, "-m", "radicale", "--config", str(folder / "config")]
        process = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            until = monotonic() + 20
            while True:
                try:
                    socket.create_connection(("127.0.0.1", port), timeout=1).close()
                    break
                except OSError:
                    assert process.poll() is None and monotonic() < until, (folder / "log").read_text()
                    sleep(0.05)
            yield Radicale(port)
        finally:
            process.terminate()
            process.wait(10)
