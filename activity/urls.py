from django.urls import path

from activity.api import (
    AddStoredFile,
    Download,
    FeedViewSet,
    FileViewSet,
    NotificationPreferences,
    NotificationViewSet,
    ReadAllNotifications,
)
from activity.pages import Bell, FeedPage, Mentions, Notifications, OpenNotification, Preferences, ReadAll, ShowFile, StopMail

api = [
    path("notification/list", NotificationViewSet.as_view({"get": "list"}), name="notification-list"),
    path("notification/read", NotificationViewSet.as_view({"post": "mark_read"}), name="notification-read"),
    path("notification/read-all", ReadAllNotifications.as_view(), name="notification-read-all"),
    path("notification/preferences", NotificationPreferences.as_view(), name="notification-preferences"),
    path("feed/list", FeedViewSet.as_view({"get": "list"}), name="feed-list"),
    path("storage-file/add", AddStoredFile.as_view(), name="storage-file-add"),
    path("storage-file/<str:pk>/download", Download.as_view(), name="storage-file-download"),
    path("file/attach", FileViewSet.as_view({"post": "attach"}), name="file-attach"),
    path("file/list", FileViewSet.as_view({"get": "list"}), name="file-list"),
]

pages = [
    path("feed/", FeedPage.as_view(), name="feed"),
    path("notifications/", Notifications.as_view(), name="notifications"),
    path("notifications/bell", Bell.as_view(), name="bell"),
    path("notifications/read", ReadAll.as_view(), name="read_all"),
    path("notifications/preferences", Preferences.as_view(), name="preferences"),
    path("notifications/stop/<str:token>", StopMail.as_view(), name="stop_mail"),
    path("notifications/<int:pk>", OpenNotification.as_view(), name="open"),
    path("mentions", Mentions.as_view(), name="mentions"),
    path("files/<int:pk>", ShowFile.as_view(), name="file"),
]
