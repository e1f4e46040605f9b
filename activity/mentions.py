"""Mentions in notes: `@Ana Silva`, `@Ana` where there is one Ana, or `@ana@company.com`."""

from collections import defaultdict

from django.db.models import Q, Value
from django.db.models.functions import Concat

from accounts.models import User
from activity.notify import Notice, notify
from lio.history import actor_name
from lio.registry import subjects

MOST = 100  # signs of one note that are looked at
SUGGESTED = 8
LETTERS = 80  # of what is typed after a sign


def mentioned(organization_id, text):
    """Ids of the active members whom `text` mentions. An address inside a word mentions nobody."""
    places = [n for n, sign in enumerate(text) if sign == "@" and (n == 0 or not text[n - 1].isalnum())][:MOST]
    if not places:
        return set()
    known = _spellings(organization_id)
    found, lower = set(), text.lower()
    for place in places:
        rest = lower[place + 1 : place + 300]
        meant = next(
            (
                spelling
                for spelling in known
                if rest.startswith(spelling) and not rest[len(spelling) : len(spelling) + 1].isalnum()
            ),
            None,
        )
        if meant and len(known[meant]) == 1:
            found |= known[meant]
    return found


def _spellings(organization_id):
    """{what may follow the @: ids of who is meant}, the longest first."""
    found = defaultdict(set)
    members = User.objects.of(organization_id).active().values_list("pk", "first_name", "last_name", "email")
    for pk, first, last, email in members:
        for spelling in {email.lower(), f"{first} {last}".strip().lower(), first.strip().lower()} - {""}:
            found[spelling].add(pk)
    return dict(sorted(found.items(), key=lambda pair: -len(pair[0])))


def suggest(organization_id, letters):
    """Active members whose name, last name or e-mail address begins with `letters`: [{name, insert, email}], at most SUGGESTED.

    `insert` is what to write after the @ so that it means that member alone.
    """
    named = User.objects.of(organization_id).active().annotate(whole=Concat("first_name", Value(" "), "last_name"))
    found = named.filter(
        Q(whole__istartswith=letters) | Q(last_name__istartswith=letters) | Q(email__istartswith=letters)
    ).order_by("first_name", "last_name", "pk")[:SUGGESTED]
    known = _spellings(organization_id)
    return [
        {
            "name": member.full_name,
            "insert": member.full_name if len(known.get(member.full_name.lower(), ())) == 1 else member.email,
            "email": member.email,
        }
        for member in found
    ]


def tell(row, text, *, by, but=frozenset()):
    """Notify who is mentioned in `text` of a note on the record `row`, without the members `but`."""
    who, model_type = by.full_name if by else actor_name() or "Somebody", row._meta.model_name
    link = subjects[model_type].url(row.pk)
    return notify(
        "mention",
        [
            Notice(pk, f"{who} mentioned you in a note on {row}", message=text[:500], link=link, model_id=row.pk)
            for pk in sorted(mentioned(row.organization_id, text) - but)
        ],
        model_type=model_type,
        by=by,
    )
