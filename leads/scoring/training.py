"""What scores learn from: the leads that were won or lost, as they were when they came in; and whether it makes them better.

The facts are those of the history's first entry of a lead, so nothing that was written while somebody worked on it can leak
into the answer. Three of ten closed leads are held out, always the same ones (by a hash of their ids). A new model is adopted
only when it gives these a better log-loss than the present one does; then it is fitted once more to all closed leads. Each
model keeps the weights of its test, so no comparison ever speaks for a model by leads that it has learned from.
"""

from datetime import UTC, datetime, timedelta
from hashlib import sha256

from django.db import connection
from django.db.models import Max
from django.utils.timezone import now
from orjson import loads

from leads.scoring import fields as columns
from leads.scoring import measures
from leads.scoring.expert import PRECISION_OF_START, START
from leads.scoring.facts import facts_of
from leads.scoring.fields import Field
from leads.scoring.model import Model, chance, written_model
from leads.scoring.models import ScoreModel, ScoreSettings
from lio import history
from lio.models import Job
from lio.revert import CHANGED
from lio.tenancy import current_organization_id
from lookups.custom import definitions
from lookups.known import known
from lookups.seeds import LOST, WON

ENOUGH, OF_EACH = 50, 10  # closed leads before we learn; won and lost ones
MOST = 50_000  # closed leads that are learned from, the newest
GAIN = 0.001  # by which share the held-out log-loss must fall
FIRST = datetime(1970, 1, 1, tzinfo=UTC)
RECENT = timedelta(days=30)
FEWEST_RECENT = 50  # leads, before we speak of drift
MOVED = 0.25  # population stability index from which it is told

CLOSED = """
SELECT l.id, s.number = %(won)s, c.after FROM leads_lead l
JOIN lookups_lookup s ON s.organization_id = l.organization_id AND s.id = l.status_id
JOIN LATERAL (
    SELECT c.after FROM lio_change c WHERE c.organization_id = l.organization_id AND c.model_type = 'lead' AND c.model_id = l.id
    AND c.verb = 'lead.created' ORDER BY c.id LIMIT 1
) c ON true
WHERE l.organization_id = %(organization)s AND l.deleted_at IS NULL AND l.created_at >= %(since)s
AND l.status_id IN (SELECT id FROM lookups_lookup WHERE organization_id = %(organization)s AND module_name = 'lead'
                    AND type = 'status' AND number IN (%(won)s, %(lost)s))
ORDER BY l.id DESC LIMIT %(most)s
"""
ARRIVED = """
SELECT c.after FROM (
    SELECT id FROM leads_lead WHERE organization_id = %(organization)s AND deleted_at IS NULL AND created_at >= %(since)s
    ORDER BY id DESC LIMIT %(most)s) l
JOIN LATERAL (
    SELECT c.after FROM lio_change c WHERE c.organization_id = %(organization)s AND c.model_type = 'lead' AND c.model_id = l.id
    AND c.verb = 'lead.created' ORDER BY c.id LIMIT 1
) c ON true
"""


def settings_of(organization):
    """The ScoreSettings of an organisation; with every default, and not stored, where there are none."""
    return ScoreSettings.objects.of(organization).first() or ScoreSettings(organization=organization)


def stored_settings(organization):
    """The same, made when there are none."""
    return ScoreSettings.objects.get_or_create(organization=organization)[0]


def change_settings(organization, *, by, **values):
    """Change `excluded` or `learns`. What is excluded is left out when the scores learn the next time."""
    settings = settings_of(organization)
    before = {name: getattr(settings, name) for name in values if getattr(settings, name) != values[name]}
    if before:
        settings = stored_settings(organization)
        for name in before:
            setattr(settings, name, values[name])
        settings.save(update_fields=list(before))
        after = {name: values[name] for name in before}
        history.record("score.settings_changed", ("scoresettings", settings.pk), by=by, before=before, after=after)
    return settings


def undo_settings(organization, changes, by):
    """Put back what these changes (last first) have set and nobody has changed since (lio.undo). Answers (ids, conflicts)."""
    done, conflicts = [], []
    for one in changes:
        settings, after, fields = settings_of(organization), one.after or {}, {}
        for name, value in after.items():
            if by is not None and not by.can("organization.manage"):
                reason = "your role does not let you change the settings"
            elif getattr(settings, name) != value:
                reason = CHANGED
            else:
                fields[name] = (one.before or {}).get(name)
                continue
            conflicts.append({"model_id": one.model_id, "field": name, "reason": reason})
        if fields:
            change_settings(organization, by=by, **fields)
            done.append(one.model_id)
    return list(dict.fromkeys(done)), conflicts


def is_learning(organization):
    """Whether the job is queued or at work (leads/jobs.py: learn_scores)."""
    waits = (Job.State.QUEUED, Job.State.RUNNING)
    return Job.objects.filter(organization=organization, function="leads.jobs.learn_scores", state__in=waits).exists()


def model_of(row):
    """The Model of a ScoreModel row."""
    return _model(row, row.weights)


def active(organization):
    """The Model in use."""
    row = ScoreModel.objects.of(organization).filter(is_active=True).first()
    return model_of(row) if row else written_model(sources_of(organization))


def train(organization):
    """Learn from what closed; answers the model's card, or why nothing was learned: {"adopted": bool, "why": words, ...}."""
    settings = stored_settings(organization)
    given_up = ScoreModel.objects.of(organization).filter(drifted_at__isnull=False).aggregate(last=Max("created_at"))["last"]
    ids, labels, leads = closed_leads(since=given_up)
    won = sum(labels)
    if len(labels) < ENOUGH or min(won, len(labels) - won) < OF_EACH:
        return _watched(settings, {
            "adopted": False, "rows": len(labels), "won": won,
            "why": f"{len(labels):,} leads are won or lost, {won:,} of them won. Learning starts with {ENOUGH} of both together"
                   f" and {OF_EACH} of each."})  # fmt: skip
    held = [is_held_out(pk) for pk in ids]
    card, row = _compare(organization, settings, labels, leads, held)
    if card["adopted"]:
        ScoreModel.objects.of(organization).filter(is_active=True).update(is_active=False, retired_at=now())
        row.save()
    return _watched(settings, card)


def closed_leads(since=None):
    """([id], [1 for won or 0 for lost], [facts as they came in]) of the newest closed leads, of those that came in `since`."""
    ids, labels, leads = [], [], []
    with connection.cursor() as cursor:
        cursor.execute(CLOSED, {"organization": current_organization_id(), "won": WON, "lost": LOST, "most": MOST,
                                "since": since or FIRST})
        for pk, won, after in cursor:
            ids.append(pk)
            labels.append(int(won))
            leads.append(facts_of(_read(after)))
    return ids, labels, leads


def is_held_out(pk):
    """Whether a lead is kept for testing: three of ten, for ever the same."""
    return int(sha256(str(pk).encode()).hexdigest()[:8], 16) % 10 >= 7


def sources_of(organization):
    """((number as text, name), ...) of the look-up of sources."""
    return tuple((str(number), one.name) for number, one in known(organization, "source").items())


def labels_of_fields(organization):
    """{name of a custom field among the facts: its label}"""
    return {f"cf.{key}": one.label for key, one in definitions(organization).items()}


# ------------------------------------------------------------------------- learning
def _compare(organization, settings, labels, leads, held):
    """(card, the row of the new model, not saved)"""
    import numpy as np

    learned = [facts for facts, out in zip(leads, held, strict=True) if not out]
    found = columns.found(learned, labels_of_fields(organization), excluded=settings.excluded,
                          sources=sources_of(organization))
    rows, y, out = matrix(found, leads), np.array(labels, dtype=float), np.array(held)
    tested = _fit(rows[~out], y[~out], found)
    present = ScoreModel.objects.of(organization).filter(is_active=True).first()
    rival = _model(present, present.tested_weights) if present else written_model()
    after = list(zip(_chances(rows[out], tested), (int(label) for label in y[out]), strict=True))
    before = [(chance(rival.fit(facts)[0]), label)
              for facts, label, kept in zip(leads, labels, held, strict=True) if kept]
    new, old = measures.log_loss(after), measures.log_loss(before)
    adopted = new < old * (1 - GAIN)
    number = (ScoreModel.objects.of(organization).aggregate(last=Max("number"))["last"] or 0) + 1
    weights = _fit(rows, y, found)
    means = rows.mean(axis=0)
    card = {
        "adopted": adopted, "rows": len(labels), "won": int(y.sum()), "held_out": len(after),
        "as_of": "the first entry of each lead's history", "split": "three of ten, always the same by a hash of their ids",
        "model": f"learned-{number}" if adopted else rival.name, "compared_with": rival.name,
        "why": f"On {len(after):,} leads that it did not learn from, its log-loss is {new:.4f}; that of {rival.name} is"
               f" {old:.4f}. {'It is used from now on.' if adopted else f'{rival.name} stays.'}",
        "log_loss": round(new, 4), "log_loss_before": round(old, 4), "auc": _rounded(measures.auc(after)),
        "auc_before": _rounded(measures.auc(before)), "brier": round(measures.brier(after), 4),
        "brier_before": round(measures.brier(before), 4), "calibration_error": round(measures.calibration_error(after), 4),
        "reliability": [{name: round(value, 4) for name, value in band.items()} for band in measures.reliability(after)],
        "spread": [round(share, 4) for share in measures.shares(_chances(rows, weights))],
        "fields": _told(found, weights, means), "excluded": settings.excluded,
    }  # fmt: skip
    return card, ScoreModel(
        organization=organization, number=number, is_active=True, card=card, fields=[field.as_json() for field in found],
        weights=[round(float(w), 9) for w in weights], tested_weights=[round(float(w), 9) for w in tested],
        means=[round(float(mean), 9) for mean in means])


def matrix(found, leads):
    """The columns of `found` for each of `leads` (facts), the start first: an array (leads, columns)."""
    import numpy as np

    offsets, width = [], 1
    for field in found:
        offsets.append((field, width))
        width += field.width
    rows = np.zeros((len(leads), width))
    rows[:, 0] = 1
    for place, facts in enumerate(leads):
        for field, at in offsets:
            for column, value in field.columns(facts.get(field.name)):
                rows[place, at + column] = value
    return rows


def prior_of(found):
    """(means, precisions) of the weights of the start and of `found`."""
    sides = [(START, PRECISION_OF_START), *(one for field in found for one in field.prior)]
    return [mean for mean, _ in sides], [precision for _, precision in sides]


def _fit(rows, labels, found):
    from leads.scoring.fitting import fit

    return fit(rows, labels, prior_of(found))


def _chances(rows, weights):
    from leads.scoring.fitting import chances

    return [float(p) for p in chances(rows, weights)]


def _model(row, weights):
    return Model(str(row), tuple(Field.of_json(told) for told in row.fields), tuple(weights), tuple(row.means))


def _told(found, weights, means):
    """[{name, label, weight: how far it moves leads apart (standard deviation, in log-odds, of its part), levels}]"""
    told, at = [], 1
    for field in found:
        own, usual = weights[at : at + field.width], means[at : at + field.width]
        spread = sum(float(w) ** 2 * float(m) * (1 - float(m)) for w, m in zip(own, usual, strict=True) if 0 <= m <= 1) ** 0.5
        levels = [] if field.is_number else [
            {"level": field.words(level), "weight": round(float(w), 3), "share": round(float(m), 4)}
            for level, w, m in zip(field.levels, own, usual, strict=True)]
        told.append({"name": field.name, "label": field.label, "weight": round(spread, 3), "is_number": field.is_number,
                     "levels": sorted(levels, key=lambda one: -abs(one["weight"]))})
        at += field.width
    return sorted(told, key=lambda one: -one["weight"])


# ------------------------------------------------------------------------- watching
def watch(organization):
    """How the leads of the last RECENT days differ from those that the model has learned from: {"recent", "drift"} or None."""
    row = ScoreModel.objects.of(organization).filter(is_active=True).first()
    if row is None:
        return None
    model = model_of(row)
    with connection.cursor() as cursor:
        cursor.execute(ARRIVED, {"organization": current_organization_id(), "since": now() - RECENT, "most": 10_000})
        chances = [chance(model.fit(facts_of(_read(after)))[0]) for (after,) in cursor]
    if len(chances) < FEWEST_RECENT:
        return None
    return {"recent": len(chances), "drift": round(measures.drift(row.card["spread"], measures.shares(chances)), 3)}


def _watched(settings, card):
    told = {name: card[name] for name in ("adopted", "why", "rows", "won")} | {"at": now().isoformat(timespec="seconds")}
    watch_again(settings, told)
    return card


def watch_again(settings, told):
    """Keep what was learned, `told`, and how the leads of late differ; whoever was told of that is still told."""
    kept = {name: settings.watched[name] for name in ("told_of", "given_up") if name in settings.watched}
    told = {name: value for name, value in told.items() if name not in ("recent", "drift")}
    settings.watched = kept | told | (watch(settings.organization) or {})
    settings.save(update_fields=["watched"])


def _read(after):
    return after if isinstance(after, dict) else loads(after or "{}")


def _rounded(value):
    return None if value is None else round(value, 4)
