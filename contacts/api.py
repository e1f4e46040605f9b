"""Contacts over the API (section 6.4), and the conversion of leads."""

from dataclasses import asdict

from rest_framework.decorators import action

from contacts import conversion, edit, edit_many
from contacts.filters import ContactFilter
from contacts.merge import survivor_of
from contacts.models import Contact
from contacts.serializers import AddContact, BulkUpdateContacts, Convert, UpdateContact, attributes
from leads.filters import LeadFilter
from leads.models import Lead
from lio.api.envelope import Envelope
from lio.api.schema import documented
from lio.api.views import LioView
from lio.api.viewsets import ListAction, TenantViewSet, UpdateAction, ViewAction, path_id
from lio.errors import Missing
from lio.rows import json_of_one
from lio.selection import Selection, selected_rows
from lookups.changing import tag_ids

CHANGED = {"updated": int, "ids": [int], "job_id?": int}
CONVERSION = {"lead_id": int, "contact_id": int, "company_id": int | None, "made_contact": bool, "made_company": bool,
              "contact": dict, "deal_id": int | None}
FURTHER = ("deal",)  # what else may be made of a lead at the same time, by higher floors (lio.registry.on_conversion)
CONVERTED = {"total": int, "made": int, "joined": int, "already_converted": int, "ids": [int], "job_id": int | None}


class ContactViewSet(ListAction, ViewAction, UpdateAction, TenantViewSet):
    queryset = Contact.objects.all()
    filter_class = ContactFilter
    permissions = {
        "list": "records.view",
        "retrieve": "records.view",
        "create": "records.edit",
        "update": "records.edit",
        "bulk_update": "records.edit",
        "destroy": "records.delete",
    }

    @documented("One contact; of a contact that was merged, the contact that it is now")
    def retrieve(self, request, pk):
        number = path_id(pk)
        shown = json_of_one(self.get_queryset(), number)
        return Envelope(shown or self.shown(survivor_of(self.organization, number) or number))

    @documented(input=AddContact)
    def create(self, request):
        given = self.read(AddContact)
        tags = tag_ids(self.organization, given.pop("tags", None) or [])
        contact_id = edit.add(self.organization, attributes(self.organization, given, new=True), tags=tags, by=self.caller)
        return Envelope(self.shown(contact_id), self.message("created"), status=201)

    @documented("Change the sent fields of a contact; custom_fields are merged, emails and phone_numbers replaced",
                input=UpdateContact)
    def update(self, request, pk):
        number = path_id(pk)
        if not self.get_queryset().filter(pk=number).exists():
            raise Missing()
        given = self.read(UpdateContact, partial=True)
        tags = tag_ids(self.organization, given.pop("tags") or []) if "tags" in given else None
        edit.update(number, self.organization, attributes(self.organization, given), tags=tags, by=self.caller)
        return Envelope(self.shown(number), self.message("updated"))

    @action(detail=False, methods=["post"], url_path="bulk-update")
    @documented("Set the same values of many contacts", input=BulkUpdateContacts, answer=CHANGED)
    def bulk_update(self, request):
        given = self.read(BulkUpdateContacts)
        fields = (given.get("fields") or {}) | {name: request.data[name] for name in BESIDE if name in request.data}
        done = edit_many.set_fields(self.selected(given), fields, by=self.caller)
        extra = {"job_id": done.job_id} if done.job_id else {}
        return Envelope({"updated": done.count, "ids": done.ids, **extra}, "Contacts updated successfully")

    @documented("Delete the contact in the path, or those that the body names; then the path may hold 0", input=Selection,
                answer={"deleted": int, "ids": [int], "job_id?": int})
    def destroy(self, request, pk):
        rows = self.to_delete(request, path_id(pk))
        done = edit_many.delete(rows, by=self.caller)
        extra = {"job_id": done.job_id} if done.job_id else {}
        return Envelope({"deleted": done.count, "ids": done.ids, **extra}, self.message("deleted"))

    def to_delete(self, request, number):
        """The rows that a DELETE means (R17): those of the body, or else of the query; without either the one in the path."""
        body = request.data if isinstance(request.data, dict) else {}
        if body.keys() & {"ids", "select_all", "filters"} or {"ids", "ids[]"} & request.query_params.keys():
            return self.selected(Selection.of_delete(request))
        rows = self.get_queryset().filter(pk=number)
        if not rows.exists():
            raise Missing()
        return rows


BESIDE = ("company_id", "lead_score", "tags", "designation", "seniority", "department", "decision_maker", "city", "country",
          "status", "custom_fields")


class ConvertLead(LioView):
    permissions = {"post": "records.edit"}

    @documented("Make a contact and a company of a lead", input=Convert, status=201, answer=CONVERSION)
    def post(self, request):
        given = Convert.read(request.data)
        choice = {name: given[name] for name in ("company", "new_contact", "contact_id") if given.get(name)}
        if "company_id" in given:
            choice["company_id"] = given["company_id"] and given["company_id"].pk
        further = {name: given[name] for name in FURTHER if given.get(name) is not None}
        choice["further"] = further or None
        done = asdict(conversion.convert(given["lead"].pk, self.organization, by=request.user, **choice))
        made = dict.fromkeys(f"{name}_id" for name in FURTHER) | done.pop("further")
        contact = json_of_one(Contact.objects.whole(self.organization), done["contact_id"])
        return Envelope(done | {"contact": contact} | made, "Lead converted successfully", status=201)


class ConvertLeads(LioView):
    permissions = {"post": "records.edit"}

    @documented("Make contacts and companies of many leads", input=Selection, answer=CONVERTED, status=200)
    def post(self, request):
        rows = selected_rows(Lead.objects.whole(self.organization), Selection.read(request.data), LeadFilter, request.user)
        return Envelope(asdict(conversion.convert_all(rows, by=request.user)), "Leads converted successfully")
