"""How a lead came to its score: what it was at earlier moments, and what has moved it since.

Nothing of this is stored. The facts are the lead's as its history had them, the model is the one that was in use then, and
engagement follows from the signals that hold and what they weigh today: a change of weights is not read as one of the lead.
"""

from datetime import timedelta

from django.utils.timezone import now

from leads import jobs
from leads.models import Lead
from leads.scoring import training
from leads.scoring.facts import facts_of, is_reachable
from leads.scoring.model import reasons, written_model
from leads.scoring.models import ScoreModel
from lio import history
from lio.errors import Missing
from lio.registry import engagement

DAYS = (0, 1, 3, 7, 14, 30, 60, 90, 180)  # before now, at which the history looks
USUAL = 30  # days over which is told what has changed
MOST_CHANGES = 2_000  # of a lead's history that are read
NO_ENGAGEMENT: tuple[float, list] = (0.0, [])


class Past:
    """A lead at earlier moments. `lead_id` of a living lead, else raises Missing."""

    def __init__(self, organization, lead_id):
        self.organization, self.lead_id = organization, lead_id
        rows = Lead.objects.of(organization).alive().filter(pk=lead_id)
        self.lead = jobs.looked_at(rows).get(lead_id)
        if self.lead is None:
            raise Missing()
        self.created_at = rows.values_list("created_at", flat=True).get()
        changes = history.timeline(organization, "lead", lead_id).filter(created_at__gte=self.created_at)
        self.changes = list(changes.exclude(verb="lead.created").values_list("created_at", "before", "after")[:MOST_CHANGES])
        self.models = list(ScoreModel.objects.of(organization).order_by("-number"))
        self.sources = training.sources_of(organization)

    def facts_at(self, moment):
        """The lead as it was then, as facts_of reads it."""
        lead = self.lead | {"custom_fields": dict(self.lead["custom_fields"] or {})}
        for at, before, after in self.changes:
            if at <= moment:
                break
            before = before or {}
            for name in after or {}:
                if name == "custom_fields":
                    lead[name] |= {key: (before.get(name) or {}).get(key) for key in after[name] or {}}
                elif name in lead:
                    lead[name] = before.get(name)
        return lead

    def model_at(self, moment):
        row = next((row for row in self.models
                    if row.created_at <= moment and (row.retired_at is None or row.retired_at > moment)), None)
        return training.model_of(row) if row else written_model(self.sources)

    def engagement_at(self, moment):
        """(points, [(words, points)])"""
        for of in engagement:
            if found := of(self.organization, [self.lead_id], moment).get(self.lead_id):
                return found
        return NO_ENGAGEMENT

    def at(self, moment):
        """{"at", "score", "probability", "fit", "engagement", "model"}"""
        told = self.model_at(moment).score(self.facts_at(moment), self.engagement_at(moment))
        return {"at": moment, "score": told["score"], "probability": told["score_probability"], "fit": told["score_fit"],
                "engagement": told["score_engagement"], "model": told["score_model"]}

    def moments(self):
        """What `at` says of the DAYS that the lead has lived through and of the moment it came in, newest first."""
        moment = now()
        when = [moment - timedelta(days=days) for days in DAYS if moment - timedelta(days=days) > self.created_at]
        return [self.at(one) for one in [*when, self.created_at]]

    def changed(self, since):
        """{"since", "before", "score", "reasons": [{reason, points}]}: what has moved the score since a moment.

        The points add up to the difference. What the scores have learned meanwhile stands apart from what the lead has done.
        """
        since, moment = max(since, self.created_at), now()
        old, new, model = self.facts_at(since), self.lead, self.model_at(moment)
        engaged, engages = self.engagement_at(since), self.engagement_at(moment)
        before = self.model_at(since).score(old, engaged)
        between, score = model.score(old, engaged), model.score(new, engages)
        told = []
        if is_reachable(old) != is_reachable(new):
            words = "Can be reached now" if is_reachable(new) else "Cannot be reached any more"
            told = [{"reason": words, "points": score["score"] - before["score"]}]
        else:
            if (learned := between["score"] - before["score"]) or before["score_model"] != between["score_model"]:
                told.append({"reason": f"Scores have learned: {before['score_model']} became {model.name}", "points": learned})
            if is_reachable(new):
                moved = [*_moved(model, facts_of(old), facts_of(new)), *_engaged(model, engaged[0], engages[0])]
                told += reasons(moved, score["score"] - between["score"])
        return {"since": since, "before": before["score"], "score": score["score"], "reasons": told}


def _moved(model, old, new):
    """[(words, log-odds)] of the fields that say something else than they did."""
    told = []
    for field, effect in model.differences(old, new):
        was = field.words(old.get(field.name))
        told.append((f"{field.words(new.get(field.name))} (was: {was.removeprefix(f'{field.label}: ')})", effect))
    return told


def _engaged(model, before, after):
    worth = model.worth_of(after) - model.worth_of(before)
    return [(f"Engagement {round(after)} of 100 (was {round(before)})", worth)] if round(after) != round(before) else []
