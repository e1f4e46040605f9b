"""Imports: a file of leads, what is to be done with it, and how far it has come."""

from django.conf import settings
from django.db import models
from django.db.models import Case, F, Value, When

from lio.rows import Moment
from lio.tenancy import OwnedModel, TenantModel, TenantQuerySet

SHOWN_ERRORS = 100  # of the refused rows, in a job's answer; the download has them all


class ImportQuerySet(TenantQuerySet):
    def rows(self):
        """What the API shows of an import job."""
        return self.values(
            "id",
            "type",
            "file_name",
            "total",
            "processed",
            "succeeded",
            "created",
            "merged",
            "failed",
            "skipped",
            "errors",
            status=Case(
                *[When(state=state, then=Value(shown)) for state, shown in STATUSES.items()], output_field=models.CharField()
            ),
            state_=F("state"),
            created_at_=Moment("created_at"),
            completed_at=Moment("finished_at"),
        )

    def open(self):
        return self.exclude(state__in=Import.OVER)


class Import(TenantModel):
    """One file on its way in.

    uploaded -> (reading, a workbook) -> mapping -> checking -> ready -> running -> completed; through the API straight on.
    Counts speak of rows: total = succeeded + failed + skipped once all are processed.
    """

    class State(models.TextChoices):
        READING = "reading", "Being read"  # a workbook becomes a table
        MAPPING = "mapping", "Waiting for its columns"  # a person says what they are
        CHECKING = "checking", "Being checked"  # rows are staged, and it is found out what each will do
        READY = "ready", "Checked"  # a person looks at that
        RUNNING = "running", "Running"
        DONE = "completed", "Completed"
        FAILED = "failed", "Failed"
        CANCELLED = "cancelled", "Cancelled"

    OVER = (State.DONE, State.FAILED, State.CANCELLED)
    WAITING = (State.MAPPING, State.READY)

    class Policy(models.TextChoices):
        SKIP = "skip", "Skip the row"
        UPDATE = "update", "Update the lead that is there"
        CREATE = "create", "Create a second lead"

    class Match(models.TextChoices):
        ADDRESS = "address", "E-mail or LinkedIn address"
        EMAIL = "email", "E-mail address only"
        LINKEDIN = "linkedin", "LinkedIn address only"
        PHONE = "phone", "Phone number"

    type = models.CharField(max_length=20, default="lead")
    file_name = models.CharField(max_length=255)
    storage_name = models.CharField(max_length=120)  # of the file as it came
    table_name = models.CharField(max_length=120)  # of the same as CSV: the file itself, or what a workbook became
    size = models.PositiveBigIntegerField()
    header = models.JSONField(default=list)
    sample = models.JSONField(default=list)  # the first rows, for the person who maps them
    overrides = models.JSONField(default=dict)  # {column: field, custom or ignore} where that is not what was guessed
    match = models.CharField(max_length=10, choices=Match, default=Match.ADDRESS)
    policy = models.CharField(max_length=10, choices=Policy, default=Policy.SKIP)
    runs_through = models.BooleanField(default=False)  # nobody maps or looks first
    state = models.CharField(max_length=10, choices=State)
    round = models.PositiveIntegerField(default=0)  # of checking; jobs of earlier rounds have nothing left to do
    staged_to = models.PositiveIntegerField(default=0)  # number of the last row that is staged
    done_to = models.PositiveIntegerField(default=0)  # number of the last row that is processed
    total = models.PositiveIntegerField(default=0)
    processed = models.PositiveIntegerField(default=0)
    succeeded = models.PositiveIntegerField(default=0)
    created = models.PositiveIntegerField(default=0)
    merged = models.PositiveIntegerField(default=0)
    skipped = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(default=0)
    expected = models.JSONField(default=dict)  # {outcome: rows}, as the check found
    errors = models.JSONField(default=list)
    problem = models.CharField(max_length=500, default="")  # why the import as a whole has failed
    change_id = models.BigIntegerField(null=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", db_constraint=False, db_index=False
    )
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    objects = ImportQuerySet.as_manager()

    class Meta(TenantModel.Meta):
        verbose_name = "import"
        constraints = [
            models.CheckConstraint(
                name="import_counts_its_rows",
                condition=models.Q(processed=F("succeeded") + F("failed") + F("skipped"), succeeded=F("created") + F("merged")),
            )
        ]
        indexes = [models.Index(fields=["organization", "-id"], name="import_of_org")]

    def __str__(self):
        return self.file_name

    @property
    def is_over(self):
        return self.state in self.OVER

    @property
    def is_working(self):
        return not self.is_over and self.state not in self.WAITING


STATUSES = {
    "reading": "queued",
    "mapping": "queued",
    "ready": "queued",
    "checking": "processing",
    "running": "processing",
    "completed": "completed",
    "failed": "failed",
    "cancelled": "failed",
}


class ImportRow(OwnedModel):
    """A staged row: what it brings, or why it is refused; and what it does to which lead."""

    class Outcome(models.IntegerChoices):
        CREATE, MERGE, SKIP, FAIL = 1, 2, 3, 4

    of = models.ForeignKey(Import, models.CASCADE, related_name="row_set", db_constraint=False, db_index=False)
    number = models.PositiveIntegerField()  # as a spreadsheet counts, the header being 1
    data = models.JSONField(null=True)  # {"fields": as capture takes them, "tags": names}
    reason = models.TextField(default="")
    outcome = models.PositiveSmallIntegerField(choices=Outcome, null=True)
    lead_id = models.BigIntegerField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["organization", "of", "number"], name="one_staged_row_per_number")]


class ExportQuerySet(TenantQuerySet):
    def rows(self):
        """What the API shows of an export."""
        return self.values(
            "id",
            "export_type",
            "format",
            "row_count",
            "total",
            "size",
            "file_name",
            "timezone",
            "problem",
            status=Case(
                *[When(state=state, then=Value(shown)) for state, shown in EXPORT_STATUSES.items()],
                output_field=models.CharField(),
            ),
            state_=F("state"),
            created_at_=Moment("created_at"),
            completed_at=Moment("finished_at"),
            expires_at_=Moment("expires_at"),
        )

    def open(self):
        return self.filter(state__in=Export.OPEN)


class Export(TenantModel):
    """One file on its way out (transfers/exports.py, exporting.py).

    While it is written, the pieces of finished turns lie in the storage beside it: `parts` of them hold `part_rows` rows, down
    to the record `part_id`.
    """

    class State(models.TextChoices):
        QUEUED = "queued", "Waiting"
        RUNNING = "running", "Running"
        DONE = "completed", "Ready"
        FAILED = "failed", "Failed"
        CANCELLED = "cancelled", "Cancelled"
        EXPIRED = "expired", "Expired"

    class Format(models.TextChoices):
        CSV = "csv", "CSV"
        XLSX = "xlsx", "Excel (XLSX)"

    OPEN = (State.QUEUED, State.RUNNING)

    export_type = models.CharField(max_length=20)
    format = models.CharField(max_length=4, choices=Format, default=Format.CSV)
    file_name = models.CharField(max_length=255)
    filters = models.JSONField(default=dict)  # as the list takes them, those of a view included
    ids = models.JSONField(null=True)  # the chosen ones, where not all that the filters find
    columns = models.JSONField(default=list)  # names; empty means all, until the work begins
    timezone = models.CharField(max_length=64)  # that of the moments in the file
    state = models.CharField(max_length=10, choices=State, default=State.QUEUED)
    storage_name = models.CharField(max_length=120)  # of the finished file; "" when it is gone
    size = models.PositiveBigIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    row_count = models.PositiveIntegerField(default=0)
    parts = models.PositiveIntegerField(default=0)
    part_rows = models.PositiveIntegerField(default=0)
    part_id = models.BigIntegerField(null=True)
    problem = models.CharField(max_length=500, default="")
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", db_constraint=False, db_index=False
    )
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)

    objects = ExportQuerySet.as_manager()

    class Meta(TenantModel.Meta):
        verbose_name = "export"
        indexes = [
            models.Index(fields=["organization", "-id"], name="export_of_org"),
            models.Index(fields=["expires_at"], condition=~models.Q(storage_name=""), name="export_to_remove"),
        ]

    def __str__(self):
        return self.file_name

    @property
    def is_open(self):
        return self.state in self.OPEN

    @property
    def is_ready(self):
        return self.state == self.State.DONE


EXPORT_STATUSES = {
    "queued": "queued",
    "running": "processing",
    "completed": "completed",
    "failed": "failed",
    "cancelled": "failed",
    "expired": "completed",
}
