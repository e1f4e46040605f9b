from django.urls import path

from lio.api.routers import VerbRouter
from lookups import pages
from lookups.api import CustomFieldViewSet, LookupViewSet, ViewViewSet

verbs = VerbRouter()
verbs.register("custom-lookups", LookupViewSet)
verbs.register("custom-fields", CustomFieldViewSet)
verbs.register("custom-view", ViewViewSet)
api = verbs.urls

settings = [
    path("fields", pages.Fields.as_view(), name="fields"),
    path("fields/add", pages.AddField.as_view(), name="field_add"),
    path("fields/<int:pk>", pages.EditField.as_view(), name="field"),
]
