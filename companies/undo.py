"""How a company is put back to what it was before a change: its fields, tags, notes, files and logo."""

from typing import Any, cast

from activity.undo import undo_attachment, undo_note
from companies import edit, logos
from companies.models import Company, CompanyTag
from lio.models import Change
from lio.revert import Reverter
from lookups.changing import tag_ids, tag_numbers, told


def in_use(organization, ids):
    """The ids of companies that living records of other kinds point to."""
    used = set()
    for relation in Company._meta.related_objects:
        model, key = cast(Any, relation.related_model), relation.field.name
        if model is not Company and hasattr(model, "deleted_at"):
            rows = model.objects.of(organization).alive().filter(**{f"{key}__in": ids})
            used |= set(rows.order_by().values_list(f"{key}_id", flat=True).distinct())
    return used


class CompanyReverter(Reverter):
    model, noun = Company, "company"
    verbs = {"note": undo_note, "document": undo_attachment, "file": undo_attachment, "company.logo_changed": logos.undo}

    def update(self, organization, pk, fields, *, tags, by):
        inner = None if tags is None else tag_ids(organization, tags)
        edit.update(pk, organization, fields, tags=inner, by=by, keep=True)

    def delete(self, rows, *, by):
        return edit.delete(rows, by=by)

    def restore(self, rows, *, by):
        return edit.restore(rows, by=by)

    def unmake(self, organization, changes, by):
        """A company that came with a lead goes with it; it stays where others work there by now, which is no conflict then."""
        used = in_use(organization, [change.model_id for change in changes])
        free = [change for change in changes if change.model_id not in used]
        done, left = super().unmake(organization, free, by) if free else ([], [])
        beside = Change.objects.of(organization).filter(change_id=changes[0].change_id).exclude(model_type="company")
        if used and not beside.exists():
            left += [{"model_id": pk, "field": None, "reason": "has leads or contacts by now"} for pk in sorted(used)]
        return done, left

    def present(self, organization, row):
        shown = told({column.attname: getattr(row, column.attname) for column in Company._meta.concrete_fields})
        tags = CompanyTag.objects.of(organization).filter(company=row).values_list("tag_id", flat=True)
        return shown | {"tags": tag_numbers(organization, tags)}
