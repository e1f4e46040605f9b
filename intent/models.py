"""What people do (raw events), what it means (signals, which are the alerts), and how an organisation wants it seen."""

import secrets
from datetime import time

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Case, F, Q, Value, When
from django.db.models.functions import Cast, Now

from intent.types import CHOICES, HALF_LIFE, HOT_FROM, WEIGHTS
from lio.rows import Moment
from lio.tenancy import OwnedModel, TenantQuerySet


def new_site_key():
    return "site_" + secrets.token_urlsafe(18)


class IntentSettings(OwnedModel):
    """How an organisation weighs signals, when it works, and whether it watches. `version` grows with each change of rules."""

    weights = models.JSONField(default=dict)  # {type: points} where they are not those of intent/types.py
    hot_from = models.PositiveSmallIntegerField(default=HOT_FROM)
    half_life_days = models.PositiveSmallIntegerField(default=HALF_LIFE)
    version = models.PositiveIntegerField(default=1)
    work_days = ArrayField(models.PositiveSmallIntegerField(), default=list)  # 1 Monday to 7 Sunday; none: Monday to Friday
    work_from = models.TimeField(default=time(9))
    work_to = models.TimeField(default=time(17))
    mail_tracking = models.BooleanField(default=True)
    site_tracking = models.BooleanField(default=False)
    site_key = models.CharField(max_length=40, unique=True, default=new_site_key)  # public: it only says whose site it is
    site_hosts = ArrayField(models.CharField(max_length=253), default=list)
    site_rules = models.JSONField(default=list)  # [{"pattern": "/pricing*", "signal_type": "pricing_page_visit"}]

    class Meta:
        verbose_name_plural = "intent settings"
        constraints = [models.UniqueConstraint(fields=["organization"], name="one_intent_settings")]

    @property
    def all_weights(self):
        return WEIGHTS | self.weights

    @property
    def days(self):
        return self.work_days or [1, 2, 3, 4, 5]


class TrackingToken(OwnedModel):
    """What a link or picture in a sent mail stands for. Only the hash of its token is kept; where it leads is kept by us."""

    class Purpose(models.TextChoices):
        OPEN = "open"
        CLICK = "click"
        UNSUBSCRIBE = "unsubscribe"

    digest = models.CharField(max_length=64, unique=True)  # over all organisations: the token is all that a caller has
    purpose = models.CharField(max_length=12, choices=Purpose)
    lead = models.ForeignKey("leads.Lead", models.CASCADE, related_name="+", db_constraint=False, db_index=False)
    message_id = models.BigIntegerField(null=True)  # of a table on a higher floor
    target = models.CharField(max_length=2000, default="")
    created_at = models.DateTimeField(db_default=Now())
    delivered_at = models.DateTimeField(null=True)  # when the mail server took the mail, where that is known

    class Meta:
        indexes = [
            models.Index(fields=["organization", "message_id"], name="tokens_of_message"),
            models.Index(fields=["organization", "lead"], name="tokens_of_lead"),
        ]


class Visitor(OwnedModel):
    """A browser on the organisation's own site, by the id that the script gave it; the lead as soon as it is known."""

    number = models.UUIDField()
    lead = models.ForeignKey("leads.Lead", models.SET_NULL, null=True, related_name="+", db_constraint=False, db_index=False)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["organization", "number"], name="one_visitor_per_number")]
        indexes = [models.Index(fields=["organization", "lead"], condition=Q(lead__isnull=False), name="visitors_of_lead")]


class RawEvent(OwnedModel):
    """What came, as it came. Rows are added; what a row says is never changed, only how it is read (`classification`).

    `hits` counts repeats within one minute. `agent` and `network` are all that classification needs, and are forgotten.
    """

    class Channel(models.TextChoices):
        API = "api"
        FORM = "form"
        BOOKING = "booking"
        MAIL = "mail"
        SITE = "site"
        MANUAL = "manual"

    class Is(models.TextChoices):
        HUMAN = "human", "A person"
        MAIL_PROXY = "mail_proxy", "A mail program's proxy"
        SCANNER = "scanner", "A security scanner"
        PREFETCH = "prefetch", "Fetched ahead"

    kind = models.CharField(max_length=24)  # a signal type, or "open", "click", "unsubscribe", "view"
    channel = models.CharField(max_length=8, choices=Channel)
    at = models.DateTimeField(db_default=Now())
    lead = models.ForeignKey("leads.Lead", models.CASCADE, null=True, related_name="+", db_constraint=False, db_index=False)
    token = models.ForeignKey(TrackingToken, models.CASCADE, null=True, related_name="+", db_constraint=False, db_index=False)
    visitor = models.ForeignKey(Visitor, models.CASCADE, null=True, related_name="+", db_constraint=False, db_index=False)
    message_id = models.BigIntegerField(null=True)
    page = models.CharField(max_length=500, default="", db_default="")
    detail = models.JSONField(default=dict, db_default={})
    agent = models.CharField(max_length=300, default="", db_default="")
    network = models.CharField(max_length=12, default="", db_default="")  # whose: intent/tracking/classifying.py
    hints = models.CharField(max_length=12, default="", db_default="")  # "head", "prefetch"
    arrival = models.CharField(max_length=10, default="human", db_default="human")  # as it looked when it came
    minute = models.IntegerField(default=0, db_default=0)
    hits = models.PositiveSmallIntegerField(default=1, db_default=1)
    classification = models.CharField(max_length=10, choices=Is, default=Is.HUMAN, db_default="human")
    classifier_version = models.PositiveSmallIntegerField(default=0, db_default=0)
    is_taken = models.BooleanField(default=True, db_default=True)  # signals were made of it

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["token", "minute", "arrival"], condition=Q(token__isnull=False), name="one_hit_a_minute"),
            models.UniqueConstraint(
                fields=["visitor", "minute", "page"], condition=Q(visitor__isnull=False), name="one_view_a_minute"),
        ]
        indexes = [
            models.Index(fields=["organization", "id"], condition=Q(is_taken=False), name="events_to_take"),
            models.Index(
                fields=["organization", "message_id"], condition=Q(message_id__isnull=False), name="events_of_message"),
            models.Index(fields=["organization", "lead", "at"], condition=Q(lead__isnull=False), name="events_of_lead"),
            models.Index(fields=["at"], condition=~Q(agent="") | Q(lead=None), name="events_to_forget"),
            models.Index(fields=["organization", "at"], condition=Q(channel="site"), name="views_by_time"),
        ]


class SignalQuerySet(TenantQuerySet):
    def alive(self):
        """Those that hold: neither withdrawn nor of a deleted lead."""
        return self.filter(withdrawn_at=None, lead__deleted_at=None)

    def rows(self):
        return self.values(
            "id",
            "lead_id",
            "signal_type",
            "signal_detail",
            "source",
            "outcome",
            "outcome_note",
            occurred_at_=Moment("occurred_at"),
            assigned_to_id=F("lead__assigned_to_id"),
            is_acknowledged=Case(When(acknowledged_at=None, then=Value(False)), default=Value(True)),
            acknowledged_at_=Moment("acknowledged_at"),
            acknowledged_by_=F("acknowledged_by_id"),
            first_response_at=Moment("responded_at"),
            response_hours=Cast(F("response_minutes") / 60.0, models.FloatField()),
            created_at_=Moment("created_at"),
        )


class Signal(OwnedModel):
    """That a lead shows interest: an alert for its owner (R59).

    What LIO watched itself (opens, clicks, page views) has a `key`, by which the same again is the same signal; it is
    withdrawn when what it was made of turns out not to have been a person.
    """

    class Outcome(models.TextChoices):
        CALLED = "called", "Called"
        MAILED = "mailed", "Wrote an e-mail"
        MEETING = "meeting", "Set up a meeting"
        LATER = "later", "Later"
        NOT_RELEVANT = "not_relevant", "Not relevant"

    lead = models.ForeignKey("leads.Lead", models.CASCADE, related_name="+", db_constraint=False, db_index=False)
    signal_type = models.CharField(max_length=24, choices=CHOICES)
    signal_detail = models.JSONField(default=dict)
    source = models.CharField(max_length=100, null=True)
    channel = models.CharField(max_length=8, choices=RawEvent.Channel)
    occurred_at = models.DateTimeField()
    created_at = models.DateTimeField(db_default=Now())
    event = models.ForeignKey(RawEvent, models.SET_NULL, null=True, related_name="+", db_constraint=False, db_index=False)
    message_id = models.BigIntegerField(null=True)
    key = models.CharField(max_length=120, null=True)
    withdrawn_at = models.DateTimeField(null=True)
    acknowledged_at = models.DateTimeField(null=True)
    acknowledged_by = models.ForeignKey(
        "accounts.User", models.SET_NULL, null=True, related_name="+", db_constraint=False, db_index=False
    )
    outcome = models.CharField(max_length=12, choices=Outcome, null=True)
    outcome_note = models.CharField(max_length=1000, null=True)
    responded_at = models.DateTimeField(null=True)  # acknowledged, or somebody reached out: whichever came first
    response_minutes = models.PositiveIntegerField(null=True)  # of working time between the signal and that

    objects = SignalQuerySet.as_manager()

    class Meta:
        verbose_name = "alert"
        constraints = [
            models.UniqueConstraint(fields=["organization", "key"], condition=Q(key__isnull=False), name="one_signal_per_key")
        ]
        indexes = [
            models.Index(fields=["organization", "id"], condition=Q(withdrawn_at=None), name="signals_by_id"),
            models.Index(fields=["organization", "occurred_at", "id"], condition=Q(withdrawn_at=None), name="signals_by_time"),
            models.Index(
                fields=["organization", "signal_type", "occurred_at"], condition=Q(withdrawn_at=None), name="signals_by_type"),
            models.Index(
                fields=["organization", "lead", "occurred_at"], condition=Q(withdrawn_at=None), name="signals_of_lead"),
            models.Index(
                fields=["organization", "lead"], condition=Q(withdrawn_at=None, responded_at=None), name="signals_to_answer"),
            models.Index(
                fields=["organization", "lead", "occurred_at"], condition=Q(withdrawn_at__isnull=False),
                name="signals_withdrawn_of_lead"),
        ]

    def __str__(self):
        return self.get_signal_type_display()


class HotLead(OwnedModel):
    """A lead that is hot until `until`, unless something happens: kept with each signal (intent/heat.py), because to weigh
    all signals of an organisation for each page would be too much."""

    lead = models.ForeignKey("leads.Lead", models.CASCADE, related_name="+", db_constraint=False, db_index=False)
    since = models.DateTimeField(db_default=Now())
    until = models.DateTimeField()
    points = models.PositiveIntegerField(default=0, db_default=0)  # when it was weighed last: what it has now is this or less

    class Meta:
        constraints = [models.UniqueConstraint(fields=["organization", "lead"], name="hot_once")]
        indexes = [
            models.Index(fields=["organization", "until"], name="hot_until"),
            models.Index(fields=["organization", "-points", "-lead"], name="hot_by_points"),
        ]


class Mute(OwnedModel):
    """That a member does not want to hear of the signals of a lead."""

    user = models.ForeignKey("accounts.User", models.CASCADE, related_name="+", db_constraint=False, db_index=False)
    lead = models.ForeignKey("leads.Lead", models.CASCADE, related_name="+", db_constraint=False, db_index=False)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["organization", "user", "lead"], name="muted_once")]
        indexes = [models.Index(fields=["organization", "lead"], name="mutes_of_lead")]
