"""The roof: which app answers where. Every API route stands under both prefixes (R15)."""

from django.contrib import admin
from django.urls import include, path, re_path
from django.views.generic import RedirectView

from accounts import urls as accounts
from activity import urls as activity
from booking import urls as booking
from companies import urls as companies
from contacts import urls as contacts
from deals import urls as deals
from enrichment import urls as enrichment
from integrations import urls as integrations
from intent import urls as intent
from leads import urls as leads
from lio import docs, faults, health
from lio.api.undo import Undo, ViewUndoing
from lio.undo_page import UndoPage
from lookups import urls as lookups
from transfers import urls as transfers

api = [path("undo", Undo.as_view(), name="undo"), path("undo/view/<str:pk>", ViewUndoing.as_view(), name="undo-view"),
       *accounts.api, *lookups.api, *activity.api, *integrations.api, *companies.api, *deals.api, *leads.api,
       *contacts.api, *intent.api, *booking.api, *enrichment.api, *transfers.api,
       re_path(r"^.*$", faults.not_found, name="unknown")]

urlpatterns = [
    path("healthz", health.healthz),
    path("readyz", health.readyz),
    path("metrics", health.metrics),
    path("api/schema", docs.schema, name="schema"),
    path("api/docs", docs.browse, name="docs"),
    path("api/v1/", include((api, "v1"))),
    path("api/", include((api, "api"))),
    path("admin/", admin.site.urls),
    path("undo/<int:change_id>", UndoPage.as_view(), name="undo"),
    path("", RedirectView.as_view(url="/leads/"), name="home"),
    path("", include((accounts.pages, "accounts"))),
    path("settings/", include((
        accounts.settings + lookups.settings + integrations.settings + leads.settings + deals.settings + intent.settings
        + booking.settings,
        "settings"))),
    path("leads/", include((leads.pages, "leads"))),
    path("deals/", include((deals.pages, "deals"))),
    path("forecast/", include((deals.forecast_pages, "forecast"))),
    path("companies/", include((companies.pages, "companies"))),
    path("contacts/", include((contacts.pages, "contacts"))),
    path("meetings/", include((booking.pages, "meetings"))),
    path("", include((intent.pages, "intent"))),
    path("", include((leads.public, "forms"))),
    path("", include((intent.public, "site"))),
    path("", include((booking.public, "booking"))),
    path("enrichment/", include((enrichment.pages, "enrichment"))),
    path("import/", include((transfers.pages, "imports"))),
    path("exports/", include((transfers.export_pages, "exports"))),
    path("", include((activity.pages, "activity"))),
]
handler400 = "lio.faults.bad_request"
handler403 = "lio.faults.forbidden"
handler404 = "lio.faults.not_found"
handler500 = "lio.faults.server_error"
