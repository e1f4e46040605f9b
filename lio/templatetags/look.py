"""How values look on a page: initials, heat, relative times, money, icons. No rule lives here."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from functools import lru_cache

from django import template
from django.utils import timezone
from django.utils.html import format_html
from heroicons.templatetags.heroicons import heroicon_outline

register = template.Library()

NONE = "–"
SYMBOLS = {"USD": "$", "EUR": "€", "GBP": "£", "INR": "₹", "JPY": "¥", "BRL": "R$", "CAD": "CA$", "AUD": "A$"}
# Seeded look-ups have fixed ids (1 New ... 6 Lost; 1 Low ... 4 Urgent); added ones stay neutral.
STATUS_TONES = {1: "cold", 2: "warm", 3: "acc", 4: "", 5: "good", 6: "bad"}
PRIORITY_TONES = {1: "cold", 2: "", 3: "warm", 4: "hot"}
KIND_ICONS = {
    "created": "user-plus", "changed": "pencil", "status": "flag", "assigned": "user", "note": "document-text",
    "score": "fire", "tagged": "tag", "follow_up": "clock", "document": "paper-clip", "picture": "photo",
    "merged": "arrows-pointing-in", "deleted": "trash", "restored": "arrow-uturn-left",
    "form": "clipboard-document-check", "moved": "arrows-right-left", "won": "trophy", "lost": "x-circle",
    "people": "user-group",
}  # fmt: skip


@register.simple_tag
def icon(name: str, size: int = 16, classes: str = "") -> str:
    """An outline heroicon for decoration; the words beside it or the control's label carry the meaning."""
    return _drawn(str(name), size, f"i {classes}".strip())


@lru_cache(maxsize=1024)
def _drawn(name, size, classes):
    """Kept: a board draws the same icon on every card."""
    return heroicon_outline(name, size=size, **{"class": classes})


@register.filter
def kind_icon(kind: str) -> str:
    """The icon's name for a kind of timeline entry."""
    return KIND_ICONS.get(kind, "clock")


@register.filter
def initials(name: object) -> str:
    """Up to two letters: `Ana Silva` -> AS, `Parcelly` -> P."""
    words = [word for word in str(name or "").split() if word[0].isalnum()]
    return "".join(word[0] for word in words[:2]).upper() or "?"


@register.filter
def full_name(row: dict) -> str:
    """The name of a person's row; without one, the best there is to know the row by."""
    names = " ".join(filter(None, (row.get("first_name"), row.get("last_name")))).strip()
    return names or row.get("email") or row.get("phone_number") or row.get("phone_no") or "No name"


@register.filter
def heat(score: object) -> str:
    """The class of a score from 0 to 100: hot from 75, warm from 50, cold below."""
    number = _number(score) or 0
    return "hot" if number >= 75 else "warm" if number >= 50 else "cold"


@register.filter
def status_tone(status: object) -> str:
    return STATUS_TONES.get(status, "") if isinstance(status, int) else ""


@register.filter
def priority_tone(priority: object) -> str:
    return PRIORITY_TONES.get(priority, "") if isinstance(priority, int) else ""


@register.simple_tag
def score_bar(score: object, width: int = 44) -> str:
    """A score as number and bar. SVG attributes, since the page's policy forbids inline styles."""
    number = max(0, min(100, int(_number(score) or 0)))
    return format_html(
        '<span class="score {}"><span class="n">{}</span><svg class="bar" width="{}" height="5" aria-hidden="true">'
        '<rect class="track" width="{}" height="5" rx="2.5"/><rect width="{}" height="5" rx="2.5"/></svg></span>',
        heat(number), number, width, width, round(width * number / 100, 1),
    )  # fmt: skip


@register.filter
def grouped(number: object) -> str:
    """12480 -> 12,480."""
    value = _number(number)
    return NONE if value is None else f"{value:,}"


@register.filter
def money(value: object, currency: str = "USD") -> str:
    """`48000` -> `$48,000`; cents only when there are some; unknown currencies keep their code."""
    amount = _number(value)
    if amount is None:
        return NONE
    digits = f"{abs(amount):,.2f}".removesuffix(".00")
    symbol = SYMBOLS.get(currency or "USD") or f"{currency} "
    return f"{'−' if amount < 0 else ''}{symbol}{digits}"


@register.filter
def round_money(value: object, currency: str = "USD") -> str:
    """The same without cents, for what is an estimate anyway: 48000.37 -> $48,000."""
    amount = _number(value)
    return NONE if amount is None else money(round(amount), currency)


@register.filter
def percent(share: object) -> str:
    """0.625 -> 62 %."""
    value = _number(share)
    return NONE if value is None else f"{value * 100:.0f} %"


@register.filter
def plain(value: object) -> str:
    """A number as an input takes it: 48000.0 -> 48000."""
    number = _number(value)
    return "" if number is None else f"{number}"


@register.filter
def unsigned(value: object) -> object:
    """-4 -> 4"""
    number = _number(value)
    return NONE if number is None else abs(number)


@register.filter
def signed(points: object) -> str:
    """Points with their sign: 9 -> +9, -4 -> −4."""
    value = _number(points) or 0
    return f"+{value}" if value > 0 else f"−{abs(value)}" if value < 0 else "0"


@register.filter
def ago(moment: object, style: str = "") -> str:
    """A moment as <time>: `4 min`, `2 h`, `3 d` under a week, then the date; exact on hover. `long` adds the word ago."""
    at = _moment(moment)
    if at is None:
        return NONE
    return _time(at, _relative(at, timezone.localtime(timezone.now()), style == "long"), style or "short")


@register.filter
def day(moment: object) -> str:
    """A moment or a plain date as <time> with its date only."""
    if isinstance(moment, date) and not isinstance(moment, datetime):
        return format_html('<time datetime="{}">{}</time>', moment.isoformat(), f"{moment.day} {moment:%b %Y}")
    at = _moment(moment)
    return NONE if at is None else _time(at, f"{at.day} {at:%b %Y}", "")


@register.filter
def due(moment: object, style: str = "") -> str:
    """When something is to be done: `today, 14:00`, `tomorrow, 09:00`, `28 Nov, 09:00`; `2 d late` when it is past.

    `plain` gives the date of a past one, too: what was planned, not what is left of it.
    """
    at = _moment(moment)
    if at is None:
        return NONE
    now = timezone.localtime(timezone.now())
    if at < now and style != "plain":
        past = _relative(at, now, False)
        return _time(at, f"{past} late" if now - at < timedelta(days=7) else f"due {past}", "")
    days = (at.date() - now.date()).days
    year = "" if at.year == now.year else f" {at.year}"
    day = "today" if days == 0 else "tomorrow" if days == 1 else f"{at.day} {at:%b}{year}"
    return _time(at, f"{day}, {at:%H:%M}", "")


@register.filter
def filesize(size: object) -> str:
    """`2048` -> `2 kB`."""
    number = float(_number(size) or 0)
    for unit in ("B", "kB", "MB"):
        if number < 1000 or unit == "MB":
            return f"{number:.0f} {unit}" if unit == "B" or number >= 10 else f"{number:.1f} {unit}".replace(".0 ", " ")
        number /= 1000
    return ""


def _relative(at: datetime, now: datetime, long: bool) -> str:
    past = now - at
    tail = " ago" if long else ""
    if timedelta(0) <= past < timedelta(days=7):
        minutes = int(past.total_seconds() // 60)
        if minutes < 1:
            return "just now" if long else "now"
        if minutes < 60:
            return f"{minutes} min{tail}"
        if minutes < 24 * 60:
            return f"{minutes // 60} h{tail}"
        return f"{minutes // 1440} d{tail}"
    return f"{at.day} {at:%b}" if at.year == now.year else f"{at.day} {at:%b %Y}"


def _time(at: datetime, text: str, style: str) -> str:
    exact = f"{at:%a} {at.day} {at:%b %Y, %H:%M} {at.tzname() or ''}".strip()
    mark = format_html(' data-ago="{}"', style) if style else ""
    return format_html('<time datetime="{}" title="{}"{}>{}</time>', at.isoformat(), exact, mark, text)


def _moment(value: object) -> datetime | None:
    """A datetime or an ISO string as a moment in the viewer's zone; without an offset it is UTC."""
    if isinstance(value, str) and value:
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            return None
    if not isinstance(value, datetime):
        return None
    return timezone.localtime(value if timezone.is_aware(value) else value.replace(tzinfo=UTC))


def _number(value: object) -> int | Decimal | None:
    if value is None or value == "" or isinstance(value, bool):
        return None
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return None
    if not number.is_finite():
        return None
    return int(number) if number == number.to_integral_value() else number
