"""Runs of enrichment, the values that they brought, bulk runs, and people found by their LinkedIn address."""

from django.conf import settings
from django.db import models
from django.db.models import Case, Exists, F, OuterRef, Q, Value, When
from django.db.models.functions import Now

from lio.models import Change, Job, Undoing
from lio.rows import Moment
from lio.tenancy import OwnedModel, TenantQuerySet

PERSON, COMPANY = "person", "company"
STATUSES = {"queued": "queued", "working": "processing", "done": "completed", "failed": "failed"}


class AsIs(TenantQuerySet):
    """Rows that nobody deletes."""

    def alive(self):
        return self


def status(*first):
    """The state in the words that all jobs of the API use; `first` are cases that come before."""
    return Case(*first, *[When(state=name, then=Value(shown)) for name, shown in STATUSES.items()],
                output_field=models.CharField())


class BatchQuerySet(AsIs):
    def rows(self):
        """What the API shows of a bulk run, without its results."""
        gone = Job.objects.filter(pk=OuterRef("job_id"), state=Job.State.FAILED)
        return self.values("id", "total", "processed", "succeeded", "failed", "group_id", "cost",
                           status=status(When(Q(Exists(gone), finished_at=None), then=Value("failed"))),
                           created_at_=Moment("created_at"), completed_at=Moment("finished_at"))


class Batch(OwnedModel):
    """Many runs, done in the background in their order; which are still to be done, they say themselves."""

    class State(models.TextChoices):
        QUEUED = "queued", "Waiting"
        WORKING = "working", "Running"
        DONE = "done", "Completed"

    model_type = models.CharField(max_length=20, blank=True, default="")  # of the records that it enriches, if it does
    group_id = models.JSONField(null=True)  # the caller's own label
    state = models.CharField(max_length=10, choices=State, default=State.QUEUED)
    total = models.PositiveIntegerField(default=0)
    processed = models.PositiveIntegerField(default=0)
    succeeded = models.PositiveIntegerField(default=0)  # something was found
    failed = models.PositiveIntegerField(default=0)
    cost = models.PositiveIntegerField(default=0)  # credits
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", db_constraint=False,
                           db_index=False)
    job_id = models.BigIntegerField(null=True)
    created_at = models.DateTimeField(db_default=Now())
    finished_at = models.DateTimeField(null=True)

    objects = BatchQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "batches"

    def __str__(self):
        return f"Bulk run {self.pk}"

    @property
    def is_working(self):
        return self.finished_at is None


class RunQuerySet(AsIs):
    def rows(self):
        """What the API shows of a run."""
        return self.values("id", "model_type", "model_id", "provider", "sources", "hit", "cost", "confidence", "problem",
                           "results", "change_id", "query", status=status(), created_at_=Moment("created_at"),
                           completed_at=Moment("finished_at"))

    def of_record(self, model_type, model_id):
        return self.filter(model_type=model_type, model_id=model_id)


class Run(OwnedModel):
    """Asking all sources about one person or company once: for a record, or for nothing but the answer."""

    class State(models.TextChoices):
        QUEUED = "queued", "Waiting"
        WORKING = "working", "Asking"
        DONE = "done", "Done"
        FAILED = "failed", "Failed"

    batch = models.ForeignKey(Batch, models.CASCADE, null=True, related_name="runs", db_constraint=False, db_index=False)
    model_type = models.CharField(max_length=20, blank=True, default="")
    model_id = models.BigIntegerField(null=True)
    query = models.JSONField(default=dict)  # what is asked; of a record, only once it is asked
    state = models.CharField(max_length=10, choices=State, default=State.QUEUED)
    sources = models.JSONField(default=list)  # [{name, provider, hit, cost, problem}] in the order in which they were asked
    provider = models.CharField(max_length=30, blank=True, default="")
    hit = models.BooleanField(default=False)  # something was found
    cost = models.PositiveIntegerField(default=0)  # credits taken
    confidence = models.DecimalField(max_digits=3, decimal_places=2, default=0)  # mean of the values found
    results = models.JSONField(default=dict)  # {person: {field: value}, company: {...}}
    problem = models.CharField(max_length=300, blank=True, default="")
    change_id = models.BigIntegerField(null=True)  # of what it changed; None when it changed nothing
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", db_constraint=False,
                           db_index=False)
    created_at = models.DateTimeField(db_default=Now())
    finished_at = models.DateTimeField(null=True)

    objects = RunQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["organization", "model_type", "model_id", "-id"], name="runs_of_record"),
            models.Index(fields=["organization", "batch", "id"], name="runs_of_batch"),
            models.Index(fields=["organization", "batch", "id"], condition=Q(finished_at=None), name="runs_to_do"),
        ]

    def __str__(self):
        return f"Run {self.pk}"


class ValueQuerySet(AsIs):
    def with_undone(self):
        """Each knows whether what its run filled in was taken back since (`undone`), whichever way."""
        here = Change.objects.filter(organization=OuterRef("organization"), undoes=OuterRef("change_id"),
                                     model_type=OuterRef("model_type"), model_id=OuterRef("model_id"))
        again = Undoing.objects.filter(organization=OuterRef("organization"), undoes=OuterRef("change_id"))
        return self.annotate(undone=Exists(here.exclude(Exists(again))))

    def rows(self):
        """What the API shows of a value."""
        applied = Q(state=FoundValue.State.APPLIED)
        return self.with_undone().values(
            "id", "run_id", "model_type", "model_id", "of", "field", "value", "old_value", "source", "confidence", "verified",
            "why", state_=Case(When(applied & Q(undone=True), then=Value("reverted")), default=F("state")),
            created_at_=Moment("created_at"))

    def of_record(self, model_type, model_id):
        return self.filter(model_type=model_type, model_id=model_id)

    def open(self):
        """Proposals that nobody has decided."""
        return self.filter(state=FoundValue.State.PROPOSED)


class FoundValue(OwnedModel):
    """One value that a run brought for a field of a record, and what became of it.

    Whether an applied one was taken back since, its run's undo says (`with_undone`).
    """

    class State(models.TextChoices):
        APPLIED = "applied", "Filled in"
        PROPOSED = "proposed", "Proposed"
        ACCEPTED = "accepted", "Accepted"
        DISMISSED = "dismissed", "Dismissed"
        SAME = "same", "Confirmed"  # the record says so, too
        LEFT_OUT = "left_out", "Left out"  # it cannot be stored; `why` says why
        REPLACED = "replaced", "Replaced"  # a later run proposed something else

    run = models.ForeignKey(Run, models.CASCADE, related_name="values", db_constraint=False, db_index=False)
    model_type = models.CharField(max_length=20)
    model_id = models.BigIntegerField()
    of = models.CharField(max_length=10)  # person or company
    field = models.CharField(max_length=40)  # of the record
    value = models.JSONField()
    old_value = models.JSONField(null=True)
    source = models.CharField(max_length=30)
    confidence = models.DecimalField(max_digits=3, decimal_places=2)
    verified = models.BooleanField(default=False)
    why = models.CharField(max_length=300, blank=True, default="")
    state = models.CharField(max_length=10, choices=State)
    change_id = models.BigIntegerField(null=True)  # of the run, or of accepting it
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", db_constraint=False,
                                   db_index=False)
    decided_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(db_default=Now())

    objects = ValueQuerySet.as_manager()

    class Meta:
        verbose_name = "proposal"
        constraints = [
            models.UniqueConstraint(fields=["organization", "model_type", "model_id", "field"], condition=Q(state="proposed"),
                                    name="one_open_proposal_per_field"),
        ]
        indexes = [
            models.Index(fields=["organization", "run", "id"], name="values_of_run"),
            models.Index(fields=["organization", "model_type", "model_id", "field", "-id"], name="values_of_record"),
            models.Index(fields=["organization", "-id"], condition=Q(state="proposed"), name="open_proposals"),
        ]

    def __str__(self):
        return f"{self.field}: {self.value}"


class LinkedInLeadQuerySet(AsIs):
    def rows(self):
        return self.values("id", "name", "headline", "company", "email", "linkedin_url", "lead_id",
                           created_at_=Moment("created_at"))


class LinkedInLead(OwnedModel):
    """A person who was enriched by LinkedIn address, once per address; `created_at` is when that was last."""

    linkedin_url = models.CharField(max_length=500)
    linkedin_norm = models.CharField(max_length=500, editable=False)
    name = models.CharField(max_length=200, blank=True, default="")
    headline = models.CharField(max_length=300, blank=True, default="")
    company = models.CharField(max_length=200, blank=True, default="")
    email = models.CharField(max_length=254, blank=True, default="")
    lead = models.ForeignKey("leads.Lead", models.SET_NULL, null=True, related_name="+", db_constraint=False, db_index=False)
    created_at = models.DateTimeField(db_default=Now())

    objects = LinkedInLeadQuerySet.as_manager()

    class Meta:
        verbose_name = "LinkedIn lead"
        constraints = [models.UniqueConstraint(fields=["organization", "linkedin_norm"], name="one_person_per_linkedin")]
        indexes = [
            models.Index(fields=["organization", "-created_at", "-id"], name="linkedin_leads_recent"),
            models.Index(fields=["organization", "lead"], name="linkedin_leads_of_lead"),
        ]

    def __str__(self):
        return self.name or self.linkedin_url
