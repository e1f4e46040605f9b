"""Pipelines with their stages, and the deals that go through them.

`closed_at` says whether a deal is open; its stage says what became of it. What a deal went through stands in StageEntry.
"""

from django.contrib.postgres.expressions import ArraySubquery
from django.db import models
from django.db.models import Case, F, OuterRef, Q, Value, When
from django.db.models.functions import Cast, JSONObject, Now, Round

from accounts.models import full_name
from leads.models import Lead, priority_label
from lio.rows import Moment
from lio.tenancy import OwnedModel, TenantModel, TenantQuerySet

LIVING = Q(deleted_at=None)
OPEN = LIVING & Q(closed_at=None)
MONEY = models.DecimalField(max_digits=18, decimal_places=2)


class PipelineQuerySet(TenantQuerySet):
    def active(self):
        return self.filter(is_active=True)

    def rows(self):
        """What the API shows of a pipeline (section 11)."""
        return self.values(
            "id",
            "name",
            "description",
            "max_deal_limit",
            "region",
            "position",
            "asks_api",
            state_id=Case(When(is_active=True, then=Value(1)), default=Value(0)),
            stages_=ArraySubquery(
                Stage.objects.filter(pipeline=OuterRef("pk"), organization=OuterRef("organization")).alive()
                .order_by("position", "id").values(json=stage_as_json())
            ),
            created_at_=Moment("created_at"),
            updated_at_=Moment("updated_at"),
        )


class Pipeline(TenantModel):
    """A way that deals go. `max_deal_limit` is the highest value that one deal in it may have (R52)."""

    name = models.CharField(max_length=100)
    description = models.CharField(max_length=1000, blank=True, default="")
    max_deal_limit = models.DecimalField(max_digits=14, decimal_places=2, null=True, blank=True)
    region = models.CharField(max_length=100, null=True, blank=True)
    is_active = models.BooleanField(default=True)
    position = models.PositiveIntegerField(default=0)
    asks_api = models.BooleanField(default=False)  # the API, too, must say why a deal was lost and what a stage requires

    objects = PipelineQuerySet.as_manager()

    class Meta(TenantModel.Meta):
        indexes = [models.Index(fields=["organization", "position", "id"], condition=LIVING, name="pipeline_by_position")]

    def __str__(self):
        return self.name


STAGE_FIELDS = ("id", "pipeline_id", "name", "color", "position", "is_won", "is_lost", "probability", "max_days_in_stage",
                "required_fields")


def stage_as_json():
    return JSONObject(**{name: name for name in STAGE_FIELDS})


class StageQuerySet(TenantQuerySet):
    def rows(self):
        return self.values(*STAGE_FIELDS)

    def open(self):
        return self.filter(is_won=False, is_lost=False)


class Stage(TenantModel):
    """A step of a pipeline. Each pipeline has one that is won and one that is lost; these are protected (R51).

    `required_fields` are the fields of a deal that must be filled before it may stand here.
    """

    pipeline = models.ForeignKey(Pipeline, models.CASCADE, related_name="stages", db_constraint=False, db_index=False)
    name = models.CharField(max_length=100)
    color = models.CharField(max_length=7, default="#6b7280")
    position = models.PositiveIntegerField(default=0)
    is_won = models.BooleanField(default=False)
    is_lost = models.BooleanField(default=False)
    probability = models.DecimalField(max_digits=5, decimal_places=4)  # 0 to 1
    max_days_in_stage = models.PositiveIntegerField(null=True, blank=True)
    required_fields = models.JSONField(default=list, blank=True)

    objects = StageQuerySet.as_manager()

    class Meta(TenantModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["organization", "pipeline"], condition=LIVING & Q(is_won=True),
                                    name="one_won_stage"),
            models.UniqueConstraint(fields=["organization", "pipeline"], condition=LIVING & Q(is_lost=True),
                                    name="one_lost_stage"),
            models.CheckConstraint(condition=Q(probability__gte=0, probability__lte=1), name="probability_0_to_1"),
            models.CheckConstraint(condition=~Q(is_won=True, is_lost=True), name="won_or_lost_not_both"),
        ]
        indexes = [
            models.Index(fields=["organization", "pipeline", "position", "id"], condition=LIVING, name="stages_of_pipeline")
        ]

    def __str__(self):
        return self.name

    @property
    def is_protected(self):
        return self.is_won or self.is_lost


class DealQuerySet(TenantQuerySet):
    def open(self):
        return self.filter(closed_at=None)

    def won(self):
        return self.filter(stage__is_won=True)

    def rows(self):
        """What the API shows of a deal (section 11). `value` is in the organisation's currency."""
        return self.values(
            "id",
            "lead_id",
            "pipeline_id",
            "stage_id",
            "title",
            "value",
            "currency",
            "amount",
            "rate",
            "expected_close_date",
            "priority",
            "description",
            "next_step",
            "next_step_on",
            "lost_reason",
            "category",
            "category_by_hand",
            "board_rank",
            "version",
            "moved_close_dates",
            "custom_fields",
            assigned_to_=F("assigned_to_id"),
            created_by_=F("created_by_id"),
            stage_name=F("stage__name"),
            status_=Case(When(stage__is_won=True, then=Value("won")), When(stage__is_lost=True, then=Value("lost")),
                         default=Value("open")),
            probability=F("stage__probability"),
            weighted_value=weighted(),
            priority_text=priority_label(),
            entered_stage_at_=Moment("entered_stage_at"),
            closed_at_=Moment("closed_at"),
            last_activity_at_=Moment("last_activity_at"),
            created_at_=Moment("created_at"),
            updated_at_=Moment("updated_at"),
        )

    def whole_rows(self):
        """The same with the stages that a deal went through and the contacts that have a say in it."""
        entries = StageEntry.objects.filter(deal=OuterRef("pk")).order_by("entered_at", "id")
        people = DealContact.objects.filter(deal=OuterRef("pk"), contact__deleted_at=None).order_by("id")
        return self.rows().annotate(
            stages=ArraySubquery(entries.values(json=JSONObject(
                stage_id="stage_id", stage_name="stage__name", entered_at=Moment("entered_at"), left_at=Moment("left_at"),
                by="by_id"))),
            contacts=ArraySubquery(people.values(json=JSONObject(
                contact_id="contact_id", name="contact__name", email="contact__email", role="role"))),
        )

    def page_rows(self):
        """The same for pages, with the names that a person reads."""
        return self.rows().annotate(
            pipeline_name=F("pipeline__name"),
            stage_color=F("stage__color"),
            max_days_in_stage=F("stage__max_days_in_stage"),
            lead_name=full_name("lead__"),
            lead_email=F("lead__email"),
            lead_activity=Moment("lead__last_activity_at"),
            company_name=F("lead__company__company_name"),
            assigned_to_name=Case(When(assigned_to=None, then=None), default=full_name("assigned_to__")),
        )


def weighted(prefix=""):
    """Value times the probability of the stage (R53)."""
    exact = Cast(F(f"{prefix}value") * F(f"{prefix}stage__probability"), models.DecimalField(max_digits=20, decimal_places=6))
    return Round(exact, 2, output_field=MONEY)


class Deal(TenantModel):
    """A chance to sell something to a lead.

    `value` is in the organisation's currency. A deal in another `currency` keeps its `amount` there and the `rate` of the day
    it was entered, so that its value does not wander. `board_rank` orders a column of the board (deals/ranks.py). `version`
    grows with each change: who moves a card says which one they saw.
    """

    class Category(models.TextChoices):
        COMMIT = "commit", "Commit"
        BEST_CASE = "best_case", "Best case"
        PIPELINE = "pipeline", "Pipeline"
        OMITTED = "omitted", "Omitted"

    lead = models.ForeignKey("leads.Lead", models.CASCADE, related_name="deals", db_constraint=False, db_index=False)
    pipeline = models.ForeignKey(Pipeline, models.PROTECT, related_name="deals", db_constraint=False, db_index=False)
    stage = models.ForeignKey(Stage, models.PROTECT, related_name="deals", db_constraint=False, db_index=False)
    title = models.CharField(max_length=50)
    value = models.DecimalField(max_digits=14, decimal_places=2)
    currency = models.CharField(max_length=3, null=True, blank=True)  # null: the organisation's own
    amount = models.DecimalField(max_digits=14, decimal_places=2, null=True, blank=True)
    rate = models.DecimalField(max_digits=18, decimal_places=8, null=True, editable=False)
    expected_close_date = models.DateField()
    priority = models.PositiveSmallIntegerField(choices=Lead.Priority, default=Lead.Priority.MEDIUM)
    description = models.CharField(max_length=1000, null=True, blank=True)
    next_step = models.CharField(max_length=300, null=True, blank=True)
    next_step_on = models.DateField(null=True, blank=True)
    lost_reason = models.CharField(max_length=500, null=True, blank=True)
    assigned_to = models.ForeignKey(
        "accounts.User", models.SET_NULL, null=True, blank=True, related_name="+", db_constraint=False, db_index=False
    )
    created_by = models.ForeignKey(
        "accounts.User", models.SET_NULL, null=True, editable=False, related_name="+", db_constraint=False, db_index=False
    )
    category = models.CharField(max_length=9, choices=Category, default=Category.PIPELINE)
    category_by_hand = models.BooleanField(default=False, editable=False)
    board_rank = models.CharField(max_length=200, db_collation="C", editable=False)
    version = models.PositiveIntegerField(default=1, editable=False)
    entered_stage_at = models.DateTimeField(db_default=Now(), editable=False)
    closed_at = models.DateTimeField(null=True, editable=False)
    last_activity_at = models.DateTimeField(null=True, editable=False)
    moved_close_dates = models.PositiveIntegerField(default=0, editable=False)  # how often the expected close date was moved
    custom_fields = models.JSONField(default=dict, blank=True)

    objects = DealQuerySet.as_manager()

    class Meta(TenantModel.Meta):
        constraints = [
            models.CheckConstraint(condition=Q(priority__gte=1, priority__lte=4), name="deal_priority_1_to_4"),
            models.CheckConstraint(
                condition=Q(currency=None, amount=None, rate=None)
                | Q(currency__isnull=False, amount__isnull=False, rate__isnull=False),
                name="currency_with_amount_and_rate",
            ),
        ]
        indexes = [
            models.Index(fields=["organization", "id"], condition=LIVING, name="deal_by_id"),
            models.Index(fields=["organization", "created_at", "id"], condition=LIVING, name="deal_by_created"),
            models.Index(fields=["organization", "value", "id"], condition=LIVING, name="deal_by_value"),
            models.Index(fields=["organization", "title", "id"], condition=LIVING, name="deal_by_title"),
            models.Index(
                fields=["organization", "stage", "board_rank", "id"], include=["value", "closed_at"], condition=LIVING,
                name="deal_on_board",
            ),
            models.Index(fields=["organization", "lead", "id"], condition=LIVING, name="deals_of_lead"),
            models.Index(
                fields=["organization", "pipeline", "expected_close_date", "id"], condition=LIVING, name="deals_of_pipeline"
            ),
            models.Index(fields=["organization", "expected_close_date", "id"], condition=LIVING, name="deal_by_close"),
            models.Index(fields=["organization", "assigned_to", "id"], condition=LIVING, name="deals_of_owner"),
            models.Index(fields=["organization", "id"], condition=OPEN, name="open_deals"),
            models.Index(fields=["organization", "-closed_at", "-id"], include=["stage", "lead"],
                         condition=LIVING & Q(closed_at__isnull=False), name="closed_deals"),
        ]

    def __str__(self):
        return self.title


class StageEntry(OwnedModel):
    """That a deal stood in a stage: since when, until when (null: still), and who put it there."""

    deal = models.ForeignKey(Deal, models.CASCADE, related_name="stage_entries", db_constraint=False, db_index=False)
    stage = models.ForeignKey(Stage, models.CASCADE, related_name="+", db_constraint=False, db_index=False)
    entered_at = models.DateTimeField(db_default=Now())
    left_at = models.DateTimeField(null=True)
    by = models.ForeignKey("accounts.User", models.SET_NULL, null=True, related_name="+", db_constraint=False, db_index=False)

    class Meta:
        verbose_name_plural = "stage entries"
        constraints = [
            models.UniqueConstraint(fields=["organization", "deal"], condition=Q(left_at=None), name="in_one_stage_at_a_time")
        ]
        indexes = [
            models.Index(fields=["organization", "deal", "id"], name="stages_of_deal"),
            models.Index(fields=["organization", "stage", "entered_at"], name="entries_of_stage"),
        ]

    def __str__(self):
        return f"{self.deal_id} in {self.stage_id}"


class DealContactQuerySet(TenantQuerySet):
    def rows(self):
        return self.values("id", "deal_id", "contact_id", "role", name=F("contact__name"), email=F("contact__email"),
                           designation=F("contact__designation"), created_at_=Moment("created_at"))


class DealContact(OwnedModel):
    """Who has a say in a deal, and which."""

    class Role(models.TextChoices):
        DECISION_MAKER = "decision_maker", "Decision maker"
        CHAMPION = "champion", "Champion"
        INFLUENCER = "influencer", "Influencer"
        BUDGET_HOLDER = "budget_holder", "Budget holder"
        USER = "user", "User"
        BLOCKER = "blocker", "Blocker"
        OTHER = "other", "Other"

    deal = models.ForeignKey(Deal, models.CASCADE, related_name="deal_contacts", db_constraint=False, db_index=False)
    contact = models.ForeignKey(
        "contacts.Contact", models.CASCADE, related_name="deal_contacts", db_constraint=False, db_index=False
    )
    role = models.CharField(max_length=14, choices=Role, default=Role.OTHER)
    created_at = models.DateTimeField(db_default=Now())

    objects = DealContactQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["organization", "deal", "contact"], name="one_role_in_a_deal")]
        indexes = [models.Index(fields=["organization", "contact", "deal"], name="deals_of_contact")]

    def __str__(self):
        return f"{self.contact_id} in {self.deal_id}"


class ExchangeRateQuerySet(TenantQuerySet):
    def alive(self):
        return self

    def rows(self):
        return self.values("id", "day", "currency", "rate", "source")


class ExchangeRate(OwnedModel):
    """What one unit of `currency` was worth in the organisation's currency, from `day` until the next entry."""

    day = models.DateField()
    currency = models.CharField(max_length=3)
    rate = models.DecimalField(max_digits=18, decimal_places=8)
    source = models.CharField(max_length=100, blank=True, default="")  # where it was read, or the name of the file

    objects = ExchangeRateQuerySet.as_manager()

    class Meta:
        ordering = ["-day", "currency"]
        constraints = [
            models.UniqueConstraint(fields=["organization", "currency", "day"], name="one_rate_a_day"),
            models.CheckConstraint(condition=Q(rate__gt=0), name="rate_above_0"),
        ]

    def __str__(self):
        return f"{self.currency} {self.day}"


from deals.forecast.models import ClosedDeals, ForecastSnapshot, MonthForecast, Quota  # noqa: E402, F401 - of the same app
