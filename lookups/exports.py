"""What exported files say of records that have tags and custom fields."""

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import F, Func, OuterRef, TextField

from lio.spreadsheet import Column
from lookups.custom import Kind, State, definitions
from lookups.filters import CUSTOM

REST = "custom_fields"  # all custom values as JSON: for when there are more keys than columns
MOST_KEYS = 300
HIDDEN = (State.DROPPED, State.ARCHIVED)
TAGS = Column(  # over the ids of `tag_ids`; most records have none: names are looked up for the others alone
    "CASE WHEN r.tag_ids <> '{}' THEN (SELECT string_agg(t.name, '; ' ORDER BY t.number) FROM lookups_lookup t "
    "WHERE t.id = ANY (r.tag_ids)) END"
)
SHOWN = (  # a custom value as text; several choices with "; " between them, as an import reads them
    "CASE jsonb_typeof(r.custom_fields -> %s) WHEN 'array' THEN (SELECT string_agg(one, '; ') FROM "
    "jsonb_array_elements_text(r.custom_fields -> %s) AS one) ELSE r.custom_fields ->> %s END"
)


def tag_ids(through, key):
    """The ids of a record's tags; `through` is the model between them, `key` the name of its key to the record."""
    return ArraySubquery(through.objects.filter(**{key: OuterRef("pk")}).values("tag_id"))


def own_columns(organization, keys, module):
    """{name: Column} of the custom fields; `keys` are names of columns for those that nobody has defined."""
    defined, found = definitions(organization, module), {}
    own = [key for key, one in defined.items() if one.state not in HIDDEN]
    more = [name.removeprefix(CUSTOM) for name in keys if name.startswith(CUSTOM)]
    for key in [*own, *(key for key in more if key not in defined)]:
        number = key in defined and defined[key].kind in (Kind.NUMBER, Kind.MONEY)
        found[f"{CUSTOM}{key}"] = Column(SHOWN, (key, key, key), is_number=number)
    return found | {REST: Column("NULLIF(r.custom_fields::text, '{}')")}


def keys(rows):
    """The keys of custom fields that these records have values of; where there are too many, all of them in one column."""
    key = Func(F("custom_fields"), function="jsonb_object_keys", output_field=TextField())
    found = rows.annotate(custom_key=key).order_by().values_list("custom_key", flat=True).distinct()
    names = [f"{CUSTOM}{name}" for name in sorted(found[: MOST_KEYS + 1])]
    return [*names[:MOST_KEYS], *([REST] if len(names) > MOST_KEYS else [])]
