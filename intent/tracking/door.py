"""Pictures and links of mails are answered at the door: before routes, middlewares, sessions and all that others need.

`answered` is what they are answered with. `Door` stands before Django (lio/wsgi.py); where it does not, the views ask the same.
"""

import re
import uuid
from base64 import b64decode
from time import perf_counter
from types import SimpleNamespace

from django.db import InterfaceError, OperationalError, connection
from django.utils.encoding import iri_to_uri

from intent.tracking.hits import record
from lio.clientip import ip_of
from lio.logs import request_line
from lio.metrics import observe

GIF = b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")
NEVER_KEPT = "no-store, no-cache, must-revalidate, private, max-age=0"
HIT = re.compile(r"/api/(?:v1/)?track/(open|click)/([^/]+)")
ALWAYS = [("Cache-Control", NEVER_KEPT), ("Referrer-Policy", "no-referrer"), ("X-Content-Type-Options", "nosniff")]
PICTURE = [("Content-Type", "image/gif"), ("Content-Length", str(len(GIF))), ("Cross-Origin-Resource-Policy", "cross-origin"),
           *ALWAYS]
ELSEWHERE = [("Content-Length", "0"), ("X-Robots-Tag", "noindex"), *ALWAYS]
ROUTES = {purpose: SimpleNamespace(view_name=f"v1:v1-track-{purpose}") for purpose in ("open", "click")}  # for /metrics


def answered(meta, found):
    """(status, headers, body) for a request whose path HIT has `found`; None for a link that there is not.

    The picture is the same whether there is such a token or not: mail programs show broken ones.
    """
    purpose, token = found.groups()
    hit = record(meta, token, purpose)
    if purpose == "open":
        return 200, PICTURE, b"" if meta["REQUEST_METHOD"] == "HEAD" else GIF
    return None if hit is None else (302, [("Location", iri_to_uri(hit[1])), *ELSEWHERE], b"")


class Door:
    """Before the application of Django. What it does not answer goes on; its answers are logged and counted as all are."""

    def __init__(self, application):
        self.application = application

    def __call__(self, environ, start_response):
        path = environ["PATH_INFO"]
        found = HIT.fullmatch(path) if "/track/" in path else None
        if found is None or environ["REQUEST_METHOD"] not in ("GET", "HEAD"):
            return self.application(environ, start_response)
        started = perf_counter()
        try:
            answer = answered(environ, found)
        except (OperationalError, InterfaceError):  # nothing was written; the view says so
            connection.close_if_unusable_or_obsolete()
            answer = None
        if answer is None:
            return self.application(environ, start_response)
        status, headers, body = answer
        request_id, seconds, purpose = uuid.uuid4().hex, perf_counter() - started, found[1]
        observe(SimpleNamespace(resolver_match=ROUTES[purpose], method=environ["REQUEST_METHOD"]),
                SimpleNamespace(status_code=status), seconds)
        request_line(method=environ["REQUEST_METHOD"], path=f"{path[:found.start(2)]}...", status=status,
                     ms=round(seconds * 1000, 1), ip=ip_of(environ), request_id=request_id)
        start_response("200 OK" if status == 200 else "302 Found", [*headers, ("X-Request-Id", request_id)])
        return [body]
