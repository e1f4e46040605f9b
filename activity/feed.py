"""What happened in the organisation, or to one record, in words: the history as the feed tells it (R69)."""

from activity.models import FeedEntry
from lio.history import title_of
from lio.registry import feed_actions, subjects
from lio.rows import plain_rows


def visible(user):
    """The kinds of records whose entries the caller may see. Members, roles and keys are the audit log's, not the feed's."""
    return [model_type for model_type, subject in subjects.items() if user.can(subject.verb)]


def action_of(verb):
    """create, update, delete, status_change, assignment, or what a higher floor calls its own."""
    return feed_actions.get(verb, "update")


def kinds():
    """What the feed calls its actions, in the order in which the verbs were registered."""
    return list(dict.fromkeys(feed_actions.values()))


def verbs_of(action):
    """The verbs that the feed calls so."""
    return [verb for verb, name in feed_actions.items() if name == action]


def verbs_with(text):
    """The verbs in whose titles `text` stands."""
    return [verb for verb in feed_actions if text.lower() in title_of(verb).lower()]


def told(organization, entries):
    """The rows of these entries (a queryset, in its order) with action, title and description."""
    rows = plain_rows(entries.rows())
    changed = dict(FeedEntry.objects.filter(pk__in=[row["id"] for row in rows]).values_list("pk", "after"))
    names = names_of(organization, [(row["model_type"], row["model_id"]) for row in rows])
    for row in rows:
        verb, actor = row["action"], row["description"]
        row["action"], row["title"] = action_of(verb), title_of(verb)
        name = names.get((row["model_type"], row["model_id"]), "")
        fields = (
            []
            if row["action"] in ("create", "delete")
            else [
                field.replace("_", " ")
                for field in changed.get(row["id"]) or {}
                if not field.endswith("_id") and field != "deleted_at"
            ]
        )
        row["description"] = ": ".join(filter(None, [name, ", ".join(fields)])) + (f" ({actor})" if actor else "")
    return rows


def names_of(organization, records):
    """{(model_type, id): name} of records, one query a kind."""
    found: dict = {}
    for model_type in {kind for kind, _ in records if kind in subjects}:
        ids = {pk for kind, pk in records if kind == model_type}
        found |= {(model_type, pk): name for pk, name in subjects[model_type].names(organization, ids).items()}
    return found
