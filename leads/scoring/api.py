"""The score's model over the API: what it learned and how good it is, what it may look at, and learning now."""

from leads.jobs import learn_scores
from leads.scoring import training
from leads.scoring.models import ScoreModel
from leads.scoring.serializers import ChangeScoreSettings
from lio.api.envelope import Envelope
from lio.api.schema import documented
from lio.api.views import LioView
from lio.jobs import enqueue

SETTINGS = {"excluded": [str], "learns": bool}
MODEL = SETTINGS | {"model": str, "card": dict | None, "watched": dict, "is_learning": bool}


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


def told(organization):
    row = ScoreModel.objects.of(organization).filter(is_active=True).first()
    settings = training.settings_of(organization)
    return {
        "excluded": settings.excluded, "learns": settings.learns, "model": str(row) if row else training.written_model().name,
        "card": row.card | {"created_at": row.created_at.isoformat(timespec="seconds")} if row else None,
        "watched": settings.watched, "is_learning": training.is_learning(organization),
    }  # fmt: skip
