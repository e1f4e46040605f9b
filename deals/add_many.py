"""Many deals at once, as a past pipeline brings them: what `edit.add` does to one, in a handful of statements.

A test holds the two against each other.
"""

from collections import defaultdict

from django.db import transaction
from django.utils.timezone import now

from deals import edit, news, telling, words
from deals.models import Deal, StageEntry
from leads.models import Lead
from lio import history, many, search
from lio.errors import Missing
from lookups.custom import refuse_taken


@transaction.atomic
def add_many(organization, entries, *, by, at=None):
    """New deals of living leads: `entries` are (lead id, {model attribute: value}), each as `edit.add` takes them.

    `at` is the moment of all of them, or a list with that of each. Answers their ids in that order. All or none: raises what
    `edit.add` raises.
    """
    is_now, stages, columns, deals = at is None, {}, defaultdict(list), []
    moments = at if isinstance(at, list) else [at or now()] * len(entries)
    for _, fields in sorted(entries, key=lambda entry: entry[1].get("stage_id") or 0):  # locked before any record
        if fields.get("stage_id") not in stages:
            stages[fields.get("stage_id")] = edit.target_of(organization, fields)
    ids = {lead_id for lead_id, _ in entries}
    rows = Lead.objects.of(organization).alive().filter(pk__in=ids).order_by("pk")
    leads = {lead.pk: lead for lead in rows.select_for_update(of=("self",), no_key=True)}
    if leads.keys() != ids:
        raise Missing(fields={"lead_id": ["There is no such record."]})
    for (lead_id, fields), at in zip(entries, moments, strict=True):
        stage_id = fields.get("stage_id")
        deals.append(edit.new(organization, leads[lead_id], stages[stage_id], fields, by=by, at=at))
        columns[stage_id].append(deals[-1])
    for stage_id, column in columns.items():
        for deal, rank in zip(column, edit.top(stage_id, len(column)), strict=True):
            deal.board_rank = rank
    Deal.objects.bulk_create(deals)
    for deal, moment in zip(deals, moments, strict=True):
        deal.created_at = moment  # which an insert has set to now
    many.save(deals, {"created_at"}, organization)
    for deal in deals:
        if deal.custom_fields:
            refuse_taken(organization, deal.pk, deal.custom_fields, module="deal")
    StageEntry.objects.bulk_create(
        [StageEntry(organization=organization, deal=deal, stage=deal.stage, entered_at=at, by=by)
         for deal, at in zip(deals, moments, strict=True)])
    search.write_many("deal", [(deal.pk, words.body(deal)) for deal in deals])
    history.record_each("deal.created", "deal", [(deal.pk, None, edit.told(deal)) for deal in deals], by=by)
    edit.win(sorted({deal.lead_id for deal in deals if deal.stage.is_won}), organization, by=by)
    found = [deal.pk for deal in deals]
    news.tell(organization, {"created": found}, at=dict(zip(found, moments, strict=True)), by=by)
    if is_now:
        telling.tell_owners({"deal_assigned": {deal.pk: deal.assigned_to_id for deal in deals}}, by=by)
    return found
