"""Ids that stand in addresses and forms, and the names of what they mean."""


def whole(text):
    """The id that an address or a form names; 0 of what is none."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 19 else 0


def names_of(organization, model, columns, ids):
    """The names of records by ids as an address holds them, at most five; those of other organisations are none.

    `columns` are those of which a name is made: the first two together, else the last.
    """
    wanted = [whole(part.strip()) for text in ids for part in text.split(",")]
    rows = model.objects.of(organization).filter(pk__in=wanted).order_by("pk").values_list(*columns)[:5]
    return [" ".join(filter(None, row[:2])) or row[-1] or "" for row in rows]
