from django.db.models import Exists, OuterRef, Q

from companies.models import CompanyTag
from lio.api.fields import INT8, Flag, Text, Whole
from lio.filters import MAX_SEARCH, Filter, any_of, at_least, at_most, same_text, since, until
from lio.grammar import Column
from lio.models import Change
from lookups.filters import OwnFilter

TEXTS = (
    "company_name", "industry_type", "address", "city", "state", "country", "pin_code", "employee_size", "contact_email",
    "phone_number", "website", "domain", "linkedin_url", "summary",
)  # fmt: skip


class Tags(Column):
    """The tags of a company: any of them counts."""

    def compare(self, lookup, value):
        return Q(Exists(CompanyTag.objects.filter(company=OuterRef("pk"), tag__number__in=value)))

    def empty(self):
        return ~Q(Exists(CompanyTag.objects.filter(company=OuterRef("pk"))))


def made_by(value, caller):
    if not value:
        return Q()
    return Q(created_by=caller.pk) if caller.is_member else Q(pk__in=[])


def changed_in(value, caller):
    """The companies that one action made or changed."""
    return Q(pk__in=Change.objects.filter(change_id=value, model_type="company").values("model_id"))


class CompanyFilter(OwnFilter):
    module = "company"
    columns = {
        **{name: Column("text", name) for name in TEXTS},
        "rating": Column("number", "rating"), "tags": Tags("id", "tags"), "created_by": Column("person", "created_by_id"),
        **{name: Column("moment", name) for name in ("created_at", "updated_at", "last_activity_at")},
    }  # fmt: skip
    filters = {
        "my": Filter(Flag(), made_by),
        "company_id": any_of("pk"),
        "industry": same_text("industry_type"),
        "city": same_text("city"),
        "state": same_text("state"),
        "country": same_text("country"),
        "employee_size": same_text("employee_size"),
        "company": Filter(Text(max_length=MAX_SEARCH), lambda value, caller: Q(company_name__icontains=value)),
        "domain": same_text("domain"),
        "rating": any_of("rating"),
        "rating_min": at_least("rating", Whole(min_value=1, max_value=5)),
        "rating_max": at_most("rating", Whole(min_value=1, max_value=5)),
        "tags": Filter(any_of("pk").field, lambda value, caller: Tags("id", "tags").compare("in", value), many=True),
        "created_from": since("created_at"),
        "created_to": until("created_at"),
        "change_id": Filter(Whole(min_value=1, max_value=INT8), changed_in),
    }
    aliases = {"industry_type": "industry"}
    ranges = (("start_date", "end_date"), ("created_from", "created_to"))
    search_kind = "company"
    sorts = {
        name: name for name in ("id", *TEXTS, "rating", "last_activity_at", "created_at", "updated_at")
    } | {"created_by": "created_by_id", "company_logo": "logo_id"}
    nullable = frozenset({*TEXTS, "rating", "created_by_id", "logo_id", "last_activity_at"} - {"company_name"})
