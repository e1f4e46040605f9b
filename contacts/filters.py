from django.db.models import Exists, OuterRef, Q

from contacts.models import ContactTag
from lio.api.fields import INT8, Flag, Whole
from lio.filters import Filter, any_of, at_least, at_most, same_text
from lio.grammar import Column
from lio.models import Change
from lookups.filters import OwnFilter


def tagged(value):
    """Contacts that have any of these tags."""
    return Q(Exists(ContactTag.objects.filter(contact=OuterRef("pk"), tag__number__in=value)))


def changed_in(change_id):
    """The contacts that one action made or changed."""
    return Change.objects.filter(change_id=change_id, model_type="contact").values("model_id")


class Tags(Column):
    """The tags of a contact: any of them counts."""

    def compare(self, lookup, value):
        return tagged(value)

    def empty(self):
        return ~Q(Exists(ContactTag.objects.filter(contact=OuterRef("pk"))))


def score():
    return Whole(min_value=0, max_value=100)


def made_by_caller(value, caller):
    return Q(created_by=caller.pk if caller.is_member else None) if value else Q()


class ContactFilter(OwnFilter):
    module = "contact"
    columns = {
        **{name: Column("text", name) for name in (
            "name", "email", "phone_number", "designation", "seniority", "department", "decision_maker", "linkedin_url", "city",
            "country")},
        "company": Column("text", "company__company_name"), "company_id": Column("id", "company_id"),
        "status": Column("id", "status__number"), "tags": Tags("id", "tags"), "lead_score": Column("number", "lead_score"),
        "lead_id": Column("id", "lead_id"), "created_by": Column("person", "created_by_id"),
        **{name: Column("moment", name) for name in ("created_at", "updated_at", "last_activity_at")},
    }
    filters = {
        "my": Filter(Flag(), made_by_caller),
        "company_id": any_of("company_id"),
        "lead_id": any_of("lead_id"),
        "status": any_of("status__number"),
        "tags": Filter(any_of("").field, lambda value, caller: tagged(value), many=True),
        "seniority": same_text("seniority"),
        "department": same_text("department"),
        "decision_maker": same_text("decision_maker"),
        "city": same_text("city"),
        "country": same_text("country"),
        "lead_score_min": at_least("lead_score", score()),
        "lead_score_max": at_most("lead_score", score()),
        "change_id": Filter(Whole(min_value=1, max_value=INT8), lambda value, caller: Q(pk__in=changed_in(value))),
    }
    aliases = {"state_id": "status"}
    search_kind = "contact"
    sorts = {name: name for name in (
        "id", "name", "email", "phone_number", "company_id", "lead_id", "designation", "seniority", "department",
        "decision_maker", "linkedin_url", "city", "country", "lead_score", "company_since", "last_activity_at", "created_at",
        "updated_at")} | {
            "company": "company__company_name", "status": "status__number", "status_text": "status__name",
            "created_by": "created_by_id"}
    nullable = frozenset(sorts.values()) - {"id", "name", "created_at", "updated_at"}
