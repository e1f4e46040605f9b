"""Scores over the API: what the model learned and how good it is, what it may look at, learning now; the past of one score."""

from datetime import UTC, timedelta

from django.utils.timezone import now

from leads.jobs import learn_scores
from leads.scoring import training
from leads.scoring.models import ScoreModel
from leads.scoring.past import Past
from leads.scoring.serializers import AskPast, ChangeScoreSettings
from lio.api.envelope import Envelope
from lio.api.schema import documented
from lio.api.views import LioView
from lio.api.viewsets import path_id
from lio.jobs import enqueue

SETTINGS = {"excluded": [str], "learns": bool}
MODEL = SETTINGS | {"model": str, "card": dict | None, "watched": dict, "is_learning": bool}

PAST = {
    "lead_id": int, "score": int, "changed": {
        "since": str, "before": int, "score": int, "reasons": [{"reason": str, "points": int}]},
    "history": [{"at": str, "score": int, "probability": float | None, "fit": int, "engagement": int, "model": str}],
}


class ScoreModelView(LioView):
    """The model in use with its card (None: the written weights), and what the last learning saw."""

    permissions = {"get": "records.view"}

    @documented("The model behind the scores", answer=MODEL)
    def get(self, request):
        return Envelope(told(self.organization))


class ScoreSettingsView(LioView):
    """Which fields scores do not look at, and whether they learn."""

    permissions = {"post": "organization.manage"}
    input_class = ChangeScoreSettings

    @documented("Say what scores may look at, and whether they learn", input=ChangeScoreSettings, answer=MODEL)
    def post(self, request):
        training.change_settings(self.organization, **ChangeScoreSettings.read(request.data), by=request.user)
        return Envelope(told(self.organization), "Settings saved")


class LearnScores(LioView):
    """Learn at once instead of tonight; the model tells when it is done."""

    permissions = {"post": "organization.manage"}

    @documented("Have the scores learn now", answer=MODEL)
    def post(self, request):
        if not training.is_learning(self.organization):
            enqueue(learn_scores, by=request.user)
        return Envelope(told(self.organization), "Learning")


class ScoreOfLead(LioView):
    """How a lead came to its score."""

    permissions = {"get": "records.view"}

    @documented("What the score of a lead was, and what has moved it", query=AskPast, answer=PAST,
                failures=(400, 401, 403, 404))
    def get(self, request, pk):
        days = AskPast.ask(request.query_params)["days"]
        past = Past(self.organization, path_id(pk))
        changed = past.changed(now() - timedelta(days=days))
        return Envelope({
            "lead_id": past.lead_id, "score": changed["score"], "changed": changed | {"since": iso(changed["since"])},
            "history": [one | {"at": iso(one["at"])} for one in past.moments()]})


def iso(moment):
    """A moment as the API writes it (R9)."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"


def told(organization):
    row = ScoreModel.objects.of(organization).filter(is_active=True).first()
    settings = training.settings_of(organization)
    return {
        "excluded": settings.excluded, "learns": settings.learns, "model": str(row) if row else training.written_model().name,
        "card": row.card | {"created_at": row.created_at.isoformat(timespec="seconds")} if row else None,
        "watched": settings.watched, "is_learning": training.is_learning(organization),
    }  # fmt: skip
