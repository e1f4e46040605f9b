"""A server on a real socket that answers `POST /api/v1/lead` as the contract says, and fails on demand."""

import json
import threading
from collections import Counter
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

KEY = "lio_test_key"


class Leads:
    """What the server has: leads by e-mail, answers by Idempotency-Key, faults still to happen by e-mail."""

    def __init__(self):
        self.lock = threading.Lock()
        self.leads, self.kept, self.requests = {}, {}, []
        self.faults: dict[str, list] = {}
        self.connections = Counter()
        self.api_key = KEY

    def answer(self, body):
        """(status, payload, headers) of a lead posted for the first time."""
        email = body.get("email", "")
        if email.startswith("bad"):
            fields = {"first_name": ["must have at most 50 characters"]}
            error = {"message": "There are errors.", "type": "validation_error", "code": None, "fields": fields}
            return 422, {"success": False, "error": error}, {}
        there = email and self.leads.get(email)
        if there and not body.get("merge") and not body.get("duplicate"):
            error = {"message": "A lead with this e-mail exists.", "type": "conflict", "code": "duplicate_lead"}
            return 409, {"success": False, "error": error | {"details": {"lead_id": there[0]["id"]}}}, {}
        if there and body.get("merge"):
            there[0].update(body)
            return 200, {"success": True, "message": "", "data": there[0]}, {}
        lead = body | {"id": sum(map(len, self.leads.values())) + 1}
        self.leads.setdefault(email or lead.get("phone_number") or lead["linkedin_url"], []).append(lead)
        return 201, {"success": True, "message": "", "data": lead}, {}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # head and body leave in two writes
    leads: Leads

    def do_POST(self):
        leads = self.leads
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        key = self.headers["Idempotency-Key"]
        with leads.lock:
            leads.connections[self.client_address] += 1
            leads.requests.append((self.path, dict(self.headers), body))
            faults = leads.faults.get(body.get("email", ""), [])
            fault = faults.pop(0) if faults else None
            if self.headers["x-api-key"] != leads.api_key:
                error = {"message": "This API key is not valid.", "type": "forbidden", "code": None}
                return self.send(403, {"success": False, "error": error}, {})
            if fault == "drop before":
                return self.drop()
            if fault == "no envelope":
                return self.send(500, "Internal Server Error", {"Retry-After": "0"})
            if isinstance(fault, tuple):
                status, headers = fault
                error = {"message": "Come back later.", "type": "rate_limited", "code": None}
                return self.send(status, {"success": False, "error": error}, headers)
            replay = key in leads.kept
            if not replay:
                leads.kept[key] = leads.answer(body)
            status, payload, headers = leads.kept[key]
            if fault == "drop after":  # done, but the answer is lost
                return self.drop()
        self.send(status, payload, headers | ({"Idempotent-Replayed": "true"} if replay else {}))

    def send(self, status, payload, headers):
        raw = json.dumps(payload).encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    def drop(self):
        self.close_connection = True
        self.connection.close()

    def log_message(self, *args):
        """Quiet: the test says what went wrong."""


@contextmanager
def running(handler=Handler):
    """(address, Leads) of a server that runs while the block does."""
    leads = Leads()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Bound", (handler,), {"leads": leads}))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", leads
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
