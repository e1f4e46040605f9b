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
from deals.forecast.pages import accuracy, changed, goals, months, risks

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
pages = [
    path("", months.ByMonth.as_view(), name="home"),
    path("month/<str:period>", months.OneMonth.as_view(), name="month"),
    path("changes", changed.Changed.as_view(), name="changes"),
    path("at-risk", risks.AtRisk.as_view(), name="at-risk"),
    path("accuracy", accuracy.Accuracy.as_view(), name="accuracy"),
    path("accuracy.<str:kind>", accuracy.AccuracyFile.as_view(), name="accuracy-file"),
    path("goals", goals.Goals.as_view(), name="goals"),
]
