"""Settings: what signals weigh and when the team works; what is tracked."""

from django.core.exceptions import PermissionDenied
from django.shortcuts import redirect

from accounts.pages.base import SettingsPage
from intent import backtest, heat, rules
from intent.serializers import ChangeSettings
from intent.types import DAYS, HALF_LIFE, HOT_FROM, TYPES
from leads.models import Lead
from lio.pages import REFUSALS, sentence

WEEK = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
HEAT = ("hot_from", "half_life_days")
HOURS = ("work_from", "work_to")


class SignalSettings(SettingsPage):
    """Everybody may look. Who manages the organisation posts the form (`save` or, to see what it would change, `preview`),
    `reset` for the weights that everybody begins with, or the working `hours`."""

    section = "signals"

    def get(self, request):
        row = rules.settings_of(self.organization)
        return self.page(row, {name: str(points) for name, points in row.all_weights.items()})

    def post(self, request):
        if not request.user.can("organization.manage"):
            raise PermissionDenied
        sent, row = request.POST, rules.settings_of(self.organization)
        try:
            if "reset" in sent:
                given = {"weights": dict.fromkeys(TYPES), "hot_from": HOT_FROM, "half_life_days": HALF_LIFE}
                return self.saved(given, "The weights are those that everybody begins with.")
            if "hours" in sent:
                given = ChangeSettings.read({name: sent.get(name, "") for name in HOURS} | {"work_days": sent.getlist("day")})
                return self.saved(given, "The working hours are saved.")
            given = ChangeSettings.read({name: sent.get(name, "").strip() for name in HEAT})
            given["weights"] = {name: points_of(name, sent.get(name, "")) for name in TYPES}
            if "preview" in sent:
                return self.page(row, sent, preview=self.compared(row, given))
            return self.saved(given, "The weights are saved.")
        except REFUSALS as error:
            return self.page(row, sent if "hours" not in sent else {}, error=sentence(error), status=422)

    def saved(self, given, text):
        rules.change(self.organization, given, by=self.request.user, ip=self.ip)
        self.say(text if self.undo_url else "Nothing was changed.", undoable=True)
        return redirect("settings:signals")

    def compared(self, row, given):
        """What would become hot or cold, with names."""
        found = heat.compare(self.organization.pk, rules.weights_of(given["weights"], row), given["hot_from"])
        names = {lead.pk: str(lead) for lead in Lead.objects.of(self.organization).filter(
            pk__in=[pk for pk, _, _ in found["leads"]]).only("first_name", "last_name", "email", "phone_number")}
        wins = backtest.compare(self.organization, **given)
        return found | {"wins": wins, "leads": [{"id": pk, "name": names[pk], "points": points, "cools": is_now}
                                  for pk, points, is_now in found["leads"] if pk in names]}

    def page(self, row, sent, *, preview=None, error="", status=200):
        """`sent` are the weights and figures as typed; what it lacks is as it is stored."""
        weights = row.all_weights
        context = {
            "types": [{"name": name, "label": one.label, "icon": one.icon, "value": sent.get(name, weights[name]),
                       "usual": one.weight, "own": weights[name] != one.weight, "most": one.most}
                      for name, one in TYPES.items()],
            "hot_from": sent.get("hot_from", row.hot_from), "half_life_days": sent.get("half_life_days", row.half_life_days),
            "row": row, "days": DAYS, "preview": preview, "error": error,
            "week": [{"id": n, "name": name, "on": n in row.days} for n, name in enumerate(WEEK, 1)],
            "is_own": bool(row.weights) or (row.hot_from, row.half_life_days) != (HOT_FROM, HALF_LIFE),
        }
        return self.show("settings/signals.html", context, status=status)


class TrackingSettings(SettingsPage):
    """What is watched and what is kept of it. Who manages the organisation posts `mail_tracking` (on or off)."""

    section = "tracking"

    def get(self, request):
        row = rules.settings_of(self.organization)
        untracked = Lead.objects.of(self.organization).alive().filter(tracking_off=True)
        return self.show("settings/tracking.html", {"row": row, "untracked": untracked[:1001].count(), "many": 1000})

    def post(self, request):
        if not request.user.can("organization.manage"):
            raise PermissionDenied
        if request.POST.get("mail_tracking") not in ("on", "off"):
            return redirect("settings:tracking")
        on = request.POST["mail_tracking"] == "on"
        rules.change(self.organization, {"mail_tracking": on}, by=request.user, ip=self.ip)
        text = "Mails that are sent from now on are tracked." if on else "From now on no mail is tracked."
        self.say(text, undoable=bool(self.undo_url))
        return redirect("settings:tracking")


def points_of(name, text):
    """The points of a type as typed: a number, None where it is empty (the usual weight), the text where it is none."""
    text = text.strip()
    if not text:
        return None
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else text
