"""Companies: for now what leads need of them, a name that is found again."""

from django.db import models
from django.db.models import Q

from lio.rows import Moment
from lio.tenancy import TenantModel, TenantQuerySet


class CompanyQuerySet(TenantQuerySet):
    def rows(self):
        return self.values("id", "company_name", created_at_=Moment("created_at"), updated_at_=Moment("updated_at"))


class Company(TenantModel):
    company_name = models.CharField(max_length=200)
    name_norm = models.CharField(max_length=200, editable=False)  # companies/naming.py

    objects = CompanyQuerySet.as_manager()

    class Meta(TenantModel.Meta):
        verbose_name_plural = "companies"
        constraints = [
            models.UniqueConstraint(fields=["organization", "name_norm"], condition=Q(deleted_at=None),
                                    name="one_company_per_name"),
        ]

    def __str__(self):
        return self.company_name
