"""Pipelines and their stages: made, changed, deleted; what is protected, and where the deals of a deleted stage go (R51)."""

from decimal import Decimal

from django.db import transaction

from deals import edit
from deals.models import Deal, Pipeline, Stage
from lio import history
from lio.errors import Conflict, Forbidden, Invalid, Missing
from lio.selection import AT_ONCE

COLORS = ("#3b82f6", "#06b6d4", "#8b5cf6", "#f59e0b", "#ec4899", "#14b8a6")
GREEN, RED, LAST = "#16a34a", "#dc2626", 10_000
SEEDED = ("New", "Qualified", "Proposal", "Negotiation")
FREE = ("color", "position", "required_fields", "max_days_in_stage")  # what may be changed of a protected stage
MOST = 50  # stages of a pipeline
CHANGED = "has been changed since"
SHOWN = ("name", "description", "max_deal_limit", "region", "is_active", "asks_api")


def seed(organization):
    """The pipeline that a new organisation has."""
    _make(organization, "Sales", [{"name": name} for name in SEEDED])


@transaction.atomic
def add(organization, *, name, by, stages=(), **fields):
    """A new pipeline with its stages ({field: value} each), a won and a lost one added when none is among them.

    Raises Invalid for stages that make no sense together.
    """
    pipeline, rows = _make(organization, name, stages, **fields)
    history.record("pipeline.created", pipeline, by=by, after=_told(pipeline) | {"stages": [row.name for row in rows]})
    return pipeline


def _make(organization, name, stages, **fields):
    """(the pipeline, its stages), saved."""
    last = Pipeline.objects.of(organization).alive().order_by("-position").values_list("position", flat=True).first()
    pipeline = Pipeline.objects.create(
        organization=organization, name=name, position=0 if last is None else last + 1,
        **{field: value for field, value in fields.items() if value is not None},
    )
    rows = [_stage(pipeline, entry) for entry in _check(stages)]
    _place(rows, stages)
    _complete(pipeline, rows)
    for row in rows:
        row.save()
    return pipeline, rows


@transaction.atomic
def update(pipeline, *, by, stages=None, **fields):
    """Change a pipeline. `stages` replaces its unprotected stages: entries with an id change, those without are added, the
    others are removed (R51).

    Raises Forbidden for what is protected, Conflict for a stage that holds deals, Missing for an id that is not one of its
    stages, Invalid.
    """
    pipeline = _locked(pipeline.pk)
    before, after = {}, {}
    for name, value in fields.items():
        if getattr(pipeline, name) != value:
            before[name], after[name] = getattr(pipeline, name), value
            setattr(pipeline, name, value)
    if stages is not None:
        old, new = _replace(pipeline, _check(stages))
        if old != new:
            before["stages"], after["stages"] = old, new
    if after:
        pipeline.save()
        history.record("pipeline.updated", pipeline, by=by, before=_plain(before), after=_plain(after))
    return pipeline


@transaction.atomic
def delete(rows, *, by):
    """Delete pipelines that hold no deals. Answers their ids. Raises Conflict, and deletes none, when one holds deals."""
    going = list(rows.alive().order_by("pk").select_for_update(of=("self",), no_key=True))
    ids = [row.pk for row in going]
    _close(Stage.objects.filter(pipeline__in=ids).alive().values_list("pk", flat=True))
    held = set(Deal.objects.filter(pipeline__in=ids).alive().values_list("pipeline_id", flat=True))
    if held:
        names = ", ".join(row.name for row in going if row.pk in held)
        raise Conflict(f"Move or delete the deals of {names} first.", code="pipeline_in_use", pipeline_ids=sorted(held))
    Pipeline.objects.filter(pk__in=ids).bury()
    history.record_each("pipeline.deleted", "pipeline", [(row.pk, _told(row), None) for row in going], by=by)
    return ids


@transaction.atomic
def restore(rows, *, by):
    """Bring deleted pipelines back. Answers their ids."""
    ids = list(rows.exclude(deleted_at=None).order_by("pk").select_for_update(of=("self",)).values_list("pk", flat=True))
    Pipeline.objects.filter(pk__in=ids).unbury()
    history.record_each("pipeline.restored", "pipeline", [(pk, None, None) for pk in ids], by=by)
    return ids


@transaction.atomic
def delete_stage(stage, *, by, move_to=None):
    """Delete a stage; its deals go to the stage `move_to` of the same pipeline.

    Raises Forbidden for a protected stage, Conflict when it holds deals and nobody says where they go, or more of them than
    can be moved at once, Invalid when they cannot go there.
    """
    pipeline = _locked(stage.pipeline_id)
    if stage.is_protected:
        raise _protected(stage, "deleted")
    if move_to and (move_to.pk == stage.pk or move_to.pipeline_id != stage.pipeline_id):
        raise Invalid({"move_to": ["must be another stage of the same pipeline"]})
    _close([stage.pk])
    if not Stage.objects.alive().filter(pk=stage.pk).exists():
        raise Missing()  # somebody else was faster
    held = Deal.objects.filter(stage=stage).alive()
    ids = list(held.values_list("pk", flat=True)[: AT_ONCE + 1])
    if ids and not move_to:
        raise _in_use([stage], held.count())
    if len(ids) > AT_ONCE:
        raise Conflict(f"{stage.name} holds more than {AT_ONCE:,} deals. Move them first.", code="stage_in_use")
    if ids:
        edit.set_fields(pipeline.organization, ids, {"stage_id": move_to.pk}, by=by)
    before = _stages(pipeline)
    Stage.objects.filter(pk=stage.pk).bury()
    history.record("pipeline.updated", pipeline, by=by, before={"stages": before}, after={"stages": _stages(pipeline)})


@transaction.atomic
def put_stages_back(pipeline, before, after, *, by):
    """Undo what made the stages `before` to those `after`, both as history tells them. A stage that has gone comes back, one
    that was added goes unless it holds deals by now, and each value that is still the one it was given is what it was.

    Answers (whether something was put back, what was left alone: [{field, reason}]).
    """
    _locked(pipeline.pk)
    stages = Stage.objects.filter(pipeline=pipeline).order_by("pk").select_for_update(of=("self",), no_key=True)
    there = {row.pk: row for row in stages}
    was, became = ({told["id"]: told for told in side} for side in (before, after))
    shown, left, did = _stages(pipeline), [], False
    for pk in sorted(was.keys() | became.keys()):
        stage = there.get(pk)
        if stage is None or (stage.deleted_at is None) != (pk in became):
            left.append({"field": "stages", "reason": f"{(was.get(pk) or became[pk])['name']} {CHANGED}"})
        elif pk not in was:
            if Deal.objects.filter(stage=stage).alive().exists():
                left.append({"field": "stages", "reason": f"{stage.name} holds deals by now"})
                continue
            Stage.objects.filter(pk=pk).bury()
            did = True
        elif pk not in became:
            Stage.objects.filter(pk=pk).unbury()
            did = True
        else:
            told = _told_stage(stage)
            names = [name for name, value in became[pk].items() if was[pk].get(name, value) != value]
            for name in names:
                if told.get(name) != became[pk][name]:
                    left.append({"field": "stages", "reason": f"{name.replace('_', ' ')} of {stage.name} {CHANGED}"})
                else:
                    value = was[pk][name]
                    setattr(stage, name, Decimal(str(value)) if name == "probability" else value)
                    stage.save()
                    did = True
    if did:
        told = {"before": {"stages": shown}, "after": {"stages": _stages(pipeline)}}
        history.record("pipeline.updated", pipeline, by=by, **told)
    return did, left


def _locked(pk):
    """A living pipeline that nobody else changes meanwhile. Raises Missing.

    What is locked here is locked without its key: deals that point to it go on being written, and whoever writes one need not
    wait for somebody who waits for that deal.
    """
    found = Pipeline.objects.alive().select_for_update(of=("self",), no_key=True).filter(pk=pk).first()
    if found is None:
        raise Missing()
    return found


def _close(stage_ids):
    """From now on no deal comes into these stages (deals/edit.py: who puts one there shares the stage's lock)."""
    list(Stage.objects.filter(pk__in=list(stage_ids)).order_by("pk").select_for_update(of=("self",), no_key=True))


# ------------------------------------------------------------------------- stages
def _check(stages):
    """The entries of a stages array, in its order. Raises Invalid for what cannot be a pipeline."""
    if len(stages) > MOST:
        raise Invalid({"stages": [f"must be at most {MOST}"]})
    for flag, word in (("is_won", "won"), ("is_lost", "lost")):
        if sum(bool(entry.get(flag)) for entry in stages) > 1:
            raise Invalid({"stages": [f"a pipeline has one {word} stage"]})
    if any(entry.get("is_won") and entry.get("is_lost") for entry in stages):
        raise Invalid({"stages": ["a stage is won or lost, not both"]})
    return stages


def _stage(pipeline, entry):
    """A new stage, not saved; without a probability yet when none is named. Raises Invalid."""
    if not entry.get("name"):
        raise Invalid({"stages": ["each new stage needs a name"]})
    closed = Decimal(1) if entry.get("is_won") else Decimal(0) if entry.get("is_lost") else None
    given = {name: entry[name] for name in ("name", "is_won", "is_lost", *FREE) if entry.get(name) is not None}
    return Stage(organization_id=pipeline.organization_id, pipeline=pipeline,
                 probability=entry.get("probability") if closed is None else closed,
                 **{"color": ""} | given)


def _place(rows, entries):
    """Put `rows` in their order: by position where one is named, else as they were sent."""
    named = [entry.get("position") for entry in entries]
    for index, (row, position) in enumerate(zip(rows, named, strict=True), start=1):
        row.position = position if position is not None else index
    rows.sort(key=lambda row: row.position)


def _complete(pipeline, rows):
    """Add the won and the lost stage when they are missing, and to each what it leaves open: colour, position, probability."""
    highest = max([row.position for row in rows], default=0)
    for flag, name, color, probability in (("is_won", "Won", GREEN, 1), ("is_lost", "Lost", RED, 0)):
        found = next((row for row in rows if getattr(row, flag)), None)
        if found is None:
            highest += 1
            found = Stage(organization_id=pipeline.organization_id, pipeline=pipeline, name=name, position=highest,
                          probability=Decimal(probability), color=color, **{flag: True})
            rows.append(found)
        found.color = found.color or color
    open_rows = [row for row in rows if not row.is_protected]
    for number, row in enumerate(open_rows, start=1):
        row.color = row.color or COLORS[(number - 1) % len(COLORS)]
        if row.probability is None:
            row.probability = (Decimal(number) / (len(open_rows) + 1)).quantize(Decimal("0.01"))


def _replace(pipeline, entries):
    """Make the stages of a pipeline what `entries` say. Answers them before and after, as history tells them."""
    there = {row.pk: row for row in Stage.objects.filter(pipeline=pipeline).alive().order_by("position", "id")}
    before, rows, used = _stages(pipeline), [], []
    for entry in entries:
        row = _meant(there, entry)
        if row is None:
            row = _stage(pipeline, entry)
        else:
            _change(row, entry)
        rows.append(row)
        used.append(entry)
    kept = {row.pk for row in rows}
    if len([row for row in rows if row.pk]) != len(kept - {None}):
        raise Invalid({"stages": ["names a stage twice"]})
    _place(rows, used)
    _remove([row for row in there.values() if row.pk not in kept and not row.is_protected])
    last = max([row.position for row in rows], default=0)
    for row in there.values():  # protected and not sent: they stay, at the end
        if row.pk not in kept and row.is_protected:
            last += 1
            row.position = max(last, row.position)
            rows.append(row)
    _complete(pipeline, rows)
    for row in rows:
        row.save()
    return before, _stages(pipeline)


def _meant(there, entry):
    """The stage that an entry names: by its id, or the won or lost one. Raises Missing."""
    if entry.get("id") is not None:
        if entry["id"] not in there:
            raise Missing("There is no such stage.", fields={"stages": [f"{entry['id']} is not a stage of this pipeline"]})
        return there[entry["id"]]
    for flag in ("is_won", "is_lost"):
        if entry.get(flag):
            return next(row for row in there.values() if getattr(row, flag))
    return None


def _change(row, entry):
    """Put an entry's values on a stage. Raises Forbidden for what is protected, Invalid."""
    for name in ("name", "is_won", "is_lost", "probability", *FREE):
        value = entry.get(name)
        if name not in entry or (value is None and name != "max_days_in_stage") or value == getattr(row, name):
            continue
        if row.is_protected and name not in FREE:
            raise _protected(row, "changed")
        if name in ("is_won", "is_lost"):
            raise Invalid({"stages": [f"the pipeline has a {name[3:]} stage already"]})
        setattr(row, name, value)


def _remove(rows):
    """Delete stages that hold no deals. Raises Conflict when one does."""
    going = Stage.objects.filter(pk__in=[row.pk for row in rows])
    _close([row.pk for row in rows])
    held = Deal.objects.filter(stage__in=[row.pk for row in rows]).alive()
    if count := held.count():
        used = set(held.values_list("stage_id", flat=True))
        raise _in_use([row for row in rows if row.pk in used], count)
    going.bury()


def _protected(stage, what):
    return Forbidden(f"{stage.name} is a protected stage. It cannot be {what}.", code="stage_protected", stage_id=stage.pk)


def _in_use(stages, count):
    names = ", ".join(row.name for row in stages)
    return Conflict(f"{names} holds {count:,} deals. Say where they go.", code="stage_in_use", deals=count,
                    stage_ids=[row.pk for row in stages])


# ------------------------------------------------------------------------- history
def _stages(pipeline):
    return [_told_stage(row) for row in Stage.objects.filter(pipeline=pipeline).alive().order_by("position", "id")]


def _told_stage(row):
    names = ("id", "name", "color", "position", "max_days_in_stage", "required_fields")
    return {name: getattr(row, name) for name in names} | {"probability": float(row.probability)}


def _told(pipeline):
    return _plain({name: getattr(pipeline, name) for name in SHOWN})


def _plain(values):
    return {name: float(value) if isinstance(value, Decimal) else value for name, value in values.items()}
