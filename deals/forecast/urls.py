"""Where forecasts answer."""

from django.urls import path

from deals.forecast.api import (
    Accuracy,
    Changes,
    Contributors,
    DealForecast,
    DealForecastHistory,
    DealsAtRisk,
    Goals,
    PipelineForecast,
)

api = [
    path("forecast/deal/<str:pk>", DealForecast.as_view(), name="forecast-deal"),
    path("forecast/deal/<str:pk>/history", DealForecastHistory.as_view(), name="forecast-deal-history"),
    path("forecast/pipeline", PipelineForecast.as_view(), name="forecast-pipeline"),
    path("forecast/pipeline/contributors", Contributors.as_view({"get": "list"}), name="forecast-contributors"),
    path("forecast/at-risk", DealsAtRisk.as_view({"get": "list"}), name="forecast-at-risk"),
    path("forecast/accuracy", Accuracy.as_view(), name="forecast-accuracy"),
    path("forecast/changes", Changes.as_view(), name="forecast-changes"),
    path("forecast/goals", Goals.as_view(), name="forecast-goals"),
]
