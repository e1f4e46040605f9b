"""Services that an organisation has connected."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from lio.secrets import unseal
from lio.tenancy import OwnedModel, TenantQuerySet


class Connection(OwnedModel):
    """One service of one organisation: whether LIO may use it, with which key, and what the service said last.

    The row stays when the service is disconnected; its secret does not.
    """

    class State(models.TextChoices):
        CONNECTED = "connected", "Connected"
        REFUSED = "refused", "Refused"  # by the service: `reason` has its words
        OFF = "off", "Not connected"

    provider = models.CharField(max_length=30)  # integrations/registry.py
    state = models.CharField(max_length=10, choices=State, default=State.OFF)
    reason = models.CharField(max_length=300, blank=True, default="")
    secret = models.TextField(blank=True, default="", editable=False)  # under seal (lio/secrets.py)
    options = models.JSONField(blank=True, default=dict)
    connected_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", db_constraint=False, db_index=False
    )
    connected_at = models.DateTimeField(null=True)
    is_checking = models.BooleanField(default=False)  # a job asks the service whether it takes the key
    checked_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(db_default=Now())
    updated_at = models.DateTimeField(db_default=Now())

    objects = TenantQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["organization", "provider"], name="one_connection_per_provider")]

    def __str__(self):
        return self.provider

    @property
    def key(self):
        """The secret in clear. Raises lio.secrets.Unreadable when this installation's key is another one by now."""
        return unseal(self.secret) if self.secret else ""
