"""The signals of the demo: what its leads did over the past weeks, some of it answered, so that the hot list has something to
tell. Logged through the product's own rule, with the time when it happened."""

from datetime import timedelta
from random import Random

from django.db.models import F
from django.utils.timezone import now

from intent import alerts, signals
from intent.models import Signal
from leads.models import Lead
from lio import history
from lio.models import Change

BUSY, CURIOUS = 14, 34  # leads that are about to buy, and those that have looked around
HOURS = 24
STORIES = [  # what a lead that is about to buy does, with the hours before now
    [("email_opened", 210), ("link_clicked", 209), ("pricing_page_visit", 74), ("demo_requested", 3)],
    [("case_study_download", 160), ("pricing_page_visit", 50), ("reply_received", 7)],
    [("form_submitted", 290), ("email_opened_3x", 120), ("pricing_page_visit", 26)],
    [("email_opened", 31), ("reply_received", 29), ("link_clicked", 5)],
    [("demo_requested", 96), ("email_opened", 40)],
    [("manual", 260), ("case_study_download", 99), ("form_submitted", 18)],
]
LOOKS = ["email_opened", "link_clicked", "case_study_download", "pricing_page_visit", "form_submitted", "email_opened_3x"]
NOTES = {
    "demo_requested": "Wants to see it with their own depots.",
    "manual": "Talked at the trade fair; has budget from January.",
    "reply_received": "Re: scanners that work offline",
    "case_study_download": "How a forwarder cut its claims",
    "pricing_page_visit": "/pricing",
}
SOURCES = {"email_opened": "mail", "email_opened_3x": "mail", "link_clicked": "mail", "reply_received": "mail",
           "pricing_page_visit": "website", "case_study_download": "website", "form_submitted": "web form",
           "demo_requested": "website", "manual": "by hand"}
ANSWERS = [("called", "Demo on Thursday at ten."), ("mailed", None), ("meeting", "Meets the plant manager, too."),
           ("later", None)]


def make_signals(organization, by):
    """Signals of the demo's leads, the newest of a few hours ago; every third busy lead has been answered."""
    random = Random(5)  # noqa: S311 - the same demo every time, nothing secret
    leads = Lead.objects.of(organization).alive().filter(assigned_to__isnull=False, status__number__lt=4).order_by("pk")
    leads = list(leads.select_related("assigned_to")[: BUSY + CURIOUS])
    random.shuffle(leads)
    for n, lead in enumerate(leads):
        if n < BUSY:
            happened = STORIES[n % len(STORIES)]
        else:
            happened = [(random.choice(LOOKS), random.randint(6, 40 * HOURS)) for _ in range(random.choice([1, 1, 2]))]
        shift = timedelta(minutes=random.randint(0, 170))
        for kind, hours in happened:
            signals.log(organization, lead.pk, kind, occurred_at=now() - timedelta(hours=hours) - shift, source=SOURCES[kind],
                        detail={"note": NOTES[kind]} if kind in NOTES else None)
        if n >= BUSY or n % 3 == 2:
            answer(organization, lead, random, ANSWERS[n % len(ANSWERS)])
    Signal.objects.of(organization).update(created_at=F("occurred_at"))


def answer(organization, lead, random, said):
    """Its owner has answered within the hours after the last signal."""
    rows = Signal.objects.of(organization).filter(lead=lead)
    rows.update(created_at=F("occurred_at"))
    at = min(now(), rows.latest("occurred_at").occurred_at + timedelta(minutes=random.randint(20, 400)))
    outcome, note = said
    with history.one_action():
        alerts.acknowledge_lead(organization, lead.pk, by=lead.assigned_to, outcome=outcome, note=note, at=at)
        Change.objects.filter(change_id=history.last_change_id()).update(created_at=at)
