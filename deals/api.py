"""Pipelines and deals over the API (sections 6.6, 7.2, 7.3)."""

from rest_framework.decorators import action

from activity.content import clean_name
from deals import bulk, contacts, edit, pipelines, rates
from deals.filters import DealFilter, PipelineFilter, RateFilter
from deals.models import Deal, DealContact, ExchangeRate, Pipeline, Stage
from deals.serializers import (
    AddDeal,
    AddPipeline,
    BulkUpdate,
    MoveDeal,
    MoveTo,
    PutContact,
    Rate,
    RateFile,
    UpdateDeal,
    UpdatePipeline,
    attributes,
    pipeline_attributes,
)
from lio.api.envelope import Envelope
from lio.api.schema import documented
from lio.api.views import LioView, UploadView
from lio.api.viewsets import (
    AddAction,
    DeleteManyAction,
    ListAction,
    TenantViewSet,
    UpdateAction,
    ViewAction,
    path_id,
)
from lio.errors import Invalid, Missing
from lio.rows import json_row, plain_rows

CHANGED = {"updated": int, "ids": [int], "job_id?": int}
STAGE = {"id": int, "pipeline_id": int, "name": str, "color": str, "position": int, "is_won": bool, "is_lost": bool,
         "probability": float, "max_days_in_stage": int | None, "required_fields": [str]}
RATE_FILE = 2 * 1024 * 1024  # bytes


class PipelineViewSet(ListAction, AddAction, UpdateAction, DeleteManyAction, TenantViewSet):
    queryset = Pipeline.objects.all()
    input_class, filter_class = AddPipeline, PipelineFilter
    update_method = "put"
    permissions = {"list": "records.view", "create": "lookups.manage", "update": "lookups.manage",
                   "destroy_many": "lookups.manage"}

    def perform_create(self, given):
        values = pipeline_attributes(self.organization, given)
        return pipelines.add(self.organization, by=self.caller, **values | {"stages": values.get("stages") or ()})

    @documented("Change a pipeline; `stages` replaces its unprotected stages", input=UpdatePipeline)
    def update(self, request, pk):
        row = self.get_object(pk)
        values = pipeline_attributes(self.organization, self.read(UpdatePipeline, partial=True))
        pipelines.update(row, by=self.caller, **values)
        return Envelope(self.shown(row.pk), self.message("updated"))

    def perform_destroy(self, rows):
        return pipelines.delete(rows, by=self.caller)


class PipelineStages(TenantViewSet):
    queryset = Pipeline.objects.all()
    permissions = {"retrieve": "records.view", "destroy": "lookups.manage"}

    @documented("All stages of a pipeline in the order of their position",
                body={"success": bool, "message": str, "data": [STAGE], "total": int, "page": int, "limit": int})
    def retrieve(self, request, pk):
        pipeline = self.get_object(pk)
        stages = plain_rows(Stage.objects.filter(pipeline=pipeline).alive().order_by("position", "id").rows())
        shown = [stage | {"probability": float(stage["probability"])} for stage in stages]
        return Envelope(shown, total=len(shown), page=1, limit=len(shown))

    @documented("Delete a stage; its deals go to `move_to`", input=MoveTo, answer={"deleted": int, "ids": [int]})
    def destroy(self, request, pk):
        stages = Stage.objects.of(self.organization).alive().filter(pipeline__deleted_at=None)
        stage = stages.filter(pk=path_id(pk)).first()
        if stage is None:
            raise Missing()
        sent = request.data if isinstance(request.data, dict) and request.data else request.query_params.dict()
        pipelines.delete_stage(stage, move_to=MoveTo.read(sent, partial=True).get("move_to"), by=self.caller)
        return Envelope({"deleted": 1, "ids": [stage.pk]}, "Stage deleted successfully")


class DealViewSet(ListAction, ViewAction, UpdateAction, DeleteManyAction, TenantViewSet):
    queryset = Deal.objects.all()
    filter_class = DealFilter
    permissions = {"list": "records.view", "retrieve": "records.view", "create": "records.edit", "update": "records.edit",
                   "destroy_many": "records.delete", "move": "records.edit", "bulk_update": "records.edit"}

    @documented(input=AddDeal)
    def create(self, request):
        given = self.read(AddDeal)
        values = attributes(self.organization, given, new=True)
        deal_id = edit.add(self.organization, values.pop("lead_id"), values, by=self.caller)
        return Envelope(self.shown(deal_id), self.message("created"), status=201)

    @documented("One deal with the stages it went through and its contacts", failures=(401, 403, 404),
                answer=Deal.objects.whole_rows())
    def retrieve(self, request, pk):
        row = json_row(self.get_queryset().filter(pk=path_id(pk)).whole_rows())
        if row is None:
            raise Missing()
        return Envelope(row)

    @documented("Change the sent fields of a deal; with `version`, only if nobody else has since", input=UpdateDeal)
    def update(self, request, pk):
        return self.change(pk, UpdateDeal)

    @action(detail=True, methods=["post"], url_path="move")
    @documented("Move a deal to a stage, beneath the deal `after_id` of its column or on top of it", input=MoveDeal)
    def move(self, request, pk):
        return self.change(pk, MoveDeal, moves=True)

    def change(self, pk, input_class, *, moves=False):
        row = self.get_object(pk)
        given = self.read(input_class, partial=True)
        if moves and "stage" not in given and "after_id" not in given:
            raise Invalid({"stage_id": ["This field is required."]})
        after = (given["after_id"] and given["after_id"].pk) if "after_id" in given else edit.KEEP
        edit.update(row.pk, self.organization, attributes(self.organization, given), version=given.get("version"), after=after,
                    by=self.caller)
        return Envelope(self.shown(row.pk), self.message("updated"))

    def perform_destroy(self, rows):
        return edit.delete(rows, by=self.caller)

    @action(detail=False, methods=["post"], url_path="bulk-update")
    @documented("Set the same values of many deals; a stage moves those of its pipeline", input=BulkUpdate, answer=CHANGED)
    def bulk_update(self, request):
        given = self.read(BulkUpdate)
        outcome = bulk.set_fields(self.selected(given), given["fields"], by=self.caller)
        extra = {"job_id": outcome.job_id} if outcome.job_id else {}
        return Envelope({"updated": outcome.count, "ids": outcome.ids, **extra}, "Deals updated successfully")


def living_deal(organization, pk):
    found = Deal.objects.of(organization).alive().filter(pk=path_id(pk)).first()
    if found is None:
        raise Missing()
    return found


class ContactsOfDeal(LioView):
    """Who has a say in a deal."""

    permissions = {"post": "records.edit"}

    @documented("Give a contact a role in a deal, or another one", input=PutContact, status=201,
                answer={"id": int, "deal_id": int, "contact_id": int, "role": str, "name": str, "email": str | None,
                        "designation": str | None, "created_at": str})
    def post(self, request, pk):
        deal = living_deal(self.organization, pk)
        given = PutContact.read(request.data)
        row = contacts.put(deal, given["contact"], role=given.get("role") or DealContact.Role.OTHER, by=self.caller)
        return Envelope(json_row(DealContact.objects.filter(pk=row.pk).rows()), "Contact added successfully", status=201)


class ContactOfDeal(LioView):
    permissions = {"delete": "records.edit"}

    @documented("Take a contact out of a deal", answer={"deleted": int, "ids": [int]})
    def delete(self, request, pk, contact_id):
        deal, number = living_deal(self.organization, pk), path_id(contact_id)
        contacts.remove(deal, number, by=self.caller)
        return Envelope({"deleted": 1, "ids": [number]}, "Contact removed successfully")


class RateViewSet(ListAction, DeleteManyAction, TenantViewSet):
    queryset = ExchangeRate.objects.all()
    filter_class = RateFilter
    permissions = {"list": "records.view", "create": "organization.manage", "destroy_many": "organization.manage"}

    @documented("Set the exchange rate of a currency from a day on", input=Rate)
    def create(self, request):
        given = self.read(Rate)
        entry = (given["day"], given["currency"], given["rate"])
        rates.set_rates(self.organization, [entry], source=given.get("source") or "", by=self.caller)
        row = ExchangeRate.objects.of(self.organization).get(day=given["day"], currency=given["currency"])
        return Envelope(self.shown(row.pk), self.message("created"), status=201)

    def perform_destroy(self, rows):
        return rates.delete(rows, by=self.caller)


class UploadRates(UploadView):
    permissions = {"post": "organization.manage"}
    upload_limit = RATE_FILE

    @documented("Set exchange rates from a CSV file with the columns day, currency and rate", input=RateFile, status=201,
                answer={"rates": int})
    def post(self, request):
        file = RateFile.read(self.sent())["file"]
        if file.size > RATE_FILE:
            raise Invalid({"file": [f"must be at most {RATE_FILE // 1024 // 1024} MB"]})
        name = clean_name(file.name, "text/csv")[:100]
        count = rates.set_rates(self.organization, rates.read_file(file.read()), source=name, by=self.caller)
        return Envelope({"rates": count}, "Exchange rates created successfully", status=201)
