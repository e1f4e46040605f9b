from django.urls import path

from leads.api import LeadViewSet, NoteViewSet, PushedLeadList, PushedLeads
from lio.api.routers import VerbRouter

verbs = VerbRouter()
verbs.register("lead/note", NoteViewSet, "note")
verbs.register("lead", LeadViewSet)
api = [
    path("lead", PushedLeads.as_view({"post": "create"}), name="v1-lead"),
    path("lead/lead-list", PushedLeadList.as_view({"get": "list"}), name="v1-lead-list"),
    *verbs.urls,
]
