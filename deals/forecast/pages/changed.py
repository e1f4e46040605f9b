"""What changed in the forecast of a month since a day, by reason, with the deals of each."""

from datetime import timedelta

from deals.forecast import changes
from deals.forecast.days import today
from deals.forecast.months import month_of, name_of
from deals.forecast.pages.base import ForecastPage, number_of_page, options, paging, pk_of, word_of
from deals.forecast.serializers import AskChanges
from deals.forecast.whose import owners_of

SIZE = 25
USUAL = timedelta(days=7)
AHEAD = 12  # months that one can choose
LABELS = {"won": "Won", "lost": "Lost", "new": "New", "moved_in": "Moved in", "moved_out": "Moved out", "value_up": "Value up",
          "value_down": "Value down", "deleted": "Deleted", "owner": "Other owner"}
WORDS = {
    "won": "no longer open: it counts as won", "lost": "no longer open", "new": "came in since",
    "moved_in": "expected in this month now",
    "moved_out": "expected in another month now, or in another pipeline", "value_up": "worth more than it was",
    "value_down": "worth less than it was", "deleted": "taken away", "owner": "has somebody else as its owner",
}


class Changed(ForecastPage):
    tab = "changes"

    def get(self, request):
        now = month_of(today())
        usual = {"since": (today() - USUAL).isoformat(), "period_month": name_of(now)}
        asked = self.asked(AskChanges, usual)
        pipeline, month = pk_of(asked, "pipeline"), asked["period_month"]
        view = changes.View(month, pipeline, owners_of(pk_of(asked, "owner"), pk_of(asked, "team")))
        reason = request.GET.get("reason") if request.GET.get("reason") in changes.REASONS else None
        number = number_of_page(request.GET.get("page", ""))
        found = changes.since(asked["since"], view, measure=asked["measure"], reason=reason,
                              after=(number - 1) * SIZE, most=SIZE)
        count = sum(row["deals"] for row in found["reasons"] if reason in (None, row["reason"]))
        for row in found["reasons"]:
            row |= {"label": LABELS[row["reason"]], "words": WORDS[row["reason"]]}
        for deal in found["deals"]:
            deal["label"] = LABELS[deal["reason"]]
        months = range(min(now - AHEAD, month), max(now + AHEAD, month) + 1)
        context = found | {
            "since": asked["since"], "word": word_of(month), "month": name_of(month), "reason": reason, "count": count,
            "label": LABELS[reason] if reason else "", "page": paging(number, SIZE, count), "measure": asked["measure"],
            "reasons": [row for row in found["reasons"] if row["deals"]],
            "months": options([(name_of(one), word_of(one)) for one in months], name_of(month)),
            "measures": options([("total_value", "Value"), ("weighted_value", "Weighted value")], asked["measure"]),
        }
        return self.page("forecast/changes.html", context, asked)
