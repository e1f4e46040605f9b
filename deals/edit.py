"""Deals: made, changed, moved, deleted, with what must follow in the same transaction: stage entries, the lead that is won.

One and many go the same way. Who may write and which values make sense is said here once, for API, pages and jobs.
"""

from collections import defaultdict
from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.db import connection, transaction
from django.utils.timezone import now
from orjson import dumps

from deals import news, ranks, rates, telling, words
from deals.models import Deal, Stage, StageEntry
from leads import jobs
from leads.models import Lead
from lio import history, search
from lio.errors import Conflict, Invalid, Missing
from lio.jobs import enqueue_many
from lio.rows import json_of_one
from lookups.custom import active, refuse_taken
from lookups.known import known
from lookups.seeds import WON

KEEP = object()  # of a place on the board: where it is
MAX_KEYS, MAX_BYTES = 100, 32_000  # of custom fields, as JSON
TOLD = (
    "lead_id", "pipeline_id", "stage_id", "title", "value", "currency", "amount", "rate", "expected_close_date", "priority",
    "description", "next_step", "next_step_on", "lost_reason", "assigned_to_id", "category", "category_by_hand",
    "custom_fields",
)  # fmt: skip
WIRE = {"assigned_to_id": "assigned_to"}  # attribute: name of the API, where they differ
CERTAIN, LIKELY = Decimal("0.8"), Decimal("0.5")  # probabilities from which a stage means commit, best case


# ------------------------------------------------------------------------- one deal
@transaction.atomic
def add(organization, lead_id, fields, *, by, ask=False, at=None):
    """A new deal of a living lead, on top of its column. `fields` are {model attribute: value}, stage_id among them.

    It is the lead's owner's, or else `by`'s, unless `assigned_to_id` says otherwise. With `ask`, or where the pipeline asks
    everybody, what the stage requires must be there. `at` is when it came, for what is brought in later. Answers its id.
    Raises Missing without the lead, Invalid.
    """
    is_now, at = at is None, at or now()
    stage = target_of(organization, fields)  # locked before any record, as whoever deletes a stage does
    lead = Lead.objects.of(organization).alive().select_for_update(of=("self",), no_key=True).filter(pk=lead_id).first()
    if lead is None:
        raise Missing(fields={"lead_id": ["There is no such record."]})
    deal = new(organization, lead, stage, fields, by=by, at=at, ask=ask)
    deal.board_rank = top(stage.pk, 1)[0]
    deal.save()
    Deal.objects.filter(pk=deal.pk).update(created_at=at)
    if deal.custom_fields:
        refuse_taken(organization, deal.pk, deal.custom_fields, module="deal")
    StageEntry.objects.create(organization=organization, deal=deal, stage=stage, entered_at=at, by=by)
    search.write("deal", deal.pk, words.body(deal))
    history.record("deal.created", deal, by=by, after=told(deal))
    win([lead.pk] if stage.is_won else [], organization, by=by)
    news.tell(organization, {"created": [deal.pk]}, at=at, by=by)
    if is_now:
        telling.tell_owners({"deal_assigned": {deal.pk: deal.assigned_to_id}}, by=by)
    return deal.pk


def target_of(organization, fields):
    """The stage in which a new deal is to stand. Raises Invalid."""
    stage = _target(organization, fields)
    if not stage.pipeline.is_active:
        raise Invalid({"pipeline_id": [f"{stage.pipeline.name} is not active"]})
    return stage


def new(organization, lead, stage, fields, *, by, at, ask=False):
    """A deal that is not saved yet and has no place on the board. Raises Invalid."""
    values = dict(fields)
    deal = Deal(organization=organization, lead=lead, pipeline=stage.pipeline, stage=stage, created_by=by, value=Decimal(0),
                entered_stage_at=at, last_activity_at=at, closed_at=at if stage.is_protected else None)
    values.setdefault("assigned_to_id", lead.assigned_to_id or (by and by.pk))
    deal.custom_fields = _merged({}, values.pop("custom_fields", None))
    _categorize(deal, values, stage)
    _price(organization, deal, values, at)
    for name, value in values.items():
        setattr(deal, name, value)
    _check_limit(deal, stage)
    _check_required(organization, deal, stage, ask)
    return deal


def told(deal):
    """A new deal as history tells it."""
    shown = {name: getattr(deal, name) for name in TOLD if getattr(deal, name) not in (None, "", {}, False)}
    return _wire(shown, {deal.stage_id: deal.stage})


@transaction.atomic
def update(deal_id, organization, fields, *, by, ask=False, version=None, after=KEEP, at=None):
    """Set `fields` ({model attribute: value}) of a living deal; a `stage_id` among them moves it.

    `version` is the one that the caller saw: Conflict `stale`, with the deal as it is now, when it has changed since. `after`
    puts it beneath that deal of its column (None: on top). `ask` as in `add`. Raises Missing, Invalid, Conflict.
    """
    deals = _lock(organization, [deal_id], fields)
    if not deals:
        raise Missing()
    if version is not None and version != deals[0].version:
        raise Conflict("Somebody else has changed this deal. This is how it is now.", code="stale",
                       deal=json_of_one(Deal.objects.whole(organization), deal_id))
    _change(organization, deals, fields, by=by, ask=ask, after=after, at=at)
    if fields.get("custom_fields"):
        refuse_taken(organization, deal_id, fields["custom_fields"], module="deal")


# ------------------------------------------------------------------------- many deals
@transaction.atomic
def set_fields(organization, ids, fields, *, by, ask=False, at=None, undoing=False):
    """The same for many living deals that get the same values. Those of another pipeline than a `stage_id` among `fields`
    are left alone. Answers the ids that changed, in order. Raises Invalid.
    """
    deals = _lock(organization, ids, fields)
    if "stage_id" in fields and "pipeline_id" not in fields:
        there = _target(organization, dict(fields)).pipeline_id
        deals = [deal for deal in deals if deal.pipeline_id == there]
    return _change(organization, deals, fields, by=by, ask=ask, at=at, undoing=undoing)


@transaction.atomic
def set_each(organization, stage_id, values, *, by, at=None):
    """Move living deals of one pipeline to a stage, each with values of its own: {id: {model attribute: value}}.

    `at` is the moment of all of them, or {id: moment}. Answers the ids that changed, in order. Raises Invalid.
    """
    fields = {"stage_id": stage_id}
    return _change(organization, _lock(organization, list(values), fields), fields, each=values, by=by, at=at)


@transaction.atomic
def delete(rows, *, by):
    """Delete deals (softly, R27). Answers the ids."""
    ids = list(rows.alive().order_by("pk").select_for_update(of=("self",)).values_list("pk", flat=True))
    if ids:
        history.change_rows(Deal.objects.filter(pk__in=ids), "deal.deleted", {"deleted_at": now()}, by=by)
        search.forget("deal", ids)
        organization = Deal.objects.select_related("organization").get(pk=ids[0]).organization
        news.tell(organization, {"deleted": ids}, at=now(), by=by)
    return ids


@transaction.atomic
def restore(rows, *, by):
    """Bring deleted deals back. Answers the ids; those whose lead, pipeline or stage is gone stay deleted."""
    _share(set(rows.exclude(deleted_at=None).order_by().values_list("stage_id", flat=True)))
    found = rows.exclude(deleted_at=None).filter(pipeline__deleted_at=None, stage__deleted_at=None)
    gone = list(found.order_by("pk").select_for_update(of=("self",)).select_related("organization"))
    ids = [deal.pk for deal in gone]
    if ids:
        Deal.objects.filter(pk__in=ids).unbury()
        search.write_many("deal", [(deal.pk, words.body(deal)) for deal in gone])
        history.record_each("deal.restored", "deal", [(pk, None, None) for pk in ids], by=by)
        news.tell(gone[0].organization, {"restored": ids}, at=now(), by=by)
    return ids


def delete_of_leads(organization_id, lead_ids, by):
    """A lead takes its deals along."""
    return delete(Deal.objects.of(organization_id).filter(lead__in=lead_ids), by=by)


# ------------------------------------------------------------------------- how
def make_way(rows, stage_ids):
    """Lock what deals that move to these stages need before they are locked themselves: the stages, as whoever deletes one
    does; and when the deals may win their leads, these, as whoever deletes a lead does.
    """
    if stage_ids and any(_share(stage_ids)):
        list(Lead.objects.filter(pk__in=rows.values("lead")).order_by("pk").select_for_update(of=("self",), no_key=True))


def _lock(organization, ids, fields):
    """The living deals among `ids`, locked."""
    rows = Deal.objects.of(organization).alive().filter(pk__in=ids)
    make_way(rows, [fields["stage_id"]] if "stage_id" in fields else [])
    # first the locks, then the rows: a join to the stage that it was in would lose a deal that moved while we waited
    locked = list(rows.order_by("pk").select_for_update(of=("self",)).values_list("pk", flat=True))
    return list(Deal.objects.filter(pk__in=locked).order_by("pk").select_related("pipeline", "stage__pipeline"))


def _share(stage_ids):
    """Keep these stages from being deleted until the transaction ends. Answers whether each is one of won deals."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT is_won FROM deals_stage WHERE id = ANY(%s::bigint[]) ORDER BY id FOR SHARE", [list(stage_ids)])
        return [is_won for (is_won,) in cursor.fetchall()]


def _target(organization, fields, deal=None):
    """The living stage that `fields` name, kept from being deleted meanwhile; None when they name none. Raises Invalid."""
    pipeline_id = fields.get("pipeline_id", deal and deal.pipeline_id)
    if "stage_id" not in fields:
        if deal is not None and pipeline_id == deal.pipeline_id:
            return None
        raise Invalid({"stage_id": ["is required with another pipeline"]})
    _share([fields["stage_id"]])
    stage = Stage.objects.of(organization).alive().select_related("pipeline").filter(pk=fields["stage_id"]).first()
    if stage is None or stage.pipeline.deleted_at or (pipeline_id is not None and stage.pipeline_id != pipeline_id):
        raise Invalid({"stage_id": ["is not a stage of the pipeline"]})
    return stage


def _change(organization, deals, fields, *, by, each=None, ask=False, after=KEEP, at=None, undoing=False):
    tells, changes, saved, entries, won = at is None and not undoing, defaultdict(list), [], [], []
    owners: dict[str, dict[int, int]] = defaultdict(dict)  # whom to tell of what
    moments = at if isinstance(at, dict) else dict.fromkeys((deal.pk for deal in deals), at or now())
    stages: dict[int, Stage] = {}
    reasons: dict[str, list[int]] = defaultdict(list)
    columns: set[str] = set()
    tops = iter(())
    if deals and fields.get("stage_id") and after is KEEP:
        tops = iter(top(fields["stage_id"], len(deals)))
    targets: dict[int, Stage | None] = {}
    for deal in deals:
        values, old_stage = {**fields, **(each or {}).get(deal.pk, {})}, deal.stage
        if {"stage_id", "pipeline_id"} & values.keys() and deal.pipeline_id not in targets:
            targets[deal.pipeline_id] = _target(organization, values, deal)
        stage = targets.get(deal.pipeline_id)
        stage = stage if stage and stage.pk != deal.stage_id else None
        old = {name: getattr(deal, name) for name in TOLD}
        at = moments[deal.pk]
        _apply(organization, deal, values, stage, at, ask)
        before, told = _differences(old, {name: getattr(deal, name) for name in TOLD})
        placed = _place(deal, stage, after, tops)
        if not told and not placed:
            continue
        columns |= _moved(deal, old, told, stage, at, undoing) | ({"board_rank"} if placed else set())
        saved.append(deal)
        if not told:
            continue
        stages |= {row.pk: row for row in (old_stage, stage) if row}
        verb = _verb(told, old_stage, stage)
        changes[verb].append((deal.pk, before, told))
        reasons[_reason(told)].append(deal.pk)
        if "assigned_to_id" in told:
            owners["deal_assigned"][deal.pk] = deal.assigned_to_id
        if verb in telling.OF_VERB:
            owners[telling.OF_VERB[verb]][deal.pk] = deal.assigned_to_id
        if stage:
            entries.append(StageEntry(organization=organization, deal=deal, stage=stage, entered_at=at, by=by))
            won += [deal.lead_id] if stage.is_won else []
    if undoing:
        _as_before(saved, entries)
    _save(saved, columns, moments)
    _enter(entries)
    for verb, rows in changes.items():
        history.record_each(verb, "deal", [(pk, _wire(one, stages), _wire(two, stages)) for pk, one, two in rows], by=by)
    if {"title", "description"} & fields.keys():
        search.write_many("deal", [(deal.pk, words.body(deal)) for deal in saved])
    win(won, organization, by=by)
    news.tell(organization, reasons, at=moments, by=by)
    if tells:
        telling.tell_owners(owners, by=by)
    return [deal.pk for deal in saved]


def _apply(organization, deal, values, stage, at, ask):
    """Put `values` on a deal. Raises Invalid."""
    pipeline_id = deal.pipeline_id
    if "lead_id" in values and values["lead_id"] != deal.lead_id:
        living = Lead.objects.of(organization).alive().select_for_update(of=("self",), no_key=True)
        if not living.filter(pk=values["lead_id"]).exists():
            raise Missing(fields={"lead_id": ["There is no such record."]})
    if "custom_fields" in values:
        values["custom_fields"] = _merged(deal.custom_fields, values["custom_fields"])
    _categorize(deal, values, stage)
    _price(organization, deal, values, at)
    if stage:
        values["pipeline_id"] = stage.pipeline_id
        if deal.closed_at and not stage.is_lost:
            values.setdefault("lost_reason", None)
    changed = {name for name, value in values.items() if getattr(deal, name) != value}
    for name in changed:
        if getattr(deal, name) not in (None, "") or values[name] not in (None, ""):
            setattr(deal, name, values[name])
    if "value" in changed or (stage and stage.pipeline_id != pipeline_id):
        _check_limit(deal, stage or deal.stage)  # a cap that came later keeps no deal from being closed
    if stage:
        _check_required(organization, deal, stage, ask)


def _categorize(deal, values, stage):
    """A category that is sent is by hand, and stage moves leave it alone; null goes back to what the stage says."""
    if values.get("category"):
        values.setdefault("category_by_hand", True)
    elif "category" in values or (stage and not deal.category_by_hand):
        probability = (stage or deal.stage).probability
        if not (stage or deal.stage).is_protected or deal.pk is None:
            named = Deal.Category
            values["category"] = (named.COMMIT if probability >= CERTAIN else named.BEST_CASE if probability >= LIKELY
                                  else named.PIPELINE)
        else:
            values.pop("category", None)
        values.setdefault("category_by_hand", False)


def _price(organization, deal, values, at):
    """Value, currency, amount and rate belong together: a deal in another currency is worth its amount at the day's rate."""
    if not {"value", "currency", "amount"} & values.keys():
        return
    currency = values.get("currency", deal.currency)
    if currency in (None, "", organization.currency):
        if values.get("amount") is not None and values.get("value") is None:
            values["value"] = rates.converted(values["amount"], Decimal(1))
        values.update(currency=None, amount=None, rate=None)
        return
    amount = values.get("amount")
    if amount is None:  # a value that comes with its currency is meant in it
        amount = values.get("value") if values.get("currency") and currency != deal.currency else deal.amount
    if amount is None:
        raise Invalid({"amount": [f"is required with the currency {currency}"]})
    if values.get("rate") is not None:  # put back: what it was worth then
        values.update(currency=currency, amount=amount)
        return
    if (currency, amount) == (deal.currency, deal.amount):
        if values.get("value", deal.value) != deal.value:
            raise Invalid({"value": [f"follows from the amount in {currency}: change that"]})
        values.update(currency=currency, amount=amount, value=deal.value)
        return
    rate = rates.rate_on(organization, currency, at.astimezone(ZoneInfo(organization.timezone)).date())
    values.update(currency=currency, amount=amount, rate=rate, value=rates.converted(amount, rate))


def _merged(old, sent):
    """Custom fields are set one by one; null removes one. Raises Invalid when they become too many or too large."""
    merged = {key: value for key, value in {**old, **(sent or {})}.items() if value is not None}
    if len(merged) > MAX_KEYS or len(dumps(merged)) > MAX_BYTES:
        raise Invalid({"custom_fields": [f"would be more than {MAX_KEYS} entries or {MAX_BYTES} bytes"]})
    return merged


def _check_limit(deal, stage):
    limit = stage.pipeline.max_deal_limit
    if limit is not None and deal.value > limit:
        raise Invalid({"value": [f"must be at most {limit:,} in {stage.pipeline.name}"]})


def _check_required(organization, deal, stage, ask):
    """What a stage asks for: the fields that it requires, and why a deal is lost (DECISIONS 19)."""
    if not (ask or stage.pipeline.asks_api):
        return
    missing = [name for name in stage.required_fields if field_value(deal, name) in (None, "", [])]
    if any(name.startswith("cf.") for name in missing):
        missing = [name for name in missing if name in requirable(organization)]  # a field may be gone by now
    complaints = {name: [f"is required in {stage.name}"] for name in missing}
    if stage.is_lost and not (deal.lost_reason or "").strip():
        complaints["lost_reason"] = ["say why it was lost"]
    if complaints:
        raise Invalid(complaints, code="stage_requires")


def field_value(deal, name):
    """A field of a deal by its name in the API, `cf.<key>` for a custom one."""
    return deal.custom_fields.get(name[3:]) if name.startswith("cf.") else getattr(deal, REQUIRABLE.get(name, name), None)


REQUIRABLE = {"description": "description", "next_step": "next_step", "next_step_on": "next_step_on",
              "assigned_to": "assigned_to_id"}  # the fields that a stage may require besides custom ones


def requirable(organization):
    """The names of all fields that a stage may require."""
    return {*REQUIRABLE, *(f"cf.{one.key}" for one in active(organization, "deal"))}


def _differences(old, new):
    """({name: value before}, {name: value after}) of what differs; of custom fields the keys that do."""
    before, after = {}, {}
    for name, value in new.items():
        if name == "custom_fields":
            keys = [key for key in {**old[name], **value} if old[name].get(key) != value.get(key)]
            if keys:
                before[name], after[name] = ({key: side.get(key) for key in keys} for side in (old[name], value))
        elif old[name] != value:
            before[name], after[name] = old[name], value
    return before, after


def _place(deal, stage, after, tops):
    """Whether the deal got another place on the board."""
    if after is KEEP:
        if stage:
            deal.board_rank = next(tops)
        return bool(stage)
    column = Deal.objects.filter(organization=deal.organization_id, stage=stage or deal.stage_id, deleted_at=None)
    column = column.exclude(pk=deal.pk)
    low = after and column.filter(pk=after).values_list("board_rank", flat=True).first()
    if after and low is None:
        low = column.order_by("-board_rank").values_list("board_rank", flat=True).first()  # it has moved on: to the end
    above = column.filter(board_rank__gt=low) if low else column
    high = above.order_by("board_rank").values_list("board_rank", flat=True).first()
    deal.board_rank = ranks.between(low, high)
    return True


def top(stage_id, count):
    """Keys for `count` deals above all others of a stage."""
    living = Deal.objects.filter(stage=stage_id).alive()
    return ranks.on_top(living.order_by("board_rank").values_list("board_rank", flat=True).first(), count)


def _moved(deal, old, told, stage, at, undoing):
    """Set what follows from a change; answers the columns to be written."""
    columns = set(told)
    if {"value", "currency", "amount"} & told.keys():
        columns |= {"value", "currency", "amount", "rate"}
    if "expected_close_date" in told:
        deal.moved_close_dates = max(0, deal.moved_close_dates + (-1 if undoing else 1))
        columns.add("moved_close_dates")
    if stage:
        deal.stage, deal.pipeline = stage, stage.pipeline
        deal.entered_stage_at, deal.closed_at = at, at if stage.is_protected else None
        columns |= {"stage_id", "pipeline_id", "entered_stage_at", "closed_at"}
    return columns


def _as_before(deals, entries):
    """A deal whose move is taken back stands in its stage since it came there, and closed when it did."""
    moved = {entry.deal_id: entry.stage_id for entry in entries}
    stays = StageEntry.objects.filter(deal__in=moved, left_at__isnull=False).order_by("id")
    since: dict[tuple, datetime]
    since = {(deal_id, stage_id): at for deal_id, stage_id, at in stays.values_list("deal_id", "stage_id", "entered_at")}
    for deal in deals:
        if at := since.get((deal.pk, moved.get(deal.pk))):
            deal.entered_stage_at = at
            deal.closed_at = deal.closed_at and at


def _verb(told, old_stage, stage):
    if stage:
        return ("deal.won" if stage.is_won else "deal.lost" if stage.is_lost
                else "deal.reopened" if old_stage.is_protected else "deal.moved")
    return "deal.assigned" if set(told) == {"assigned_to_id"} else "deal.updated"


def _reason(told):
    named = {"stage_id": "stage", "value": "value", "expected_close_date": "close_date", "assigned_to_id": "owner",
             "category": "category"}
    return next((reason for name, reason in named.items() if name in told), "other")


def _save(deals, columns, moments):
    """Write these columns of deals in one statement; each deal is a version further. `moments`: of the changes, by id."""
    if not deals:
        return
    types = {field.column: field.db_type(connection) for field in Deal._meta.concrete_fields}
    names = sorted({*columns, "last_activity_at"})
    for deal in deals:
        deal.last_activity_at = moments[deal.pk]
    rows = [{"id": deal.pk, **{name: getattr(deal, name) for name in names}} for deal in deals]
    with connection.cursor() as cursor:
        cursor.execute(
            f"""UPDATE deals_deal d SET {"".join(f"{name} = r.{name}, " for name in names)}
                    version = d.version + 1, updated_at = %s
                FROM jsonb_to_recordset(%s::jsonb) AS r({", ".join(f"{name} {types[name]}" for name in ["id", *names])})
                WHERE d.id = r.id""",
            [now(), dumps(rows, default=str).decode()],
        )


def _enter(entries):
    """Leave the stages that the deals stood in, and enter these."""
    if entries:
        with connection.cursor() as cursor:
            cursor.execute(
                """UPDATE deals_stageentry e SET left_at = n.at FROM unnest(%s::bigint[], %s::timestamptz[]) AS n(deal_id, at)
                   WHERE e.organization_id = %s AND e.deal_id = n.deal_id AND e.left_at IS NULL""",
                [[entry.deal_id for entry in entries], [entry.entered_at for entry in entries], entries[0].organization_id])
        StageEntry.objects.bulk_create(entries, batch_size=1000)


def win(lead_ids, organization, *, by):
    """Who bought is won."""
    if lead_ids:
        rows = Lead.objects.of(organization).alive().filter(pk__in=lead_ids)
        enqueue_many(jobs.score_leads, rows.set_status(known(organization, "status")[WON], by=by))


def _wire(values, stages):
    """`values` as history tells them, with the names of the stages."""
    shown = {}
    for name, value in values.items():
        shown[WIRE.get(name, name)] = _plain(value)
        if name == "stage_id" and value in stages:
            shown["stage"] = stages[value].name
    return shown


def _plain(value):
    if isinstance(value, Decimal):
        return float(value)
    return value.isoformat() if isinstance(value, date | datetime) else value
