"""Tables of the kit: jobs, idempotency keys, changes, search documents. Rate buckets are plain SQL (lio/ratelimit.py)."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from lio.tenancy import OwnedModel, TenantQuerySet


class Job(models.Model):
    """A piece of background work; this row is the truth about it, a queue entry only wakes it up (lio/jobs.py)."""

    class State(models.TextChoices):
        QUEUED = "queued"
        RUNNING = "processing"
        DONE = "completed"
        FAILED = "failed"

    organization = models.ForeignKey("accounts.Organization", models.CASCADE, null=True, related_name="+")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    function = models.CharField(max_length=120)
    args = models.JSONField(default=list)
    is_batch = models.BooleanField(default=False)
    key = models.CharField(max_length=120, null=True, unique=True)  # at most one job of a key, ever
    state = models.CharField(max_length=10, choices=State, default=State.QUEUED)
    attempts = models.PositiveSmallIntegerField(default=0)
    max_attempts = models.PositiveSmallIntegerField(default=5)
    run_at = models.DateTimeField(db_default=Now())
    woken_at = models.DateTimeField(null=True)
    lock_id = models.BigIntegerField(null=True)
    cursor = models.JSONField(null=True)
    total = models.PositiveIntegerField(default=0)
    processed = models.PositiveIntegerField(default=0)
    succeeded = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(default=0)
    skipped = models.PositiveIntegerField(default=0)
    result = models.JSONField(null=True)
    error = models.TextField(default="")
    created_at = models.DateTimeField(db_default=Now())
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    objects = TenantQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["organization", "-id"], name="job_of_org"),
            models.Index(fields=["run_at"], condition=Q(state="queued"), name="job_due"),
            models.Index(fields=["lock_id"], condition=Q(state="processing"), name="job_running"),
            models.Index(fields=["function", "organization", "id"], condition=Q(state="queued", is_batch=True),
                         name="job_batch"),
        ]

    def __str__(self):
        return f"{self.function} #{self.pk}"


class IdempotencyKey(models.Model):
    """The first answer to a request that carried an Idempotency-Key (lio/api/idempotency.py)."""

    scope = models.CharField(max_length=80)  # organisation, or the public page, that the key belongs to
    key = models.CharField(max_length=255)
    fingerprint = models.BinaryField(max_length=32)
    status = models.PositiveSmallIntegerField(null=True)
    body = models.BinaryField(null=True)
    change_id = models.BigIntegerField(null=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["scope", "key"], name="one_answer_per_key")]
        indexes = [models.Index(fields=["created_at"], name="idempotency_age")]


class Change(OwnedModel):
    """What happened to one record: verb, by whom, the changed fields before and after (lio/history.py)."""

    change_id = models.BigIntegerField()  # shared by everything that one action changed
    verb = models.CharField(max_length=60)
    model_type = models.CharField(max_length=60)
    model_id = models.BigIntegerField()
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", db_index=False)
    actor = models.CharField(max_length=120, default="")  # who it was when `by` is empty: an API key, a form, a job
    undoes = models.BigIntegerField(null=True)  # change id of the action that this one takes back (lio/undo.py)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = [
            models.Index(fields=["organization", "model_type", "model_id", "-id"], name="change_of_record"),
            models.Index(fields=["organization", "change_id"], name="change_together"),
            models.Index(fields=["by", "change_id"], name="change_by"),
            models.Index(fields=["organization", "undoes"], condition=Q(undoes__isnull=False), name="change_undone"),
        ]

    def __str__(self):
        return f"{self.verb} {self.model_type} {self.model_id}"


class Undoing(OwnedModel):
    """What came of taking an action back (lio/undo.py); an action is taken back once."""

    undoes = models.BigIntegerField()  # change id of what is taken back
    change_id = models.BigIntegerField()  # of the taking back
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", db_constraint=False,
                           db_index=False)
    job_id = models.BigIntegerField(null=True)
    total = models.PositiveIntegerField(default=0)  # Change rows
    processed = models.PositiveIntegerField(default=0)
    reverted = models.PositiveIntegerField(default=0)  # records
    conflict_count = models.PositiveIntegerField(default=0)
    conflicts = models.JSONField(default=list)  # the first of them: [{model_type, model_id, field, reason}]
    created_at = models.DateTimeField(db_default=Now())
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["organization", "undoes"], name="undone_once")]

    @property
    def is_working(self):
        return self.finished_at is None


class SearchDoc(OwnedModel):
    """The words by which a record is found, beside the record so that its own updates stay cheap (lio/search.py)."""

    kind = models.CharField(max_length=20)
    object_id = models.BigIntegerField()
    body = models.TextField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["organization", "kind", "object_id"], name="one_doc_per_record")]
