"""What the changing of records has in common: what differs, values that are merged key by key, tags."""

from orjson import dumps

from lio import history
from lio.errors import Invalid
from lookups.known import known

MAX_KEYS, MAX_BYTES = 100, 32_000  # of an object that is merged, as JSON
MERGED = ("custom_fields", "ai_information")  # objects whose keys are set one by one; null removes a key


def put(row, values):
    """Set `values` ({model attribute: value}) on the row. Answers what differs, before and after; of objects that are merged
    only the keys that differ. Raises Invalid when such an object would become too large."""
    before: dict = {}
    after: dict = {}
    for name, value in values.items():
        old = getattr(row, name)
        if name in MERGED:
            new = {key: one for key, one in {**old, **(value or {})}.items() if one is not None}
            check_size(name, new)
            keys = [key for key in {**old, **new} if old.get(key) != new.get(key)]
            if keys:
                before[name], after[name] = {key: old.get(key) for key in keys}, {key: new.get(key) for key in keys}
                setattr(row, name, new)
        elif old != value and not (old in (None, "") and value in (None, "")):
            before[name], after[name] = old, value
            setattr(row, name, value)
    return before, after


def check_size(name, merged):
    """What is merged in small pieces must not grow without bounds either."""
    if len(merged) > MAX_KEYS:
        raise Invalid({name: [f"would have more than {MAX_KEYS} entries"]})
    if len(dumps(merged)) > MAX_BYTES:
        raise Invalid({name: [f"would be more than {MAX_BYTES} bytes"]})


def told(values):
    """`values` as history tells them: without what follows from them."""
    return {name: value for name, value in values.items() if not name.endswith("_norm")}


def tag_ids(organization, numbers):
    """Inner ids of tags by their numbers. Raises Invalid for an unknown one (R41)."""
    there = known(organization, "tags")
    unknown = [number for number in numbers if number not in there]
    if unknown:
        raise Invalid({"tags": [f"{unknown[0]} is not a tag"]})
    return [there[number].pk for number in dict.fromkeys(numbers)]


def tag_numbers(organization, pks):
    """The numbers of tags by their inner ids, in order."""
    number = {entry.pk: entry.number for entry in known(organization, "tags").values()}
    return sorted(number.get(pk, pk) for pk in pks)


def set_tags(through, key, row, organization, tags, add_tags=()):
    """Give a record the `tags` (inner ids; None leaves them) and `add_tags`. `through` is the model between it and its tags,
    `key` the name of its key to the record. Answers the tags' numbers before and after; (None, None) when nothing was asked."""
    if tags is None and not add_tags:
        return None, None
    rows = through.objects.of(organization).filter(**{key: row})
    there = set(rows.values_list("tag_id", flat=True))
    wanted = set(tags) if tags is not None else there | set(add_tags)
    if there != wanted:
        rows.filter(tag_id__in=there - wanted).delete()
        through.objects.bulk_create(
            [through(organization=organization, **{key: row}, tag_id=pk) for pk in sorted(wanted - there)],
            ignore_conflicts=True,
        )
    return tag_numbers(organization, there), tag_numbers(organization, wanted)


def tag_many(rows, through, key, numbers, *, by, keep, organization):
    """Give many records tags by their numbers, beside theirs (`keep`) or in place of them. A tag that has gone is left out.

    Recorded as `<model>.tagged` or `<model>.updated`. Answers the ids of the records whose tags have changed.
    """
    alive = list(rows.alive().order_by("pk").select_for_update(of=("self",)).values_list("pk", flat=True))
    tags = {number: entry.pk for number, entry in known(organization, "tags").items()}
    wanted = {tags[number] for number in numbers if number in tags}
    there: dict[int, set[int]] = {pk: set() for pk in alive}
    mine = through.objects.of(organization).filter(**{f"{key}_id__in": alive})
    for pk, tag_id in mine.values_list(f"{key}_id", "tag_id"):
        there[pk].add(tag_id)
    after = {pk: there[pk] | wanted if keep else wanted for pk in alive}
    changed = [pk for pk in alive if after[pk] != there[pk]]
    if not keep:
        mine.filter(**{f"{key}_id__in": changed}).exclude(tag_id__in=wanted).delete()
    through.objects.bulk_create(
        [
            through(organization=organization, **{f"{key}_id": pk}, tag_id=tag)
            for pk in changed
            for tag in sorted(after[pk] - there[pk])
        ],
        ignore_conflicts=True,
    )

    def shown(pks):
        return {"tags": tag_numbers(organization, pks)}

    name = rows.model._meta.model_name
    if keep:
        entries = [(pk, None, shown(after[pk] - there[pk])) for pk in changed]
    else:
        entries = [(pk, shown(there[pk]), shown(after[pk])) for pk in changed]
    history.record_each(f"{name}.tagged" if keep else f"{name}.updated", name, entries, by=by)
    return changed
