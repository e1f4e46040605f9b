"""How the records of a model are put back to what they were, field by field: the undoer that most kinds of records share."""

from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils.timezone import now

from lio.errors import DomainError
from lio.models import Change
from lio.undo import DAYS, with_undo

CHANGED, THERE, GONE = "has been changed since", "is there already", "is gone"


def may_undo(change, user):
    """Whether an entry of a history, as lio.undo.with_undo reads it, is offered to `user` to be taken back."""
    if change.is_closed or change.created_at < now() - timedelta(days=DAYS):
        return False
    if change.verb == f"{change.model_type}.created":
        return user.can("records.delete") or (change.by_id == user.pk and user.can("records.edit"))
    if change.verb.startswith("note.") and "is_pinned" not in (change.after or {}):
        return change.by_id == user.pk or user.is_admin
    return user.can("records.edit")


class Reverter:
    """Takes back the Change rows of one model through its own rules. A subclass tells what they are.

    `merged` names objects whose keys are told one by one. `verbs` are those that go their own way, whole or by the part
    before the point: {verb or noun: f(organization, change, by) -> what was left alone, [{field, reason}]}; of these `alive`
    ones need the living record.
    """

    model: Any
    noun = ""
    merged: tuple[str, ...] = ("custom_fields", "ai_information")
    verbs: dict = {}

    def update(self, organization, pk, fields, *, tags, by):
        """Set `fields` ({name of the history: value}) and `tags` (their numbers, or None)."""
        raise NotImplementedError

    def delete(self, rows, *, by):
        raise NotImplementedError

    def restore(self, rows, *, by):
        raise NotImplementedError

    def present(self, organization, row):
        """{name of the history: value} of the row as it is, tags as numbers."""
        raise NotImplementedError

    def __call__(self, organization, changes, by):
        """Put the records of these Change rows (last first) back. Answers (ids of those that were, conflicts).

        New records go last, as they came first.
        """
        made = [change for change in changes if change.verb == f"{self.noun}.created"]
        done, conflicts = [], []
        for change in changes:
            if change.verb == f"{self.noun}.created":
                continue
            try:
                with transaction.atomic():
                    did, left = self.undo_one(organization, change, by)
            except DomainError as error:
                did, left = False, whole(str(error))
            conflicts += [{"model_id": change.model_id, **conflict} for conflict in left]
            if did:
                done.append(change.model_id)
        ids, left = self.unmake(organization, made, by) if made else ([], [])
        return list(dict.fromkeys([*done, *ids])), conflicts + left

    def undo_one(self, organization, change, by):
        """Answers (whether something was put back, what was left alone: [{field, reason}]); no field: the whole."""
        noun = change.verb.split(".")[0]
        if change.verb in self.verbs:
            left = self.verbs[change.verb](organization, change, by)
            return not left, left
        rows = self.model.objects.of(organization).filter(pk=change.model_id)
        if change.verb == f"{self.noun}.deleted":
            return all_or(self.restore(rows, by=by), f"the {self.noun} {THERE}")
        if change.verb == f"{self.noun}.restored":
            return all_or(self.delete(rows, by=by), f"the {self.noun} {GONE}")
        row = rows.alive().select_for_update(of=("self",)).first()
        if row is None:
            return all_or(False, f"the {self.noun} {GONE}")
        if noun in self.verbs:
            left = self.verbs[noun](organization, change, by)
            return not left, left
        return self.put_back(organization, row, change, by)

    def put_back(self, organization, row, change, by):
        """Each field that still has the value the change gave it gets the one it had before."""
        before, after = change.before or {}, change.after or {}
        there, tags = self.present(organization, row), None
        fields: dict = {}
        left: list[dict] = []
        if change.verb == f"{self.noun}.tagged":
            added = set(after.get("tags", [])) & set(there["tags"])
            left = [] if added else [{"field": "tags", "reason": CHANGED}]
            tags = sorted(set(there["tags"]) - added) if added else None
            after = {}
        for name, given in after.items():
            if name in self.merged:
                given = given or {}
                part = {key: (before.get(name) or {}).get(key) for key in given if there[name].get(key) == given[key]}
                fields |= {name: part} if part else {}
                left += [{"field": f"{name}.{key}", "reason": CHANGED} for key in given if key not in part]
            elif name not in there or there[name] != given:
                left.append({"field": name, "reason": CHANGED})
            elif name == "tags":
                tags = before.get("tags") or []
            else:
                fields[name] = before.get(name)
        did = bool(fields) or tags is not None
        if did:
            self.update(organization, row.pk, fields, tags=tags, by=by)
        return did, left or ([] if did else whole("nothing to put back"))

    def unmake(self, organization, changes, by):
        """Delete what was made: one's own, or with the right to delete; not what somebody has worked on since."""
        later = self.later(changes)
        ids, reasons = [], {}
        for change in changes:
            if change.model_id in later:
                reasons[change.model_id] = CHANGED
            elif by is not None and change.by_id != by.pk and not by.can("records.delete"):
                reasons[change.model_id] = "your role does not let you delete it"
            else:
                ids.append(change.model_id)
        done = self.delete(self.model.objects.of(organization).filter(pk__in=ids), by=by)
        reasons |= dict.fromkeys(set(ids) - set(done), f"the {self.noun} {GONE}")
        return done, [{"model_id": pk, "field": None, "reason": reason} for pk, reason in reasons.items()]

    def later(self, changes):
        """{id: the newest Change of it that is not among these and still holds}. What was done and undone does not count."""
        rows = Change.objects.filter(model_type=self.noun, model_id__in=[change.model_id for change in changes], undoes=None)
        rows = with_undo(rows.exclude(change_id=changes[0].change_id)).filter(undone=False)
        return dict(rows.values("model_id").annotate(last=Max("pk")).values_list("model_id", "last"))


def each(changes, undo):
    """Undo changes one by one: `undo(change)` answers what it left alone, [{"field", "reason"}], or raises DomainError.

    Answers (ids of the records that are as before, conflicts).
    """
    done, conflicts = [], []
    for change in changes:
        try:
            left = undo(change)
        except DomainError as error:
            left = whole(str(error))
        conflicts += [{"model_id": change.model_id, **conflict} for conflict in left]
        if not left:
            done.append(change.model_id)
    return list(dict.fromkeys(done)), conflicts


def all_or(done, reason):
    return (True, []) if done else (False, whole(reason))


def whole(reason):
    return [{"field": None, "reason": reason}]
