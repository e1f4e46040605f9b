"""The week as a calendar: one's own meetings, and those of colleagues beside them.

Each day is a list; where there is room its entries stand at their hours, by classes alone (static/css/meetings.css).
"""

from datetime import date, datetime, time, timedelta

from django.urls import reverse
from django.utils.timezone import get_current_timezone, localtime, now

from booking.meetings import LONGEST
from booking.models import Meeting
from booking.pages.query import dressed
from lio.pages import Page
from lio.rows import plain_rows
from lookups.names import whole
from lookups.record_fields import people

DAYS = 7
STEP = 15  # minutes of a row
FIRST, LAST = 8, 18  # hours that are always shown
MOST, MOST_HOSTS, LANES, COLORS = 500, 20, 4, 6


class Week(Page):
    def get(self, request):
        members = people(self.organization)
        hosts = self.hosts(request, {pk for pk, _ in members})
        monday = self.monday(request.GET.get("day"))
        rows = self.meetings(hosts, monday)
        place = {pk: n % COLORS for n, pk in enumerate(hosts)}
        days = [self.day(monday + timedelta(days=n), rows, place) for n in range(DAYS)]
        hours = shown_hours(days)
        for day in days:
            set_rows(day, hours[0])
        names = dict(members)
        context = {
            "days": days, "hours": [f"{hour:02}:00" for hour in range(*hours)], "rows": (hours[1] - hours[0]) * 60 // STEP,
            "monday": monday, "sunday": monday + timedelta(days=DAYS - 1), "more": len(rows) > MOST,
            "before": self.link(monday - timedelta(days=DAYS), hosts), "after": self.link(monday + timedelta(days=DAYS), hosts),
            "today": self.link(None, hosts), "list_url": reverse("meetings:list"), "several": len(hosts) > 1,
            "people": [{"id": pk, "name": name, "selected": pk in hosts} for pk, name in members],
            "shown": [{"name": names[pk], "color": place[pk]} for pk in hosts if pk in names],
            "is_mine": hosts == [request.user.pk], "may_edit": request.user.can("records.edit"), "day": monday.isoformat(),
        }  # fmt: skip
        return self.show("meetings/week.html", context)

    def hosts(self, request, there):
        """Ids of the members whose meetings are asked for; one's own without any."""
        asked = [whole(part) for text in request.GET.getlist("user_id") for part in text.split(",")]
        return [pk for pk in dict.fromkeys(asked) if pk in there][:MOST_HOSTS] or [request.user.pk]

    @staticmethod
    def monday(text):
        try:
            day = date.fromisoformat(text or "")
            day = day if 2000 < day.year < 2200 else localtime(now()).date()
        except ValueError:
            day = localtime(now()).date()
        return day - timedelta(days=day.weekday())

    def link(self, day, hosts):
        asked = [f"day={day.isoformat()}"] if day else []
        asked += [f"user_id={pk}" for pk in hosts] if hosts != [self.request.user.pk] else []
        return f"{reverse('meetings:week')}{'?' if asked else ''}{'&'.join(asked)}"

    def meetings(self, hosts, monday):
        """Those of the week that are not cancelled, by their beginning."""
        since, until = midnight(monday), midnight(monday + timedelta(days=DAYS))
        rows = Meeting.objects.of(self.organization).alive().filter(
            host__in=hosts, start_time__gte=since - LONGEST, start_time__lt=until, end_time__gt=since)
        rows = rows.exclude(status=Meeting.Status.CANCELLED).order_by("start_time", "pk").page_rows()[: MOST + 1]
        found = dressed(plain_rows(rows))
        for row in found:
            row["starts"], row["ends"] = localtime(row["starts"]), localtime(row["ends"])
        return found

    def day(self, day, rows, place):
        """{day, events, ...}: each event with its minutes of this day and, where several are at once, its lane."""
        events: list[dict] = []
        lanes: list[int] = []
        for row in rows:
            begins, ends = row["starts"].date() < day, row["ends"].date() > day
            first = 0 if begins else minutes(row["starts"])
            last = 24 * 60 if ends else minutes(row["ends"])
            if row["starts"].date() > day or row["ends"].date() < day or (begins and not last):
                continue
            last = max(last, first + STEP)
            lane = next((n for n, free in enumerate(lanes) if free <= first), len(lanes))
            if lane == len(lanes):
                lanes.append(last)
            lanes[lane] = last
            text = "" if begins else f"{row['starts']:%H:%M}"
            events.append(row | {"first": first, "last": last, "lane": min(lane, LANES - 1) + 1, "color": place[row["user_id"]],
                                 "time": f"{text}–{'' if ends else format(row['ends'], '%H:%M')}"})  # fmt: skip
        for one in events:
            if not any(one["first"] < other["last"] and other["first"] < one["last"] for other in events if other is not one):
                one["lane"] = 0  # has the day's whole width
        return {"day": day, "events": events, "lanes": min(max(len(lanes), 1), LANES),
                "is_today": day == localtime(now()).date(), "add": f"{reverse('meetings:add')}?at={day.isoformat()}T09:00"}


def midnight(day):
    return datetime.combine(day, time.min, get_current_timezone())


def minutes(moment):
    """After midnight on the wall."""
    return moment.hour * 60 + moment.minute


def shown_hours(days):
    """(first hour, hour after the last) that hold every event of the week."""
    events = [event for day in days for event in day["events"]]
    first = min([FIRST, *(event["first"] // 60 for event in events)])
    last = max([LAST, *(-(-event["last"] // 60) for event in events)])
    return first, min(last, 24)


def set_rows(day, hour):
    """Which row each event begins in, and how many it takes."""
    for event in day["events"]:
        start = (event["first"] - hour * 60) // STEP
        event |= {"row": start + 1, "span": max(1, -(-(event["last"] - hour * 60) // STEP) - start)}
