"""How saved views and custom fields are put back to what they were."""

from lio.errors import Forbidden
from lio.revert import each, whole
from lookups import fields, views
from lookups.models import CustomField, SavedView

GONE, CHANGED = "is gone", "has been changed since"
State = CustomField.State


def undo_views(organization, changes, by):
    """Put the saved views of these Change rows (last first) back. Answers (their ids, conflicts)."""
    return each(changes, lambda change: _undo_view(organization, change, by))


def undo_fields(organization, changes, by):
    """The same for custom fields; values follow their field. A new one is dropped: its values stay where they are."""
    if by is not None and not by.can("organization.manage"):
        reason = "your role does not let you change fields"
        return [], [{"model_id": change.model_id, "field": None, "reason": reason} for change in changes]
    return each(changes, lambda change: _undo_field(organization, change, by))


def _undo_view(organization, change, by):
    rows = SavedView.objects.of(organization).filter(pk=change.model_id)
    if change.verb == "view.deleted":
        return [] if views.restore(rows, by=by) else whole("the view is there already")
    view = rows.alive().first()
    if view is None:
        return whole(f"the view {GONE}")
    if by is not None and not views.may_change(view, by):
        raise Forbidden("Only its owner or an administrator can change this view.")
    left = _changed(view, change.after)
    if left:
        return left if change.verb == "view.updated" else whole(f"the view {CHANGED}")
    if change.verb == "view.updated":
        views.update(view, by=by, **change.before)
    else:
        views.delete(view, by=by)
    return []


def _undo_field(organization, change, by):
    field = CustomField.objects.of(organization).filter(pk=change.model_id).first()
    if field is None:
        return whole(f"the field {GONE}")
    left = _changed(field, change.after)
    if change.verb == "custom_field.created":
        if left:
            return whole(f"the field {CHANGED}")
        fields.update(field, organization, by=by, state=State.DROPPED)
        return []
    if left:
        return left
    if set(change.before) == {"position"}:
        fields.move(field, organization, down=change.before["position"] > change.after["position"], by=by)
    else:
        fields.update(field, organization, by=by, **change.before)
    return []


def _changed(row, after):
    """[{field, reason}] of what is no longer as the change left it: then all of it stays."""
    return [{"field": name, "reason": CHANGED} for name, value in (after or {}).items() if getattr(row, name) != value]
