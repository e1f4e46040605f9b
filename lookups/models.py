"""What an organisation defines for itself: values of the pick lists, custom fields, saved views."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower

from accounts.models import TeamMember
from lio.rows import Moment
from lio.tenancy import OwnedModel, TenantModel, TenantQuerySet

FIRST_ADDED = 1001  # what organisations add is numbered from here; below are the seeded values (R35)


class LookupQuerySet(TenantQuerySet):
    def rows(self):
        return self.values(
            "module_name", "type", "name", "value", "color_code", "is_system", id_=F("number"),
            parent_id_=F("parent__number"), is_active_=models.Case(models.When(is_active=True, then=1), default=0),
        )


class Lookup(TenantModel):
    """`number` is the id on the wire, unique per organisation and type; foreign keys point to the inner `id`."""

    module_name = models.CharField(max_length=50)
    type = models.CharField(max_length=50)
    number = models.PositiveBigIntegerField()
    name = models.CharField(max_length=100)
    value = models.CharField(max_length=255, blank=True, default="")
    color_code = models.CharField(max_length=7, blank=True, default="")
    parent = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="children", db_constraint=False)
    is_active = models.BooleanField(default=True)
    is_system = models.BooleanField(default=False, editable=False)

    objects = LookupQuerySet.as_manager()

    class Meta(TenantModel.Meta):
        verbose_name = "lookup"
        constraints = [
            models.UniqueConstraint("organization", "type", "number", name="one_lookup_per_number"),
            models.UniqueConstraint("organization", "module_name", "type", Lower("name"), name="one_lookup_per_name",
                                    condition=Q(deleted_at=None)),
        ]

    def __str__(self):
        return self.name


class CustomFieldQuerySet(TenantQuerySet):
    def rows(self):
        return self.values("id", "module_name", "key", "label", "kind", "options", "aliases", "required", "is_unique",
                           "position", "state", created_at_=Moment("created_at"))


class CustomField(TenantModel):
    """A field that the organisation defined for the records of a module; its values stand in their `custom_fields`.

    A key that came in without a definition is a proposal: its values are kept as they came until somebody decides.
    """

    class Kind(models.TextChoices):
        TEXT = "text", "Text"
        NUMBER = "number", "Number"
        MONEY = "money", "Money"
        DATE = "date", "Date"
        CHOICE = "choice", "Choice"
        CHOICES = "choices", "Several choices"
        CHECKBOX = "checkbox", "Check box"
        EMAIL = "email", "E-mail"
        PHONE = "phone", "Phone"
        LINK = "link", "Link"
        PERSON = "person", "Person"

    class State(models.TextChoices):
        ACTIVE = "active"
        PROPOSED = "proposed"
        ARCHIVED = "archived"
        DROPPED = "dropped"

    module_name = models.CharField(max_length=50)
    key = models.CharField(max_length=64)
    label = models.CharField(max_length=100)
    kind = models.CharField(max_length=10, choices=Kind, default=Kind.TEXT)
    options = models.JSONField(default=list, blank=True)  # what may be chosen, in its order
    aliases = models.JSONField(default=list, blank=True)  # keys it had before: other systems go on sending them
    required = models.BooleanField(default=False)
    is_unique = models.BooleanField(default=False)
    position = models.PositiveIntegerField(default=0)
    state = models.CharField(max_length=10, choices=State, default=State.ACTIVE)

    objects = CustomFieldQuerySet.as_manager()

    class Meta(TenantModel.Meta):
        verbose_name = "custom field"
        constraints = [models.UniqueConstraint(fields=["organization", "module_name", "key"], name="one_custom_field_per_key")]

    def __str__(self):
        return self.label


class CustomValue(OwnedModel):
    """Which record holds a value of a field whose values are unique; written by a trigger of the records' table alone."""

    field = models.ForeignKey(CustomField, models.CASCADE, related_name="+", db_constraint=False, db_index=False)
    object_id = models.BigIntegerField()
    value_norm = models.CharField(max_length=200)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organization", "field", "value_norm"], name="one_holder_per_custom_value"),
            models.UniqueConstraint(fields=["organization", "field", "object_id"], name="one_custom_value_per_record"),
        ]


class SavedViewQuerySet(TenantQuerySet):
    def seen_by(self, user):
        """The caller's own views, those that are shared with everybody, and those of members of a team of the caller's."""
        seen = SavedView.Visibility
        mates = TeamMember.objects.filter(team__in=TeamMember.objects.filter(user=user.pk).values("team")).values("user")
        of_team = Q(visibility=seen.TEAM) & (Q(user=None) | Q(user__in=mates))
        return self.filter(Q(user=user.pk) | Q(visibility=seen.PUBLIC) | of_team)

    def rows(self):
        return self.values("id", "module_name", "view_name", "visibility", "filters", "columns", "sorting",
                           user_id_=F("user_id"), created_at_=Moment("created_at"), updated_at_=Moment("updated_at"))


class SavedView(TenantModel):
    """Filters, columns and order of a list under a name. Private ones are their owner's alone (R13)."""

    class Visibility(models.TextChoices):
        PRIVATE = "private", "Only me"
        TEAM = "team", "Team"
        PUBLIC = "public", "Everybody"

    module_name = models.CharField(max_length=50)
    view_name = models.CharField(max_length=100, default="Untitled view")
    visibility = models.CharField(max_length=7, choices=Visibility)
    filters = models.JSONField(default=dict, blank=True)
    columns = models.JSONField(default=list, blank=True)
    sorting = models.JSONField(null=True, blank=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", db_constraint=False,
                             db_index=False)

    objects = SavedViewQuerySet.as_manager()

    class Meta(TenantModel.Meta):
        verbose_name = "view"
        indexes = [models.Index(fields=["organization", "module_name", "id"], condition=Q(deleted_at=None),
                                name="views_of_module")]

    def __str__(self):
        return self.view_name
