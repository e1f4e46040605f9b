"""Companies over the API (section 6.4)."""

from rest_framework.decorators import action

from activity.storing import IMAGE_LIMIT
from companies import bulk, edit, logos
from companies.filters import CompanyFilter
from companies.models import Company, survivor_of
from companies.serializers import AddCompany, BulkUpdate, UpdateCompany, attributes
from companies.stats import stats
from lio.api.envelope import Envelope
from lio.api.schema import documented
from lio.api.viewsets import (
    DeleteNamedAction,
    ListAction,
    TakesForms,
    TenantViewSet,
    UpdateAction,
    ViewAction,
    path_id,
)
from lio.errors import Missing
from lio.listing import Listing
from lio.rows import json_of_one
from lookups.changing import tag_ids

CHANGED = {"updated": int, "ids": [int], "job_id?": int}
GROUP = [{"name": str | None, "count": int}]
STATS = {"total": int, "by_industry": GROUP, "by_country": GROUP, "by_employee_size": GROUP, "average_rating": float | None}


class CompanyViewSet(TakesForms, ListAction, ViewAction, UpdateAction, DeleteNamedAction, TenantViewSet):
    queryset = Company.objects.all()
    filter_class = CompanyFilter
    form_actions, object_fields = ("create", "update"), ("custom_fields", "ai_information")
    upload_limit, upload_field = IMAGE_LIMIT, "company_logo"
    permissions = {
        "list": "records.view",
        "stats": "records.view",
        "retrieve": "records.view",
        "create": "records.edit",
        "update": "records.edit",
        "bulk_update": "records.edit",
        "destroy": "records.delete",
    }

    @action(detail=False, methods=["get"])
    @documented("Counts over the companies that the list shows with the same filters", answer=STATS, filtered=True)
    def stats(self, request):
        listing = Listing(self.get_queryset(), CompanyFilter, request.query_params, request.user)
        return Envelope(stats(listing.rows))

    @documented("One company; of a company that was merged, the company that it is now")
    def retrieve(self, request, pk):
        number = path_id(pk)
        row = json_of_one(self.get_queryset(), number)
        return Envelope(row or self.shown(survivor_of(self.organization, number) or number))

    @documented("Create a company; multipart/form-data when a logo is sent along", input=AddCompany)
    def create(self, request):
        given = AddCompany.read(self.sent())
        logo = given.pop("company_logo", None)
        tags = tag_ids(self.organization, given.pop("tags", None) or [])
        company_id = edit.add(self.organization, attributes(self.organization, given, new=True), tags=tags, by=self.caller)
        if logo:
            logos.set_logo(company_id, self.organization, logo, by=self.caller)
        return Envelope(self.shown(company_id), self.message("created"), status=201)

    @documented("Change the sent fields of a company; custom_fields and ai_information are merged", input=UpdateCompany)
    def update(self, request, pk):
        number = path_id(pk)
        if not self.get_queryset().filter(pk=number).exists():
            raise Missing()
        given = UpdateCompany.read(self.sent(), partial=True)
        logo, asked = given.pop("company_logo", None), "tags" in given
        tags = tag_ids(self.organization, given.pop("tags", None) or []) if asked else None
        edit.update(number, self.organization, attributes(self.organization, given), tags=tags, by=self.caller)
        if logo:
            logos.set_logo(number, self.organization, logo, by=self.caller)
        return Envelope(self.shown(number), self.message("updated"))

    @action(detail=False, methods=["post"], url_path="bulk-update")
    @documented("Set the same values of many companies", input=BulkUpdate, answer=CHANGED)
    def bulk_update(self, request):
        given = self.read(BulkUpdate)
        return self.changed(bulk.set_fields(self.selected(given), given["fields"], by=self.caller))

    def perform_destroy(self, rows):
        return edit.delete(rows, by=self.caller)

    def changed(self, outcome):
        extra = {"job_id": outcome.job_id} if outcome.job_id else {}
        return Envelope({"updated": outcome.count, "ids": outcome.ids, **extra}, "Companies updated successfully")
