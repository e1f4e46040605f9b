"""Contacts: people at companies, how else they are reached, where they worked before, and their tags."""

from django.contrib.postgres.expressions import ArraySubquery
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Case, F, Func, OuterRef, Q, Value, When
from django.db.models.functions import JSONObject, Now

from accounts.models import full_name
from lio.rows import Moment
from lio.tenancy import OwnedModel, TenantModel, TenantQuerySet

LIVING = Q(deleted_at=None)
OBJECTS = ArrayField(models.JSONField(default=dict))


def _addresses(main, label, kind):
    """[{value, label}] of a contact's addresses of one kind, the main one first."""
    first = Func(JSONObject(value=main, label=label), template="ARRAY[%(expressions)s]", output_field=OBJECTS)
    further = ContactPoint.objects.filter(contact=OuterRef("pk"), kind=kind).order_by("position", "id")
    return Func(
        Case(When(**{main: None}, then=Value([], output_field=OBJECTS)), default=first, output_field=OBJECTS),
        ArraySubquery(further.values(json=JSONObject(value="value", label="label"))),
        function="array_cat",
        output_field=OBJECTS,
    )


class ContactQuerySet(TenantQuerySet):
    def rows(self):
        """What the API shows of a contact (section 11). The lists `emails` and `phone_numbers` begin with the main one."""
        tags = ContactTag.objects.filter(contact=OuterRef("pk")).order_by("tag__number")
        before = Employment.objects.filter(contact=OuterRef("pk")).order_by("-id")
        shown = ("company_id", "company_name", "designation", "started_on", "ended_on")
        return self.values(
            "id",
            "name",
            "email",
            "phone_number",
            "company_id",
            "company_since",
            "designation",
            "seniority",
            "department",
            "decision_maker",
            "linkedin_url",
            "city",
            "country",
            "lead_score",
            "custom_fields",
            "ai_information",
            company_=F("company__company_name"),
            status_=F("status__number"),
            status_text=F("status__name"),
            created_by_=F("created_by_id"),
            lead_id_=Case(When(lead__deleted_at=None, then=F("lead_id")), output_field=models.BigIntegerField(null=True)),
            emails=_addresses("email", "email_label", ContactPoint.Kind.EMAIL),
            phone_numbers=_addresses("phone_number", "phone_label", ContactPoint.Kind.PHONE),
            employments_=ArraySubquery(before.values(json=JSONObject(**{name: name for name in shown}))),
            tags_=ArraySubquery(tags.values(json=JSONObject(id="tag__number", name="tag__name", color_code="tag__color_code"))),
            last_activity_at_=Moment("last_activity_at"),
            created_at_=Moment("created_at"),
            updated_at_=Moment("updated_at"),
        )

    def page_rows(self):
        """The same for pages, with the names that a person reads."""
        name = Case(When(created_by=None, then=None), default=full_name("created_by__"))
        return self.rows().annotate(created_by_name=name)


class Contact(TenantModel):
    """A person at a company. `lead` is the lead that became this contact, if one did (contacts/conversion.py)."""

    name = models.CharField(max_length=150)
    email = models.CharField(max_length=254, null=True, blank=True)
    email_norm = models.CharField(max_length=254, null=True, editable=False)
    email_label = models.CharField(max_length=30, blank=True, default="", db_default="")
    phone_number = models.CharField(max_length=30, null=True, blank=True)
    phone_label = models.CharField(max_length=30, blank=True, default="", db_default="")
    phone_norm = models.CharField(max_length=30, null=True, editable=False)
    company = models.ForeignKey(
        "companies.Company", models.SET_NULL, null=True, blank=True, related_name="contacts", db_constraint=False,
        db_index=False,
    )
    company_since = models.DateField(null=True, editable=False)  # since when we know that they work there
    lead = models.ForeignKey(
        "leads.Lead", models.SET_NULL, null=True, blank=True, related_name="contacts", db_constraint=False, db_index=False
    )
    designation = models.CharField(max_length=200, null=True, blank=True)
    seniority = models.CharField(max_length=50, null=True, blank=True)
    department = models.CharField(max_length=50, null=True, blank=True)
    decision_maker = models.CharField(max_length=50, null=True, blank=True)
    linkedin_url = models.CharField(max_length=500, null=True, blank=True)
    linkedin_norm = models.CharField(max_length=500, null=True, editable=False)
    city = models.CharField(max_length=100, null=True, blank=True)
    country = models.CharField(max_length=100, null=True, blank=True)
    lead_score = models.PositiveSmallIntegerField(null=True, blank=True)
    status = models.ForeignKey(
        "lookups.Lookup", models.PROTECT, null=True, blank=True, related_name="+", db_constraint=False, db_index=False
    )
    custom_fields = models.JSONField(default=dict, blank=True)
    ai_information = models.JSONField(default=dict, blank=True, editable=False)
    last_activity_at = models.DateTimeField(null=True, editable=False)
    created_by = models.ForeignKey(
        "accounts.User", models.SET_NULL, null=True, editable=False, related_name="+", db_constraint=False, db_index=False
    )
    merged_into = models.ForeignKey(  # of a contact that a merge deleted: the contact that it is now
        "self", models.SET_NULL, null=True, editable=False, related_name="+", db_constraint=False, db_index=False
    )

    objects = ContactQuerySet.as_manager()

    class Meta(TenantModel.Meta):
        constraints = [
            models.CheckConstraint(condition=Q(lead_score=None) | Q(lead_score__lte=100), name="contact_score_to_100"),
            models.UniqueConstraint(  # a lead becomes one contact, not two
                fields=["organization", "lead"], condition=LIVING & Q(lead__isnull=False), name="one_contact_per_lead"
            ),
        ]
        indexes = [
            models.Index(fields=["organization", "id"], condition=LIVING, name="contact_by_id"),
            models.Index(fields=["organization", "created_at", "id"], condition=LIVING, name="contact_by_created"),
            models.Index(fields=["organization", "name", "id"], condition=LIVING, name="contact_by_name"),
            models.Index(fields=["organization", "company", "id"], condition=LIVING, name="contact_by_company"),
            models.Index(fields=["organization", "created_by", "id"], condition=LIVING, name="contact_by_creator"),
            models.Index(
                fields=["organization", "email_norm"], condition=LIVING & Q(email_norm__isnull=False), name="contact_by_email"
            ),
            models.Index(
                fields=["organization", "phone_norm"], condition=LIVING & Q(phone_norm__isnull=False), name="contact_by_phone"
            ),
            models.Index(
                fields=["organization", "linkedin_norm"],
                condition=LIVING & Q(linkedin_norm__isnull=False),
                name="contact_by_linkedin",
            ),
            models.Index(
                fields=["organization", "merged_into"], condition=Q(merged_into__isnull=False), name="contacts_merged_into"
            ),
        ]

    def __str__(self):
        return self.name


def survivor_of(organization, contact_id):
    """Id of the living contact that this one was merged into; None for any other."""
    rows = Contact.objects.of(organization).filter(pk=contact_id, deleted_at__isnull=False, merged_into__deleted_at=None)
    return rows.values_list("merged_into_id", flat=True).first()


class ContactPoint(OwnedModel):
    """A further e-mail address or phone number of a contact; the main ones stand on the contact itself."""

    class Kind(models.TextChoices):
        EMAIL = "email", "E-mail"
        PHONE = "phone", "Phone"

    contact = models.ForeignKey(Contact, models.CASCADE, related_name="points", db_constraint=False, db_index=False)
    kind = models.CharField(max_length=5, choices=Kind)
    value = models.CharField(max_length=254)
    norm = models.CharField(max_length=254)
    label = models.CharField(max_length=30, blank=True, default="")  # work, private, mobile
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["organization", "contact", "kind", "norm"], name="one_point_once")]
        indexes = [models.Index(fields=["organization", "kind", "norm"], name="contact_points_by_norm")]

    def __str__(self):
        return self.value


class Employment(OwnedModel):
    """Where a contact worked before: a company that they have left, with the position that they had."""

    contact = models.ForeignKey(Contact, models.CASCADE, related_name="employments", db_constraint=False, db_index=False)
    company = models.ForeignKey(
        "companies.Company", models.SET_NULL, null=True, related_name="+", db_constraint=False, db_index=False
    )
    company_name = models.CharField(max_length=200, blank=True, default="")  # as it was called then
    designation = models.CharField(max_length=200, blank=True, default="")
    started_on = models.DateField(null=True)
    ended_on = models.DateField()
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = [
            models.Index(fields=["organization", "contact", "-id"], name="employments_of_contact"),
            models.Index(fields=["organization", "company"], name="employments_at_company"),
        ]

    def __str__(self):
        return f"{self.designation} at {self.company_name}".strip()


class ContactTag(OwnedModel):
    contact = models.ForeignKey(Contact, models.CASCADE, related_name="contact_tags", db_constraint=False, db_index=False)
    tag = models.ForeignKey("lookups.Lookup", models.CASCADE, related_name="+", db_constraint=False, db_index=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["organization", "contact", "tag"], name="one_contact_tag_once")]
        indexes = [models.Index(fields=["organization", "tag", "contact"], name="contacts_of_tag")]
