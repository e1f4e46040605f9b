"""Saved views: filters, columns and order of a list under a name; who may change them; what they mean when they are run."""

import json

from django.db import transaction

from lio import history
from lio.api.envelope import BadParameter
from lio.errors import Forbidden, Invalid, Missing
from lio.grammar import GROUPS
from lio.registry import modules
from lookups.models import SavedView

Visibility = SavedView.Visibility
FIELDS = ("module_name", "view_name", "visibility", "filters", "columns", "sorting")


@transaction.atomic
def add(organization, *, by, **fields):
    """Save a view of `by`. Raises Invalid when its filters are not those of the list."""
    view = SavedView(organization=organization, user=by, **{name: value for name, value in fields.items() if value is not None})
    check(view, by)
    view.save()
    history.record("view.created", view, by=by, after=_shown(view))
    return view


@transaction.atomic
def update(view, *, by, **fields):
    """Change a view: its owner may, and of a shared one an administrator. Raises Forbidden, Invalid."""
    own(view, by)
    changed = {name: value for name, value in fields.items() if getattr(view, name) != value}
    if changed.get("visibility") == Visibility.PRIVATE and view.user_id != by.pk:
        raise Invalid({"visibility": ["only its owner can make a view private"]})
    before = {name: getattr(view, name) for name in changed}
    for name, value in changed.items():
        setattr(view, name, value)
    check(view, by)
    if changed:
        view.save()
        history.record("view.updated", view, by=by, before=before, after=changed)
    return view


@transaction.atomic
def delete(view, *, by):
    own(view, by)
    SavedView.objects.filter(pk=view.pk).bury()
    history.record("view.deleted", view, by=by, before=_shown(view))


@transaction.atomic
def restore(rows, *, by):
    """Bring deleted views back. Answers their ids. Raises Forbidden."""
    gone = list(rows.exclude(deleted_at=None).order_by("pk").select_for_update(of=("self",)))
    for view in gone:
        own(view, by)
    SavedView.objects.filter(pk__in=[view.pk for view in gone]).unbury()
    for view in gone:
        history.record("view.restored", view, by=by, after=_shown(view))
    return [view.pk for view in gone]


def may_change(view, user):
    return view.user_id == user.pk or (view.visibility != Visibility.PRIVATE and user.can("organization.manage"))


def own(view, user):
    if not may_change(view, user):
        raise Forbidden("Only its owner or an administrator can change this view.")


def check(view, user):
    """What a view holds must make sense to its list today. Columns are names; unknown ones are left out when shown."""
    found = modules.get(view.module_name)
    if found is None:
        return  # a list that has no grammar yet: kept as sent
    if "view" in view.filters:
        raise Invalid({"filters": ["a view cannot build on another one"]})
    found.filter_class.strict(view.filters, user)
    sorting = sorting_of(view.sorting)
    if sorting:
        try:
            found.filter_class(sorting, user)
        except BadParameter as error:
            raise Invalid({"sorting": [f"{name}: {lines[0]}" for name, lines in error.fields.items()]}) from None


def sorting_of(given):
    """{order_by, order_in} of what was saved: the first of an array; nothing of what is neither."""
    first = given[0] if isinstance(given, list) and given else given
    if not isinstance(first, dict):
        return {}
    return {name: str(first[name]) for name in ("order_by", "order_in") if first.get(name)}


def _shown(view):
    return {name: getattr(view, name) for name in FIELDS}


# ----------------------------------------------------------------------- running
def find(module, number, caller):
    """The view of that id which the caller may see. Raises Missing, BadParameter."""
    if isinstance(number, list):
        number = number[-1] if number else ""
    text = str(number)
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise BadParameter({"view": ["must be the id of a view"]})
    if not caller.is_member:
        raise Missing()
    views = SavedView.objects.of(caller.organization).alive().seen_by(caller)
    found = views.filter(pk=int(text), module_name=module).first()
    if found is None:
        raise Missing()
    return found


def apply(module, params, caller, aliases):
    """(the view that `params` name, or None; what they mean with it): sent names replace the view's, empty ones take away."""
    if not module or not params.get("view"):
        return None, params
    view = find(module, params.get("view"), caller)
    merged = {aliases.get(name, name): value for name, value in view.filters.items()} | sorting_of(view.sorting)
    for name, raw in sent(params, aliases):
        if name == "view":
            continue
        if name == "filters":
            merged = {key: value for key, value in merged.items() if key not in GROUPS}
            name, raw = "and", [_read(raw)] if raw not in ("", [], [""]) else ""
        if raw in (None, "", [], [""]):
            merged.pop(name, None)
        else:
            merged[name] = raw
    return view, merged


def merged(module, params, caller, aliases):
    """The same, always as a plain dict, for saving it or handing it to a bulk action."""
    view, found = apply(module, params, caller, aliases)
    if view is not None:
        return view, found
    given = {name: raw for name, raw in sent(params, aliases) if raw not in (None, "", [], [""])}
    if tree := given.pop("filters", None):
        given["and"] = [_read(tree)]
    return None, given


def sent(params, aliases):
    """(name, value) pairs, also the empty ones; several values of a query are a list."""
    many = hasattr(params, "getlist")
    for key in params:
        name = key.removesuffix("[]")
        value = params.getlist(key) if many else params[key]
        yield aliases.get(name, name), value[0] if many and len(value) == 1 else value


def _read(raw):
    try:
        found = json.loads(raw)
    except (TypeError, ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise BadParameter({"filters": ["must be a JSON object"]})
    return found


def broken(view, fields):
    """The complaint about a view that does not fit its list any more; it never widens to what is left of it."""
    name, lines = next(iter(fields.items()))
    what = lines[0] if name == "filters" else f"{name}: {lines[0]}"
    return BadParameter({"view": [f"The view {view.view_name} does not work any more ({what}). Change or delete it."]})
