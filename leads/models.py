"""Leads, their tags, notes and follow-ups."""

from django.contrib.postgres.expressions import ArraySubquery
from django.db import connection, models
from django.db.models import Case, Exists, F, OuterRef, Q, Value, When
from django.db.models.functions import JSONObject
from django.utils.timezone import now

from accounts.models import full_name
from activity.models import Attachment, AttachmentQuerySet, download_url
from lio import history
from lio.matching import Pair, PairQuerySet
from lio.rows import Moment
from lio.tenancy import OwnedModel, TenantModel, TenantQuerySet

LIVING = Q(deleted_at=None)


class LeadQuerySet(TenantQuerySet):
    count_of_whole = "SELECT coalesce(sum(n), 0)::bigint FROM leads_leadcount WHERE organization_id = %s"

    def rows(self):
        """What the API shows of a lead (section 11)."""
        tags = LeadTag.objects.filter(lead=OuterRef("pk")).order_by("tag__number")
        return self.values(
            "id",
            "first_name",
            "last_name",
            "email",
            "phone_number",
            "company_id",
            "job_title",
            "industry",
            "website",
            "address",
            "city",
            "state",
            "country",
            "pin_code",
            "priority",
            "score",
            "estimated_value",
            "linkedin_url",
            "custom_fields",
            "notes",
            "ai_information",
            "do_not_contact",
            "tracking_off",
            company_=F("company__company_name"),
            status_=F("status__number"),
            lead_source=F("source__number"),
            assigned_to_=F("assigned_to_id"),
            tags_=ArraySubquery(tags.values(json=JSONObject(id="tag__number", name="tag__name", color_code="tag__color_code"))),
            last_activity_at_=Moment("last_activity_at"),
            created_at_=Moment("created_at"),
            updated_at_=Moment("updated_at"),
            status_text=F("status__name"),
            lead_source_text=F("source__name"),
            priority_text=priority_label(),
        )

    def page_rows(self):
        """The same for pages, with the names that a person reads."""
        return self.rows().annotate(
            assigned_to_name=Case(When(assigned_to=None, then=None), default=full_name("assigned_to__")),
            status_color=F("status__color_code"),
            picture_id=F("profile_image_id"),
        )

    def counted(self, found):
        """The exact number of living leads that a filter finds, from the counters; None when they cannot tell.

        They know status and owner (leads_leadcount, kept by a trigger), so they answer the unfiltered list and the
        commonest filters without looking at a single lead.
        """
        if found.search or not found.values.keys() <= {"state_id", "assigned_to", "unassigned"}:
            return None
        counts = LeadCount.objects.of(found.caller.organization_id).filter(found.count_condition)
        return counts.aggregate(n=models.Sum("n"))["n"] or 0

    def set_status(self, status, *, by):
        """Put these leads into a status (a lookups.known.Entry). Answers the ids that changed."""
        return history.change_rows(
            self,
            "lead.status_changed",
            {"status_id": status.pk},
            by=by,
            names={"status_id": ("status", F("status__number"), status.number)},
            also={"last_activity_at": now()},
        )

    def assign_to(self, member, *, by):
        """Hand these leads to a member, or to nobody. Answers the ids that changed hands."""
        return history.change_rows(
            self,
            "lead.assigned",
            {"assigned_to_id": member and member.pk},
            by=by,
            names={"assigned_to_id": ("assigned_to", F("assigned_to_id"), member and member.pk)},
        )


def priority_label():
    return Case(*[When(priority=value, then=Value(label)) for value, label in Lead.Priority.choices])


class Lead(TenantModel):
    """One person who may buy.

    `email_norm`, `linkedin_norm` and `phone_norm` are what duplicates are found by (leads/identity.py). Of several living
    leads with one address only the oldest holds it; the database lets no second one hold it.
    """

    class Priority(models.IntegerChoices):
        LOW, MEDIUM, HIGH, URGENT = 1, 2, 3, 4

    first_name = models.CharField(max_length=50, blank=True, default="")
    last_name = models.CharField(max_length=50, blank=True, default="")
    email = models.CharField(max_length=254, null=True, blank=True)
    email_norm = models.CharField(max_length=254, null=True, editable=False)
    holds_email = models.BooleanField(default=True, editable=False)
    phone_number = models.CharField(max_length=30, null=True, blank=True)
    phone_norm = models.CharField(max_length=30, null=True, editable=False)
    company = models.ForeignKey(
        "companies.Company", models.SET_NULL, null=True, blank=True, related_name="leads", db_constraint=False, db_index=False
    )
    job_title = models.CharField(max_length=200, null=True, blank=True)
    industry = models.CharField(max_length=100, null=True, blank=True)
    website = models.CharField(max_length=500, null=True, blank=True)
    address = models.CharField(max_length=300, null=True, blank=True)
    city = models.CharField(max_length=100, null=True, blank=True)
    state = models.CharField(max_length=100, null=True, blank=True)
    country = models.CharField(max_length=100, null=True, blank=True)
    pin_code = models.CharField(max_length=20, null=True, blank=True)
    status = models.ForeignKey("lookups.Lookup", models.PROTECT, related_name="+", db_constraint=False, db_index=False)
    priority = models.PositiveSmallIntegerField(choices=Priority, default=Priority.MEDIUM)
    source = models.ForeignKey(
        "lookups.Lookup", models.PROTECT, null=True, blank=True, related_name="+", db_constraint=False, db_index=False
    )
    score = models.PositiveSmallIntegerField(default=0, editable=False)
    estimated_value = models.DecimalField(max_digits=14, decimal_places=2, null=True, blank=True)
    assigned_to = models.ForeignKey(
        "accounts.User", models.SET_NULL, null=True, blank=True, related_name="+", db_constraint=False, db_index=False
    )
    linkedin_url = models.CharField(max_length=500, null=True, blank=True)
    linkedin_norm = models.CharField(max_length=500, null=True, editable=False)
    holds_linkedin = models.BooleanField(default=True, editable=False)
    custom_fields = models.JSONField(default=dict, blank=True)
    notes = models.TextField(null=True, blank=True)
    ai_information = models.JSONField(default=dict, blank=True, editable=False)
    last_activity_at = models.DateTimeField(null=True, editable=False)
    do_not_contact = models.BooleanField(default=False, db_default=False)  # asked by intent.consent before anything is sent
    tracking_off = models.BooleanField(default=False, db_default=False)  # what is sent to this person is not watched
    profile_image = models.ForeignKey(
        "activity.StoredFile",
        models.SET_NULL,
        null=True,
        blank=True,
        editable=False,
        related_name="+",
        db_constraint=False,
        db_index=False,
    )
    merged_into = models.ForeignKey(  # of a lead that a merge deleted: the lead that it is now (leads/merge.py)
        "self", models.SET_NULL, null=True, editable=False, related_name="+", db_constraint=False, db_index=False
    )

    objects = LeadQuerySet.as_manager()

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "email_norm"],
                name="one_lead_holds_an_email",
                condition=LIVING & Q(holds_email=True, email_norm__isnull=False),
            ),
            models.UniqueConstraint(
                fields=["organization", "linkedin_norm"],
                name="one_lead_holds_a_linkedin",
                condition=LIVING & Q(holds_linkedin=True, linkedin_norm__isnull=False),
            ),
            models.CheckConstraint(condition=Q(score__lte=100), name="score_to_100"),
            models.CheckConstraint(condition=Q(priority__gte=1, priority__lte=4), name="priority_1_to_4"),
        ]
        indexes = [
            models.Index(fields=["organization", "id"], condition=LIVING, name="lead_by_id"),
            models.Index(fields=["organization", "created_at", "id"], condition=LIVING, name="lead_by_created"),
            models.Index(fields=["organization", "score", "id"], condition=LIVING, name="lead_by_score"),
            models.Index(fields=["organization", "last_name", "id"], condition=LIVING, name="lead_by_last_name"),
            models.Index(fields=["organization", "status", "score", "id"], condition=LIVING, name="lead_by_status"),
            models.Index(
                fields=["organization", "assigned_to", "status", "score", "id"], condition=LIVING, name="lead_by_owner"
            ),
            models.Index(fields=["organization", "company", "id"], condition=LIVING, name="lead_by_company"),
            models.Index(
                fields=["organization", "phone_norm"], condition=LIVING & Q(phone_norm__isnull=False), name="lead_by_phone"
            ),
            models.Index(
                fields=["organization", "email_norm", "id"],
                condition=LIVING & Q(holds_email=False),
                name="lead_duplicate_email",
            ),
            models.Index(
                fields=["organization", "linkedin_norm", "id"],
                condition=LIVING & Q(holds_linkedin=False),
                name="lead_duplicate_linkedin",
            ),
            models.Index(fields=["organization", "last_name", "first_name"], condition=LIVING, name="lead_by_name"),
            models.Index(
                fields=["organization", "email_norm"], condition=Q(do_not_contact=True), name="leads_not_to_contact"
            ),
            models.Index(
                fields=["organization", "merged_into"], condition=Q(merged_into__isnull=False), name="leads_merged_into"
            ),
        ]

    def __str__(self):
        return f"{self.first_name} {self.last_name}".strip() or self.email or self.phone_number or f"Lead {self.pk}"


class LeadTag(OwnedModel):
    lead = models.ForeignKey(Lead, models.CASCADE, related_name="lead_tags", db_constraint=False, db_index=False)
    tag = models.ForeignKey("lookups.Lookup", models.CASCADE, related_name="+", db_constraint=False, db_index=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["organization", "lead", "tag"], name="one_tag_once")]
        indexes = [models.Index(fields=["organization", "tag", "lead"], name="leads_of_tag")]


class LeadCount(OwnedModel):
    """How many living leads have a status and owner: rows to be summed up, appended by a trigger."""

    status = models.ForeignKey("lookups.Lookup", models.CASCADE, related_name="+", db_constraint=False, db_index=False)
    assigned_to = models.ForeignKey(
        "accounts.User", models.SET_NULL, null=True, related_name="+", db_constraint=False, db_index=False
    )
    n = models.BigIntegerField()


class LeadToMatch(OwnedModel):
    """A lead whose likely duplicates are to be looked for: written by triggers, taken by leads/duplicates.py."""

    lead_id = models.BigIntegerField()  # no key: every intake writes here, and a lead that has gone does no harm


class DuplicatePairQuerySet(PairQuerySet):
    brief = {**{name: name for name in ("id", "first_name", "last_name", "email", "phone_number", "job_title")},
             "company": "company__company_name"}


class DuplicatePair(Pair):
    """Two leads that may be one person, the older one first (leads/duplicates.py)."""

    first = models.ForeignKey(Lead, models.CASCADE, related_name="+", db_constraint=False, db_index=False)
    second = models.ForeignKey(Lead, models.CASCADE, related_name="+", db_constraint=False, db_index=False)

    objects = DuplicatePairQuerySet.as_manager()

    class Meta:
        verbose_name = "duplicate"
        constraints = [models.UniqueConstraint(fields=["organization", "first", "second"], name="one_pair_of_two_leads")]
        indexes = [
            models.Index(fields=["organization", "second"], name="pairs_of_second"),
            models.Index(fields=["organization", "score", "id"], condition=Q(dismissed_at=None), name="pairs_by_score"),
        ]


class NoteQuerySet(TenantQuerySet):
    def rows(self):
        return self.values(
            "id",
            "lead_id",
            "title",
            "note",
            "is_pinned",
            created_by_=F("created_by_id"),
            edited_at_=Moment("edited_at"),
            created_at_=Moment("created_at"),
        )


class Note(TenantModel):
    lead = models.ForeignKey(Lead, models.CASCADE, related_name="note_set", db_constraint=False, db_index=False)
    title = models.CharField(max_length=200)
    note = models.TextField(blank=True, default="")
    is_pinned = models.BooleanField(default=False)
    edited_at = models.DateTimeField(null=True, editable=False)
    created_by = models.ForeignKey(
        "accounts.User", models.SET_NULL, null=True, related_name="+", db_constraint=False, db_index=False
    )

    objects = NoteQuerySet.as_manager()

    class Meta(TenantModel.Meta):
        indexes = [models.Index(fields=["organization", "lead", "-id"], condition=LIVING, name="notes_of_lead")]

    def __str__(self):
        return self.title


class FollowUpQuerySet(TenantQuerySet):
    def rows(self):
        return self.values(
            "id",
            "lead_id",
            "notes",
            "status",
            "repeats",
            follow_up_date=Moment("due_at"),
            assigned_to_=F("assigned_to_id"),
            created_by_=F("created_by_id"),
            completed_at_=Moment("completed_at"),
            created_at_=Moment("created_at"),
        )

    def open(self):
        """Still to be done."""
        return self.filter(status__in=FollowUp.OPEN)


class FollowUp(TenantModel):
    """Something to do about a lead at a moment (leads/follow_ups.py)."""

    class Status(models.IntegerChoices):  # R71
        PENDING, IN_PROGRESS, COMPLETED, RESCHEDULED, CANCELLED, MISSED = range(1, 7)

    class Repeats(models.TextChoices):
        NEVER = "", "Does not repeat"
        DAILY = "daily", "Every day"
        WEEKLY = "weekly", "Every week"
        MONTHLY = "monthly", "Every month"

    WAITING = (Status.PENDING, Status.RESCHEDULED)  # nobody has begun: these can be missed
    OPEN = (*WAITING, Status.IN_PROGRESS)

    lead = models.ForeignKey(Lead, models.CASCADE, related_name="follow_ups", db_constraint=False, db_index=False)
    due_at = models.DateTimeField()
    notes = models.TextField(blank=True, default="")
    status = models.PositiveSmallIntegerField(choices=Status, default=Status.PENDING)
    repeats = models.CharField(max_length=7, choices=Repeats, blank=True, default=Repeats.NEVER)
    repeat_day = models.PositiveSmallIntegerField(null=True, editable=False)  # of a monthly one: the 31st stays the 31st
    assigned_to = models.ForeignKey(
        "accounts.User", models.SET_NULL, null=True, related_name="+", db_constraint=False, db_index=False
    )
    created_by = models.ForeignKey(
        "accounts.User", models.SET_NULL, null=True, related_name="+", db_constraint=False, db_index=False
    )
    reminded_at = models.DateTimeField(null=True, editable=False)
    completed_at = models.DateTimeField(null=True, editable=False)

    objects = FollowUpQuerySet.as_manager()

    class Meta(TenantModel.Meta):
        verbose_name = "follow-up"
        indexes = [
            models.Index(fields=["organization", "lead", "due_at"], condition=LIVING, name="follow_ups_of_lead"),
            models.Index(
                fields=["organization", "assigned_to", "due_at"],
                condition=LIVING & Q(status__in=[1, 2, 4]),
                name="follow_ups_of_member",
            ),
            models.Index(
                fields=["due_at"], condition=LIVING & Q(status__in=[1, 2, 4], reminded_at=None), name="follow_ups_to_tell"
            ),
            models.Index(fields=["due_at"], condition=LIVING & Q(status__in=[1, 4]), name="follow_ups_to_miss"),
        ]

    def __str__(self):
        return self.notes[:60] or f"Follow-up {self.pk}"


class DocumentQuerySet(AttachmentQuerySet):
    def of_living_leads(self):
        living = Lead.objects.filter(pk=OuterRef("model_id"), organization=OuterRef("organization"), deleted_at=None)
        return self.documents().filter(Exists(living), model_type="lead")

    def rows(self):
        return self.values(
            "id",
            "mime_type",
            "document_type",
            "description",
            lead_id=F("model_id"),
            file_name=F("name"),
            size=F("stored_file__size"),
            url=download_url("stored_file_id"),
            created_at_=Moment("created_at"),
        )


class Document(Attachment):
    """An uploaded file of a lead."""

    objects = DocumentQuerySet.as_manager()

    class Meta:
        proxy = True


def fold_counts():
    """Put the counter's rows of the open organisation together, one for each status and owner."""
    with connection.cursor() as cursor:
        cursor.execute(
            """WITH taken AS (DELETE FROM leads_leadcount RETURNING organization_id, status_id, assigned_to_id, n)
               INSERT INTO leads_leadcount (organization_id, status_id, assigned_to_id, n)
               SELECT organization_id, status_id, assigned_to_id, sum(n) FROM taken
               GROUP BY 1, 2, 3 HAVING sum(n) <> 0"""
        )


from leads.scoring.models import ScoreModel, ScoreSettings  # noqa: E402, F401 - models of the same app
from leads.web_forms.models import HeldSubmission, WebForm, WebFormCount  # noqa: E402, F401 - models of the same app
