"""Alerts: the signals of one's leads that wait for an answer, those that were answered, and those of muted leads."""

from django.contrib import messages
from django.db.models import Exists, OuterRef
from django.urls import reverse
from django.utils.timezone import now

from accounts.models import User
from intent import alerts
from intent.models import Mute, Signal
from intent.pages.base import DONE, OUTCOMES, SIZE, AnswerPage, SignalPage, clock_of, number, paging, tabs_of, type_options
from intent.rules import settings_of
from intent.types import TYPES
from intent.worktime import in_words
from leads.models import Lead
from lio.errors import Missing

TABS = [("To answer", {}), ("Answered", {"show": "answered"}), ("Muted", {"show": "muted"})]
MOST = 1000  # that are counted


class AlertList(SignalPage):
    """Alerts of the visitor's leads, the newest first. `show` is answered or muted, `whose=all` those of everybody's leads,
    `lead` those of one lead, `type` those of one type of signal."""

    read = ("show", "whose", "lead", "type", "page")

    def get(self, request):
        asked = self.asked()
        if asked.get("type") not in TYPES:
            asked.pop("type", None)
        at, lead_id = number(asked.pop("page", "")), number(asked.get("lead", ""), 0)
        found = self.rows(asked, lead_id)
        total = found.order_by().values("pk")[: MOST + 1].count()
        if (at - 1) * SIZE >= max(total, 1) and total <= MOST:
            at = 1
        rows = list(found.order_by("-occurred_at", "-pk").values_list("pk", flat=True)[(at - 1) * SIZE : at * SIZE])
        lead = self.lead_names([lead_id]).get(lead_id) if lead_id else None
        if lead_id and lead is None:
            raise Missing()
        kept = {name: value for name, value in asked.items() if name != "show"}
        context = {
            "rows": dressed(self, rows), "asked": asked, "lead": lead and lead | {"id": lead_id},
            "page": paging(at, len(rows), min(total, MOST), capped=total > MOST), "total": total,
            "tabs": tabs_of(TABS, asked, ("show",)), "types": type_options(asked.get("type")), "narrowed": bool(kept),
        } | shared(self)
        return self.show("intent/alerts.html", context)

    def rows(self, asked, lead_id):
        rows, user = Signal.objects.of(self.organization).alive(), self.request.user
        if lead_id:
            rows = rows.filter(lead=lead_id)
        elif asked.get("whose") != "all":
            rows = rows.filter(lead__assigned_to=user)
        if "type" in asked:
            rows = rows.filter(signal_type=asked["type"])
        if asked.get("show") == "answered":
            return rows.filter(acknowledged_at__isnull=False)
        muted = Exists(Mute.objects.of(self.organization).filter(user=user, lead=OuterRef("lead_id")))
        return rows.filter(muted if asked.get("show") == "muted" else ~muted, acknowledged_at=None)


class AnswerAlert(AnswerPage):
    """One alert is answered; htmx gets its row."""

    def answer(self, pk, outcome, note):
        row = Signal.objects.of(self.organization).alive().select_related("lead").filter(pk=pk).first()
        if row is None:
            raise Missing()
        alerts.acknowledge(self.organization, pk, by=self.request.user, outcome=outcome, note=note)
        return f"{row.lead}, {row.get_signal_type_display()}"

    def shown(self, pk):
        rows = dressed(self, [pk])
        return ("intent/_alert_row.html", {"row": rows[0], "again": True} | shared(self)) if rows else None


class MuteLead(SignalPage):
    """POST `on` (1 or 0): hear no more of a lead's signals, or hear of them again."""

    def post(self, request, pk):
        lead = Lead.objects.of(self.organization).alive().filter(pk=pk).first()
        if lead is None:
            raise Missing()
        on = (request.POST.get("on") or request.GET.get("on")) == "1"
        alerts.mute(self.organization, pk, request.user, on=on)
        text = f"You hear no more of the signals of {lead}." if on else f"You hear of the signals of {lead} again."
        back = f"{reverse('intent:mute', args=[pk])}?on={0 if on else 1}"
        messages.success(request, text, extra_tags=back)
        return self.back("intent:alerts")


def shared(page):
    """What the row of an alert needs beside itself."""
    return {"outcomes": OUTCOMES, "may_edit": page.is_editor}


def dressed(page, ids):
    """The alerts with these ids, in this order, as a page shows them."""
    rows = {row["id"]: row for row in Signal.objects.of(page.organization).alive().filter(pk__in=ids).values(
        "id", "lead_id", "signal_type", "source", "signal_detail", "occurred_at", "created_at", "acknowledged_at",
        "acknowledged_by_id", "outcome", "outcome_note", "responded_at", "response_minutes")}
    found = [rows[pk] for pk in ids if pk in rows]
    if not found:
        return []
    leads = {row["lead_id"] for row in found}
    rules, moment = settings_of(page.organization), now()
    names, worked, weights = page.lead_names(leads), clock_of(page.organization, rules), rules.all_weights
    people = {user.pk: user.full_name for user in User.objects.of(page.organization).filter(
        pk__in={row["acknowledged_by_id"] for row in found if row["acknowledged_by_id"]})}
    mutes = Mute.objects.of(page.organization).filter(user=page.request.user, lead__in=leads)
    muted = set(mutes.values_list("lead_id", flat=True))
    for row in found:
        one, minutes = TYPES[row["signal_type"]], row["response_minutes"]
        row |= names[row["lead_id"]] | {
            "words": one.words, "label": one.label, "icon": one.icon, "points": weights[one.name],
            "detail": note_of(row["signal_detail"]), "is_muted": row["lead_id"] in muted,
            "by": people.get(row["acknowledged_by_id"], ""), "done": DONE.get(row["outcome"], "seen"),
            "waits": worked(row["created_at"], moment) if row["responded_at"] is None else "",
            "took": "" if minutes is None else f"after {in_words(minutes)}" if minutes else "at once"}
    return found


def note_of(detail):
    """What is known of a signal, as a line of text: a note, the name of a form, a page, a subject."""
    for name in ("note", "form", "page", "url", "subject", "title"):
        if isinstance(detail.get(name), str) and detail[name].strip():
            return detail[name].strip()[:200]
    return ""
