"""Goals: what owners and teams are to win in a month, how far along they are, and setting them."""

from urllib.parse import urlencode

from django.core.exceptions import PermissionDenied
from django.shortcuts import redirect
from django.urls import reverse

from accounts.models import Team
from deals.forecast import goals
from deals.forecast.days import today
from deals.forecast.months import month_of, name_of
from deals.forecast.pages.base import ForecastPage, options, word_of
from deals.forecast.serializers import AskGoals, SetQuota
from deals.pages.query import pipelines_of
from lio.pages import REFUSALS, sentence
from lookups.names import whole
from lookups.record_fields import people

BACK, AHEAD = 12, 12  # months that one can choose


class Goals(ForecastPage):
    """GET: the goals of a month. POST sets one (`whose`: owner-1 or team-1), or takes one away (`remove`)."""

    tab, filters = "goals", ()

    def get(self, request):
        return self.goals()

    def post(self, request):
        if not self.may_set:
            raise PermissionDenied
        sent = request.POST
        kind, _, pk = sent.get("whose", "").partition("-")
        given = {"month": sent.get("month", ""), "amount": None if "remove" in sent else sent.get("amount", "").strip(),
                 "pipeline_id": sent.get("pipeline_id") or None}
        given |= {f"{kind}_id": pk} if kind in ("owner", "team") else {}
        try:
            values = SetQuota.read(given)
            quota = goals.set_quota(self.organization, month=values["month"], amount=values["amount"], by=request.user,
                                    owner=values.get("owner"), team=values.get("team"), pipeline=values.get("pipeline"))
        except REFUSALS as error:
            return self.goals(error=sentence(error), sent=sent, status=422)
        whose = values.get("owner") or values.get("team")
        name = getattr(whose, "full_name", None) or whose.name
        done = f"is set to {quota.amount:,.2f} {self.organization.currency}".replace(".00 ", " ") if quota else "is taken away"
        self.say(f"The goal of {name} for {word_of(values['month'])} {done}.", undoable=True)
        return redirect(f"{reverse('forecast:goals')}?{urlencode({'month': name_of(values['month'])})}")

    @property
    def may_set(self):
        return self.request.user.can("organization.manage")

    def goals(self, error="", sent=None, status=200):
        now = month_of(today())
        asked = self.asked(AskGoals)
        month = asked.get("month", now)
        pipelines = {row.pk: row.name for row in pipelines_of(self.organization)}
        rows = goals.goals(self.organization, month)
        for row in rows:
            row |= {
                "whose": f"owner-{row['owner_id']}" if row["owner_id"] else f"team-{row['team_id']}",
                "pipeline": pipelines.get(row["pipeline_id"], "a pipeline that is gone") if row["pipeline_id"] else "",
                "share": min(100, round(row["attainment"] or 0)),
                "tone": "" if row["pacing"] is None else "good" if row["pacing"] >= 1 else "bad",
            }
        sent = sent or {}
        owners = [(f"owner-{pk}", name) for pk, name in people(self.organization)]
        teams = Team.objects.of(self.organization).order_by("-is_everybody", "name")
        teams = [(f"team-{team.pk}", team.name) for team in teams]
        months = range(min(now - BACK, month), max(now + AHEAD, month) + 1)
        context = {
            "rows": rows, "month": name_of(month), "word": word_of(month), "before": name_of(month - 1),
            "after": name_of(month + 1), "elapsed": round(goals.elapsed(month) * 100), "may_set": self.may_set,
            "error": error, "sent": sent,
            "people": options(owners, sent.get("whose")), "teams": options(teams, sent.get("whose")),
            "pipelines": options(pipelines.items(), whole(sent.get("pipeline_id", ""))),
            "months": options([(name_of(one), word_of(one)) for one in months], name_of(month)),
        }
        return self.page("forecast/goals.html", context, status=status)
