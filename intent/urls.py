"""Where signals, alerts and tracking answer. The roof (lio/urls.py) puts these lists under their prefixes."""

from django.urls import path

from intent.api import AcknowledgeAlert, AlertsOfLead, AlertViewSet, HotLeads, LogSignalView, PreviewSettings, Settings
from intent.pages import alerts, hot, section, site
from intent.pages import settings as pages_of_settings
from intent.site.views import Script, SiteBeacon
from intent.tracking.urls import api as tracking

api = [
    path("intent-alert/list", AlertViewSet.as_view({"get": "list"}), name="intent-alert-list"),
    path("intent-alert/hot-leads", HotLeads.as_view(), name="intent-alert-hot-leads"),
    path("intent-alert/lead/<str:leadId>", AlertsOfLead.as_view({"get": "list"}), name="intent-alert-lead"),
    path("intent-alert/acknowledge/<str:pk>", AcknowledgeAlert.as_view(), name="intent-alert-acknowledge"),
    path("intent-alert/signal", LogSignalView.as_view(), name="intent-alert-signal"),
    path("intent-alert/settings", Settings.as_view(), name="intent-alert-settings"),
    path("intent-alert/settings/preview", PreviewSettings.as_view(), name="intent-alert-settings-preview"),
    path("intent-signal", LogSignalView.as_view(), name="v1-intent-signal"),
    path("track/site", SiteBeacon.as_view(), name="v1-track-site"),
    *tracking,
]
pages = [
    path("hot/", hot.HotList.as_view(), name="hot"),
    path("hot/<int:pk>/answer", hot.AnswerLead.as_view(), name="answer_lead"),
    path("alerts/", alerts.AlertList.as_view(), name="alerts"),
    path("alerts/<int:pk>/answer", alerts.AnswerAlert.as_view(), name="answer"),
    path("alerts/lead/<int:pk>/mute", alerts.MuteLead.as_view(), name="mute"),
    path("alerts/lead/<int:pk>/log", section.LogByHand.as_view(), name="log"),
]
settings = [
    path("signals", pages_of_settings.SignalSettings.as_view(), name="signals"),
    path("tracking", pages_of_settings.TrackingSettings.as_view(), name="tracking"),
    path("site", site.SiteSettings.as_view(), name="site"),
]
public = [path("site/lio.js", Script.as_view(), name="script")]
