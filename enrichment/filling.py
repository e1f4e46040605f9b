"""What becomes of a run's values: filled in, proposed, or left out. The one place that says which.

An empty field is filled at once, unless the source itself doubts the value: then it is proposed. One that an earlier run filled
and nobody touched since gets a better value. What a person typed is never overwritten: the value becomes a proposal, which a
person accepts (their own edit) or dismisses. What somebody took back or dismissed is not pressed on them again.
"""

from django.db import transaction
from django.utils.timezone import now

from enrichment.models import FoundValue
from enrichment.records import KINDS, shown
from integrations.ports import COMPANY, PERSON
from lio import history
from lio.errors import DomainError, Missing
from lio.norms import phone_norm
from lookups.known import known

State = FoundValue.State
ACTOR = "Enrichment"
TAGS = (COMPANY, "tags")
SURE_ENOUGH = 0.5  # confidence from which an empty field is filled without asking
KEPT_VALUES = 40  # of each part of ai_information.enrichment
MAX_KEPT = 500  # characters of one of its values


@transaction.atomic
def fill(organization, run, answer):
    """Store what `answer` has for the record of `run`, and write what may be written. Answers the FoundValue rows.

    Everything that is written has one change id, which `run.change_id` gets. Raises Missing when the record has gone.
    """
    kind = KINDS[run.model_type]
    row = kind.row(organization, run.model_id, lock=True)
    values = list(_values(kind, run, row, answer.findings))
    _decide(organization, kind, run, values)
    tagged, tag_ids = _new_tags(organization, kind, run, row, answer.findings)
    values += tagged
    applied = {value.field: value for value in values if value.state == State.APPLIED}
    extra = _kept(kind, row, run, answer)
    with history.one_action(actor=ACTOR, change_id=history.last_change_id()):
        _write(organization, kind, run, applied, extra, tag_ids)
        run.change_id = history.last_change_id() if any(v.state == State.APPLIED for v in values) or extra else None
        change_id = history.last_change_id()
    if change_id:
        history.took(change_id)
    there = FoundValue.objects.of(organization).of_record(run.model_type, run.model_id)
    there = there.filter(field__in=[value.field for value in values])
    there.open().update(state=State.REPLACED)
    for value in values:
        value.change_id = run.change_id if value.state == State.APPLIED else None
    written = [value.field for value in values if value.state == State.APPLIED and value.field != "tags"]
    there.filter(field__in=written, state=State.APPLIED).update(state=State.REPLACED)
    return FoundValue.objects.bulk_create(values)


def _values(kind, run, row, findings):
    """A FoundValue, undecided, for each field of the record that something was found for."""
    found = {(one.of, one.field): one for one in findings}
    for name, froms in kind.fields.items():
        one = next((found[source] for source in froms if source in found), None)
        if one is None:
            continue
        yield FoundValue(**_of_finding(run, one), field=name, value=one.value, old_value=_plain(shown(row, name)))


def _of_finding(run, one):
    return {
        "organization_id": run.organization_id, "run": run, "model_type": run.model_type, "model_id": run.model_id,
        "of": one.of, "source": one.source, "confidence": round(one.confidence, 2), "verified": one.verified,
        "why": one.why[:300],
    }


def _new_tags(organization, kind, run, row, findings):
    """([the FoundValue of tags that the record gets], their inner ids): of the organisation's own, what the record lacks."""
    one = next((one for one in findings if (one.of, one.field) == TAGS and isinstance(one.value, list | tuple)), None)
    if kind.tags is None or one is None:
        return [], []
    there = {entry.name.lower(): entry for entry in known(organization, "tags").values() if entry.is_active}
    own = set(kind.tags.objects.of(organization).filter(**{run.model_type: row}).values_list("tag_id", flat=True))
    entries = {there[word] for word in (str(word).strip().lower() for word in one.value) if word in there}
    before = FoundValue.objects.of(organization).of_record(run.model_type, run.model_id).filter(field="tags").with_undone()
    unwanted = {name for value in before if value.undone for name in value.value}
    new = sorted((e for e in entries if e.pk not in own and e.name not in unwanted), key=lambda e: e.number)
    if not new:
        return [], []
    value = FoundValue(**_of_finding(run, one), field="tags", value=[entry.name for entry in new], state=State.APPLIED)
    return [value], [entry.pk for entry in new]


def _plain(value):
    return value if value is None or isinstance(value, str | int | float | bool | list) else str(value)


def _decide(organization, kind, run, values):
    """Give each value its state, by the rule at the top."""
    record = FoundValue.objects.of(organization).of_record(run.model_type, run.model_id)
    refused = list(record.with_undone().filter(field__in=[value.field for value in values],
                                               state__in=[State.DISMISSED, State.APPLIED]).order_by("-id")[:300])
    dismissed = [(one.field, one.value) for one in refused if one.state == State.DISMISSED]
    taken_back = [(one.field, one.value) for one in refused if one.state == State.APPLIED and one.undone]
    for value in values:
        attributes, why_not = kind.read(organization, value.field, value.value)
        if why_not:
            value.state, value.why = State.LEFT_OUT, why_not[:300]
            continue
        value.value = _plain(attributes[value.field])
        mine = (value.field, value.value)
        if same(value.old_value, value.value, phone=value.field == "phone_number"):
            value.state = State.SAME
        elif mine in dismissed:
            value.state, value.why = State.DISMISSED, "Was dismissed before."
        elif mine in taken_back:
            value.state, value.why = State.PROPOSED, "Was filled in before and taken back."
        elif value.old_value in (None, ""):
            value.state = State.APPLIED if value.verified or value.confidence >= SURE_ENOUGH else State.PROPOSED
        elif _may_replace(record, run, value):
            value.state = State.APPLIED
        else:
            value.state = State.PROPOSED


def same(old, new, *, phone=False):
    """Whether two values are one but for case and blanks at the ends; of phone numbers, but for how they are spaced."""
    if phone and old and phone_norm(str(old)) == phone_norm(str(new)):
        return True
    return str(old if old is not None else "").strip().lower() == str(new if new is not None else "").strip().lower()


def _may_replace(record, run, value):
    """Whether what stands in the field came from an earlier run, was not touched since, and is worse."""
    ours = record.filter(field=value.field, state=State.APPLIED).order_by("-id").first()
    if ours is None or ours.value != value.old_value:
        return False
    touched = history.timeline(run.organization_id, run.model_type, run.model_id).filter(after__has_key=value.field)
    if touched.values_list("change_id", flat=True).first() != ours.change_id:
        return False
    return (value.verified, value.confidence) > (ours.verified, float(ours.confidence))


def _write(organization, kind, run, applied, extra, tag_ids):
    """Put the values on the record in one change; where the whole is refused, field by field, so that one stops no other."""

    def put(values, **more):
        fields, add_tags = dict(more), []
        for value in values:
            if value.field == "tags":
                add_tags = tag_ids
            else:
                fields |= kind.read(organization, value.field, value.value)[0]
        if fields or add_tags:
            with transaction.atomic():
                kind.update(run.model_id, organization, fields, by=None, add_tags=add_tags, verb=f"{run.model_type}.enriched")

    try:
        return put(applied.values(), **extra)
    except Missing:
        raise
    except DomainError:
        pass
    put([], **extra)
    for value in applied.values():
        try:
            put([value])
        except DomainError as error:
            value.state, value.why = State.LEFT_OUT, str(error)[:300]


def _kept(kind, row, run, answer):
    """{ai_information: {enrichment: all that was found}} of a kind that keeps it there; {} when it says nothing new (R38)."""
    if not kind.keeps_all or not answer.findings:
        return {}
    found = {of: {name: _cut(value) for name, value in list(values.items())[:KEPT_VALUES]}
             for of, values in answer.results().items()}
    there = row.ai_information.get("enrichment") or {}
    if {of: there.get(of) for of in (PERSON, COMPANY)} == found:
        return {}
    moment = now().strftime("%Y-%m-%dT%H:%M:%S.000Z")
    return {"ai_information": {"enrichment": {
        **found, "provider": answer.provider, "confidence": answer.confidence, "run_id": run.pk, "enriched_at": moment}}}


def _cut(value):
    if isinstance(value, str):
        return value[:MAX_KEPT]
    return value if isinstance(value, int | float | bool) else [str(one)[:100] for one in value][:20] if isinstance(
        value, list | tuple) else str(value)[:MAX_KEPT]


# ------------------------------------------------------------------------- what people decide
@transaction.atomic
def accept(organization, ids, *, by):
    """Write open proposals as an edit of `by`. Answers the FoundValue rows. Raises Missing when none of `ids` is open, and what
    the rule of the record raises."""
    rows = _open(organization, ids)
    records: dict[tuple, list] = {}
    for row in rows:
        records.setdefault((row.model_type, row.model_id), []).append(row)
    for (model_type, model_id), values in sorted(records.items()):
        kind = KINDS[model_type]
        fields: dict = {}
        for value in values:
            fields |= kind.read(organization, value.field, value.value)[0]
        kind.update(model_id, organization, fields, by=by)
    for row in rows:
        row.state, row.decided_by, row.decided_at, row.change_id = State.ACCEPTED, by, now(), history.last_change_id()
    FoundValue.objects.bulk_update(rows, ["state", "decided_by", "decided_at", "change_id"])
    return rows


@transaction.atomic
def dismiss(organization, ids, *, by):
    """Turn open proposals down; the same value is not proposed for the field again. Raises Missing when none is open."""
    rows = _open(organization, ids)
    for row in rows:
        row.state, row.decided_by, row.decided_at = State.DISMISSED, by, now()
    FoundValue.objects.bulk_update(rows, ["state", "decided_by", "decided_at"])
    return rows


def _open(organization, ids):
    """The open proposals among `ids`, locked after their records: in the order in which runs lock them."""
    mine = FoundValue.objects.of(organization).open().filter(pk__in=ids)
    for model_type, model_id in sorted(set(mine.values_list("model_type", "model_id"))):
        KINDS[model_type].row(organization, model_id, lock=True)
    rows = list(mine.order_by("pk").select_for_update(of=("self",)))
    if not rows:
        raise Missing("There is no such open proposal.")
    return rows
