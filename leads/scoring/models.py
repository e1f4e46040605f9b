"""What an organisation's scores have learned, and what they are allowed to look at."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from lio.tenancy import OwnedModel


class ScoreModel(OwnedModel):
    """One night's learning: the fields it looked at and their weights. Never changed, but for when it was in use.

    `weights` are learned from all closed leads, `tested_weights` from those that are not held out: with these it is compared
    with what comes after it. `card` is what the page of the model shows (training.py).
    """

    number = models.PositiveIntegerField()  # 1, 2, ... of its organisation
    fields = models.JSONField()
    weights = models.JSONField()
    tested_weights = models.JSONField()
    means = models.JSONField()
    card = models.JSONField()
    is_active = models.BooleanField(default=False)
    created_at = models.DateTimeField(db_default=Now())
    retired_at = models.DateTimeField(null=True)
    drifted_at = models.DateTimeField(null=True)  # when it was given up because the leads had changed (drift.py)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organization", "number"], name="score_model_number"),
            models.UniqueConstraint(fields=["organization"], condition=Q(is_active=True), name="one_active_score_model"),
        ]

    def __str__(self):
        return f"learned-{self.number}"


class ScoreSettings(OwnedModel):
    """What the organisation says of its scores: fields that are not to be looked at, and whether they may learn."""

    excluded = models.JSONField(default=list)  # names of fields, as in facts.py
    learns = models.BooleanField(default=True)
    watched = models.JSONField(default=dict)  # what the last night saw (training.py)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["organization"], name="score_settings_once")]
        verbose_name_plural = "score settings"

    def __str__(self):
        return f"score settings of {self.organization_id}"
