"""The section "Signals" of a lead's page: the log, what it adds up to, logging by hand, and what is not to be done."""

from datetime import datetime, time
from zoneinfo import ZoneInfo

from django.db.models import Count, Exists, F, IntegerField, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce
from django.utils.timezone import localdate, now

from intent import alerts, signals
from intent.engagement import engagement_of
from intent.models import HotLead, Mute, RawEvent, Signal
from intent.pages.alerts import note_of
from intent.pages.base import DONE, OUTCOMES, SignalPage
from intent.rules import settings_of
from intent.serializers import LogSignal
from intent.types import DAYS, TYPES
from intent.worktime import in_words
from leads.models import Lead
from lio.errors import Missing
from lio.pages import REFUSALS, sentence

SHOWN = 8
ROBOTS = dict(RawEvent.Is.choices)
NAMES = ("id", "signal_type", "source", "channel", "signal_detail", "occurred_at", "withdrawn_at", "acknowledged_at", "outcome",
         "outcome_note", "robot")


def signals_of_lead(user, lead_id, request):
    """The newest SHOWN signals, withdrawn ones among them; `?signals=all` shows them all, up to a thousand."""
    organization, moment = user.organization, now()
    lead = state_of(organization, lead_id, user, moment)
    most = 1000 if request.GET.get("signals") == "all" else SHOWN
    mine = Signal.objects.of(organization).filter(lead=lead_id).annotate(robot=F("event__classification"))
    newest = [rows.values(*NAMES).order_by("-occurred_at", "-id")[: most + 1]  # each from its own index
              for rows in (mine.filter(withdrawn_at=None), mine.filter(withdrawn_at__isnull=False))]
    rows = list(newest[0].union(newest[1], all=True).order_by("-occurred_at", "-id")[: most + 1])
    rules = settings_of(organization)
    weights, since = rules.all_weights, alerts.clock(organization, rules) if lead["waiting_since"] else None
    points, why = engagement_of(organization, [lead_id], moment).get(lead_id, (0.0, []))
    for row in rows:
        one = TYPES[row["signal_type"]]
        row |= {"label": one.label, "icon": one.icon, "points": weights[one.name], "detail": note_of(row["signal_detail"]),
                "done": DONE.get(row["outcome"], "seen"),
                "not_by": ROBOTS.get(row["robot"], "") if row["robot"] not in (None, "human") else ""}
    return {
        "name": "signals", "template": "intent/_of_lead.html", "rows": rows[:most], "more": len(rows) > most, "state": lead,
        "engagement": round(points), "why": [(words, round(worth)) for words, worth in why[:4] if round(worth)],
        "half_life": rules.half_life_days, "days": DAYS, "outcomes": OUTCOMES, "types": TYPES.values(),
        "may_edit": user.can("records.edit"), "today": localdate(moment),
        "waits": in_words(since(lead["waiting_since"], moment)) if since else "",
    }


def state_of(organization, lead_id, user, moment):
    """What the section says of a lead beside its signals, in one query."""
    hot = HotLead.objects.filter(organization=OuterRef("organization"), lead=OuterRef("pk"), until__gt=moment)
    waiting = Signal.objects.filter(organization=OuterRef("organization"), lead=OuterRef("pk"), withdrawn_at=None)
    robots = RawEvent.objects.filter(organization=OuterRef("organization"), lead=OuterRef("pk")).exclude(classification="human")
    counted = waiting.order_by().values("lead").annotate(n=Count("pk", filter=Q(acknowledged_at=None)))
    found = Lead.objects.of(organization).filter(pk=lead_id).values(
        "do_not_contact", "tracking_off", hot_until=Subquery(hot.values("until")[:1]),
        is_muted=Exists(Mute.objects.filter(organization=OuterRef("organization"), lead=OuterRef("pk"), user=user)),
        open=Coalesce(Subquery(counted.values("n")[:1], output_field=IntegerField()), 0),
        waiting_since=Subquery(waiting.filter(responded_at=None).order_by("created_at").values("created_at")[:1]),
        robots=Coalesce(Subquery(robots.order_by().values("lead").annotate(n=Count("pk")).values("n")[:1],
                                 output_field=IntegerField()), 0))
    return found[0]


class LogByHand(SignalPage):
    """POST `signal_type`, `note`, `on` (a day; today without one): a member has noticed something."""

    verb = "records.edit"

    def post(self, request, pk):
        if not Lead.objects.of(self.organization).alive().filter(pk=pk).exists():
            raise Missing()
        try:
            given = LogSignal.read({"lead_id": pk, "signal_type": request.POST.get("signal_type", ""),
                                    "occurred_at": self.moment(request.POST.get("on", ""))})
            signals.note(self.organization, pk, given["signal_type"], by=request.user,
                         text=request.POST.get("note", "").strip()[:1000], occurred_at=given.get("occurred_at"))
            self.say(f"{TYPES[given['signal_type']].label} is logged.", undoable=True)
        except REFUSALS as error:
            if isinstance(error, Missing):
                raise
            self.complain(sentence(error))
        return self.back("intent:hot")

    def moment(self, text):
        """Noon of a day that was given, in the visitor's zone, as the API takes it; None for now."""
        try:
            day = datetime.strptime(text, "%Y-%m-%d").date()
        except ValueError:
            return text or None
        zone = ZoneInfo(self.request.user.timezone)
        return None if day == localdate(now(), zone) else datetime.combine(day, time(12), zone).isoformat()
