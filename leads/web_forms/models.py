"""Hosted forms, their counters, and what was sent to them and held back."""

from datetime import timedelta

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import connection, models
from django.db.models import F, OuterRef, Q, Subquery, Sum, Value
from django.db.models.functions import Coalesce, Concat
from django.utils.timezone import now

from lio.rows import Moment
from lio.tenancy import OwnedModel, TenantModel, TenantQuerySet

PATH = "/api/v1/web-form/"
HELD_DAYS = 30


class WebFormQuerySet(TenantQuerySet):
    def counted_up(self):
        """With `views`, `submissions` and `held`, how much of each there was or is."""
        counts = WebFormCount.objects.filter(organization=OuterRef("organization"), form=OuterRef("pk")).order_by()
        held = HeldSubmission.objects.filter(organization=OuterRef("organization"), form=OuterRef("pk")).order_by()

        def number(rows, what):
            found = Subquery(rows.values("form").annotate(n=what).values("n"))
            return Coalesce(found, 0, output_field=models.BigIntegerField())

        return self.annotate(
            views=number(counts, Sum("views")),
            submissions=number(counts, Sum("submissions")),
            held=number(held, models.Count("pk")),
        )

    def rows(self):
        return self.counted_up().values(
            "id",
            "name",
            "form_link",
            "fields",
            "is_active",
            "title",
            "intro",
            "button",
            "success_message",
            "redirect_url",
            "consent_text",
            "color",
            "background",
            "allowed_domains",
            "capture_utm",
            url=Concat(Value(settings.SITE_URL + PATH), "form_link", output_field=models.CharField()),
            lead_source=F("source__number"),
            assigned_to_=F("assigned_to_id"),
            view_count=F("views"),
            submission_count=F("submissions"),
            held_count=F("held"),
            created_at_=Moment("created_at"),
        )


class WebForm(TenantModel):
    """A page that asks visitors for what becomes a lead. Who has its link may fill it in while it is active."""

    name = models.CharField(max_length=100)
    form_link = models.CharField(max_length=40, unique=True, editable=False)  # over all organisations: it is all a visitor has
    fields = models.JSONField(default=list)  # [{name, label, type, required, options}], see leads/web_forms/asking.py
    is_active = models.BooleanField(default=True)
    title = models.CharField(max_length=150, blank=True, default="")  # what visitors read; empty: the name
    intro = models.TextField(blank=True, default="")
    button = models.CharField(max_length=40, blank=True, default="")
    success_message = models.TextField(blank=True, default="")
    redirect_url = models.CharField(max_length=500, blank=True, default="")
    consent_text = models.TextField(blank=True, default="")
    color = models.CharField(max_length=7, default="#3f51c6")
    background = models.CharField(max_length=7, blank=True, default="")  # empty: light or dark, as the visitor has it
    allowed_domains = ArrayField(models.CharField(max_length=253), default=list, blank=True)  # may frame it, may be led to
    capture_utm = models.BooleanField(default=True)
    source = models.ForeignKey(
        "lookups.Lookup", models.PROTECT, null=True, blank=True, related_name="+", db_constraint=False, db_index=False
    )
    assigned_to = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", db_constraint=False, db_index=False
    )

    objects = WebFormQuerySet.as_manager()

    class Meta(TenantModel.Meta):
        verbose_name = "web form"
        indexes = [models.Index(fields=["organization", "id"], condition=Q(deleted_at=None), name="web_forms_of_org")]

    def __str__(self):
        return self.name

    @property
    def path(self):
        return f"{PATH}{self.form_link}"

    @property
    def url(self):
        return f"{settings.SITE_URL}{self.path}"

    @property
    def heading(self):
        return self.title or self.name


class WebFormCount(OwnedModel):
    """Views and submissions of a form: rows to be summed up, appended by each and folded by a job."""

    form = models.ForeignKey(WebForm, models.CASCADE, related_name="+", db_constraint=False, db_index=False)
    views = models.BigIntegerField(default=0)
    submissions = models.BigIntegerField(default=0)

    class Meta:
        indexes = [models.Index(fields=["organization", "form"], name="count_of_web_form")]


class HeldSubmission(OwnedModel):
    """What was sent to a form and looks like a robot's, or could not be taken: a member decides (holding.py)."""

    class Reason(models.TextChoices):
        TRAP = "trap", "Filled in the field that people do not see"
        FAST = "fast", "Sent faster than people write"
        FLOOD = "flood", "The form got very many at once"
        CONFLICT = "conflict", "Fits more than one lead, or repeats a unique value"

    form = models.ForeignKey(WebForm, models.CASCADE, related_name="+", db_constraint=False, db_index=False)
    reason = models.CharField(max_length=8, choices=Reason)
    sent = models.JSONField()  # {name: text or texts} as it came
    about = models.JSONField(default=dict)  # where it came from and what was agreed to, see leads/web_forms/submitting.py
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["organization", "form", "-id"], name="held_of_web_form"),
            models.Index(fields=["created_at"], name="held_by_age"),
        ]


def home_of(form_link):
    """Id of the organisation whose active form has this link; None when there is no such form. Looks over the wall."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT leads_web_form_home(%s)", [form_link])
        return cursor.fetchone()[0]


def forget_held():
    """Forget what has been held in the open organisation for HELD_DAYS."""
    HeldSubmission.objects.filter(created_at__lt=now() - timedelta(days=HELD_DAYS)).delete()


def fold_counts():
    """Put the counter's rows of the open organisation together, one for each form."""
    with connection.cursor() as cursor:
        cursor.execute(
            """WITH taken AS (DELETE FROM leads_webformcount RETURNING organization_id, form_id, views, submissions)
               INSERT INTO leads_webformcount (organization_id, form_id, views, submissions)
               SELECT organization_id, form_id, sum(views), sum(submissions) FROM taken GROUP BY 1, 2"""
        )
