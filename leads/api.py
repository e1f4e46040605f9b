"""Leads over the API (sections 6.2, 7.1, 8.1, 8.2)."""

from typing import Any

from rest_framework.decorators import action

from accounts.authentication import BearerToken, KeyHeader
from activity import attachments, storing
from activity.models import Attachment
from leads import bulk, duplicates, edit, follow_ups, merge, notes, pictures
from leads.capture import capture
from leads.filters import DocumentFilter, DuplicateFilter, FollowUpFilter, KeyLeadFilter, LeadFilter, NoteFilter
from leads.models import Document, DuplicatePair, FollowUp, Lead, Note
from leads.serializers import (
    AddDocument,
    AddFollowUp,
    AddLead,
    AddNote,
    Assign,
    AssignTags,
    BulkUpdate,
    ChangeFollowUp,
    ChangeNote,
    CustomFieldValue,
    CustomValues,
    Picture,
    PushedLead,
    StatusChange,
    UpdateLead,
    attributes,
    check_active,
    entry,
    follow_up_attributes,
    misfits,
    tag_ids,
)
from lio.api.envelope import Envelope
from lio.api.merging import Duplicates, Merge, MergeView
from lio.api.schema import documented
from lio.api.views import UploadView
from lio.api.viewsets import AddAction, DeleteManyAction, ListAction, TenantViewSet, UpdateAction, ViewAction, path_id
from lio.errors import Missing
from lio.rows import json_of_one
from lookups import fields
from lookups.edit import tags_named

CHANGED = {"updated": int, "ids": [int], "job_id?": int}


class LeadViewSet(ListAction, ViewAction, UpdateAction, DeleteManyAction, TenantViewSet):
    queryset = Lead.objects.all()
    filter_class = LeadFilter
    permissions = {
        "list": "records.view",
        "retrieve": "records.view",
        "create": "records.edit",
        "update": "records.edit",
        "destroy_many": "records.delete",
        "status_change": "records.edit",
        "assign_user": "records.edit",
        "assign_tags": "records.edit",
        "set_assign_tags": "records.edit",
        "bulk_update": "records.edit",
        "update_custom_fields": "records.edit",
        "custom_field": "records.edit",
    }

    @documented(input=AddLead)
    def create(self, request):
        given = self.read(AddLead)
        tags = tag_ids(self.organization, given.pop("tags", None) or [])
        lead_id, _ = capture(self.organization, attributes(self.organization, given, new=True), tags=tags, by=self.caller)
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

    @documented("One lead; of a lead that was merged, the lead that it is now")
    def retrieve(self, request, pk):
        number = path_id(pk)
        return Envelope(json_of_one(self.get_queryset(), number) or self.shown(
            merge.survivor_of(self.organization, number) or number))

    def perform_destroy(self, rows):
        return edit.delete(rows, by=self.caller)

    @action(detail=False, methods=["post"], url_path="update-custom-fields")
    @documented("Merge values into the custom fields of a lead; null removes one", input=CustomValues)
    def update_custom_fields(self, request):
        given = self.read(CustomValues)
        lead = given.pop("lead")
        edit.update(lead.pk, self.organization, attributes(self.organization, given), by=self.caller)
        return Envelope(self.shown(lead.pk), self.message("updated"))

    @action(detail=False, methods=["post"], url_path="custom-field")
    @documented(
        "Define a custom field, once per name, and give it a value on a lead",
        input=CustomFieldValue,
        status=201,
        answer={"id": int, "lead_id": int, "field_name": str, "field_value": object},
    )
    def custom_field(self, request):
        given = self.read(CustomFieldValue)
        field = fields.define(self.organization, given["field_name"], by=self.caller)
        values = attributes(self.organization, {"custom_fields": {field.key: given.get("field_value")}})
        edit.update(given["lead"].pk, self.organization, values, by=self.caller)
        shown = {
            "id": field.pk,
            "lead_id": given["lead"].pk,
            "field_name": field.key,
            "field_value": values["custom_fields"][field.key],
        }
        return Envelope(shown, "Custom field created successfully", status=201)

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

    @action(detail=False, methods=["post"], url_path="assign-tags")
    @documented("Add tags to leads, which keep those that they have", input=AssignTags, answer=CHANGED)
    def assign_tags(self, request):
        return self.tagged(bulk.add_tags)

    @action(detail=False, methods=["post"], url_path="set-assign-tags")
    @documented("Replace the tags of leads; an empty array clears them", input=AssignTags, answer=CHANGED)
    def set_assign_tags(self, request):
        return self.tagged(bulk.set_tags)

    @action(detail=False, methods=["post"], url_path="bulk-update")
    @documented("Set the same values of many leads", input=BulkUpdate, answer=CHANGED)
    def bulk_update(self, request):
        given = self.read(BulkUpdate)
        return self.changed(bulk.set_fields(self.selected(given), given["fields"], by=self.caller))

    def tagged(self, rule):
        given = self.read(AssignTags)
        tag_ids(self.organization, given["tags"])  # refuses what is no tag
        return self.changed(rule(self.selected(given), given["tags"], by=self.caller))

    def changed(self, outcome):
        extra = {"job_id": outcome.job_id} if outcome.job_id else {}
        return Envelope({"updated": outcome.count, "ids": outcome.ids, **extra}, "Leads updated successfully")


class LeadDuplicates(Duplicates):
    queryset, filter_class, matching = DuplicatePair.objects.all(), DuplicateFilter, duplicates.KIT


class MergeLeads(MergeView):
    merging, rule = merge.KIT, staticmethod(merge.merge)

    @documented("Make one lead of 2 to 10", input=Merge, answer={"id": int, "merged": [int], "lead": dict}, status=200)
    def post(self, request):
        return self.merged(request)


class PushedLeads(TenantViewSet):
    """`POST /api/v1/lead` and its list: by API key, or by bearer token."""

    authentication_classes = [BearerToken, KeyHeader]
    accepts_keys = True
    queryset = Lead.objects.all()
    permissions = {"create": "records.edit"}

    @documented(
        "Push a lead from another system",
        input=PushedLead,
        otherwise={200: "Merged into the lead that was there."},
        one_of=("email", "phone_number", "linkedin_url"),
        open=True,
    )
    def create(self, request):
        given, names, on_duplicate = PushedLead.take(request.data)
        tags = tags_named(self.organization, names, by=self.caller) if names else ()
        lead_id, made = capture(
            self.organization,
            attributes(self.organization, given, keep=True),
            tags=tags,
            by=self.caller,
            on_duplicate=on_duplicate,
            keep=True,
        )
        warnings = misfits(self.organization, given)
        return Envelope(
            self.shown(lead_id),
            self.message("created" if made else "updated"),
            status=201 if made else 200,
            **({"warnings": warnings} if warnings else {}),
        )


class PushedLeadList(ListAction, TenantViewSet):
    authentication_classes = [BearerToken, KeyHeader]
    accepts_keys = True
    queryset = Lead.objects.all()
    filter_class = KeyLeadFilter
    permissions = {"list": "records.view"}


class OfLeads(ListAction):
    """Lists of what leads have: of one lead by `lead_id`, else of all."""

    organization: Any

    def list(self, request):
        given = request.query_params.get("lead_id", "")
        if given.isdigit() and not Lead.objects.of(self.organization).alive().filter(pk=path_id(given)).exists():
            raise Missing()
        return super().list(request)


class NoteViewSet(OfLeads, AddAction, UpdateAction, DeleteManyAction, TenantViewSet):
    queryset = Note.objects.all()
    input_class, filter_class = AddNote, NoteFilter
    permissions = {"list": "records.view", "create": "records.edit", "update": "records.edit", "destroy_many": "records.edit"}

    def narrow(self, queryset):
        return queryset.filter(lead__deleted_at=None)

    @documented("List notes, of one lead or of all", failures=(400, 401, 403, 404))
    def list(self, request):
        return super().list(request)

    def perform_create(self, fields):
        return notes.add(fields["lead"], title=fields["title"], note=fields.get("note") or "", by=self.caller)

    @documented("Change the words of a note, or pin it", input=ChangeNote)
    def update(self, request, pk):
        row = self.get_object(pk)
        given = self.read(ChangeNote, partial=True)
        if "note" in given:
            given["note"] = given["note"] or ""
        notes.update(row.pk, self.organization, given, by=self.caller)
        return Envelope(self.shown(row.pk), self.message("updated"))

    def perform_destroy(self, rows):
        return notes.delete(rows, by=self.caller)


class FollowUpViewSet(OfLeads, AddAction, UpdateAction, TenantViewSet):
    queryset = FollowUp.objects.all()
    input_class, filter_class = AddFollowUp, FollowUpFilter
    permissions = {"list": "records.view", "create": "records.edit", "update": "records.edit"}

    def narrow(self, queryset):
        return queryset.filter(lead__deleted_at=None)

    @documented("List follow-ups, of one lead or of all", failures=(400, 401, 403, 404))
    def list(self, request):
        return super().list(request)

    def perform_create(self, fields):
        member = fields.get("assigned_to")
        return follow_ups.add(
            fields["lead"],
            due_at=fields["due_at"],
            notes=fields.get("notes") or "",
            by=self.caller,
            repeats=fields.get("repeats") or "",
            assigned_to=member and check_active(member),
        )

    @documented(
        "Change date, notes, status, owner or repetition of a follow-up; completing one that repeats plans the next",
        input=ChangeFollowUp,
    )
    def update(self, request, pk):
        row = self.get_object(pk)
        given = follow_up_attributes(self.read(ChangeFollowUp, partial=True))
        follow_ups.update(row.pk, self.organization, given, by=self.caller)
        return Envelope(self.shown(row.pk), self.message("updated"))


class DocumentViewSet(OfLeads, DeleteManyAction, TenantViewSet):
    queryset = Document.objects.all()
    filter_class = DocumentFilter
    permissions = {"list": "records.view", "destroy_many": "records.edit"}

    def narrow(self, queryset):
        return queryset.of_living_leads()

    @documented("List documents, of one lead or of all", failures=(400, 401, 403, 404))
    def list(self, request):
        return super().list(request)

    def perform_destroy(self, rows):
        return attachments.remove(Attachment.objects.filter(pk__in=rows.values("pk")), by=self.caller)


class AddLeadDocument(UploadView):
    queryset = Document.objects.all()
    permissions = {"post": "records.edit"}
    upload_limit = storing.FILE_LIMIT

    @documented("Attach an uploaded file to a lead", input=AddDocument, status=201)
    def post(self, request):
        given = AddDocument.read(self.sent())
        row = attachments.add_document(
            self.organization,
            model_type="lead",
            model_id=given["lead"].pk,
            upload=given["file"],
            by=self.caller,
            document_type=given.get("document_type") or "",
            description=given.get("description") or "",
        )
        return Envelope(self.shown(Document, row.pk), "Document created successfully", status=201)


class SetPicture(UploadView):
    permissions = {"post": "records.edit"}
    upload_limit, upload_field = storing.IMAGE_LIMIT, "image"

    @documented("Set the picture of a lead", input=Picture, answer={"id": int, "profile_image": str})
    def post(self, request, pk):
        lead = Lead.objects.of(self.organization).alive().filter(pk=path_id(pk)).first()
        if lead is None:
            raise Missing()
        row = pictures.set_picture(lead.pk, self.organization, Picture.read(self.sent())["image"], by=self.caller)
        return Envelope(
            {"id": lead.pk, "profile_image": f"/api/storage-file/{row.pk}/download"}, "Picture updated successfully"
        )
