"""What was forecast of each deal, when; and the goals that people and teams have."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from lio.tenancy import OwnedModel, TenantModel


class ForecastSnapshot(OwnedModel):
    """A deal as it was at a moment: one for each change of it and one a night while it is open. Never recomputed.

    Old nights are thinned out (thinning.py).

    `reason` says what it was taken for: "nightly", or the change. `probability`, `weighted_value` are the stage's (R53);
    `win_probability` and `forecast_value` are the model's own and null where it abstained. `is_quiet` and `moves` are what it
    looked at besides stage and age. `closed_on` is the day of a closing, also in snapshots that are taken of the deal later.
    It `is_look` when we are measured by what it says: it was taken as the deal came, or as a month began.
    """

    class State(models.TextChoices):
        OPEN = "open"
        WON = "won"
        LOST = "lost"
        DELETED = "deleted"

    deal = models.ForeignKey("deals.Deal", models.CASCADE, related_name="snapshots", db_constraint=False, db_index=False)
    pipeline = models.ForeignKey("deals.Pipeline", models.CASCADE, related_name="+", db_constraint=False, db_index=False)
    stage = models.ForeignKey("deals.Stage", models.CASCADE, related_name="+", db_constraint=False, db_index=False)
    owner = models.ForeignKey(
        "accounts.User", models.SET_NULL, null=True, related_name="+", db_constraint=False, db_index=False
    )
    at = models.DateTimeField(db_default=Now())
    day = models.DateField()
    state = models.CharField(max_length=7, choices=State, default=State.OPEN)
    value = models.DecimalField(max_digits=14, decimal_places=2)
    probability = models.DecimalField(max_digits=5, decimal_places=4)
    weighted_value = models.DecimalField(max_digits=16, decimal_places=2)
    win_probability = models.DecimalField(max_digits=5, decimal_places=4, null=True)
    forecast_value = models.DecimalField(max_digits=16, decimal_places=2, null=True)
    expected_close_date = models.DateField()
    category = models.CharField(max_length=9)
    reason = models.CharField(max_length=20)
    is_quiet = models.BooleanField(default=False, db_default=False)
    moves = models.PositiveSmallIntegerField(default=0, db_default=0)
    closed_on = models.DateField(null=True)
    is_look = models.BooleanField(default=False, db_default=False)

    class Meta:
        indexes = [
            models.Index(fields=["organization", "deal", "-id"], name="snapshots_of_deal"),
            models.Index(fields=["organization", "day", "deal"], name="snapshots_of_day"),
            models.Index(fields=["organization", "deal", "-id"], condition=~Q(reason="nightly"), name="snapshots_of_changes"),
            models.Index(fields=["organization", "deal", "-id"], condition=Q(is_look=True), name="snapshots_looked_at"),
        ]

    def __str__(self):
        return f"{self.deal_id} on {self.day}"


class MonthForecast(OwnedModel):
    """What was said on the first day of `made` about the won value of the month `target`, by one method. Never recomputed.

    Of all candidates for the next three months, of the chosen one for two years. `pipeline` null: all pipelines together.
    """

    pipeline = models.ForeignKey(
        "deals.Pipeline", models.CASCADE, null=True, related_name="+", db_constraint=False, db_index=False
    )
    made = models.DateField()
    target = models.DateField()  # the first day of the month
    method = models.CharField(max_length=30)  # of monthly.CANDIDATES
    value = models.DecimalField(max_digits=18, decimal_places=2)
    low = models.DecimalField(max_digits=18, decimal_places=2, null=True)
    high = models.DecimalField(max_digits=18, decimal_places=2, null=True)
    is_chosen = models.BooleanField(default=False)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organization", "pipeline", "made", "target", "method"], nulls_distinct=False,
                                    name="said_once"),
        ]

    def __str__(self):
        return f"{self.target:%Y-%m} as of {self.made}"


class ClosedDeals(OwnedModel):
    """What became of the closed deals of a pipeline, as counted on a day (chances.Conversions as JSON)."""

    pipeline = models.OneToOneField("deals.Pipeline", models.CASCADE, related_name="+", db_constraint=False)
    day = models.DateField()
    counts = models.JSONField()

    class Meta:
        verbose_name_plural = "closed deals"

    def __str__(self):
        return f"{self.pipeline_id} on {self.day}"


class Quota(TenantModel):
    """What an owner or a team is to win in a month, in all pipelines or in one."""

    owner = models.ForeignKey(
        "accounts.User", models.CASCADE, null=True, blank=True, related_name="+", db_constraint=False, db_index=False
    )
    team = models.ForeignKey(
        "accounts.Team", models.CASCADE, null=True, blank=True, related_name="+", db_constraint=False, db_index=False
    )
    pipeline = models.ForeignKey(
        "deals.Pipeline", models.CASCADE, null=True, blank=True, related_name="+", db_constraint=False, db_index=False
    )
    month = models.DateField()  # its first day
    amount = models.DecimalField(max_digits=14, decimal_places=2)

    class Meta(TenantModel.Meta):
        constraints = [
            models.CheckConstraint(
                condition=Q(owner__isnull=False, team=None) | Q(owner=None, team__isnull=False), name="quota_of_owner_or_team"
            ),
            models.UniqueConstraint(
                fields=["organization", "owner", "team", "pipeline", "month"], nulls_distinct=False,
                condition=Q(deleted_at=None), name="one_quota_a_month",
            ),
        ]

    def __str__(self):
        return f"{self.amount} in {self.month:%Y-%m}"
