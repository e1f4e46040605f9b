"""Every row belongs to one organisation. This module is where that is said, and the only one that opens a scope.

Two walls: managers filter by organisation, and PostgreSQL's row level security sees only the organisation of the open
scope. The scope is a transaction with a transaction-local setting: it cannot outlive its transaction, so it cannot leak
into the next request of a pooled connection.
"""

from contextlib import contextmanager
from contextvars import ContextVar

from django.db import connections, models, transaction
from django.utils.timezone import now

SET_ORGANIZATION = "select set_config('app.org', %s, true)"
KEPT = 500  # organisations whose querysets are remembered
_scope: ContextVar[int | None] = ContextVar("organization", default=None)


def current_organization_id():
    """Id of the organisation whose scope is open, else None."""
    return _scope.get()


@contextmanager
def org_scope(organization, using="default"):
    """Open a transaction in which `organization` (or its id) is the only one that exists.

    Raises RuntimeError when the scope of another organisation is open already: work for two organisations is two
    transactions, never one inside the other.
    """
    org_id = int(getattr(organization, "pk", organization))
    before = _scope.get()
    if before not in (None, org_id):
        raise RuntimeError(f"The scope of organization {before} is open; {org_id} cannot be opened inside it.")
    token, connection = _scope.set(org_id), connections[using]
    try:
        with transaction.atomic(using=using):
            with connection.cursor() as cursor:
                cursor.execute(SET_ORGANIZATION, [str(org_id)])
            yield
            if connection.savepoint_ids and before is None and not connection.needs_rollback:
                # inside an outer transaction (tests) the setting would live on: put it back
                with connection.cursor() as cursor:
                    cursor.execute(SET_ORGANIZATION, [""])
    finally:
        _scope.reset(token)


class TenantQuerySet(models.QuerySet):
    count_of_whole = ""  # SQL with the organisation as parameter, where counters know how many living rows it has
    whole_of = None  # id of the organisation whose living rows these all are; any further condition forgets it

    def of(self, organization):
        """Only the rows that `organization` (or its id) owns; none at all without an organisation."""
        return self.filter(organization=organization) if organization else self.none()

    def alive(self):
        return self.filter(deleted_at=None)

    def whole(self, organization):
        """All living rows of `organization`, marked as such: what is read of them may be compiled once (lio/rows.py).

        The conditions are kept: to put them together anew took an eighth of the CPU of a list.
        """
        kept, key = self.__dict__.setdefault("_wholes", {}), (organization.pk, type(self).of)
        if key not in kept:
            if len(kept) >= KEPT:
                kept.clear()
            kept[key] = self.of(organization).alive()
        rows = kept[key].all()
        rows.whole_of = organization.pk
        return rows

    def bury(self):
        """Soft delete; answers how many rows went."""
        moment = now()
        return self.alive().update(deleted_at=moment, updated_at=moment)

    def unbury(self):
        """Bring back what was deleted softly; answers how many rows came."""
        return self.exclude(deleted_at=None).update(deleted_at=None, updated_at=now())


class OwnedModel(models.Model):
    """A row of one organisation. Tables of such models stand behind the wall (lio/walls.py)."""

    organization = models.ForeignKey("accounts.Organization", models.CASCADE, related_name="+", editable=False)

    objects = TenantQuerySet.as_manager()

    class Meta:
        abstract = True


class TenantModel(OwnedModel):
    """An owned row that people make, change and delete."""

    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    deleted_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        abstract = True
        ordering = ["-id"]
