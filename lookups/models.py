"""Values of the pick lists: statuses, sources, priorities, tags, and lists of the organisation's own."""

from django.db import models
from django.db.models import F
from django.db.models.functions import Lower

from lio.tenancy import TenantModel, TenantQuerySet

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
                                    condition=models.Q(deleted_at=None)),
        ]

    def __str__(self):
        return self.name
