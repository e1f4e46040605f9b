from django.urls import path

from leads.api import (
    AddLeadDocument,
    DocumentViewSet,
    FollowUpViewSet,
    LeadDuplicates,
    LeadViewSet,
    MergeLeads,
    NoteViewSet,
    PushedLeadList,
    PushedLeads,
    SetPicture,
)
from leads.pages import add, bulk, conditions, duplicates, lead, score, score_past, views, work
from leads.pages import list as leads
from leads.scoring.api import LearnScores, ScoreModelView, ScoreOfLead, ScoreSettingsView
from leads.web_forms import pages as web_forms
from leads.web_forms.api import WebFormViewSet
from leads.web_forms.views import Colors, HostedForm
from lio.api.routers import RestRouter, VerbRouter

verbs, rest = VerbRouter(), RestRouter()
rest.register("web-forms", WebFormViewSet)
verbs.register("lead/note", NoteViewSet, "note")
verbs.register("lead/follow-up", FollowUpViewSet, "follow-up")
verbs.register("lead/document", DocumentViewSet, "document")
verbs.register("lead", LeadViewSet)
api = [
    path("lead", PushedLeads.as_view({"post": "create"}), name="v1-lead"),
    path("lead/lead-list", PushedLeadList.as_view({"get": "list"}), name="v1-lead-list"),
    path("lead/merge", MergeLeads.as_view(), name="lead-merge"),
    path("lead/duplicates", LeadDuplicates.as_view({"get": "list"}), name="lead-duplicates"),
    path("lead/duplicates/dismiss", LeadDuplicates.as_view({"post": "dismiss"}), name="lead-duplicates-dismiss"),
    path("lead/duplicates/<str:pk>", LeadDuplicates.as_view({"get": "retrieve"}), name="lead-duplicates-of"),
    path("lead/document/add", AddLeadDocument.as_view(), name="lead-document-add"),
    path("lead-score/model", ScoreModelView.as_view(), name="lead-score-model"),
    path("lead-score/settings", ScoreSettingsView.as_view(), name="lead-score-settings"),
    path("lead-score/learn", LearnScores.as_view(), name="lead-score-learn"),
    path("lead-score/lead/<str:pk>", ScoreOfLead.as_view(), name="lead-score-lead"),
    path("lead/<str:pk>/upload-profile-image", SetPicture.as_view(), name="lead-upload-profile-image"),
    path("web-form/<str:form_link>", HostedForm.as_view(), name="v1-web-form"),
    *verbs.urls,
    *rest.urls,
]
settings = [
    path("score", score.ScorePage.as_view(), name="score"),
    path("forms", web_forms.WebForms.as_view(), name="forms"),
    path("forms/add", web_forms.AddForm.as_view(), name="form_add"),
    path("forms/held", web_forms.Held.as_view(), name="forms_held"),
    path("forms/<int:pk>", web_forms.EditForm.as_view(), name="form"),
    path("forms/<int:pk>/delete", web_forms.DeleteForm.as_view(), name="form_delete"),
]
public = [path("form-colors/<str:name>.css", Colors.as_view(), name="colors")]

pages = [
    path("", leads.LeadList.as_view(), name="list"),
    path("add", add.AddLeadPage.as_view(), name="add"),
    path("combine", conditions.CombineFilters.as_view(), name="combine"),
    path("views/add", views.SaveView.as_view(), name="view_add"),
    path("views/<int:pk>", views.EditView.as_view(), name="view_edit"),
    path("duplicates/", duplicates.DuplicateList.as_view(), name="duplicates"),
    path("duplicates/dismiss", duplicates.Dismiss.as_view(), name="dismiss"),
    path("duplicates/hint", duplicates.DuplicateHint.as_view(), name="hint"),
    path("merge", duplicates.MergePage.as_view(), name="merge"),
    path("bulk", bulk.BulkLeads.as_view(), name="bulk"),
    path("<int:pk>/", lead.ViewLead.as_view(), name="view"),
    path("<int:pk>/score", score_past.ScorePast.as_view(), name="score"),
    path("<int:pk>/status", lead.SetStatus.as_view(), name="status"),
    path("<int:pk>/note", lead.AddNote.as_view(), name="note"),
    path("<int:pk>/notes/<int:note_id>", work.EditNote.as_view(), name="edit_note"),
    path("<int:pk>/follow-ups", work.AddFollowUpToLead.as_view(), name="follow_up_add"),
    path("<int:pk>/follow-ups/<int:follow_up_id>", work.ChangeFollowUpOfLead.as_view(), name="follow_up"),
    path("<int:pk>/documents", work.AddDocumentToLead.as_view(), name="document_add"),
    path("<int:pk>/documents/<int:document_id>", work.DeleteDocumentOfLead.as_view(), name="document"),
    path("<int:pk>/picture", work.PictureOfLead.as_view(), name="picture"),
    path("<int:pk>/delete", lead.DeleteLead.as_view(), name="delete"),
    path("<int:pk>/field/<path:name>", lead.EditField.as_view(), name="field"),
]
