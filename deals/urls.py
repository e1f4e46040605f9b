"""Where pipelines and deals answer. The roof (lio/urls.py) puts these lists under their prefixes."""

from django.urls import path

from deals.api import ContactOfDeal, ContactsOfDeal, DealViewSet, PipelineStages, PipelineViewSet, RateViewSet, UploadRates
from deals.forecast.urls import api as forecasts
from lio.api.routers import VerbRouter

verbs = VerbRouter()
verbs.register("lead/deal", DealViewSet, "deal")
verbs.register("pipelines", PipelineViewSet)
verbs.register("exchange-rates", RateViewSet)
api = [
    path("pipelines/stages/<str:pk>", PipelineStages.as_view({"get": "retrieve"}), name="pipelines-stages"),
    path("pipelines/stages/delete/<str:pk>", PipelineStages.as_view({"delete": "destroy"}), name="pipelines-stage-delete"),
    path("lead/deal/<str:pk>/contacts", ContactsOfDeal.as_view(), name="deal-contacts-add"),
    path("lead/deal/<str:pk>/contacts/<str:contact_id>", ContactOfDeal.as_view(), name="deal-contacts-remove"),
    path("exchange-rates/upload", UploadRates.as_view(), name="exchange-rates-upload"),
    *forecasts,
    *verbs.urls,
]
