"""Notifications, feed and files over the API (section 6.15)."""

from activity import attachments, feed, preferences, storing
from activity.filters import FeedFilter, FileFilter, NotificationFilter
from activity.models import Attachment, FeedEntry, Notification, StoredFile
from activity.notify import read
from activity.serializers import AddFile, AttachFile, ChangePreferences, ReadNotifications
from lio.api.envelope import Envelope, EnvelopePagination
from lio.api.schema import documented
from lio.api.views import LioView, UploadView
from lio.api.viewsets import ListAction, TenantViewSet, in_order, path_id
from lio.errors import Missing
from lio.listing import Listing


class NotificationViewSet(ListAction, TenantViewSet):
    """Always the caller's own."""

    queryset = Notification.objects.all()
    filter_class = NotificationFilter
    permissions = {"list": "records.view", "mark_read": "records.view"}

    def narrow(self, queryset):
        return queryset.shown_to(self.caller)

    @documented("Mark notifications of yours as read", input=ReadNotifications, answer={"updated": int, "ids": [int]},
                one_of=("ids",))
    def mark_read(self, request):
        ids = read(self.get_queryset().filter(pk__in=self.read(ReadNotifications)["ids"]))
        if not ids:
            raise Missing()
        return Envelope({"updated": len(ids), "ids": ids}, "Notifications marked as read")


class ReadAllNotifications(LioView):
    permissions = {"post": "records.view"}

    @documented("Mark all of your notifications as read", answer={"updated": int})
    def post(self, request):
        ids = read(Notification.objects.of(self.organization).shown_to(request.user).unread())
        return Envelope({"updated": len(ids)}, "Notifications marked as read")


PREFERENCES = {"preferences": [dict]}


class NotificationPreferences(LioView):
    """Where the caller is told of what; always the caller's own."""

    permissions = {"get": "records.view", "put": "records.view"}
    input_class = ChangePreferences

    @documented("Where you are told of what", answer=PREFERENCES)
    def get(self, request):
        return Envelope({"preferences": preferences.shown(request.user)})

    @documented("Choose where you are told of what", input=ChangePreferences, answer=PREFERENCES)
    def put(self, request):
        preferences.change(request.user, ChangePreferences.read(request.data)["preferences"])
        return Envelope({"preferences": preferences.shown(request.user)}, "Notifications chosen")


class FeedViewSet(ListAction, TenantViewSet):
    queryset = FeedEntry.objects.all()
    filter_class = FeedFilter
    permissions = {"list": "records.view"}

    def narrow(self, queryset):
        return queryset.filter(model_type__in=feed.visible(self.request.user))

    @documented("What happened in the organization, or to one record")
    def list(self, request):
        page = EnvelopePagination()
        offset = page.read(request.query_params)
        listing = Listing(self.get_queryset(), FeedFilter, request.query_params, request.user)
        ids, total, capped = listing.page(offset, page.limit)
        rows = feed.told(self.organization, in_order(FeedEntry.objects, ids)) if ids else []
        extra = {"total_is_capped": True} if capped else {}
        return Envelope(rows, total=total, page=page.page, limit=page.limit, **extra)


class AddStoredFile(UploadView):
    """`file`, at most 25 MB."""

    queryset = StoredFile.objects.all()
    permissions = {"post": "records.edit"}
    upload_limit = storing.FILE_LIMIT

    @documented("Upload a file", input=AddFile, status=201)
    def post(self, request):
        row = storing.keep(AddFile.read(self.sent())["file"], organization=self.organization, by=self.caller)
        return Envelope(self.shown(StoredFile, row.pk), "File uploaded successfully", status=201)


class Download(LioView):
    permissions = {"get": "records.view"}

    @documented("The bytes of an uploaded file or document, always as an attachment", file=True)
    def get(self, request, pk):
        row = StoredFile.objects.of(self.organization).alive().filter(pk=path_id(pk)).first()
        if row is None:
            raise Missing()
        return storing.serve(row)


class FileViewSet(ListAction, TenantViewSet):
    queryset = Attachment.objects.all()
    filter_class = FileFilter
    permissions = {"list": "records.view", "attach": "records.edit"}

    @documented("Link a file that lies in a cloud storage to a record", input=AttachFile, status=201)
    def attach(self, request):
        given = self.read(AttachFile)
        row = attachments.attach_cloud_file(
            self.organization, model_type=given["subject_type"], model_id=given["subject_id"], provider=given["provider"],
            file=given["file"], by=self.caller)
        return Envelope(self.shown(row.pk), "File attached successfully", status=201)

    @documented("Files attached to a record", failures=(400, 401, 403, 404))
    def list(self, request):
        asked = FileFilter(request.query_params, request.user).values
        attachments.subject(self.organization, asked["subject_type"], asked["subject_id"])
        return super().list(request)
