from django.urls import path

from leads.api import LeadViewSet, NoteViewSet, PushedLeadList, PushedLeads
from leads.pages import add, lead, views
from leads.pages import list as leads
from lio.api.routers import VerbRouter

verbs = VerbRouter()
verbs.register("lead/note", NoteViewSet, "note")
verbs.register("lead", LeadViewSet)
api = [
    path("lead", PushedLeads.as_view({"post": "create"}), name="v1-lead"),
    path("lead/lead-list", PushedLeadList.as_view({"get": "list"}), name="v1-lead-list"),
    *verbs.urls,
]

pages = [
    path("", leads.LeadList.as_view(), name="list"),
    path("add", add.AddLeadPage.as_view(), name="add"),
    path("views/add", views.SaveView.as_view(), name="view_add"),
    path("views/<int:pk>", views.EditView.as_view(), name="view_edit"),
    path("bulk", leads.BulkLeads.as_view(), name="bulk"),
    path("<int:pk>/", lead.ViewLead.as_view(), name="view"),
    path("<int:pk>/status", lead.SetStatus.as_view(), name="status"),
    path("<int:pk>/note", lead.AddNote.as_view(), name="note"),
    path("<int:pk>/delete", lead.DeleteLead.as_view(), name="delete"),
    path("<int:pk>/field/<path:name>", lead.EditField.as_view(), name="field"),
]
