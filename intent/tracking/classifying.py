"""Who fetched a picture or followed a link: a person, a mail program's proxy, a scanner, or something that fetches ahead.

Pure and versioned: `look` judges one hit by itself, as it comes in; `classify` all hits of one mail together. When what they
say changes, VERSION grows, and intent/tracking/jobs.py reads what has come in anew.
"""

import re
from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from ipaddress import ip_address, ip_network

from intent.models import RawEvent

Is = RawEvent.Is
VERSION = 1
OPEN, CLICK = "open", "click"
# What counts. Proxies of mailboxes fetch a picture when its mail is opened; what is fetched ahead says nothing.
COUNTS = {OPEN: frozenset({Is.HUMAN, Is.MAIL_PROXY}), CLICK: frozenset({Is.HUMAN})}
SOON = timedelta(seconds=2)  # after delivery: nobody opens a mail so soon, programs do
AT_ONCE, MANY = timedelta(seconds=1), 3  # so many different links of one mail within this time are not followed by hand

PROXIES = re.compile(r"GoogleImageProxy|YahooMailProxy|ImageProxy|MailProxy|Mail\.Ru[ /]?Proxy|Yandex.{0,3}ImageProxy", re.I)
# Mailboxes that fetch all pictures when a mail arrives, whoever reads it: Apple's with this agent and nothing more, Gmail's
# with that of a browser of 2015.
AHEAD = re.compile(r"Mozilla/5\.0|.*Chrome/42\.0\.2311\.135 Safari/537\.36 Edge/12\.246.*")
# (A Cubot is a telephone.)
SCANNERS = re.compile(
    r"safelinks|barracuda|mimecast|proofpoint|urldefense|ironport|messagelabs|symantec|trend ?micro|fortinet|fortimail|sophos"
    r"|forcepoint|trustwave|zscaler|checkpoint|avanan|cloudmark|spamassassin|clamav|ms-?safe|office ?365 ?protection"
    r"|BingPreview|HeadlessChrome|PhantomJS|(?<!\bcu)bot\b|crawl|spider|scanner|slurp|facebookexternalhit|WhatsApp/"
    r"|SkypeUriPreview|Embedly|link ?check|url ?preview|virustotal|urlscan|phish", re.I)
# Whose address it is, where that alone says what came: gateways that look at mail before it is delivered.
NETWORKS = {"proofpoint": ("67.231.144.0/20", "148.163.128.0/19", "205.220.160.0/19"),
            "barracuda": ("64.235.144.0/20", "209.222.80.0/21"),
            "mimecast": ("91.220.42.0/24", "205.139.110.0/23", "207.211.30.0/23"),
            "microsoft": ("40.92.0.0/15", "40.107.0.0/16", "52.100.0.0/14", "104.47.0.0/17")}
_RANGES = sorted((int(network[0]), int(network[-1]), name) for name, texts in NETWORKS.items()
                 for network in map(ip_network, texts))
_STARTS = [first for first, _, _ in _RANGES]


@dataclass(frozen=True, slots=True)
class Hit:
    """A row of the raw events of a mail: `kind` open or click, `token_id` whose, `hits` how many in that minute; `kept` is its
    class where what it was judged by has been forgotten."""

    id: int
    kind: str
    token_id: int
    at: datetime
    agent: str = ""
    network: str = ""
    hints: str = ""
    hits: int = 1
    message_id: int | None = None
    delivered_at: datetime | None = None
    target: str = ""
    kept: str | None = None


def network_of(address):
    """Whose network an address belongs to, "" for that of anybody."""
    try:
        found = ip_address(address)
    except ValueError:
        return ""
    found = getattr(found, "ipv4_mapped", None) or found
    if found.version != 4:
        return ""
    n = bisect_left(_STARTS, int(found) + 1) - 1
    return _RANGES[n][2] if n >= 0 and int(found) <= _RANGES[n][1] else ""


@lru_cache(maxsize=4096)  # a few agents send most of what comes
def look(kind, agent, network, hints):
    """What one hit looks like by itself. An agent that is only an HTTP library, or none at all, says nothing either way."""
    if hints == "head" or network or SCANNERS.search(agent):
        return Is.SCANNER
    if hints == "prefetch":
        return Is.PREFETCH
    if PROXIES.search(agent):
        return Is.MAIL_PROXY if kind == OPEN else Is.SCANNER  # proxies fetch pictures; they follow no links
    if kind == OPEN and AHEAD.fullmatch(agent):
        return Is.PREFETCH
    return Is.HUMAN


def classify(hits: Iterable[Hit]):
    """{id: class} of all hits of one mail, whatever their order."""
    hits = list(hits)
    found = {hit.id: hit.kept or look(hit.kind, hit.agent, hit.network, hit.hints) for hit in hits}
    judged = sorted((hit for hit in hits if hit.kept is None), key=lambda hit: (hit.at, hit.id))
    for hit in judged:
        if hit.delivered_at and hit.delivered_at <= hit.at < hit.delivered_at + SOON:
            if found[hit.id] == Is.MAIL_PROXY:
                found[hit.id] = Is.PREFETCH
            elif found[hit.id] == Is.HUMAN:
                found[hit.id] = Is.SCANNER
    clicks = [hit for hit in judged if hit.kind == CLICK]
    for start, first in enumerate(clicks):
        together = [hit for hit in clicks[start:start + 200] if hit.at - first.at <= AT_ONCE]
        if len({hit.token_id for hit in together}) >= MANY:
            until = together[-1].at
            found |= {hit.id: Is.SCANNER for hit in judged if first.at <= hit.at <= until and found[hit.id] == Is.HUMAN}
    return found
