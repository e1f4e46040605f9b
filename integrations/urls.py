from django.urls import path

from integrations import pages

settings = [
    path("enrichment", pages.Sources.as_view(), name="enrichment"),
    path("enrichment/<str:provider>", pages.Connect.as_view(), name="enrichment_connect"),
    path("enrichment/<str:provider>/disconnect", pages.Disconnect.as_view(), name="enrichment_disconnect"),
]
