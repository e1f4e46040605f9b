"""What a mail to a lead carries: links that come by us, a picture that says it was opened, a way out."""

import re
import secrets
from dataclasses import dataclass, field
from html import escape, unescape
from html.parser import HTMLParser
from urllib.parse import urlsplit

from django.conf import settings

from intent.models import TrackingToken
from intent.rules import settings_of
from intent.tracking.hits import digest_of

Purpose = TrackingToken.Purpose
LONGEST = 2000  # letters of an address that is stored; a longer one goes straight
MOST_LINKS = 200  # of one mail; what is beyond goes straight
ATTRIBUTE = re.compile(r"""([^\s"'<>/=]+)(?:\s*=\s*("[^"]*"|'[^']*'|[^\s"'=<>`]+))?""")
BODY_END = re.compile("</body", re.I)
CONTROL = "".join(map(chr, range(33)))  # what browsers take off both ends of an address
PIXEL = '<img src="{}" width="1" height="1" alt="" style="border:0">'


@dataclass(frozen=True)
class Wrapped:
    """`html` to be sent with `headers`; `unsubscribe_url` for a footer; whether what it is made of is `tracked`."""

    html: str
    unsubscribe_url: str
    tracked: bool
    headers: dict = field(default_factory=dict)


def is_tracked(organization, lead):
    """Whether mail to this lead may be watched."""
    return not (lead.tracking_off or lead.do_not_contact) and settings_of(organization).mail_tracking


def wrap(organization, lead, html, *, message_id=None):
    """Make `html`, a mail to `lead` (a living one), ready to be sent. Answers a Wrapped.

    Links to http and https addresses lead over tokens of ours to the address that is stored with them, and a picture is
    added, unless organisation or lead says no. The headers of the way out are there in any case: that is no tracking.
    """
    making = _Tokens(organization, lead, message_id)
    leave = making.address(Purpose.UNSUBSCRIBE)
    tracked = is_tracked(organization, lead)
    if tracked:
        html = _with_pixel(_with_links(html, making), PIXEL.format(making.address(Purpose.OPEN)))
    making.store()
    headers = {"List-Unsubscribe": f"<{leave}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
    return Wrapped(html, leave, tracked, headers)


def delivered(organization, message_id, at):
    """A mail server outside took the message at that moment: what fetches it at once from now on is no person."""
    TrackingToken.objects.of(organization).filter(message_id=message_id, delivered_at=None).update(delivered_at=at)


class _Tokens:
    """The tokens of one mail, one for each address, stored in one statement."""

    PATHS = {Purpose.OPEN: "open", Purpose.CLICK: "click", Purpose.UNSUBSCRIBE: "unsubscribe"}

    def __init__(self, organization, lead, message_id):
        self.common = {"organization_id": organization.pk, "lead_id": lead.pk, "message_id": message_id}
        self.rows: list[TrackingToken] = []
        self.known: dict[str, str] = {}

    def address(self, purpose, target=""):
        if target in self.known:
            return self.known[target]
        token = secrets.token_urlsafe(24)
        self.rows.append(TrackingToken(**self.common, digest=digest_of(token), purpose=purpose, target=target))
        found = f"{settings.TRACKING_URL}/api/v1/track/{self.PATHS[purpose]}/{token}"
        if target:
            self.known[target] = found
        return found

    def store(self):
        TrackingToken.objects.bulk_create(self.rows)


class _Links(HTMLParser):
    """Where in a text the links stand: [(offset, the tag as it is written)]. Scripts, styles and comments are passed over."""

    def __init__(self, html):
        super().__init__(convert_charrefs=False)
        self.lines, self.found = [0], []
        for line in html.split("\n")[:-1]:
            self.lines.append(self.lines[-1] + len(line) + 1)
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        if tag in ("a", "area"):
            line, column = self.getpos()
            self.found.append((self.lines[line - 1] + column, self.get_starttag_text()))

    handle_startendtag = handle_starttag


def _with_links(html, making):
    parts, end = [], 0
    for start, written in _Links(html).found:
        parts += [html[end:start], _rewritten(written, making)]
        end = start + len(written)
    return "".join([*parts, html[end:]])


def _rewritten(written, making):
    """The tag with another address, else as it was; only its first href counts, as in browsers."""
    for found in ATTRIBUTE.finditer(written, len("<a")):
        if found[1].lower() != "href":
            continue
        target = target_of(unescape(_unquoted(found[2] or "")))
        if not target or (target not in making.known and len(making.known) >= MOST_LINKS):
            return written
        return f'{written[:found.start()]}href="{escape(making.address(Purpose.CLICK, target))}"{written[found.end():]}'
    return written


def _unquoted(text):
    return text[1:-1] if text[:1] in ('"', "'") else text


def target_of(text):
    """The address that a link leads to, as browsers read it; "" for one that is left alone."""
    text = re.sub(r"[\t\r\n]", "", text).strip(CONTROL)
    if not text or len(text) > LONGEST or any(ord(letter) < 32 or ord(letter) == 127 for letter in text) or "\\" in text:
        return ""
    try:
        parts = urlsplit(text)
        parts.port  # noqa: B018 - raises for a port that is none
    except ValueError:
        return ""
    return text if parts.scheme.lower() in ("http", "https") and parts.hostname else ""


def _with_pixel(html, pixel):
    ends = [found.start() for found in BODY_END.finditer(html)] or [len(html)]
    return html[:ends[-1]] + pixel + html[ends[-1]:]
