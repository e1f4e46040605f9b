"""Merging: records that are one thing become one record, with all that belongs to them; and how that is taken back.

What moves is not listed: every key that points to the model, and every table that names its records by `model_type` and
`model_id`, so that what later apps add moves as well. History stays with the record that it tells of; the timeline of the
record that remains shows it, too (`merged_into`). What is special to a kind of record says its own merge module.
"""

from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any

from django.apps import apps
from django.db import IntegrityError, connection, transaction
from django.db.models.fields.reverse_related import ManyToOneRel
from django.utils.timezone import now

from lio import history, search
from lio.errors import DomainError, Invalid, Missing
from lio.models import Change

FEWEST, MOST = 2, 10  # records of one merge
CHANGED = "has been changed since"
OWN = "custom_fields."  # before the key of a custom field among the names of fields
EMPTY: tuple = (None, "", [], {})


@dataclass(frozen=True, eq=False)
class Merging:
    """How records of `model` become one.

    `fields` are {name of the API: model attribute} of what can be chosen. `stays` are models whose rows do not move. With
    `buried`, what is deleted moves along. `derived` are keys of `ai_information` that each record computes for itself.
    """

    model: Any
    fields: dict
    stays: tuple
    plural: str = ""
    buried: bool = False
    derived: frozenset = field(default_factory=frozenset)

    @property
    def kind(self):
        return self.model._meta.model_name

    # --------------------------------------------------------------------- what wins
    def chosen(self, survivor, others, fields):
        """{model attribute: value} of what the merged record gets that the survivor does not have.

        `fields` names the record whose value wins, also an empty one: {name of the API, or "custom_fields.<key>": id}. Where
        it is silent the survivor's own value stays, and where that is empty the oldest other's comes in.
        """
        rows = {row.pk: row for row in (survivor, *others)}
        values = {}
        for name, attr in self.fields.items():
            value = _wins(rows, fields.get(name), lambda row, attr=attr: getattr(row, attr))
            if value != getattr(survivor, attr):
                values[attr] = value
        keys = dict.fromkeys(key for row in rows.values() for key in row.custom_fields)
        own = {key: _wins(rows, fields.get(f"{OWN}{key}"), lambda row, key=key: row.custom_fields.get(key)) for key in keys}
        own = {key: value for key, value in own.items() if value != survivor.custom_fields.get(key)}
        told = {key: value for row in reversed(others) for key, value in row.ai_information.items()
                if key not in self.derived and key not in survivor.ai_information}
        return values | ({"custom_fields": own} if own else {}) | ({"ai_information": told} if told else {})

    def several(self, organization, row_ids):
        """The ids of 2 to 10 different living records, in order. Raises Invalid, and Missing when one is not there."""
        ids = sorted(set(row_ids))
        if len(ids) <= MOST and self.model.objects.of(organization).alive().filter(pk__in=ids).count() != len(ids):
            raise Missing()
        if len(ids) != len(row_ids):
            raise Invalid({"ids": [f"names a {self.kind} twice"]})
        if not FEWEST <= len(ids) <= MOST:
            raise Invalid({"ids": [f"must name {FEWEST} to {MOST} {self.plural}"]})
        return ids

    def check(self, ids, survivor_id, fields):
        """Raises Invalid for a choice that is none."""
        if survivor_id is not None and survivor_id not in ids:
            raise Invalid({"survivor_id": ["is not among ids"]})
        for name, row_id in fields.items():
            if name not in self.fields and not name.startswith(OWN):
                raise Invalid({"fields": [f"{name[:100]} is not a field that can be chosen"]})
            if isinstance(row_id, bool) or row_id not in ids:
                raise Invalid({"fields": [f"{name[:100]}: must be the id of one of the {self.plural}"]})

    # --------------------------------------------------------------------- what moves
    @cache  # noqa: B019 - there is one Merging a model
    def targets(self):
        """{"table.column": (condition that a row is about such a record, whether only living rows move)} of what can move."""
        found = {}
        for relation in self.model._meta.get_fields(include_hidden=True):
            if isinstance(relation, ManyToOneRel):  # one-to-one among them
                model, key = relation.related_model, relation.field
                if model not in self.stays and model._meta.managed and not model._meta.proxy:
                    found[f"{model._meta.db_table}.{key.column}"] = ("", model is not self.model and self._only_living(model))
        for model in apps.get_models():
            names = {field.name for field in model._meta.concrete_fields}
            if {"organization", "model_type", "model_id"} <= names and model is not Change and not model._meta.proxy:
                found[f"{model._meta.db_table}.model_id"] = (f"AND model_type = '{self.kind}'", self._only_living(model))
        return dict(sorted(found.items()))

    def _only_living(self, model):
        return not self.buried and any(field.name == "deleted_at" for field in model._meta.concrete_fields)

    def move(self, organization, losers, survivor_id):
        """Let what belongs to `losers` belong to the survivor. Answers {loser: {"table.column": ids of rows}}."""
        moved: dict[int, dict[str, list[int]]] = {}
        for target, (about, only_living) in self.targets().items():
            table, column = target.split(".")
            where = f"{about} {'AND deleted_at IS NULL' if only_living else ''}"
            with connection.cursor() as cursor:
                cursor.execute(
                    f"""SELECT id, {column} FROM {table} WHERE organization_id = %s AND {column} = ANY(%s) {where}
                        ORDER BY id FOR NO KEY UPDATE""", [organization.pk, losers])
                rows = cursor.fetchall()
            gone = set(point(table, column, survivor_id, [pk for pk, _ in rows]))
            for pk, loser in rows:
                if pk in gone:
                    moved.setdefault(loser, {}).setdefault(target, []).append(pk)
        return moved

    def begin(self, organization, ids, survivor_id):
        """(the survivor, the others, what moved to it), locked in the order of their ids. Raises Missing.

        What belongs to records is locked before them: whoever works on it locks it first, too.
        """
        others = [pk for pk in ids if pk != survivor_id]
        moved = self.move(organization, others, survivor_id)
        living = self.model.objects.of(organization).alive().filter(pk__in=ids).order_by("pk")
        rows = {row.pk: row for row in living.select_for_update(of=("self",), no_key=True)}
        if len(rows) != len(ids):
            raise Missing()
        return rows[survivor_id], [rows[pk] for pk in others], moved

    def close(self, organization, survivor, losers, moved, *, by):
        """Delete what is merged, and write down where it went."""
        ids = [row.pk for row in losers]
        history.record_each(f"{self.kind}.merged_into", self.kind, [
            (pk, {"deleted_at": None, "moved": moved.get(pk, {})}, {"merged_into": survivor.pk}) for pk in ids], by=by)
        self.model.objects.of(organization).filter(pk__in=ids).update(
            deleted_at=now(), updated_at=now(), merged_into=survivor)
        search.forget(self.kind, ids)
        last = [row.last_activity_at for row in (survivor, *losers) if row.last_activity_at]
        before, after = {}, {self.plural: [{"id": row.pk, "name": str(row)} for row in losers]}
        if last and max(last) != survivor.last_activity_at:
            before["last_activity_at"], after["last_activity_at"] = survivor.last_activity_at, max(last)
            self.model.objects.filter(pk=survivor.pk).update(last_activity_at=max(last))
        history.record(f"{self.kind}.absorbed", survivor, by=by, before=before or None, after=after)

    # --------------------------------------------------------------------- taking it back
    def undo(self, organization, changes, by, *, each, restore):
        """Take a merge back (its Change rows, last first). Answers (ids of those put back, conflicts).

        `each(organization, changes, by)` takes back what else was changed, first: an address goes back to whom it belonged
        to before that one is there again. `restore(rows)` brings deleted records back and may refuse. Where the changes are
        themselves such a taking back, what it parted is merged again.
        """
        if survivors := self.parted(organization, changes):
            done, conflicts = self.again(organization, survivors, by)
            more, left = each(organization, self.beside(changes, survivors), by) if done else ([], [])
            return list(dict.fromkeys([*done, *more])), conflicts + left
        gone, kept = f"{self.kind}.merged_into", f"{self.kind}.absorbed"
        done, conflicts = each(organization, [change for change in changes if change.verb not in (gone, kept)], by)
        for change in changes:
            left = []
            if change.verb == kept:
                self.back_in_time(organization, change)
                done.append(change.model_id)
            elif change.verb == gone:
                try:
                    with transaction.atomic():
                        back = restore(self.model.objects.of(organization).filter(pk=change.model_id))
                except DomainError as error:
                    back, left = [], [{"field": None, "reason": str(error)}]
                if back:
                    left = self.move_back(organization, change)
                    self.open_again(organization, change)
                    done.append(change.model_id)
                elif not left:
                    left = [{"field": None, "reason": f"the {self.kind} is there already"}]
            conflicts += [{"model_id": change.model_id, **conflict} for conflict in left]
        return list(dict.fromkeys(done)), conflicts

    def is_about(self, organization, changes):
        """Whether these Change rows tell of a merge, or of one that was taken back."""
        return any(change.verb == f"{self.kind}.absorbed" for change in changes) or bool(self.parted(organization, changes))

    def parted(self, organization, changes):
        """{id: id of the survivor} of the records that these Change rows brought back from a merge."""
        back = {row.model_id: row.undoes for row in changes if row.verb == f"{self.kind}.restored" and row.undoes}
        merges = Change.objects.of(organization).filter(
            model_type=self.kind, model_id__in=back, change_id__in=set(back.values()), verb=f"{self.kind}.merged_into")
        return {row.model_id: row.after["merged_into"] for row in merges} if back else {}

    def beside(self, changes, survivors):
        """What else these changes tell of than that the merged records came back."""
        return [row for row in changes if row.verb != f"{self.kind}.restored" or row.model_id not in survivors]

    def again(self, organization, survivors, by):
        """Merge what was parted (see `parted`). Answers (ids of the records, conflicts); nothing where one has gone since."""
        ids, survivor_id = sorted({*survivors, *survivors.values()}), next(iter(survivors.values()))
        try:
            with transaction.atomic():
                survivor, losers, moved = self.begin(organization, ids, survivor_id)
        except Missing:
            return [], [{"model_id": survivor_id, "field": None, "reason": f"one of the {self.plural} is gone"}]
        self.close(organization, survivor, losers, moved, by=by)
        return ids, []

    def back_in_time(self, organization, change):
        """Put back the survivor's last activity, unless there was one since (its Change of `<kind>.absorbed`). Answers []."""
        given, before = (change.after or {}).get("last_activity_at"), (change.before or {}).get("last_activity_at")
        if given:
            rows = self.model.objects.of(organization).filter(
                pk=change.model_id, last_activity_at=datetime.fromisoformat(given))
            rows.update(last_activity_at=before and datetime.fromisoformat(before))
        return []

    def move_back(self, organization, change):
        """Give a merged record back what was moved (its Change of `<kind>.merged_into`). Answers [{field, reason}] of what
        stays.
        """
        left = []
        for target, ids in ((change.before or {}).get("moved") or {}).items():
            if target not in self.targets():  # a table that is no more
                continue
            table, column = target.split(".")
            with connection.cursor() as cursor:
                cursor.execute(
                    f"""SELECT id FROM {table} WHERE organization_id = %s AND id = ANY(%s) AND {column} = %s
                        ORDER BY id FOR NO KEY UPDATE""", [organization.pk, ids, change.after["merged_into"]])
                there = [pk for (pk,) in cursor.fetchall()]
            back = point(table, column, change.model_id, there)
            if len(back) < len(ids):
                left.append({"field": table.split("_", 1)[1], "reason": CHANGED})
        return left

    def open_again(self, organization, change):
        """A merged record that has been restored leads nowhere any more."""
        self.model.objects.of(organization).filter(pk=change.model_id).update(merged_into=None)

    # --------------------------------------------------------------------- old ids
    def survivor_of(self, organization, row_id):
        """Id of the living record that this one was merged into; None for any other."""
        rows = self.model.objects.of(organization).filter(
            pk=row_id, deleted_at__isnull=False, merged_into__deleted_at=None)
        return rows.values_list("merged_into_id", flat=True).first()

    def merged_into(self, organization, row_id):
        """{id: name} of the records that were merged into this one, whose history it shows."""
        return {row.pk: str(row) for row in self.model.objects.of(organization).filter(merged_into=row_id)}


def _wins(rows, chosen_id, read):
    """The survivor comes first among `rows`."""
    if chosen_id is not None:
        return read(rows[chosen_id])
    found = [read(row) for row in rows.values()]
    return next((value for value in found if value not in EMPTY), found[0])


def point(table, column, row_id, ids):
    """Point these rows to a record. Answers those that do: where a rule lets a record have only one, the others stay."""
    if not ids:
        return []
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"UPDATE {table} SET {column} = %s WHERE id = ANY(%s)", [row_id, ids])
        return ids
    except IntegrityError as error:
        if getattr(error.__cause__, "sqlstate", "") not in ("23505", "23P01"):
            raise
        return [] if len(ids) == 1 else [pk for one in ids for pk in point(table, column, row_id, [one])]
