"""The types of signals, what each weighs before an organisation says otherwise (R60), and what people read."""

from dataclasses import dataclass

WINDOW = 1800  # seconds: the same again within the same half hour is one signal, of what LIO itself watched


@dataclass(frozen=True)
class SignalType:
    """`weight` points; `words` as in "Jane <asked for a demo>"; `most` signals of one lead and day when LIO itself watched."""

    name: str
    weight: int
    label: str
    words: str
    icon: str
    most: int = 0


TYPES = {one.name: one for one in (
    SignalType("pricing_page_visit", 30, "Pricing page visit", "looked at the prices", "currency-dollar", most=1),
    SignalType("demo_requested", 50, "Demo requested", "asked for a demo", "calendar", most=1),
    SignalType("form_submitted", 30, "Form submitted", "sent a form", "document-text", most=1),
    SignalType("reply_received", 40, "Reply received", "replied", "chat-bubble-left", most=1),
    SignalType("email_opened", 5, "E-mail opened", "opened an e-mail", "envelope", most=3),
    SignalType("email_opened_3x", 20, "E-mail opened three times", "opened an e-mail three times", "envelope", most=3),
    SignalType("link_clicked", 15, "Link clicked", "followed a link", "arrow-top-right-on-square", most=3),
    SignalType("case_study_download", 20, "Case study download", "took a case study", "arrow-down-tray", most=2),
    SignalType("manual", 25, "Noted by hand", "was noted by hand", "pencil", most=1),
)}
WEIGHTS = {name: one.weight for name, one in TYPES.items()}
CHOICES = [(name, one.label) for name, one in TYPES.items()]
HOT_FROM, DAYS, HALF_LIFE = 50, 14, 14  # points, days that count, days after which a signal says half as much
