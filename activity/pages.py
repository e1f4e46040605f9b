"""The bell, the list of notifications, where one wants to be told, and files for those who are signed in."""

from django.shortcuts import redirect
from django.urls import reverse

from activity import preferences, storing
from activity.kinds import BY_NUMBER, CHANNELS, KINDS
from activity.models import Notification, StoredFile
from activity.notify import read, unread_count
from lio.errors import Missing
from lio.pages import Page

SIZE = 30


class Notifications(Page):
    """`?show=all`: read ones, too."""

    def get(self, request):
        everything = request.GET.get("show") == "all"
        mine = Notification.objects.of(self.organization).shown_to(request.user)
        unread = mine.unread().count()
        rows = mine if everything else mine.unread()
        total = mine.count() if everything else unread
        text = request.GET.get("page", "1")
        page = max(1, int(text)) if text.isascii() and text.isdigit() and len(text) < 7 else 1
        first = (page - 1) * SIZE
        shown = list(rows.order_by("-pk")[first : first + SIZE])
        return self.show(
            "activity/notifications.html",
            {
                "rows": [
                    {"row": row, "icon": BY_NUMBER[row.type_id].icon if row.type_id in BY_NUMBER else "bell"} for row in shown
                ],
                "everything": everything,
                "unread": unread,
                "page": {
                    "number": page,
                    "first": first + 1 if shown else 0,
                    "last": first + len(shown),
                    "total": total,
                    "previous": page - 1 if page > 1 else None,
                    "next": page + 1 if first + len(shown) < total else None,
                },
            },
        )


class Bell(Page):
    """The bell alone, for pages that stay open."""

    def get(self, request):
        return self.show("activity/_bell.html", {"count": unread_count(request.user)})


class OpenNotification(Page):
    """Mark it as read and go to what it is about."""

    def get(self, request, pk):
        row = Notification.objects.of(self.organization).shown_to(request.user).filter(pk=pk).first()
        if row is None:
            raise Missing()
        read(Notification.objects.filter(pk=row.pk))
        own = row.link.startswith("/") and not row.link.startswith("//")
        return redirect(row.link if own else "activity:notifications")


class ReadAll(Page):
    def get(self, request):
        return redirect("activity:notifications")

    def post(self, request):
        ids = read(Notification.objects.of(self.organization).shown_to(request.user).unread())
        self.say(
            f"{len(ids):,} notification{'s' if len(ids) != 1 else ''} marked as read." if ids else "There was nothing to read."
        )
        return redirect("activity:notifications")


class Preferences(Page):
    verb = None

    def get(self, request):
        return redirect(f"{reverse('settings:profile')}#notifications")

    def post(self, request):
        preferences.choose(
            request.user, {name: {channel for channel in CHANNELS if request.POST.get(f"{name}.{channel}")} for name in KINDS}
        )
        self.say("Your notifications are saved.")
        return redirect(f"{reverse('settings:profile')}#notifications")


class ShowFile(Page):
    """A file of the organisation, as an attachment; also what pictures in pages point to."""

    def get(self, request, pk):
        row = StoredFile.objects.of(self.organization).alive().filter(pk=pk).first()
        if row is None:
            raise Missing()
        return storing.serve(row)
