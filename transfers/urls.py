from django.urls import path

from lio.api.routers import VerbRouter
from transfers import pages as shown
from transfers.api import Exports, ImportJobs, LeadImports

verbs = VerbRouter()
verbs.register("import-job", ImportJobs)
verbs.register("exports", Exports)
api = [path("lead/lead-imports", LeadImports.as_view({"post": "create"}), name="lead-imports"), *verbs.urls]

pages = [
    path("", shown.ImportList.as_view(), name="list"),
    path("<int:pk>/", shown.ImportPage.as_view(), name="view"),
    path("<int:pk>/check", shown.Check.as_view(), name="check"),
    path("<int:pk>/columns", shown.Columns.as_view(), name="columns"),
    path("<int:pk>/start", shown.Start.as_view(), name="start"),
    path("<int:pk>/cancel", shown.Cancel.as_view(), name="cancel"),
    path("<int:pk>/rejected.csv", shown.Rejected.as_view(), name="rejected"),
]

export_pages = [
    path("", shown.ExportList.as_view(), name="list"),
    path("add", shown.AddExport.as_view(), name="add"),
    path("<int:pk>/cancel", shown.CancelExport.as_view(), name="cancel"),
    path("<int:pk>/download", shown.DownloadExport.as_view(), name="download"),
]
