"""Signals, alerts and hot leads over the API (sections 6.13 and 9)."""

from datetime import UTC

from django.db.models import F

from intent import alerts, backtest, heat, rules, signals
from intent.filters import AlertFilter
from intent.models import Signal
from intent.serializers import Acknowledge, AskHot, ChangeSettings, LogSignal
from leads.models import Lead
from lio.api.envelope import Envelope
from lio.api.schema import documented
from lio.api.views import LioView
from lio.api.viewsets import ListAction, TenantViewSet, path_id
from lio.errors import Missing
from lio.rows import json_row

WHY = [{"signal_type": str, "count": int, "points": int, "last_at": str}]
HOT = {
    "lead_id": int, "id": int, "first_name": str, "last_name": str, "email": str | None, "company": str | None,
    "assigned_to_id": int | None, "intent_score": int, "signal_count": int, "last_signal_type": str, "last_signal_at": str,
    "hot_since": str, "hot_until": str, "reasons": WHY,
}
SETTINGS = {
    "weights": dict, "hot_from": int, "half_life_days": int, "version": int, "work_days": [int], "work_from": str,
    "work_to": str,
    "mail_tracking": bool, "site_tracking": bool, "site_key": str, "site_hosts": [str], "site_rules": [dict],
}

SAID = {"hot_won": int, "hot_lost": int, "engagement_won": float | None, "engagement_lost": float | None, "auc": float | None}


class AlertViewSet(ListAction, TenantViewSet):
    queryset = Signal.objects.all()
    filter_class = AlertFilter
    permissions = {"list": "records.view"}

    @documented("List alerts, one for each signal", failures=(400, 401, 403))
    def list(self, request):
        return super().list(request)


class AlertsOfLead(ListAction, TenantViewSet):
    """The alerts of one lead."""

    queryset = Signal.objects.all()
    filter_class = AlertFilter
    permissions = {"list": "records.view"}

    def narrow(self, queryset):
        return queryset.filter(lead=path_id(self.kwargs["leadId"]))

    @documented("List the alerts of a lead", failures=(400, 401, 403, 404))
    def list(self, request, leadId):  # noqa: N803 - the document's name
        if not Lead.objects.of(self.organization).alive().filter(pk=path_id(leadId)).exists():
            raise Missing()
        return super().list(request)


class AcknowledgeAlert(LioView):
    permissions = {"post": "records.edit"}

    @documented("Mark an alert as seen, with what came of it; repeating it changes nothing", input=Acknowledge, status=200,
                answer=Signal.objects.rows(), failures=(401, 403, 404, 422))
    def post(self, request, pk):
        given = Acknowledge.read(request.data)
        signal_id = path_id(pk)
        alerts.acknowledge(self.organization, signal_id, by=self.caller, outcome=given.get("outcome"), note=given.get("note"))
        return Envelope(shown(self.organization, signal_id), "Alert acknowledged successfully")


class LogSignalView(LioView):
    permissions = {"post": "records.edit"}

    @documented("Log a signal on a lead, which makes one alert", input=LogSignal, status=201, answer=Signal.objects.rows())
    def post(self, request):
        given = LogSignal.read(request.data)
        signal_id = signals.log(
            self.organization, given["lead"].pk, given["signal_type"], by=self.caller, detail=given.get("signal_detail"),
            source=given.get("source") or None, occurred_at=given.get("occurred_at"))
        return Envelope(shown(self.organization, signal_id), "Signal logged successfully", status=201)


class HotLeads(LioView):
    permissions = {"get": "records.view"}

    @documented("Leads whose signals of the last 14 days weigh enough, hottest first", query=AskHot, failures=(400, 401, 403),
                body={"success": bool, "message": str, "data": [HOT], "total": int, "page": int, "limit": int})
    def get(self, request):
        asked = AskHot.ask(request.query_params)
        which = {"owner": asked.get("assigned_to_id"), "kind": asked.get("signal_type")}
        shown = hot_rows(self.organization, heat.hot_leads(self.organization.pk, **which, limit=asked["limit"]))
        return Envelope(shown, total=heat.hot_total(self.organization.pk, **which), page=1, limit=asked["limit"])


class Settings(LioView):
    permissions = {"get": "records.view", "put": "organization.manage"}

    @documented("How signals are weighed and what is tracked", answer=SETTINGS, failures=(401, 403))
    def get(self, request):
        return Envelope(settings_shown(rules.settings_of(self.organization)))

    @documented("Change how signals are weighed and what is tracked", input=ChangeSettings, answer=SETTINGS, status=200)
    def put(self, request):
        given = ChangeSettings.read(request.data)
        return Envelope(settings_shown(rules.change(self.organization, given, by=self.caller)), "Settings changed successfully")


class PreviewSettings(LioView):
    """Changes nothing: what such settings would have said of the leads that were won and lost."""

    permissions = {"post": "records.view"}

    @documented("Try weights on the leads that were won and lost", input=ChangeSettings, status=200, failures=(401, 403, 422),
                answer={"won": int, "lost": int, "now": SAID, "then": SAID})
    def post(self, request):
        given = ChangeSettings.read(request.data)
        return Envelope(backtest.compare(
            self.organization, weights=given.get("weights"), hot_from=given.get("hot_from"),
            half_life_days=given.get("half_life_days")))


def shown(organization, signal_id):
    """A signal as the API shows it."""
    return json_row(Signal.objects.of(organization).filter(pk=signal_id).rows())


def settings_shown(row):
    names = ("hot_from", "half_life_days", "version", "mail_tracking", "site_tracking", "site_hosts", "site_rules")
    stored = {"site_key": row.site_key if row.pk else ""}  # without a row nobody has been given one
    return {"weights": row.all_weights, "work_days": row.days, "work_from": row.work_from.isoformat("minutes"),
            "work_to": row.work_to.isoformat("minutes"), **stored, **{name: getattr(row, name) for name in names}}


def hot_rows(organization, found):
    """What the API shows of hot leads (intent.heat.hot_leads), with what makes them hot."""
    ids = [one["lead_id"] for one in found]
    leads = Lead.objects.of(organization).filter(pk__in=ids).values(
        "id", "first_name", "last_name", "email", "assigned_to_id", company_name=F("company__company_name"))
    leads, why = {lead["id"]: lead for lead in leads}, heat.why(organization.pk, ids)
    rows = []
    for one in found:
        lead = leads[one["lead_id"]]
        rows.append({
            "lead_id": lead["id"], "id": lead["id"], "first_name": lead["first_name"], "last_name": lead["last_name"],
            "email": lead["email"], "company": lead["company_name"], "assigned_to_id": lead["assigned_to_id"],
            "intent_score": one["points"], "signal_count": one["signals"], "last_signal_type": one["last_type"],
            "last_signal_at": iso(one["last_at"]), "hot_since": iso(one["since"]), "hot_until": iso(one["until"]),
            "reasons": [{"signal_type": reason["type"], "count": reason["count"], "points": reason["points"],
                         "last_at": iso(reason["last_at"])} for reason in why.get(lead["id"], ())],
        })
    return rows


def iso(moment):
    """A moment as the API writes it (R9)."""
    moment = moment.astimezone(UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"
