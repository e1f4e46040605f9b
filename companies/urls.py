from django.urls import path

from companies.api import CompanyViewSet
from companies.pages import add, company
from companies.pages import list as companies
from lio.api.routers import VerbRouter

verbs = VerbRouter()
verbs.register("company", CompanyViewSet)
api = verbs.urls

pages = [
    path("", companies.CompanyList.as_view(), name="list"),
    path("add", add.AddCompanyPage.as_view(), name="add"),
    path("hint", add.CompanyHint.as_view(), name="hint"),
    path("bulk", companies.BulkCompanies.as_view(), name="bulk"),
    path("views/add", companies.SaveCompanyView.as_view(), name="view_add"),
    path("views/<int:pk>", companies.EditCompanyView.as_view(), name="view_edit"),
    path("<int:pk>/", company.ViewCompany.as_view(), name="view"),
    path("<int:pk>/note", company.AddNote.as_view(), name="note"),
    path("<int:pk>/notes/<int:note_id>", company.EditNote.as_view(), name="edit_note"),
    path("<int:pk>/documents", company.AddDocument.as_view(), name="document_add"),
    path("<int:pk>/documents/<int:document_id>", company.DeleteDocument.as_view(), name="document"),
    path("<int:pk>/logo", company.SetLogo.as_view(), name="picture"),
    path("<int:pk>/delete", company.DeleteCompany.as_view(), name="delete"),
    path("<int:pk>/field/<path:name>", company.EditField.as_view(), name="field"),
]
