"""Companies, and the tags that they carry."""

from django.contrib.postgres.expressions import ArraySubquery
from django.db import models
from django.db.models import F, OuterRef, Q, Value
from django.db.models.functions import JSONObject

from accounts.models import full_name
from activity.models import download_url
from lio.rows import Moment
from lio.tenancy import OwnedModel, TenantModel, TenantQuerySet

LIVING = Q(deleted_at=None)


class CompanyQuerySet(TenantQuerySet):
    def rows(self):
        """What the API shows of a company (section 11)."""
        tags = CompanyTag.objects.filter(company=OuterRef("pk")).order_by("tag__number")
        return self.values(
            "id",
            "company_name",
            "industry_type",
            "address",
            "city",
            "state",
            "country",
            "pin_code",
            "employee_size",
            "rating",
            "contact_email",
            "phone_number",
            "website",
            "domain",
            "linkedin_url",
            "summary",
            "custom_fields",
            "ai_information",
            company_logo=models.Case(models.When(logo=None, then=None), default=download_url("logo_id")),
            created_by_=F("created_by_id"),
            tags_=ArraySubquery(tags.values(json=JSONObject(id="tag__number", name="tag__name", color_code="tag__color_code"))),
            created_at_=Moment("created_at"),
            updated_at_=Moment("updated_at"),
        )

    def page_rows(self):
        """The same for pages, with the names that a person reads."""
        return self.rows().annotate(
            picture_id=F("logo_id"),
            created_by_name=models.Case(models.When(created_by=None, then=None), default=full_name("created_by__")),
        )


class Company(TenantModel):
    """An organisation that people work for. Living ones differ in name (without regard to case) and in domain."""

    company_name = models.CharField(max_length=200)
    name_norm = models.CharField(max_length=200, editable=False)  # companies/naming.py
    industry_type = models.CharField(max_length=100, null=True, blank=True)
    logo = models.ForeignKey(
        "activity.StoredFile", models.SET_NULL, null=True, editable=False, related_name="+", db_constraint=False, db_index=False
    )
    address = models.CharField(max_length=300, null=True, blank=True)
    city = models.CharField(max_length=100, null=True, blank=True)
    state = models.CharField(max_length=100, null=True, blank=True)
    country = models.CharField(max_length=100, null=True, blank=True)
    pin_code = models.CharField(max_length=20, null=True, blank=True)
    employee_size = models.CharField(max_length=50, null=True, blank=True)
    rating = models.PositiveSmallIntegerField(null=True, blank=True)
    contact_email = models.CharField(max_length=254, null=True, blank=True)
    phone_number = models.CharField(max_length=30, null=True, blank=True)
    phone_norm = models.CharField(max_length=30, null=True, editable=False)
    website = models.CharField(max_length=500, null=True, blank=True)
    domain = models.CharField(max_length=253, null=True, editable=False)  # of the website (companies/domains.py)
    linkedin_url = models.CharField(max_length=500, null=True, blank=True)
    linkedin_norm = models.CharField(max_length=500, null=True, editable=False)
    summary = models.TextField(null=True, blank=True)
    custom_fields = models.JSONField(default=dict, db_default=Value({}, models.JSONField()), blank=True)
    ai_information = models.JSONField(default=dict, db_default=Value({}, models.JSONField()), blank=True, editable=False)
    last_activity_at = models.DateTimeField(null=True, editable=False)
    created_by = models.ForeignKey(
        "accounts.User", models.SET_NULL, null=True, editable=False, related_name="+", db_constraint=False, db_index=False
    )
    merged_into = models.ForeignKey(  # of a company that a merge deleted: the company that it is now
        "self", models.SET_NULL, null=True, editable=False, related_name="+", db_constraint=False, db_index=False
    )

    objects = CompanyQuerySet.as_manager()

    class Meta(TenantModel.Meta):
        verbose_name_plural = "companies"
        constraints = [
            models.UniqueConstraint(fields=["organization", "name_norm"], condition=LIVING, name="one_company_per_name"),
            models.UniqueConstraint(
                fields=["organization", "domain"], condition=LIVING & Q(domain__isnull=False), name="one_company_per_domain"
            ),
            models.CheckConstraint(condition=Q(rating=None) | Q(rating__gte=1, rating__lte=5), name="rating_1_to_5"),
        ]
        indexes = [
            models.Index(fields=["organization", "id"], condition=LIVING, name="company_by_id"),
            models.Index(fields=["organization", "created_at", "id"], condition=LIVING, name="company_by_created"),
            models.Index(fields=["organization", "company_name", "id"], condition=LIVING, name="company_by_shown_name"),
            models.Index(fields=["organization", "created_by", "id"], condition=LIVING, name="company_by_creator"),
            models.Index(
                fields=["organization", "phone_norm"], condition=LIVING & Q(phone_norm__isnull=False), name="company_by_phone"
            ),
            models.Index(
                fields=["organization", "linkedin_norm"],
                condition=LIVING & Q(linkedin_norm__isnull=False),
                name="company_by_linkedin",
            ),
            models.Index(
                fields=["organization", "merged_into"], condition=Q(merged_into__isnull=False), name="companies_merged_into"
            ),
        ]

    def __str__(self):
        return self.company_name


def survivor_of(organization, company_id):
    """Id of the living company that this one was merged into; None for any other."""
    rows = Company.objects.of(organization).filter(pk=company_id, deleted_at__isnull=False, merged_into__deleted_at=None)
    return rows.values_list("merged_into_id", flat=True).first()


class CompanyTag(OwnedModel):
    company = models.ForeignKey(Company, models.CASCADE, related_name="company_tags", db_constraint=False, db_index=False)
    tag = models.ForeignKey("lookups.Lookup", models.CASCADE, related_name="+", db_constraint=False, db_index=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["organization", "company", "tag"], name="one_company_tag_once")]
        indexes = [models.Index(fields=["organization", "tag", "company"], name="companies_of_tag")]
