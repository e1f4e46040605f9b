"""How good the forecasts were, and why the method that is used is used."""

from django.http import HttpResponse
from orjson import OPT_INDENT_2, dumps

from deals.forecast import report
from deals.forecast.api import as_csv
from deals.forecast.chart import Column, bars, square
from deals.forecast.days import today
from deals.forecast.monthly import WORDS
from deals.forecast.months import first_day, month_of, name_of, read_month
from deals.forecast.pages.base import ForecastPage, months_back, options, pk_of, word_of
from deals.forecast.serializers import AskAccuracy
from lio.errors import Missing

LENGTHS = (3, 6, 7, 12, 24)  # months that one can look back
BACK = 36


class AccuracyPage(ForecastPage):
    tab, filters = "accuracy", ("pipeline_id",)

    def found(self):
        """(what was asked, the last month, the report as the API answers it)."""
        asked = self.asked(AskAccuracy)
        until = asked.get("until", month_of(today()) - 1)
        return asked, until, report.report(until, asked["months"], pk_of(asked, "pipeline"))


class Accuracy(AccuracyPage):
    def get(self, request):
        asked, until, found = self.found()
        now = month_of(today())
        for row in found["months"]:
            month = read_month(row["period"])
            row |= {"word": word_of(month), "label": f"{first_day(month):%b}", "method_text": WORDS.get(row["method"], "")}
        for row in found["methods"]:
            row["label"] = row["method"].replace("_", " ")
        last = max(now - 1, until)
        context = {
            "report": found, "scored": [row for row in found["months"] if row["forecast_value"] is not None],
            "chart": bars([self.column(row) for row in found["months"]], unit=self.unit),
            "points": square(found["deals"]["reliability"]), "until": name_of(until),
            "choice": report.choice(now, pk_of(asked, "pipeline")), "now": word_of(now),
            "untils": options(months_back(last, max(BACK, last - until + 1)), name_of(until)),
            "lengths": options([(n, f"{n} months") for n in sorted({*LENGTHS, asked["months"]})], asked["months"]),
            "first": word_of(until - asked["months"] + 1), "last": word_of(until), "months": asked["months"],
        }
        return self.page("forecast/accuracy.html", context, asked)

    def column(self, row):
        return Column(row["label"], (("won", row["actual_value"]),), row["low"], row["forecast_value"], row["high"],
                      told=row["word"])


class AccuracyFile(AccuracyPage):
    """The same as a file: the months as CSV, all of it as JSON."""

    def get(self, request, kind):
        _, until, found = self.found()
        if kind == "csv":
            return as_csv(found["months"])
        if kind != "json":
            raise Missing()
        answer = HttpResponse(dumps(found, option=OPT_INDENT_2), content_type="application/json")
        answer["Content-Disposition"] = f'attachment; filename="forecast-accuracy-{name_of(until)}.json"'
        answer["X-Content-Type-Options"] = "nosniff"
        return answer
