from django.db import connection
from django.db.models import Exists, OuterRef, Q
from orjson import dumps
from rest_framework.exceptions import ValidationError
from rest_framework.fields import FloatField

from leads.models import FollowUp, LeadTag
from lio.api.fields import INT8, Flag, Ids, Text, Whole
from lio.filters import Filter, ListFilter, PairFilter, any_of, at_least, at_most, of_either, same_text, since, until
from lio.grammar import Column
from lio.models import Change
from lio.search import NEAR
from lookups.filters import OwnFilter


class Holders(Ids):
    """User ids, or the word true for the caller (R32)."""

    def to_internal_value(self, data):
        if data is True or data == "true" or data == ["true"]:
            return True
        return super().to_internal_value(data)


class Numbers(FloatField):
    def to_internal_value(self, data):
        number = super().to_internal_value(data)
        if number != number:
            raise ValidationError("must be a number")
        return number


def held_by(value, caller):
    return Q(assigned_to__in=[getattr(caller, "pk", None) if caller.is_member else None] if value is True else value)


def score(**bounds):
    return Numbers(min_value=0, max_value=100, **bounds)


def changed_in(change_id):
    """The leads that one action made or changed: an import, a bulk action."""
    return Change.objects.filter(change_id=change_id, model_type="lead").values("model_id")


class Tags(Column):
    """The tags of a lead: any of them counts."""

    def compare(self, lookup, value):
        return Q(Exists(LeadTag.objects.filter(lead=OuterRef("pk"), tag__number__in=value)))

    def empty(self):
        return ~Q(Exists(LeadTag.objects.filter(lead=OuterRef("pk"))))


def with_custom(values):
    """Ids of the living leads that hold one of `values` ([{key: value}]); None when they are too many to name."""
    with connection.cursor() as cursor:
        wanted = [dumps(value).decode() for value in values]
        cursor.execute("SELECT leads_with_custom(%s::jsonb[], %s)", [wanted, NEAR + 1])
        ids = cursor.fetchone()[0] or []
    return ids if len(ids) <= NEAR else None


class LeadFilter(OwnFilter):
    module = "lead"
    custom_hits = staticmethod(with_custom)
    columns = {
        **{name: Column("text", name) for name in (
            "first_name", "last_name", "email", "phone_number", "job_title", "industry", "website", "address", "city", "state",
            "country", "pin_code", "linkedin_url", "notes")},
        "company": Column("text", "company__company_name"), "company_id": Column("id", "company_id"),
        "status": Column("id", "status__number"), "lead_source": Column("id", "source__number"),
        "priority": Column("id", "priority"), "tags": Tags("id", "tags"), "assigned_to": Column("person", "assigned_to_id"),
        "do_not_contact": Column("flag", "do_not_contact"),
        "score": Column("number", "score"), "estimated_value": Column("number", "estimated_value"),
        **{name: Column("moment", name) for name in ("created_at", "updated_at", "last_activity_at")},
    }
    filters = {
        "score_min": at_least("score", score()),
        "score_max": at_most("score", score()),
        "assigned_to": Filter(Holders(), held_by, many=True),
        "unassigned": Filter(Flag(), lambda value, caller: Q(assigned_to=None) if value else Q()),
        "lead_source": any_of("source__number"),
        "priority": any_of("priority"),
        "state_id": any_of("status__number"),
        "company_id": any_of("company_id"),
        "company": Filter(Text(max_length=200), lambda value, caller: Q(company__company_name__icontains=value)),
        "city": same_text("city"),
        "state": same_text("state"),
        "country": same_text("country"),
        "do_not_contact": Filter(Flag(), lambda value, caller: Q(do_not_contact=value)),
        "created_from": since("created_at"),
        "created_to": until("created_at"),
        "change_id": Filter(Whole(min_value=1, max_value=INT8), lambda value, caller: Q(pk__in=changed_in(value))),
    }
    aliases = {"status": "state_id"}
    ranges = (("start_date", "end_date"), ("created_from", "created_to"))
    search_kind = "lead"
    sorts = {name: name for name in (
        "id", "first_name", "last_name", "email", "phone_number", "company_id", "job_title", "industry", "website", "address",
        "city", "state", "country", "pin_code", "priority", "score", "estimated_value", "linkedin_url", "notes",
        "last_activity_at", "created_at", "updated_at", "do_not_contact", "tracking_off")} | {
            "company": "company__company_name", "status": "status__number", "lead_source": "source__number",
            "assigned_to": "assigned_to_id", "status_text": "status__name", "lead_source_text": "source__name",
            "priority_text": "priority"}
    nullable = frozenset({
        "email", "phone_number", "company_id", "job_title", "industry", "website", "address", "city", "state", "country",
        "pin_code", "estimated_value", "linkedin_url", "notes", "last_activity_at", "company__company_name", "source__number",
        "source__name", "assigned_to_id"})

    @property
    def count_condition(self):
        """The same for the counters, which know status and owner only."""
        condition = Q()
        for name in ("state_id", "assigned_to", "unassigned"):
            if name in self.values:
                condition &= self.filters[name].rule(self.values[name], self.caller)
        return condition


class KeyLeadFilter(LeadFilter):
    """`v1/lead/lead-list` knows search, order and pages, no filters."""

    module = ""
    filters: dict = {}
    date_field = None

    def _apply_tree(self, params, errors):
        return


class NoteFilter(ListFilter):
    filters = {"lead_id": any_of("lead_id")}
    search_in = ("title", "note")
    sorts = {"id": "id", "lead_id": "lead_id", "title": "title", "note": "note", "created_by": "created_by_id",
             "is_pinned": "is_pinned", "created_at": "created_at"}


class StatusOf(Ids):
    """Follow-up statuses, 1 to 6 (R71)."""

    def to_internal_value(self, data):
        numbers = super().to_internal_value(data)
        if not set(numbers) <= set(FollowUp.Status.values):
            raise ValidationError("must be 1 to 6")
        return numbers


class FollowUpFilter(ListFilter):
    filters = {"lead_id": any_of("lead_id"), "status": Filter(StatusOf(), lambda value, caller: Q(status__in=value), many=True),
               "assigned_to": Filter(Holders(), held_by, many=True)}
    search_in = ("notes",)
    sorts = {"id": "id", "lead_id": "lead_id", "follow_up_date": "due_at", "notes": "notes", "status": "status",
             "repeats": "repeats", "assigned_to": "assigned_to_id", "created_by": "created_by_id", "created_at": "created_at"}
    nullable = frozenset({"assigned_to_id", "created_by_id"})


class DocumentFilter(ListFilter):
    filters = {"lead_id": any_of("model_id")}
    search_in = ("name", "document_type", "description")
    sorts = {"id": "id", "lead_id": "model_id", "file_name": "name", "mime_type": "mime_type", "size": "stored_file__size",
             "url": "stored_file_id", "document_type": "document_type", "description": "description",
             "created_at": "created_at"}


class DuplicateFilter(PairFilter):
    filters = {"lead_id": Filter(Ids(), of_either, many=True), "score_min": at_least("score", score())}
    search_in = tuple(f"{side}__{name}" for side in ("first", "second") for name in ("first_name", "last_name", "email"))
