"""Settings: how leads are scored. The model in use, how good it is, what it looks at, and learning now."""

from django.core.exceptions import PermissionDenied
from django.shortcuts import redirect

from accounts.pages.base import SettingsPage
from leads.jobs import learn_scores
from leads.scoring import training
from leads.scoring.expert import WEIGHTS
from leads.scoring.facts import CUSTOM, LABELS
from leads.scoring.models import ScoreModel
from lio.jobs import enqueue

MOST = 200  # fields that can be left out
SIZE, EDGE = 200, 30  # of the reliability chart, in its own units


class ScorePage(SettingsPage):
    """Everybody may look; who manages the organisation posts `learn`, or the fields to look at and `learns`."""

    section = "score"

    def get(self, request):
        organization = self.organization
        row = ScoreModel.objects.of(organization).filter(is_active=True).first()
        settings, learning = training.settings_of(organization), training.is_learning(organization)
        card = row.card if row else None
        context = {
            "row": row, "card": card, "settings": settings, "learning": learning, "watched": settings.watched,
            "moved": settings.watched.get("drift", 0) > training.MOVED, "enough": training.ENOUGH, "each": training.OF_EACH,
            "chart": chart(card["reliability"]) if card else None, "fields": fields_of(organization, card, settings),
        }
        return self.show("settings/_score.html" if self.is_swap else "settings/score.html", context)

    def post(self, request):
        if not request.user.can("organization.manage"):
            raise PermissionDenied
        if "learn" in request.POST:
            if not training.is_learning(self.organization):
                enqueue(learn_scores, by=request.user)
            self.say("Scores are learning. This takes a moment.")
        else:
            listed = {name for name in request.POST.getlist("listed") if name in LABELS or name.startswith(CUSTOM)}
            left_out = listed - set(request.POST.getlist("looked"))
            excluded = sorted(set(training.settings_of(self.organization).excluded) - listed | left_out)[:MOST]
            training.change_settings(self.organization, excluded=excluded, learns="learns" in request.POST, by=request.user)
            text = "Saved. It counts when the scores learn the next time." if self.undo_url else "Nothing was changed."
            self.say(text, undoable=bool(self.undo_url))
        return redirect("settings:score")


def fields_of(organization, card, settings):
    """[{name, label, looked: is looked at, weight, share of the strongest in percent, levels}], the strongest first."""
    told = {field["name"]: field for field in card["fields"]} if card else {}
    labels = training.labels_of_fields(organization) | LABELS
    names = list(dict.fromkeys([*told, *WEIGHTS, *settings.excluded, *sorted(n for n in labels if n.startswith(CUSTOM))]))
    strongest = max((field["weight"] for field in told.values()), default=0) or 1
    return [
        {"name": name, "label": labels.get(name, name.removeprefix(CUSTOM)), "looked": name not in settings.excluded,
         "is_custom": name.startswith(CUSTOM), "weight": told.get(name, {}).get("weight"),
         "share": round(100 * told[name]["weight"] / strongest) if name in told else 0,
         "levels": told.get(name, {}).get("levels", [])[:12]}
        for name in names
    ]


def chart(bands):
    """Points of the reliability chart: said from left to right, won from below; the bigger, the more leads."""
    most = max(band["leads"] for band in bands)
    return {
        "size": SIZE, "edge": EDGE, "whole": SIZE + 2 * EDGE, "end": SIZE + EDGE,
        "points": [{"x": round(EDGE + SIZE * band["said"], 1), "y": round(EDGE + SIZE * (1 - band["won"]), 1),
                    "r": round(3 + 6 * (band["leads"] / most) ** 0.5, 1)} for band in bands],
        "line": " ".join(f"{EDGE + SIZE * band['said']:.1f},{EDGE + SIZE * (1 - band['won']):.1f}" for band in bands),
    }
