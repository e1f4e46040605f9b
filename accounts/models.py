"""Organisations, their people, roles, sessions and API keys.

Users, roles, sessions, keys and invitations stand outside row level security: they are what a caller is recognised by,
before any scope is open. Outside this app they are read through `.of(organization)`.
"""

import secrets
import uuid
import zoneinfo

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q, Value
from django.db.models.functions import Concat, Lower, Now, Trim

from accounts.permissions import VERBS
from lio.rows import Moment
from lio.tenancy import OwnedModel, TenantQuerySet


def new_public_id():
    alphabet = "abcdefghijkmnpqrstuvwxyz23456789"
    return "org_" + "".join(secrets.choice(alphabet) for _ in range(16))


def check_timezone(name):
    if name not in zoneinfo.available_timezones():
        raise ValidationError("must be the name of a time zone, like Europe/Berlin")


class Organization(models.Model):
    public_id = models.CharField(max_length=40, unique=True, default=new_public_id, editable=False)
    name = models.CharField(max_length=120)
    currency = models.CharField(max_length=3, default="USD")
    timezone = models.CharField(max_length=64, default="UTC", validators=[check_timezone])
    # grows with each change of the look-ups, so that every process knows when its copy of them is old
    lookups_version = models.PositiveIntegerField(default=1, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self):
        return self.name


class StateQuerySet(TenantQuerySet):
    """Rows that are switched off, not deleted: `state_id` 1 active, 0 inactive (R12)."""

    def alive(self):
        return self

    def active(self):
        return self.filter(is_active=True)


def state_id():
    return models.Case(models.When(is_active=True, then=Value(1)), default=Value(0))


class RoleQuerySet(StateQuerySet):
    def rows(self):
        return self.values("id", "name", "description", state_id=state_id())


class Role(OwnedModel):
    name = models.CharField(max_length=50)
    description = models.CharField(max_length=500, blank=True, default="")
    permissions = ArrayField(models.CharField(max_length=40), default=list)
    is_system = models.BooleanField(default=False, editable=False)  # seeded: neither renamed nor narrowed
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = RoleQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint("organization", Lower("name"), name="one_role_per_name"),
            models.UniqueConstraint("organization", "id", name="accounts_role_org_id"),
        ]
        ordering = ["id"]

    def __str__(self):
        return self.name


class UserQuerySet(StateQuerySet):
    def rows(self):
        """What the API shows of a member (contract: user)."""
        return self.values(
            "id",
            "email",
            "first_name",
            "last_name",
            "phone_no",
            "role_id",
            "language",
            "timezone",
            "booking_slug",
            name=full_name(),
            role_name=F("role__name"),
            organization_id_=F("organization__public_id"),
            state_id=state_id(),
            created_at_=Moment("created_at"),
        )


def full_name(prefix=""):
    return Trim(Concat(f"{prefix}first_name", Value(" "), f"{prefix}last_name"))


class UserManager(BaseUserManager.from_queryset(UserQuerySet)):
    """Named, because migrations must be able to find it."""

    def create_user(self, email, password, **fields):
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user


class User(AbstractBaseUser):
    """A member of one organisation; or, without one, somebody who runs the installation (platform staff)."""

    email = models.EmailField(unique=True)  # lower case, over all organisations: signing in names none
    organization = models.ForeignKey(Organization, models.CASCADE, null=True, blank=True, related_name="+")
    role = models.ForeignKey(Role, models.PROTECT, null=True, blank=True, related_name="members", db_constraint=False)
    first_name = models.CharField(max_length=50)
    last_name = models.CharField(max_length=50, blank=True, default="")
    phone_no = models.CharField(max_length=30, blank=True, default="")
    language = models.CharField(max_length=10, default="en")
    timezone = models.CharField(max_length=64, default="UTC", validators=[check_timezone])
    theme = models.CharField(
        max_length=5, default="auto", choices=[("auto", "As the system"), ("light", "Light"), ("dark", "Dark")]
    )
    booking_slug = models.CharField(max_length=60, null=True, unique=True)  # over all organisations: it is all a visitor has
    is_active = models.BooleanField(default=True)
    is_platform_staff = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = UserManager()
    USERNAME_FIELD = EMAIL_FIELD = "email"
    REQUIRED_FIELDS = ["first_name"]
    is_member = True  # a person, not an API key
    actor = ""

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(email=Lower("email")), name="email_in_lower_case"),
            models.UniqueConstraint("organization", "id", name="accounts_user_org_id"),
        ]

    def __str__(self):
        return self.name or self.email

    @property
    def name(self):
        return f"{self.first_name} {self.last_name}".strip()

    @property
    def full_name(self):
        return self.name or self.email

    def can(self, verb):
        """Whether the member's role grants `verb` (accounts/permissions.py); platform staff may what an Admin may."""
        if self.is_platform_staff and self.organization_id is None:
            return self.is_active and verb in VERBS
        return bool(self.is_active and self.role and verb in self.role.permissions and verb in VERBS)

    @property
    def is_admin(self):
        return self.can("members.manage")

    # ---- what the Django admin asks
    @property
    def is_staff(self):
        return self.is_active and (self.is_platform_staff or self.is_admin)

    is_superuser = False

    def has_perm(self, perm, obj=None):
        return self.is_staff

    def has_module_perms(self, app_label):
        return self.is_staff


class Team(OwnedModel):
    """Members who see each other's "team" views. An organisation starts with one team of everybody."""

    name = models.CharField(max_length=80)
    is_everybody = models.BooleanField(default=False, editable=False)
    members = models.ManyToManyField(User, through="TeamMember", related_name="teams")

    class Meta:
        constraints = [
            models.UniqueConstraint("organization", Lower("name"), name="one_team_per_name"),
            models.UniqueConstraint("organization", "id", name="accounts_team_org_id"),
        ]

    def __str__(self):
        return self.name


class TeamMember(OwnedModel):
    team = models.ForeignKey(Team, models.CASCADE, db_constraint=False)
    user = models.ForeignKey(User, models.CASCADE)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["team", "user"], name="once_in_a_team")]


class AuthSession(models.Model):
    """One sign-in: of a bearer token or of a browser. Every request looks at this row, so ending it ends the session."""

    class Kind(models.TextChoices):
        TOKEN = "token", "API token"
        BROWSER = "browser", "Browser"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    user = models.ForeignKey(User, models.CASCADE, related_name="sessions")
    organization = models.ForeignKey(Organization, models.CASCADE, null=True, related_name="+")
    kind = models.CharField(max_length=8, choices=Kind)
    ip = models.CharField(max_length=45, default="")
    user_agent = models.CharField(max_length=300, default="")
    created_at = models.DateTimeField(db_default=Now())
    last_seen_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["user"], condition=Q(revoked_at=None), name="open_sessions_of_user")]
        ordering = ["-last_seen_at"]

    def __str__(self):
        return f"{self.user}, {self.get_kind_display()}"


class ApiKeyQuerySet(TenantQuerySet):
    def alive(self):
        return self

    def rows(self):
        """What the API shows of a key; never its secret."""
        return self.values(
            "id",
            "name",
            "prefix",
            "allowed_domains",
            "allowed_ips",
            expires_at_=Moment("expires_at"),
            last_used_at_=Moment("last_used_at"),
            state_id=models.Case(models.When(ApiKey.usable(), then=Value(1)), default=Value(0)),
        )


class ApiKey(OwnedModel):
    """A key that lets another system push leads. Only its hash is kept; the key is shown once (accounts/keys.py)."""

    name = models.CharField(max_length=100)
    prefix = models.CharField(max_length=20)  # enough to recognise it by, useless to guess from
    digest = models.CharField(max_length=64, unique=True)
    allowed_domains = ArrayField(models.CharField(max_length=253), default=list, blank=True)
    allowed_ips = ArrayField(models.CharField(max_length=50), default=list, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)
    created_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(db_default=Now())

    objects = ApiKeyQuerySet.as_manager()
    # what a caller is asked (DECISIONS 7: such a caller is the key itself)
    is_authenticated = is_active = True
    is_member = is_platform_staff = is_admin = False
    timezone = "UTC"
    VERBS = {"records.view", "records.edit"}

    class Meta:
        verbose_name = "API key"
        constraints = [models.UniqueConstraint("organization", "id", name="accounts_apikey_org_id")]
        ordering = ["-id"]

    def __str__(self):
        return self.name

    @staticmethod
    def usable():
        return Q(revoked_at=None) & (Q(expires_at=None) | Q(expires_at__gt=Now()))

    @property
    def actor(self):
        return f"API key {self.name}"

    def can(self, verb):
        return verb in self.VERBS


class Invitation(OwnedModel):
    """A mail that lets somebody join; the link's token is kept as a hash."""

    email = models.EmailField()
    role = models.ForeignKey(Role, models.PROTECT, related_name="+", db_constraint=False)
    invited_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    digest = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "organization", "email", name="one_open_invitation", condition=Q(accepted_at=None, revoked_at=None)
            ),
        ]
        ordering = ["-id"]

    def __str__(self):
        return self.email

    @staticmethod
    def open():
        return Q(accepted_at=None, revoked_at=None, expires_at__gt=Now())


class AuditEntry(OwnedModel):
    """Who did something about access, when and from where. The app's role can add rows, never change or delete them."""

    verb = models.CharField(max_length=40)
    by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+", db_constraint=False)
    actor = models.CharField(max_length=254, default="")  # name at that time, or the address that was tried
    subject = models.CharField(max_length=254, default="")
    ip = models.CharField(max_length=45, default="")
    details = models.JSONField(default=dict)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name_plural = "audit entries"
        ordering = ["-id"]
        indexes = [models.Index(fields=["organization", "verb", "-id"], name="audit_by_verb")]

    def __str__(self):
        return f"{self.verb}: {self.subject}"


class CreditAccount(OwnedModel):
    """How many AI credits an organisation has left; the database refuses a balance below zero (accounts/credits.py)."""

    balance = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organization"], name="one_credit_account"),
            models.CheckConstraint(condition=Q(balance__gte=0), name="credits_not_below_zero"),
        ]

    def __str__(self):
        return f"{self.balance} credits"


class CreditEntry(OwnedModel):
    """A line of the ledger: what an account gained or lost. The amounts of all lines add up to the balance."""

    key = models.CharField(max_length=120)  # of what it is for: nothing is paid for twice
    amount = models.BigIntegerField()
    is_open = models.BooleanField(default=False)  # reserved: what it really costs is not known yet
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name_plural = "credit entries"
        constraints = [models.UniqueConstraint(fields=["organization", "key"], name="one_entry_per_key")]
        indexes = [models.Index(fields=["created_at"], condition=Q(is_open=True), name="credits_reserved")]

    def __str__(self):
        return f"{self.amount:+} {self.key}"
