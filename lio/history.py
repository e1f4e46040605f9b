"""What happened, to what, by whom, before and after: one `record` in the rule's transaction.

Timeline, field history, feed, audit and undo all read the `Change` rows written here. Everything that one action changes
shares one change id, which the answer carries in `X-Change-Id`.
"""

from contextlib import contextmanager
from contextvars import ContextVar

from django.db import connection
from django.db.models import F, Q
from django.utils.timezone import now
from orjson import OPT_NON_STR_KEYS, dumps

from lio.models import Change
from lio.tenancy import current_organization_id

_change_id: ContextVar[int | None] = ContextVar("change_id", default=None)
_actor: ContextVar[str] = ContextVar("actor", default="")
_undoes: ContextVar[int | None] = ContextVar("undoes", default=None)

INSERT = """
INSERT INTO lio_change (organization_id, change_id, verb, model_type, model_id, before, after, by_id, actor, undoes)
SELECT %s, coalesce(%s, nextval('lio_change_group')), %s, %s, %s, %s::jsonb, %s::jsonb, %s, %s, %s RETURNING change_id
"""


@contextmanager
def one_action(*, actor="", change_id=None, undoes=None):
    """Everything recorded inside shares one change id; `actor` says who, when no user does it; `undoes` what it takes back."""
    ids, actors, undone = _change_id.set(change_id), _actor.set(actor), _undoes.set(undoes)
    try:
        yield
    finally:
        _change_id.reset(ids)
        _actor.reset(actors)
        _undoes.reset(undone)


def actor_name():
    """Who acts when no user does: an API key, a form, a job; "" when nobody is named."""
    return _actor.get()


def last_change_id():
    """The change id of the action in progress; None while nothing has been recorded."""
    return _change_id.get()


def start_change():
    """The change id of the action in progress, taken now if there is none yet."""
    if _change_id.get() is None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT nextval('lio_change_group')")
            _change_id.set(cursor.fetchone()[0])
    return _change_id.get()


def record(verb, row, *, by, before=None, after=None):
    """Write down that `verb` happened to `row` (a model instance, or a pair of model type and id).

    `before` and `after` hold the changed fields only, under their API names. Must run inside the rule's own transaction
    and the organisation's scope. Answers the change id.
    """
    model_type, model_id = row if isinstance(row, tuple) else (row._meta.model_name, row.pk)
    with connection.cursor() as cursor:
        cursor.execute(
            INSERT,
            [
                current_organization_id(),
                _change_id.get(),
                verb,
                model_type,
                model_id,
                before and _json(before),
                after and _json(after),
                by and by.pk,
                _actor.get(),
                _undoes.get(),
            ],
        )
        _change_id.set(cursor.fetchone()[0])
    return _change_id.get()


# Part of a statement whose CTE `new` holds the id of a record that it makes; answers the change id for `took`.
OF_NEW = """INSERT INTO lio_change (organization_id, change_id, verb, model_type, model_id, after, by_id, actor)
            SELECT %(organization_id)s, coalesce(%(change_id)s::bigint, nextval('lio_change_group')), %(change_verb)s,
                   %(change_type)s, id, %(change_after)s::jsonb, %(change_by)s::bigint, %(change_actor)s
            FROM new RETURNING change_id"""


def of_new(verb, model_type, *, by, after):
    """The parameters of OF_NEW."""
    return {
        "change_id": _change_id.get(),
        "change_verb": verb,
        "change_type": model_type,
        "change_after": _json(after),
        "change_by": by and by.pk,
        "change_actor": _actor.get(),
    }


def took(change_id):
    """A statement with OF_NEW has recorded under this change id."""
    _change_id.set(change_id)


def record_each(verb, model_type, entries, *, by):
    """The same for many records to which different things happened: `entries` are (id, before, after)."""
    if entries:
        told = [{"id": pk, "before": before or None, "after": after or None} for pk, before, after in entries]
        with connection.cursor() as cursor:
            cursor.execute(
                """INSERT INTO lio_change (organization_id, change_id, verb, model_type, model_id, before, after, by_id, actor,
                                           undoes)
                   SELECT %s, %s, %s, %s, r.id, r.before, r.after, %s, %s, %s
                   FROM jsonb_to_recordset(%s::jsonb) AS r(id bigint, before jsonb, after jsonb)""",
                [
                    current_organization_id(), start_change(), verb, model_type, by and by.pk, _actor.get(), _undoes.get(),
                    _json(told),
                ],
            )


def change_rows(rows, verb, values, *, by, names=None, also=None):
    """Set `values` ({model attribute: value}) on all of `rows` at once, with a Change row for each that differs.

    Set-based: one locking read, one insert, one update, whatever the number of rows. `names` maps an attribute to
    the API name and value that history shows, {attribute: (name, expression of the old value, new value)}; without it
    the attribute's own. `also` is set on the same rows without being told. Answers the ids that changed, in order.
    """
    shown = {attr: (attr, F(attr), value) for attr, value in values.items()} | (names or {})
    differs = None
    for attr, value in values.items():
        one = _differs(attr, value)
        differs = one if differs is None else differs | one
    moving = list(rows.filter(differs).order_by("pk").select_for_update(of=("self",)).values_list("pk", flat=True))
    if not moving:
        return []
    change = start_change()
    model = rows.model
    locked = model.objects.filter(pk__in=moving)
    columns = {f"old_{name}": old for name, old, _ in shown.values()}
    after = _json({name: new for name, _, new in shown.values()})
    compiled, params = locked.values("pk", **columns).query.sql_with_params()
    pairs = ", ".join(f"'{name}', r.c{n}" for n, (name, _, _) in enumerate(shown.values()))
    aliases = ", ".join(["pk", *[f"c{n}" for n in range(len(shown))]])
    with connection.cursor() as cursor:
        cursor.execute(
            f"""INSERT INTO lio_change (organization_id, change_id, verb, model_type, model_id, before, after, by_id, actor,
                                        undoes)
                SELECT %s, %s, %s, %s, r.pk, jsonb_build_object({pairs}), %s::jsonb, %s, %s, %s
                FROM ({compiled}) AS r({aliases})""",
            [
                current_organization_id(),
                change,
                verb,
                model._meta.model_name,
                after,
                by and by.pk,
                _actor.get(),
                _undoes.get(),
                *params,
            ],
        )
    locked.update(**values, **(also or {}), **({"updated_at": now()} if hasattr(model, "updated_at") else {}))
    return moving


def _differs(attr, value):
    if value is None:
        return Q(**{f"{attr}__isnull": False})
    return ~Q(**{attr: value}) | Q(**{f"{attr}__isnull": True})


def _json(value):
    return dumps(value, default=str, option=OPT_NON_STR_KEYS).decode()


def title_of(verb):
    """`lead.status_changed` -> `Lead status changed`."""
    words = verb.replace(".", " ").replace("_", " ")
    return f"{words[:1].upper()}{words[1:]}"


def timeline(organization, model_type, *model_ids):
    """The changes of a record, or of the records that are one now, newest first."""
    which = {"model_id": model_ids[0]} if len(model_ids) == 1 else {"model_id__in": model_ids}
    return Change.objects.of(organization).filter(model_type=model_type, **which).order_by("-id")
