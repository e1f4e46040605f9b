"""Where pipelines and deals answer. The roof (lio/urls.py) puts these lists under their prefixes."""

from django.urls import path

from deals.api import ContactOfDeal, ContactsOfDeal, DealViewSet, PipelineStages, PipelineViewSet, RateViewSet, UploadRates
from deals.forecast.urls import api as forecasts
from deals.forecast.urls import pages as forecast_pages  # noqa: F401 - for the roof
from deals.pages import add, board, deal, moving, pipelines
from deals.pages import list as deals
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

settings = [
    path("pipelines", pipelines.Pipelines.as_view(), name="pipelines"),
    path("pipelines/add", pipelines.EditPipeline.as_view(), name="pipeline_add"),
    path("pipelines/<int:pk>", pipelines.EditPipeline.as_view(), name="pipeline"),
    path("stages/<int:pk>/delete", pipelines.DeleteStage.as_view(), name="stage_delete"),
    path("rates", pipelines.Rates.as_view(), name="rates"),
]
pages = [
    path("", board.Home.as_view(), name="home"),
    path("board", board.Board.as_view(), name="board"),
    path("board/cards", board.Cards.as_view(), name="cards"),
    path("board/add/<int:stage_id>", board.QuickAdd.as_view(), name="quick"),
    path("board/bulk", board.BulkBoard.as_view(), name="board_bulk"),
    path("board/views/add", board.SaveBoardView.as_view(), name="board_view_add"),
    path("board/views/<int:pk>", board.EditBoardView.as_view(), name="board_view_edit"),
    path("list", deals.DealList.as_view(), name="list"),
    path("views/add", deals.SaveDealView.as_view(), name="view_add"),
    path("views/<int:pk>", deals.EditDealView.as_view(), name="view_edit"),
    path("bulk", deals.BulkDeals.as_view(), name="bulk"),
    path("add", add.AddDealPage.as_view(), name="add"),
    path("leads", add.FindLeads.as_view(), name="leads"),
    path("<int:pk>/", deal.ViewDeal.as_view(), name="view"),
    path("<int:pk>/edit", add.EditDealPage.as_view(), name="edit"),
    path("<int:pk>/move", moving.MoveDealPage.as_view(), name="move"),
    path("<int:pk>/contacts", deal.DealContacts.as_view(), name="contacts"),
    path("<int:pk>/note", deal.AddNote.as_view(), name="note"),
    path("<int:pk>/notes/<int:note_id>", deal.EditNote.as_view(), name="edit_note"),
    path("<int:pk>/documents", deal.AddDocument.as_view(), name="document_add"),
    path("<int:pk>/documents/<int:document_id>", deal.DeleteDocument.as_view(), name="document"),
    path("<int:pk>/delete", deal.DeleteDeal.as_view(), name="delete"),
    path("<int:pk>/field/<path:name>", deal.EditField.as_view(), name="field"),
]
