"""What is measured, and what it must reach. A goal is a ratio within one run, never an absolute figure."""

from dataclasses import dataclass, field
from urllib.parse import urlencode

SORTS = ("id", "created_at", "score", "last_name")
BIG, SMALL = 1, 2  # organisations
LETTERS = (3, 4, 6, 8, 12, 16, 20)  # of an e-mail address that is searched for, beside 2 of a name


@dataclass
class Case:
    """`floor` is the spec of the floor's run, if there is one. `goals` are (what, limit[, name of another case])."""

    name: str
    product: dict
    floor: dict | None = None
    goals: list = field(default_factory=list)
    statuses: tuple = (200,)


class Callers:
    """Requests as the product's callers send them: with bearer token, API key or session cookie."""

    def __init__(self, tokens, keys, cookies, companies):
        self.tokens, self.keys, self.cookies, self.companies = tokens, keys, cookies, companies

    def get(self, org, path, query):
        """One request for each of the people who are signed in, since every session has a counter of its own."""
        query = f"?{urlencode(query)}" if query else ""
        return [f"GET {path}{query} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {token}\r\n\r\n"
                for token in self.tokens[org]]

    def page(self, org, path):
        return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: lio_session={self.cookies[org]}\r\n\r\n"

    def push(self, org):
        return f"POST /api/v1/lead HTTP/1.1\r\nHost: 127.0.0.1\r\nx-api-key: {self.keys[org]}\r\n"


def lists(callers, seconds):
    """Lists beside the floor: 8 clients, page 1."""
    for org, sorts in ((BIG, SORTS), (SMALL, ("id", "score"))):
        for sort in sorts:
            for limit in (10, 100):
                query = {"order_by": sort, "limit": limit}
                bare = f"GET /?org={org}&order={sort}&limit={limit}&page=1 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
                yield Case(
                    f"list {limit} by {sort}, {rows_of(org)}",
                    {"clients": 8, "seconds": seconds, "requests": callers.get(org, "/api/lead/list", query)},
                    {"clients": 8, "seconds": seconds, "requests": [bare]},
                    [("cpu", 2.0), ("rate", 0.6)])


def hits(seconds, stamp):
    """The picture of a mail, beside a bare handler with the same INSERT; each request opens another mail."""
    def spec(path):
        return {"clients": 16, "seconds": seconds, "hits": {"head": f"GET {path}", "stamp": stamp}}

    yield Case("picture of a mail, 16 clients", spec("/api/v1/track/open/"), spec("/hit/"), [("rate", 0.6)])


def rows_of(org):
    return "large" if org == BIG else "small"


def single(callers, seconds, terms, member, deep, with_pages):
    """One client at a time: how long a request takes, beside page 1."""

    def case(name, query, goals=(), org=BIG, path="/api/lead/list"):
        return Case(name, {"clients": 1, "seconds": seconds, "requests": callers.get(org, path, query)}, None, list(goals))

    yield case("page 1 x 10, large", {}, [("p50", 1.5, "page 1 x 10, small")])
    yield case("page 1 x 10, small", {}, org=SMALL)
    yield case("page 1 x 100, large", {"limit": 100}, [("p50", 1.5, "page 1 x 100, small")])
    yield case("page 1 x 100, small", {"limit": 100}, org=SMALL)
    for sort in ("created_at", "score"):
        yield case(f"page {deep} x 100 by {sort}", {"limit": 100, "page": deep, "order_by": sort},
                   [("p50", 25, "page 1 x 100, large")])
    yield case("filter status + score", {"state_id": 3, "score_min": 60, "score_max": 70, "order_by": "score"})
    yield case("filter owner", {"assigned_to": member})
    yield case("filter owner + status + score", {"assigned_to": member, "state_id": 2, "score_min": 80})
    yield case("filter created range", {"created_from": "2026-01-01", "created_to": "2026-01-31", "order_by": "created_at"})
    for kind in ("2 letters", "common", "company", "rare", "none"):
        goals = [("p50", 6, "page 1 x 10, large")] if kind in ("rare", "none") else []
        yield case(f"search {kind}", {"search_value": terms[kind]}, goals)
    for count in LETTERS:
        yield case(f"search {count} letters", {"search_value": terms[f"{count} letters"]},
                   [("p50", 6 if count >= 16 else 12, "page 1 x 10, large")])
    yield case("search rare, small", {"search_value": terms["rare small"]}, org=SMALL)
    if with_pages:
        yield Case("page /leads/", {"clients": 1, "seconds": seconds, "requests": [callers.page(BIG, "/leads/")]})


def creates(callers, seconds, stamp):
    """POST /api/v1/lead beside a bare handler that writes the same rows."""
    for clients, org in ((16, BIG), (64, BIG), (16, SMALL)):
        name = f"create, {clients} clients, {rows_of(org)}"
        goals = [("cpu", 2.2), ("rate", 0.5)] if clients == 16 else [("p99/p50", 3)]
        bare = f"POST /?org={org} HTTP/1.1\r\nHost: 127.0.0.1\r\n"

        def spec(head, server, clients=clients, org=org):
            return {"clients": clients, "seconds": seconds,
                    "leads": {"head": head, "run": f"{stamp}-{server}-{clients}-{org}", "companies": callers.companies[org]}}

        yield Case(name, spec(callers.push(org), "p"), spec(bare, "f"), goals, (200, 201, 409))
