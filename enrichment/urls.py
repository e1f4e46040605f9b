from django.urls import path

from enrichment import pages as shown
from enrichment.api import EnrichBulk, EnrichCompanyView, EnrichOne, EnrichRecords, LinkedInLeads, Proposals, Runs, ViewJob

api = [
    path("lead-enrichment/enrich", EnrichOne.as_view(), name="lead-enrich"),
    path("lead-enrichment/enrich/bulk", EnrichBulk.as_view(), name="lead-enrich-bulk"),
    path("lead-enrichment/job/<str:jobId>", ViewJob.as_view(), name="enrichment-job"),
    path("lead-enrichment/linkedin-leads/recent", LinkedInLeads.as_view({"get": "list"}), name="linkedin-leads-recent"),
    path("lead-enrichment/linkedin-leads/<str:pk>", LinkedInLeads.as_view({"get": "retrieve"}), name="linkedin-lead-view"),
    path("company/enrich", EnrichCompanyView.as_view({"post": "enrich"}), name="company-enrich"),
    path("enrichment/proposals", Proposals.as_view({"get": "list"}), name="enrichment-proposals"),
    path("enrichment/proposals/accept", Proposals.as_view({"post": "accept"}), name="enrichment-proposals-accept"),
    path("enrichment/proposals/dismiss", Proposals.as_view({"post": "dismiss"}), name="enrichment-proposals-dismiss"),
    path("enrichment/run/<str:pk>", Runs.as_view({"get": "retrieve"}), name="enrichment-run"),
    path("enrichment/run/<str:pk>/revert", Runs.as_view({"post": "revert"}), name="enrichment-run-revert"),
    path("enrichment/estimate", EnrichRecords.as_view({"post": "estimate"}), name="enrichment-estimate"),
    path("enrichment/bulk", EnrichRecords.as_view({"post": "bulk"}), name="enrichment-bulk"),
]

pages = [
    path("leads", shown.EnrichLeads.as_view(), name="leads"),
    path("companies", shown.EnrichCompanies.as_view(), name="companies"),
    path("contacts", shown.EnrichContacts.as_view(), name="contacts"),
    path("bulk/<int:pk>/", shown.ShowBatch.as_view(), name="batch"),
    path("<slug:model_type>/<int:pk>/", shown.ShowCard.as_view(), name="card"),
    path("<slug:model_type>/<int:pk>/run", shown.EnrichNow.as_view(), name="run"),
    path("<slug:model_type>/<int:pk>/decide", shown.Decide.as_view(), name="decide"),
    path("<slug:model_type>/<int:pk>/take-back", shown.TakeBack.as_view(), name="take_back"),
]
