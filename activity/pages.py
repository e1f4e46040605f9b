"""The feed, the bell, the list of notifications, where one wants to be told, and files for those who are signed in."""

from datetime import date, datetime, time, timedelta

from django.conf import settings
from django.http import JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.timezone import now
from django.views import View
from django.views.decorators.cache import never_cache

from accounts.models import User
from activity import feed, groups, mentions, preferences, storing
from activity.kinds import BY_NUMBER, CHANNELS, KINDS
from activity.models import Notification, StoredFile
from activity.notify import read, unread_count
from lio import ratelimit
from lio.clientip import client_ip
from lio.errors import Missing
from lio.filters import zone_of
from lio.pages import Page
from lio.registry import subjects
from lio.tenancy import org_scope

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


KIND_LABELS = {
    "create": "Created",
    "update": "Changed",
    "status_change": "Status",
    "assignment": "Assigned",
    "delete": "Deleted",
    "note": "Notes",
    "document": "Files",
    "follow_up": "Follow-ups",
}
ICONS = {
    "create": "plus",
    "update": "pencil",
    "status_change": "flag",
    "assignment": "user",
    "delete": "trash",
    "note": "document-text",
    "document": "paper-clip",
    "follow_up": "clock",
}


@method_decorator(never_cache, name="dispatch")
class StopMail(View):
    """Where the link of a mail leads: asks once, and stops mails like it. Without sign-in; the link is signed."""

    def dispatch(self, request, token):
        found = preferences.read_stop(token)
        rate = ratelimit.count(f"public:{client_ip(request)}", settings.RATES["public"])
        if found is None or rate.exceeded:
            return self.show(status=429 if found else 404)
        organization_id, user_id, what = found
        with org_scope(organization_id):
            member = User.objects.of(organization_id).active().filter(pk=user_id).first()
            if member is None:
                return self.show(status=404)
            if request.method == "POST":
                preferences.stop(member, what)
            return self.show(what=preferences.what_is_stopped(what), email=member.email, stopped=request.method == "POST")

    def show(self, status=200, **context):
        return render(self.request, "activity/stop_mail.html", context, status=status)


class FeedPage(Page):
    """What happened in the organisation, or (`type`, `id`) to one record; by member, kind, days. `before` is the cursor."""

    def get(self, request):
        asked, zone = request.GET, zone_of(request.user)
        kind = asked.get("kind", "") if asked.get("kind") in feed.kinds() else ""
        member, before = _number(asked.get("by")), _number(asked.get("before"))
        model_type, record = asked.get("type", ""), None
        if model_type:
            record = self.record(model_type, _number(asked.get("id")))
            found, older = groups.of_record(request.user, zone, model_type, record["id"], before=before)
        else:
            days = [Day.read(asked.get(name)) for name in ("from", "to")]
            since, until = days[0] and days[0].start(zone), days[1] and days[1].end(zone)
            found, older = groups.page(
                request.user, zone, before=before, member=member, kind=kind, since=since, until=until
            )
        people = User.objects.of(self.organization).order_by("first_name", "last_name", "pk")
        filtered = any(asked.get(name) for name in ("by", "kind", "from", "to"))
        context = {
            "days": by_day(found, zone),
            "older": older,
            "first": before is None,
            "filtered": filtered,
            "record": record,
            "people": [{"id": one.pk, "name": one.full_name, "selected": one.pk == member} for one in people],
            "kinds": [{"id": one, "name": KIND_LABELS.get(one, one), "selected": one == kind} for one in feed.kinds()],
            "query": {name: asked.get(name, "") for name in ("from", "to")},
        }
        return self.show("activity/_feed.html" if self.is_swap else "activity/feed.html", context)

    def record(self, model_type, pk):
        """{id, name, url} of the living record. Raises Missing, also for a kind that the visitor may not see."""
        if model_type not in feed.visible(self.request.user) or pk is None:
            raise Missing()
        kind = subjects[model_type]
        if not kind.rows(self.organization).filter(pk=pk).exists():
            raise Missing()
        return {"id": pk, "name": kind.names(self.organization, [pk]).get(pk, ""), "url": kind.url(pk), "type": model_type}


class Day:
    """A day of the visitor's own calendar."""

    def __init__(self, day):
        self.day = day

    @classmethod
    def read(cls, text):
        """None for what is no day: the filter is then not set, and its input shows so."""
        try:
            found = date.fromisoformat(text or "")
        except ValueError:
            return None
        return cls(found) if 1970 <= found.year < 3000 else None

    def start(self, zone):
        return datetime.combine(self.day, time(), zone)

    def end(self, zone):
        return datetime.combine(self.day + timedelta(days=1), time(), zone)


def by_day(found, zone):
    """[{day, groups}] of groups, newest first; each group with its icon."""
    days: dict = {}
    for group in found:
        days.setdefault(group.at.astimezone(zone).date(), []).append({"group": group, "icon": ICONS.get(
            feed.action_of(group.verb), "pencil")})
    today = now().astimezone(zone).date()
    names = {today: "Today", today - timedelta(days=1): "Yesterday"}
    return [{"name": names.get(day) or f"{day:%A}, {day.day} {day:%B %Y}", "groups": rows} for day, rows in days.items()]


def _number(text):
    """None for what is no id."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 19 else None


class ShowFile(Page):
    """A file of the organisation, as an attachment; also what pictures in pages point to."""

    def get(self, request, pk):
        row = StoredFile.objects.of(self.organization).alive().filter(pk=pk).first()
        if row is None:
            raise Missing()
        return storing.serve(row)


class Mentions(Page):
    """GET `q`: whom the letters after an @ may mean, for static/js/mention.js."""

    verb = "records.edit"

    def get(self, request):
        letters = request.GET.get("q", "").replace("\x00", "")[: mentions.LETTERS]
        return JsonResponse({"members": mentions.suggest(self.organization.pk, letters)})
