"""Leads over the API (sections 6.2, 7.1, 8.1, 8.2)."""

from rest_framework.decorators import action

from accounts.authentication import BearerToken, KeyHeader
from leads import bulk, edit, notes
from leads.capture import capture
from leads.filters import KeyLeadFilter, LeadFilter, NoteFilter
from leads.models import Lead, Note
from leads.serializers import AddLead, AddNote, Assign, PushedLead, StatusChange, UpdateLead, attributes, entry, tag_ids
from lio.api.envelope import Envelope
from lio.api.schema import documented
from lio.api.viewsets import AddAction, DeleteManyAction, ListAction, TenantViewSet, UpdateAction, ViewAction, path_id
from lio.errors import Missing
from lookups.edit import tags_named

CHANGED = {"updated": int, "ids": [int], "job_id?": int}


class LeadViewSet(ListAction, ViewAction, UpdateAction, DeleteManyAction, TenantViewSet):
    queryset = Lead.objects.all()
    filter_class = LeadFilter
    permissions = {"list": "records.view", "retrieve": "records.view", "create": "records.edit", "update": "records.edit",
                   "destroy_many": "records.delete", "status_change": "records.edit", "assign_user": "records.edit"}

    @documented(input=AddLead)
    def create(self, request):
        given = self.read(AddLead)
        tags = tag_ids(self.organization, given.pop("tags", None) or [])
        lead_id, _ = capture(self.organization, attributes(self.organization, given), tags=tags, by=self.caller)
        return Envelope(self.shown(lead_id), self.message("created"), status=201)

    @documented("Change the sent fields of a lead; custom_fields and ai_information are merged", input=UpdateLead)
    def update(self, request, pk):
        number = path_id(pk)
        if not self.get_queryset().filter(pk=number).exists():
            raise Missing()
        given = self.read(UpdateLead, partial=True)
        tags = given.pop("tags", None) if "tags" in given else None
        if "tags" in request.data:
            tags = tag_ids(self.organization, tags or [])
        edit.update(number, self.organization, attributes(self.organization, given), tags=tags, by=self.caller)
        return Envelope(self.shown(number), self.message("updated"))

    def perform_destroy(self, rows):
        return edit.delete(rows, by=self.caller)

    @action(detail=False, methods=["post"], url_path="status-change")
    @documented("Put leads into a status", input=StatusChange, answer=CHANGED)
    def status_change(self, request):
        given = self.read(StatusChange)
        status = entry(self.organization, "status", given["status"], "status")
        return self.changed(bulk.set_status(self.selected(given), status, by=self.caller))

    @action(detail=False, methods=["post"], url_path="assign-user")
    @documented("Assign leads to a member, or with null to nobody", input=Assign, answer=CHANGED)
    def assign_user(self, request):
        given = self.read(Assign)
        return self.changed(bulk.assign(self.selected(given), given["assigned_to"], by=self.caller))

    def changed(self, outcome):
        extra = {"job_id": outcome.job_id} if outcome.job_id else {}
        return Envelope({"updated": outcome.count, "ids": outcome.ids, **extra}, "Leads updated successfully")


class PushedLeads(TenantViewSet):
    """`POST /api/v1/lead` and its list: by API key, or by bearer token."""

    authentication_classes = [BearerToken, KeyHeader]
    accepts_keys = True
    queryset = Lead.objects.all()
    permissions = {"create": "records.edit"}

    @documented("Push a lead from another system", input=PushedLead, otherwise={200: "Merged into the lead that was there."},
                one_of=("email", "phone_number", "linkedin_url"), open=True)
    def create(self, request):
        given, names, on_duplicate = PushedLead.take(request.data)
        tags = tags_named(self.organization, names, by=self.caller) if names else ()
        lead_id, made = capture(self.organization, attributes(self.organization, given), tags=tags, by=self.caller,
                                on_duplicate=on_duplicate)
        return Envelope(self.shown(lead_id), self.message("created" if made else "updated"), status=201 if made else 200)


class PushedLeadList(ListAction, TenantViewSet):
    authentication_classes = [BearerToken, KeyHeader]
    accepts_keys = True
    queryset = Lead.objects.all()
    filter_class = KeyLeadFilter
    permissions = {"list": "records.view"}


class NoteViewSet(ListAction, AddAction, TenantViewSet):
    queryset = Note.objects.all()
    input_class, filter_class = AddNote, NoteFilter
    permissions = {"list": "records.view", "create": "records.edit"}

    def narrow(self, queryset):
        return queryset.filter(lead__deleted_at=None)

    @documented("List notes, of one lead or of all", failures=(400, 401, 403, 404))
    def list(self, request):
        given = request.query_params.get("lead_id", "")
        if given.isdigit() and not Lead.objects.of(self.organization).alive().filter(pk=path_id(given)).exists():
            raise Missing()
        return super().list(request)

    def perform_create(self, fields):
        return notes.add(fields["lead"], title=fields["title"], note=fields.get("note") or "", by=self.caller)
