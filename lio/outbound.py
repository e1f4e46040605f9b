"""The one door to the outside: every request that LIO sends over HTTP to a server of others goes through `fetch`.

An address may come from anybody: a lead's website, an admin's settings, a redirect. So only http and https are spoken, on
their own ports, to public addresses; what was checked is what is connected to, because the name is resolved once. Answers
are read up to a size, unpacked, and within a time that covers everything from the look-up of the name to the last byte.
No cookies, no proxies of the environment, no passwords in addresses. See docs/decisions/0013-outbound.md.
"""

import json as jsons
import queue
import socket
import ssl
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from http.client import HTTPException
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from time import monotonic
from typing import Any
from urllib.parse import urlencode, urljoin

import certifi
import structlog
from django.conf import settings
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError, LocationParseError
from urllib3.util import Url, parse_url

log = structlog.get_logger(__name__)

AGENT = "LIO/1.0 (CRM)"  # by the name before the slash a robots.txt may speak to us
PORTS = {"http": 80, "https": 443}
REDIRECTS = {301, 302, 303, 307, 308}
CONNECT_SECONDS = 5
CHUNK = 64 << 10
LONGEST = 4096  # characters of an address

# Everything that no server of others has (TRUST 3.9): own networks, link-local, carrier NAT, documentation, benchmarks,
# multicast, reserved; of IPv6 what lies outside 2000::/3, and within it Teredo and its like, documentation and 6to4.
CLOSED_4 = [ip_network(name) for name in (
    "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
    "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24",
    "224.0.0.0/3")]
OPEN_6 = ip_network("2000::/3")
CLOSED_6 = [ip_network(name) for name in ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")]


class OutboundError(Exception):
    """No answer. The words are for people; they name the host, never the rest of an address, a header or a key."""


class Refused(OutboundError):
    """LIO does not go there; trying again is no use."""


class Unreachable(OutboundError):
    """No such host, no connection, no valid certificate, or no proper HTTP."""


class TooSlow(OutboundError):
    """No whole answer within the time."""


class TooBig(OutboundError):
    """More bytes, unpacked, than are taken."""


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes
    url: str  # whence it came in the end

    def json(self):
        """The body as JSON. Raises ValueError for what is none, and for what is nested beyond reason."""
        try:
            return jsons.loads(self.body)
        except RecursionError:
            raise ValueError("nested too deeply") from None


def fetch(
    url: str,
    *,
    method: str = "GET",
    params: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
    body: bytes | None = None,
    seconds: float = 10,
    max_bytes: int = 2_000_000,
    redirects: int = 3,
    permit: Callable[[str], None] | None = None,
) -> Answer:
    """Ask a server of others. Answers whatever status it sends; raises OutboundError when there is no answer.

    `seconds` and `max_bytes` bound the whole, redirects included. GET and HEAD follow up to `redirects` of them, each checked
    like the first address; with 0 a redirect is the answer. `headers` go to the first host only. `permit` is called with
    each address before it is asked for, and may raise Refused. No database transaction may be open.
    """
    until = monotonic() + seconds
    first = hop = _checked(f"{url}{'&' if '?' in url else '?'}{urlencode(params)}" if params else url)
    for _ in range(redirects + 1):
        if permit:
            permit(hop.url)
        own = _place(hop) == _place(first)
        answer = _exchange(method, hop, (headers or {}) if own else {}, body, until, max_bytes, may_be_private=own)
        where = answer.headers.get("Location")
        if answer.status not in REDIRECTS or not where or method not in ("GET", "HEAD") or not redirects:
            return answer
        hop = _checked(_joined(hop.url, where))
    raise Refused(f"{first.host} redirects more than {redirects} times.")


# --------------------------------------------------------------------------------------------------- where to
def _checked(url):
    """The parts of an address that LIO may go to, as far as the address itself tells. Raises Refused."""
    try:
        parts = parse_url(url) if len(url) <= LONGEST else None
    except (LocationParseError, ValueError):  # the second: a host that cannot be a name
        parts = None
    if parts is None or not parts.host:
        raise Refused("That is not the address of a web page.")
    if parts.scheme not in PORTS:
        raise Refused(f"{parts.host} is not reached over http or https.")
    if parts.auth is not None:
        raise Refused(f"The address on {parts.host} holds a user name or password.")
    return parts


def _joined(base, where):
    try:
        return urljoin(base, where)
    except ValueError:
        return ""


def _place(parts: Url):
    return parts.scheme, parts.host, parts.port or PORTS[parts.scheme or ""]


def _is_named(host, port):
    """Whether the operator has opened this place of the own network (LIO_ALLOW_PRIVATE_HOSTS)."""
    named = settings.ALLOW_PRIVATE_HOSTS
    return f"{host}:{port}" in named or (port in PORTS.values() and host in named)


def is_public(address):
    """Whether the address (text) is one that a server of others can have."""
    found = ip_address(address.split("%")[0])
    if isinstance(found, IPv6Address):
        if (mapped := found.ipv4_mapped) is None:
            return found in OPEN_6 and not any(found in net for net in CLOSED_6)
        found = mapped
    return isinstance(found, IPv4Address) and not any(found in net for net in CLOSED_4)


def _resolved(host, port, until):
    """What getaddrinfo says, asked in a thread: it knows no time-out of its own."""
    box: queue.SimpleQueue = queue.SimpleQueue()

    def ask():
        try:
            box.put(socket.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM))
        except (OSError, UnicodeError) as error:
            box.put(error)

    threading.Thread(target=ask, daemon=True).start()
    try:
        found = box.get(timeout=max(0, until - monotonic()))
    except queue.Empty:
        raise TooSlow(f"The address of {host} was not found out in time.") from None
    if isinstance(found, Exception):
        raise Unreachable(f"There is no host {host}.") from found
    return found


def _connected(host, port, until, *, may_be_private):
    """A connection to an address that was checked, of those that the name has. Raises Refused when it has none such."""
    named = may_be_private and _is_named(host, port)
    if port not in PORTS.values() and not named:
        raise Refused(f"LIO does not ask {host} on port {port}.")
    failure: Exception | None = None
    for family, kind, protocol, _, address in _resolved(host, port, until):
        if not named and not is_public(address[0]):
            continue
        sock = socket.socket(family, kind, protocol)
        try:
            sock.settimeout(max(0.01, min(CONNECT_SECONDS, until - monotonic())))
            sock.connect(address)
        except OSError as error:
            sock.close()
            failure = error
            if monotonic() >= until:
                break
        else:
            return sock
    if failure is None:
        raise Refused(f"{host} is not on the public internet.")
    if isinstance(failure, TimeoutError):
        raise TooSlow(f"{host} does not answer.") from failure
    raise Unreachable(f"{host} cannot be reached.") from failure


# --------------------------------------------------------------------------------------------------- what comes back
class _Given:
    """A connection of urllib3 over a socket that is there already; names, certificates and Host stay the host's."""

    given: socket.socket

    def _new_conn(self):
        return self.given


class _Plain(_Given, HTTPConnection):
    pass


class _Secure(_Given, HTTPSConnection):
    pass


@cache
def _tls():
    context = ssl.create_default_context()  # what the system trusts, or SSL_CERT_FILE ...
    context.load_verify_locations(certifi.where())  # ... and what browsers trust, where the system has nothing
    return context


class _Watch:
    """Ends a connection when its time is up, wherever it stands.

    The time-out of a socket starts anew with every byte, so a server could hold a worker for hours. The watch has a handle
    of its own on the connection, which the TLS layer does not take away.
    """

    def __init__(self, sock, until):
        self.line, self.is_over = sock.dup(), False
        self.timer = threading.Timer(max(0, until - monotonic()), self.cut)
        self.timer.daemon = True
        self.timer.start()

    def cut(self):
        self.is_over = True
        with suppress(OSError):
            self.line.shutdown(socket.SHUT_RDWR)

    def close(self):
        self.timer.cancel()
        self.line.close()


def _exchange(method, hop, headers, body, until, max_bytes, *, may_be_private):
    scheme, host, port = _place(hop)
    started = monotonic()
    sock = _connected(host, port, until, may_be_private=may_be_private)
    connection: Any = _Secure(host, port, ssl_context=_tls()) if scheme == "https" else _Plain(host, port)
    connection.given, connection.timeout = sock, max(0.01, until - monotonic())
    watch = _Watch(sock, until)
    sent = {"User-Agent": AGENT, "Accept-Encoding": "gzip", "Connection": "close", **headers}
    try:
        connection.request(method, hop.request_uri, body=body, headers=sent, preload_content=False)
        response = connection.getresponse()
        got = bytearray()
        while chunk := response.read(CHUNK):
            got += chunk
            if len(got) > max_bytes:
                raise TooBig(f"{host} sends more than {max_bytes:,} bytes.")
    except (HTTPError, HTTPException, OSError, ValueError) as error:
        if watch.is_over or isinstance(error, TimeoutError):
            raise TooSlow(f"{host} does not answer in time.") from error
        if ssl.SSLCertVerificationError in (type(error), type(error.__cause__)):
            raise Unreachable(f"{host} has no valid certificate.") from error
        raise Unreachable(f"{host} gives no proper answer.") from error
    finally:
        watch.close()
        connection.close()
        sock.close()
    if watch.is_over:  # cutting a connection looks like the end of an answer that does not say how long it is
        raise TooSlow(f"{host} does not answer in time.")
    log.info("outbound", host=host, method=method, status=response.status, seconds=round(monotonic() - started, 3))
    return Answer(response.status, response.headers, bytes(got), hop.url)
