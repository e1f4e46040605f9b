from django.urls import path

from contacts.api import ContactViewSet, ConvertLead, ConvertLeads
from lio.api.routers import VerbRouter

verbs = VerbRouter()
verbs.register("contact", ContactViewSet)
api = [
    path("lead/convert", ConvertLead.as_view(), name="lead-convert"),
    path("lead/bulk-convert", ConvertLeads.as_view(), name="lead-bulk-convert"),
    *verbs.urls,
]
