"""Calls to JSON APIs that take a member's token, for the calendars of Google and Microsoft."""

import json
import re
from dataclasses import dataclass, field
from urllib.parse import quote, urlencode, urlsplit

from integrations.ports import Passing, Permanent
from lio.outbound import OutboundError, fetch

SECONDS = 20
MAX_BYTES = 8_000_000  # of one page
PAGES = 40  # of one list
LONGEST_WAIT = 3600


@dataclass
class Reply:
    status: int
    body: dict = field(default_factory=dict)
    headers: object = field(default_factory=dict)
    reasons: frozenset = frozenset()  # their names of what went wrong
    words: str = ""


class Api:
    """One API for one member. `renew(token)` gives another token when the service does not take the one that it had."""

    def __init__(self, label, access, *, renew=None):
        self.label, self.root, self.token, self.renew = label, access.address.rstrip("/"), access.secret, renew

    def ask(self, method, path, *, params=None, body=None, headers=None):
        """The Reply to one call, whatever it says except what concerns all calls.

        `path` begins with a slash, or is an address that the service gave, which must be below its own root. Raises Passing
        when there is no answer, when it asks to wait or has trouble of its own, and Permanent when the token is not taken.
        """
        url = path if path.startswith("http") else f"{self.root}{path}"
        url = f"{url}?{urlencode(params, quote_via=quote)}" if params else url
        if not _below(url, self.root):
            raise Passing(f"{self.label} sends LIO to an address of somebody else.")
        reply = self._call(method, url, body, headers)
        if reply.status == 401 and self.renew:
            self.token = self.renew(self.token)
            reply = self._call(method, url, body, headers)
        if reply.status == 401:
            raise Permanent(f"{self.label} no longer lets LIO in. Connect the calendar again.")
        if reply.status in (408, 425, 429) or reply.status >= 500 or 300 <= reply.status < 400:
            raise Passing(f"{self.label} answers {reply.status}.", wait=waiting(reply))
        return reply

    def _call(self, method, url, body, headers):
        sent = {"Authorization": f"Bearer {self.token}", "Accept": "application/json", **(headers or {})}
        if body is not None:
            sent["Content-Type"] = "application/json"
        try:
            answer = fetch(url, method=method, headers=sent, seconds=SECONDS, max_bytes=MAX_BYTES, redirects=0,
                           body=None if body is None else json.dumps(body).encode())  # fmt: skip
        except OutboundError as error:
            raise Passing(str(error)) from error
        try:
            found = answer.json() if answer.body else {}
        except ValueError:
            found = None
        if answer.status < 300 and not isinstance(found, dict):
            raise Passing(f"{self.label} gives an answer that cannot be read.")
        found = found if isinstance(found, dict) else {}
        told = part(found, "error")
        reasons = [told.get("code"), *(one.get("reason") for one in objects(told.get("errors")))]
        return Reply(answer.status, found, answer.headers, frozenset(one for one in reasons if isinstance(one, str)),
                     text(told.get("message"), 200))  # fmt: skip

    def pages(self, path, *, params, next_page, items, headers=None):
        """The objects of a list, page after page. `next_page(body)` gives (path, params) of the next page, or None.

        Raises Passing also for a list without end: what is known of half of it would look as if the rest were gone.
        """
        found = []
        for _ in range(PAGES):
            reply = self.ask("GET", path, params=params, headers=headers)
            if reply.status != 200:
                self.refuse(reply)
            found += objects(reply.body.get(items))
            if (following := next_page(reply.body)) is None:
                return found, reply.body
            path, params = following
        raise Passing(f"{self.label} has more events in this calendar than LIO reads ({len(found):,}).")

    def refuse(self, reply):
        """Raise what a reply means that is not what was asked for."""
        if reply.status == 403:
            raise Permanent(f"{self.label} does not let LIO do this. Connect the calendar again, or choose another one.")
        if reply.status in (404, 410):
            raise Permanent(f"{self.label} has no such calendar any more. Choose another one.")
        raise Passing(f"{self.label} answers {reply.status}{': ' + reply.words if reply.words else ''}.")


def waiting(reply):
    """Seconds that the service asks to wait; None when it does not say."""
    told = re.fullmatch(r"\d{1,5}", str(reply.headers.get("Retry-After", "")))
    return min(int(told[0]), LONGEST_WAIT) if told else None


def segment(name):
    """A name of theirs as one part of a path."""
    return quote(name, safe="")


def objects(value):
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def part(value, name):
    """The object of that name within an object; empty where there is none."""
    found = value.get(name) if isinstance(value, dict) else None
    return found if isinstance(found, dict) else {}


def text(value, most):
    """One line of theirs; "" for what is no text."""
    line = " ".join(value[: most * 4].split()) if isinstance(value, str) else ""
    return "".join(letter for letter in line if letter.isprintable())[:most].strip()


def link(value):
    """An address where a meeting is joined, or ""."""
    return value if isinstance(value, str) and re.fullmatch(r"https://[^\s\"<>]{1,490}", value) else ""


def _below(url, root):
    there, here = urlsplit(url), urlsplit(root)
    return (there.scheme, there.netloc) == (here.scheme, here.netloc) and there.path.startswith(f"{here.path}/")
