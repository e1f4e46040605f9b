"""A hit of a picture or a link in a mail: one statement, which has written its row when it answers."""

import re
from hashlib import sha256

from intent.tracking.classifying import VERSION, look, network_of
from lio import ratelimit
from lio.clientip import ip_of

TOKEN = re.compile(r"[A-Za-z0-9_-]{32}")
MOST_AGENT = 300
HIT = """SELECT home, leads_to
         FROM intent_hit(%(digest)s, %(purpose)s, %(agent)s, %(network)s, %(hints)s, %(looks)s, %(version)s)"""
AHEAD = ("HTTP_SEC_PURPOSE", "HTTP_PURPOSE", "HTTP_X_PURPOSE", "HTTP_X_MOZ")


def digest_of(token):
    """What is kept of a token: whoever reads the database cannot act for anybody."""
    return sha256(token.encode()).hexdigest()


def home_of(token):
    """Id of the organisation whose way out this is; None when there is no such token. Looks over the wall."""
    return ratelimit.counted("SELECT intent_home(%(secret)s)", {"secret": digest_of(token)})[0]


def record(meta, token, purpose):
    """Write down that `token` was used. Answers (id of its organisation, where it leads); None for one that there is not, and
    for pictures.

    `meta` is the environment of the request (WSGI).
    Called outside a transaction: the row stands when this answers, whatever becomes of this process.
    """
    if not TOKEN.fullmatch(token):
        return None
    agent = meta.get("HTTP_USER_AGENT", "")[:MOST_AGENT].replace("\x00", "").encode(errors="replace").decode()
    hints = "head" if meta["REQUEST_METHOD"] == "HEAD" else "prefetch" if any(_ahead(meta.get(name)) for name in AHEAD) else ""
    network = network_of(ip_of(meta))
    return ratelimit.counted(HIT, {
        "digest": digest_of(token), "purpose": purpose, "agent": agent, "network": network, "hints": hints,
        "looks": str(look(purpose, agent, network, hints)), "version": VERSION})


def _ahead(value):
    return value is not None and ("prefetch" in value or "preview" in value)
