"""What people are told, the files they upload, and what is attached to which record.

A record is named by `model_type` and `model_id`, as in the history, so that no key points to a higher floor.
"""

from django.db import models
from django.db.models import Case, CharField, F, Q, Value, When
from django.db.models.functions import Cast, Concat, JSONObject, Now

from lio.models import Change
from lio.rows import Moment
from lio.tenancy import OwnedModel, TenantModel, TenantQuerySet

LIVING = Q(deleted_at=None)


class NotificationQuerySet(TenantQuerySet):
    def alive(self):
        return self

    def shown_to(self, user):
        """What stands in the member's own list."""
        return self.filter(user=user, in_app=True)

    def unread(self):
        return self.filter(is_read=False)

    def rows(self):
        return self.values(
            "id", "type_id", "title", "message", "is_read", "model_type", "model_id", "link", created_at_=Moment("created_at")
        )


class Notification(OwnedModel):
    """One thing that one member is told (activity/notify.py), in the app, by mail at once or in the day's digest."""

    user = models.ForeignKey("accounts.User", models.CASCADE, related_name="+", db_constraint=False, db_index=False)
    type_id = models.PositiveSmallIntegerField()  # activity/kinds.py
    title = models.CharField(max_length=300)
    message = models.CharField(max_length=1000, default="")
    link = models.CharField(max_length=300, default="")  # a path of our own pages
    model_type = models.CharField(max_length=60, default="")
    model_id = models.BigIntegerField(null=True)
    key = models.CharField(max_length=80, null=True)  # those with one key are one notification that counts
    count = models.PositiveIntegerField(default=1)
    in_app = models.BooleanField(default=True)
    digest = models.BooleanField(default=False)
    mailed_at = models.DateTimeField(null=True)
    is_read = models.BooleanField(default=False)
    read_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(db_default=Now())

    objects = NotificationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "user", "key"], condition=Q(key__isnull=False), name="one_notification_per_key"
            )
        ]
        indexes = [
            models.Index(fields=["organization", "user", "-id"], name="notifications_of_user"),
            models.Index(fields=["organization", "user"], condition=Q(is_read=False, in_app=True), name="notifications_unread"),
            models.Index(
                fields=["organization", "user", "id"], condition=Q(digest=True, mailed_at=None), name="notifications_to_digest"
            ),
        ]


class NotificationPreference(OwnedModel):
    """Where a member wants to be told of a kind; without a row the kind's own defaults hold."""

    user = models.ForeignKey("accounts.User", models.CASCADE, related_name="+", db_constraint=False, db_index=False)
    type_id = models.PositiveSmallIntegerField()
    in_app = models.BooleanField()
    mail = models.BooleanField()
    digest = models.BooleanField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["organization", "user", "type_id"], name="one_preference_per_kind")]


def download_url(column="id"):
    """The API's address of a stored file."""
    return Concat(Value("/api/storage-file/"), Cast(column, CharField()), Value("/download"), output_field=CharField())


class StoredFileQuerySet(TenantQuerySet):
    def rows(self):
        return self.values("id", "file_name", "mime_type", "size", url=download_url(), created_at_=Moment("created_at"))


class StoredFile(TenantModel):
    """A file in our storage under a name of our own (activity/storing.py)."""

    name = models.CharField(max_length=120, editable=False)  # in the storage; says nothing about the file
    file_name = models.CharField(max_length=255)  # what a download is called
    mime_type = models.CharField(max_length=100)  # by content
    size = models.BigIntegerField()
    sha256 = models.CharField(max_length=64)
    uploaded_by = models.ForeignKey(
        "accounts.User", models.SET_NULL, null=True, related_name="+", db_constraint=False, db_index=False
    )

    objects = StoredFileQuerySet.as_manager()

    class Meta(TenantModel.Meta):
        verbose_name = "file"
        indexes = [models.Index(fields=["deleted_at"], condition=Q(deleted_at__isnull=False), name="files_to_remove")]

    def __str__(self):
        return self.file_name


class AttachmentQuerySet(TenantQuerySet):
    def rows(self):
        """What the API shows of an attached file, ours or a cloud's."""
        cloud = JSONObject(id="cloud_id", name="name", mime_type="mime_type", web_url="web_url")
        own = JSONObject(id="stored_file_id", name="name", mime_type="mime_type", web_url=download_url("stored_file_id"))
        return self.values(
            "id",
            "provider",
            "category",
            subject_type=F("model_type"),
            subject_id=F("model_id"),
            file=Case(When(stored_file=None, then=cloud), default=own, output_field=models.JSONField(default=dict)),
            created_at_=Moment("created_at"),
        )

    def of_record(self, model_type, model_id):
        return self.filter(model_type=model_type, model_id=model_id)

    def documents(self):
        """Uploaded files, not those that lie in a cloud."""
        return self.filter(stored_file__isnull=False)


class Attachment(TenantModel):
    """A file that belongs to a record: uploaded here (`stored_file`) or lying in a cloud storage (`web_url`)."""

    class Provider(models.TextChoices):
        LIO = "lio"
        GOOGLE_DRIVE = "google_drive"
        ONEDRIVE = "onedrive"
        SHAREPOINT = "sharepoint"
        DROPBOX = "dropbox"
        BOX = "box"

    model_type = models.CharField(max_length=60)
    model_id = models.BigIntegerField()
    provider = models.CharField(max_length=20, choices=Provider)
    category = models.CharField(max_length=20)  # activity/content.py
    name = models.CharField(max_length=255)
    mime_type = models.CharField(max_length=255)
    cloud_id = models.CharField(max_length=255, default="")
    web_url = models.CharField(max_length=2000, default="")
    stored_file = models.ForeignKey(
        StoredFile, models.CASCADE, null=True, related_name="+", db_constraint=False, db_index=False
    )
    document_type = models.CharField(max_length=50, default="")
    description = models.CharField(max_length=1000, default="")
    created_by = models.ForeignKey(
        "accounts.User", models.SET_NULL, null=True, related_name="+", db_constraint=False, db_index=False
    )

    objects = AttachmentQuerySet.as_manager()

    class Meta(TenantModel.Meta):
        indexes = [
            models.Index(
                fields=["organization", "model_type", "model_id", "-id"], condition=LIVING, name="attachments_of_record"
            )
        ]

    def __str__(self):
        return self.name


class RecordNoteQuerySet(TenantQuerySet):
    def rows(self):
        return self.values(
            "id", "title", "note", "is_pinned", subject_type=F("model_type"), subject_id=F("model_id"),
            created_by_=F("created_by_id"), edited_at_=Moment("edited_at"), created_at_=Moment("created_at"),
        )


class RecordNote(TenantModel):
    """What somebody wrote about a company or a contact. Leads have notes of their own (leads.Note), which the API documents."""

    model_type = models.CharField(max_length=60)
    model_id = models.BigIntegerField()
    title = models.CharField(max_length=200)
    note = models.TextField(blank=True, default="")
    is_pinned = models.BooleanField(default=False)
    edited_at = models.DateTimeField(null=True, editable=False)
    created_by = models.ForeignKey(
        "accounts.User", models.SET_NULL, null=True, related_name="+", db_constraint=False, db_index=False
    )

    objects = RecordNoteQuerySet.as_manager()

    class Meta(TenantModel.Meta):
        verbose_name = "note"
        indexes = [
            models.Index(fields=["organization", "model_type", "model_id", "-id"], condition=LIVING, name="notes_of_record")
        ]

    def __str__(self):
        return self.title


class FeedQuerySet(TenantQuerySet):
    def alive(self):
        return self

    def rows(self):
        """The bare facts; activity/feed.py puts them into words."""
        return self.values(
            "id",
            "model_type",
            "model_id",
            action=F("verb"),
            title=F("verb"),
            description=F("actor"),
            user_id=F("by_id"),
            change_id_=F("change_id"),
            created_at_=Moment("created_at"),
        )


class FeedEntry(Change):
    """A change as the feed shows it."""

    objects = FeedQuerySet.as_manager()

    class Meta:
        proxy = True
        verbose_name_plural = "feed entries"
