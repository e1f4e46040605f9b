from django.urls import path

from integrations import pages
from integrations.api import Services

api = [path("integrations", Services.as_view(), name="integrations")]

settings = [
    path("enrichment", pages.Sources.as_view(), name="enrichment"),
    path("enrichment/<str:provider>", pages.Connect.as_view(), name="enrichment_connect"),
    path("enrichment/<str:provider>/disconnect", pages.Disconnect.as_view(), name="enrichment_disconnect"),
]
