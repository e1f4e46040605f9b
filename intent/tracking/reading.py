"""From hits to signals: a pure function of all hits of a lead, so that neither their order nor a repeat matters."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime

from intent.tracking.classifying import CLICK, COUNTS, classify
from intent.types import TYPES, WINDOW

THIRD = 3  # the open of a mail that says more than one does


@dataclass(frozen=True)
class Wanted:
    """A signal that there is to be. `event` is the id of the row that it is made of."""

    signal_type: str
    at: datetime
    event: int
    message: int | None
    source: str = "email"
    detail: dict = field(default_factory=dict)


def mails(hits):
    """{mail: its hits}. A mail is its message, or a token that was made for none."""
    found = defaultdict(list)
    for hit in hits:
        found[f"t{hit.token_id}" if hit.message_id is None else f"m{hit.message_id}"].append(hit)
    return found


def classes(hits):
    """{id: class} of all hits of a lead."""
    return {pk: what for ones in mails(hits).values() for pk, what in classify(ones).items()}


def wanted(hits, what, day_of):
    """{key: Wanted} that the hits of one lead make. `what` is `classes(hits)`; `day_of(moment)` the organisation's day.

    Of one type and day the first few are kept (SignalType.most).
    """
    found: dict[str, Wanted] = {}
    for mail, ones in mails(hits).items():
        ones = sorted((hit for hit in ones if what[hit.id] in COUNTS[hit.kind]), key=lambda hit: (hit.at, hit.id))
        opens = 0
        for hit in ones:
            slot = int(hit.at.timestamp()) // WINDOW
            if hit.kind == CLICK:
                found.setdefault(f"click:{hit.token_id}:{slot}", _made("link_clicked", hit))
                continue
            found.setdefault(f"open:{mail}:{slot}", _made("email_opened", hit))
            opens += hit.hits
            if opens >= THIRD:
                found.setdefault(f"open3:{mail}", _made("email_opened_3x", hit))
    return _capped(found, day_of)


def _made(signal_type, hit):
    detail = {"message_id": hit.message_id, "url": hit.target or None}
    return Wanted(signal_type, hit.at, hit.id, hit.message_id, detail={name: one for name, one in detail.items() if one})


def _capped(found, day_of):
    taken: dict = defaultdict(int)
    kept = {}
    for key, one in sorted(found.items(), key=lambda pair: (pair[1].at, pair[0])):
        day = one.signal_type, day_of(one.at)
        taken[day] += 1
        if taken[day] <= TYPES[one.signal_type].most:
            kept[key] = one
    return kept
