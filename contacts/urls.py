from django.urls import path

from contacts.api import ContactViewSet, ConvertLead, ConvertLeads
from contacts.pages import add, contact, convert
from contacts.pages import list as contacts
from lio.api.routers import VerbRouter

verbs = VerbRouter()
verbs.register("contact", ContactViewSet)
api = [
    path("lead/convert", ConvertLead.as_view(), name="lead-convert"),
    path("lead/bulk-convert", ConvertLeads.as_view(), name="lead-bulk-convert"),
    *verbs.urls,
]

pages = [
    path("", contacts.ContactList.as_view(), name="list"),
    path("add", add.AddContactPage.as_view(), name="add"),
    path("hint", add.ContactHint.as_view(), name="hint"),
    path("bulk", contacts.BulkContacts.as_view(), name="bulk"),
    path("convert/<int:pk>", convert.ConvertPage.as_view(), name="convert"),
    path("views/add", contacts.SaveContactView.as_view(), name="view_add"),
    path("views/<int:pk>", contacts.EditContactView.as_view(), name="view_edit"),
    path("<int:pk>/", contact.ViewContact.as_view(), name="view"),
    path("<int:pk>/note", contact.AddNote.as_view(), name="note"),
    path("<int:pk>/notes/<int:note_id>", contact.EditNote.as_view(), name="edit_note"),
    path("<int:pk>/documents", contact.AddDocument.as_view(), name="document_add"),
    path("<int:pk>/documents/<int:document_id>", contact.DeleteDocument.as_view(), name="document"),
    path("<int:pk>/delete", contact.DeleteContact.as_view(), name="delete"),
    path("<int:pk>/field/<path:name>", contact.EditField.as_view(), name="field"),
]
