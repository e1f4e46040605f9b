from django.urls import path

from contacts.api import ContactViewSet, ConvertLead, ConvertLeads
from contacts.merge_api import ContactDuplicates, MergeContacts
from lio.api.routers import VerbRouter

verbs = VerbRouter()
verbs.register("contact", ContactViewSet)
api = [
    path("lead/convert", ConvertLead.as_view(), name="lead-convert"),
    path("lead/bulk-convert", ConvertLeads.as_view(), name="lead-bulk-convert"),
    path("contact/merge", MergeContacts.as_view(), name="contact-merge"),
    path("contact/duplicates", ContactDuplicates.as_view({"get": "list"}), name="contact-duplicates"),
    path("contact/duplicates/dismiss", ContactDuplicates.as_view({"post": "dismiss"}), name="contact-duplicates-dismiss"),
    path("contact/duplicates/<str:pk>", ContactDuplicates.as_view({"get": "retrieve"}), name="contact-duplicates-of"),
    *verbs.urls,
]
