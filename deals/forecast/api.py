"""Forecasts over the API (section 6.7), and ours beside it: what changed, goals."""

import csv
from io import StringIO

from django.http import HttpResponse

from deals.forecast import changes, deal, goals, periods, report
from deals.forecast.days import today
from deals.forecast.filters import AtRiskFilter, ContributorFilter, any_risk
from deals.forecast.lists import Contributor, DealAtRisk
from deals.forecast.months import month_of, name_of
from deals.forecast.serializers import AskAccuracy, AskChanges, AskGoals, AskHistory, AskPipeline, SetQuota
from deals.forecast.whose import owners_of
from deals.models import Deal, Pipeline
from lio.api.envelope import Envelope
from lio.api.schema import documented
from lio.api.views import LioView
from lio.api.viewsets import ListAction, TenantViewSet, path_id
from lio.errors import Missing

MONEY = {"total_value": float, "weighted_value": float, "won_value": float}
PERIOD = {"period": str, "deal_count": int, **MONEY, "committed": float, "best_case": float, "low": float | None,
          "forecast_value": float | None, "high": float | None}
GOAL = {
    "id": int, "owner_id": int | None, "team_id": int | None, "pipeline_id": int | None, "name": str, "month": str,
    "amount": float, "won_value": float, "open_value": float, "weighted_value": float, "remaining": float,
    "attainment": float | None, "coverage": float | None, "pacing": float | None,
}
MEASURED = {"mape": float | None, "bias": float | None, "scored": int}


class DealForecast(LioView):
    permissions = {"get": "records.view"}

    def deal(self, pk):
        rows = Deal.objects.of(self.organization).alive().select_related("stage")
        found = rows.filter(pk=path_id(pk)).first()
        if found is None:
            raise Missing()
        return found

    @documented("Latest forecast of a deal, how it moved and why", answer={
        "deal_id": int, "value": float, "probability": float, "weighted_value": float, "expected_close_date": str,
        "trend": str, "risk": [str], "computed_at": str | None, "win_probability": float | None,
        "forecast_value": float | None, "factors": [{"factor": str, "effect": float, "text": str}], "abstains": str,
        "category": str, "category_by_hand": bool})
    def get(self, request, pk):
        return Envelope(deal.forecast(self.organization, self.deal(pk)))


class DealForecastHistory(DealForecast):
    @documented("Earlier forecasts of a deal, newest first", query=AskHistory, body={
        "success": bool, "message": str, "total": int, "page": int, "limit": int, "data": [{
            "deal_id": int, "probability": float, "weighted_value": float, "value": float, "win_probability": float | None,
            "forecast_value": float | None, "state": str, "stage_id": int, "category": str, "reason": str,
            "expected_close_date": str, "computed_at": str}]})
    def get(self, request, pk):
        found, limit = self.deal(pk), AskHistory.ask(request.query_params)["limit"]
        rows, total = deal.history(self.organization, found, limit)
        return Envelope(rows, total=total, page=1, limit=limit)


class PipelineForecast(LioView):
    permissions = {"get": "records.view"}

    @documented("Open deals by month or quarter of their expected close, and what is to be won", query=AskPipeline, answer={
        "period": str, "periods": [PERIOD], "totals": {"deal_count": int, **MONEY}, "method": str | None, "method_text": str},
        failures=(400, 401, 403, 404))
    def get(self, request):
        asked = AskPipeline.ask(request.query_params)
        pipeline, month = _pk(asked, "pipeline"), month_of(today())
        rows = periods.periods(month, months=asked["months"], quarterly=asked["period"] == "quarterly", pipeline=pipeline,
                               owners=owners_of(_pk(asked, "owner"), _pk(asked, "team")))
        method, text = periods.method_of(month, pipeline)
        return Envelope({"period": asked["period"], "periods": rows, "totals": periods.totals(rows), "method": method,
                         "method_text": text})


class Contributors(ListAction, TenantViewSet):
    """The open deals behind one month; they sum up to it."""

    queryset = Contributor.objects.all()
    filter_class = ContributorFilter
    permissions = {"list": "records.view"}

    def narrow(self, queryset):
        return queryset.open()

    @documented("List the open deals behind a month of the forecast", failures=(400, 401, 403, 404))
    def list(self, request):
        given = request.query_params.get("pipeline_id", "")
        if given.isdigit() and not Pipeline.objects.of(self.organization).alive().filter(pk=path_id(given)).exists():
            raise Missing()
        return super().list(request)


class DealsAtRisk(ListAction, TenantViewSet):
    queryset = DealAtRisk.objects.all()
    filter_class = AtRiskFilter
    permissions = {"list": "records.view"}

    def narrow(self, queryset):
        return queryset.filter(any_risk())

    @documented("List open deals that are overdue, stalled in their stage or without activity")
    def list(self, request):
        return super().list(request)


class Accuracy(LioView):
    permissions = {"get": "records.view"}

    @documented("What was forecast against what was won, by month; with format=csv as a file", query=AskAccuracy, answer={
        "months": [{"period": str, "forecast_value": float | None, "actual_value": float, "accuracy": float | None,
                    "error": float | None, "low": float | None, "high": float | None, "method": str | None}],
        "overall_accuracy": float | None,
        "horizons": [{"months": int, **MEASURED}],
        "methods": [{"method": str, "text": str, "months_ahead": int, **MEASURED}],
        "coverage": float | None, "coverage_promised": float,
        "deals": {"closed": int, "forecast": int, "brier": float | None,
                  "reliability": [{"from": float, "to": float, "deals": int, "said": float, "won": float}]}},
        failures=(400, 401, 403, 404))
    def get(self, request):
        asked = AskAccuracy.ask(request.query_params)
        found = report.report(asked.get("until", month_of(today()) - 1), asked["months"], _pk(asked, "pipeline"))
        return Envelope(found) if asked["format"] == "json" else as_csv(found["months"])


def as_csv(rows):
    """The months of a report (report.py) as a file."""
    text = StringIO()
    out = csv.DictWriter(text, report.COLUMNS, lineterminator="\r\n")
    out.writeheader()
    out.writerows(rows)
    answer = HttpResponse(text.getvalue(), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="forecast-accuracy.csv"'
    answer["X-Content-Type-Options"] = "nosniff"
    return answer


class Changes(LioView):
    permissions = {"get": "records.view"}

    @documented("What changed in the forecast of a month since a day, each change with one reason", query=AskChanges, answer={
        "since": str, "period_month": str, "measure": str, "before": float, "after": float, "difference": float,
        "reasons": [{"reason": str, "deals": int, "difference": float}],
        "deals": [{"deal_id": int, "title": str, "reason": str, "difference": float}]}, failures=(400, 401, 403, 404))
    def get(self, request):
        asked = AskChanges.ask(request.query_params)
        owners = owners_of(_pk(asked, "owner"), _pk(asked, "team"))
        view = changes.View(asked["period_month"], _pk(asked, "pipeline"), owners)
        return Envelope({
            "since": asked["since"].isoformat(), "period_month": name_of(view.month), "measure": asked["measure"],
            **changes.since(asked["since"], view, measure=asked["measure"]),
        })


class Goals(LioView):
    permissions = {"get": "records.view", "post": "organization.manage"}

    @documented("Goals of a month with what came of them", query=AskGoals, failures=(400, 401, 403), body={
        "success": bool, "message": str, "data": [GOAL], "total": int, "page": int, "limit": int})
    def get(self, request):
        month = AskGoals.ask(request.query_params).get("month", month_of(today()))
        rows = goals.goals(self.organization, month)
        return Envelope(rows, total=len(rows), page=1, limit=len(rows))

    @documented("Set what an owner or a team is to win in a month; null takes the goal away", input=SetQuota, status=200,
                answer={"goal": dict | None, "month": str})
    def post(self, request):
        given = SetQuota.read(request.data)
        quota = goals.set_quota(
            self.organization, month=given["month"], amount=given["amount"], by=self.caller, owner=given.get("owner"),
            team=given.get("team"), pipeline=given.get("pipeline"))
        rows = goals.goals(self.organization, given["month"])
        shown = next((row for row in rows if quota and row["id"] == quota.pk), None)
        return Envelope({"goal": shown, "month": name_of(given["month"])}, "Goal set successfully")


def _pk(asked, name):
    row = asked.get(name)
    return row and row.pk
