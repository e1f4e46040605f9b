"""The forecast by month or quarter, and the deals behind one month."""

from django.db.models import F, Q

from deals.forecast import goals, periods
from deals.forecast.chart import Column, bars
from deals.forecast.choosing import THIN
from deals.forecast.days import today
from deals.forecast.filters import of_month
from deals.forecast.lists import Contributor
from deals.forecast.models import ClosedDeals
from deals.forecast.months import first_day, month_of, name_of, position, read_month
from deals.forecast.pages.base import ForecastPage, number_of_page, options, paging, pk_of, word_of
from deals.forecast.serializers import AskPipeline
from deals.forecast.whose import owners_of
from deals.models import Deal
from lio.errors import Missing

SIZE = 25
LENGTHS = (6, 12, 24)  # months that one can look ahead
PARTS = {  # of a month: (label, its value in a row of `periods`)
    "open": ("Open", lambda row: row["total_value"]),
    "commit": ("Commit", lambda row: row["committed"] - row["won_value"]),
    "best_case": ("Best case", lambda row: row["best_case"] - row["committed"]),
    "rest": ("Others", lambda row: row["total_value"] - (row["best_case"] - row["won_value"])),
    "won": ("Won", lambda row: row["won_value"]),
}
SORTS = {"title": F("title"), "value": F("value"), "weighted_value": F("weighted"),
         "expected_close_date": F("expected_close_date"), "stage_name": F("stage__name")}


class ByMonth(ForecastPage):
    def get(self, request):
        asked = self.asked(AskPipeline)
        pipeline, owner, team = (pk_of(asked, name) for name in ("pipeline", "owner", "team"))
        month, quarterly = month_of(today()), asked["period"] == "quarterly"
        rows = periods.periods(month, months=asked["months"], quarterly=quarterly, pipeline=pipeline,
                               owners=owners_of(owner, team))
        self.add_goals(rows, month, quarterly, pipeline, owner, team)
        method, text = periods.method_of(month, pipeline)
        for row in rows:
            row |= self.words(row["period"])
        context = {
            "rows": rows, "totals": periods.totals(rows), "method": method, "method_text": text, "quarterly": quarterly,
            "chart": bars([self.column(row) for row in rows], unit=self.unit), "is_of_some": bool(owner or team),
            "is_empty": not any(row["deal_count"] or row["won_value"] for row in rows), "has_goals": any(
                row["goal"] for row in rows), "is_thin": method == THIN,
            "has_deals": method is not None or Deal.objects.of(self.organization).alive().exists(),
            "closed": None if method else self.closed(pipeline),
            "lengths": options([(n, f"{n} months") for n in LENGTHS], asked["months"]),
            "periods": options([("monthly", "By month"), ("quarterly", "By quarter")], asked["period"]),
        }
        return self.page("forecast/months.html", context, asked)

    def add_goals(self, rows, month, quarterly, pipeline, owner, team):
        """Each row gets its `goal`: of a quarter, those of its months together."""
        first = month - position(month) if quarterly else month
        step = 3 if quarterly else 1
        found = goals.planned(self.organization, first, first + step * len(rows), pipeline=pipeline, owner=owner, team=team)
        for n, row in enumerate(rows):
            amounts = [amount for at in range(first + n * step, first + (n + 1) * step) if (amount := found[at]) is not None]
            row["goal"] = sum(amounts) if amounts else None

    def closed(self, pipeline):
        """How many closed deals are known, for the words that say what is missing."""
        rows = ClosedDeals.objects.of(self.organization)
        rows = rows.filter(pipeline=pipeline) if pipeline else rows
        return sum(counts["all"][0] for counts in rows.values_list("counts", flat=True))

    def words(self, period):
        """What a period is called, and the months that one can look into."""
        if "Q" in period:
            year, quarter = int(period[:4]), int(period[-1])
            first = year * 12 + (quarter - 1) * 3
            return {"word": f"Q{quarter} {year}", "label": f"Q{quarter} {year % 100:02}", "months": [
                {"name": name_of(month), "label": f"{first_day(month):%b}", "word": word_of(month)}
                for month in range(first, first + 3)]}
        month = read_month(period)
        label = f"{first_day(month):%b}" + (f" {month // 12 % 100:02}" if month % 12 == 0 else "")
        return {"word": word_of(month), "label": label, "months": [{"name": period, "label": word_of(month)}]}

    def column(self, row):
        parts = (("won", row["won_value"]), ("commit", row["committed"] - row["won_value"]),
                 ("best", row["best_case"] - row["committed"]))
        return Column(row["label"], parts, row["low"], row["forecast_value"], row["high"], row["goal"],
                      row["weighted_value"] + row["won_value"] if row["weighted_value"] else None, row["word"])


class OneMonth(ForecastPage):
    """The deals behind a month: what is shown of each part sums up to the figure of that part."""

    def get(self, request, period):
        try:
            month = read_month(period)
        except ValueError:
            raise Missing() from None
        asked = self.asked(AskPipeline)
        pipeline, owner, team = (pk_of(asked, name) for name in ("pipeline", "owner", "team"))
        owners = owners_of(owner, team)
        row = periods.periods(month, months=1, pipeline=pipeline, owners=owners)[0]
        part = request.GET.get("part") if request.GET.get("part") in PARTS else "open"
        rows = self.rows(month, part, pipeline, owners)
        count = row["deal_count"] if part == "open" else rows.count()
        number = min(number_of_page(request.GET.get("page", "")), max(1, -(-count // SIZE)))
        by = request.GET.get("order_by") if request.GET.get("order_by") in SORTS else "value"
        down = request.GET.get("order_in", "DESC").upper() != "ASC"
        column = SORTS[by].desc() if down else SORTS[by].asc()
        start = (number - 1) * SIZE
        shown = rows.with_weighted().order_by(column, "-id" if down else "id")[start : start + SIZE]
        deals = list(shown.values("id", "title", "value", "weighted", "expected_close_date", "category", "stage__name",
                                  "stage__probability", "lead_id", "assigned_to__first_name", "assigned_to__last_name"))
        names = dict(Deal.Category.choices)
        for deal in deals:
            deal["category"] = names.get(deal["category"], deal["category"])
            deal["owner"] = f"{deal['assigned_to__first_name'] or ''} {deal['assigned_to__last_name'] or ''}".strip()
        context = {
            "month": name_of(month), "word": word_of(month), "row": row, "part": part, "deals": deals,
            "sum": round(PARTS[part][1](row), 2), "count": count, "page": paging(number, SIZE, count),
            "sort": {"by": by, "in": "DESC" if down else "ASC"},
            "parts": [{"name": name, "label": label, "sum": round(value(row), 2)} for name, (label, value) in PARTS.items()],
            "before": name_of(month - 1), "after": name_of(month + 1),
        }
        return self.page("forecast/month.html", context, asked)

    def rows(self, month, part, pipeline, owners):
        found = Contributor.objects.of(self.organization).alive().filter(of_month(month))
        if pipeline is not None:
            found = found.filter(pipeline=pipeline)
        if owners is not None:
            found = found.filter(assigned_to__in=owners)
        if part == "won":
            return found.won()
        known = {"commit": Q(category="commit"), "best_case": Q(category="best_case"),
                 "rest": ~Q(category__in=("commit", "best_case"))}
        return found.open().filter(known.get(part, Q()))
