"""What every organisation starts with: fixed ids per type, the same for everybody (R35)."""

from lookups.models import Lookup

STATUSES = {1: ("New", "#5b8ab0"), 2: ("Contacted", "#c98a1b"), 3: ("Qualified", "#4a5bd4"), 4: ("Unqualified", "#7a7f8c"),
            5: ("Won", "#1f8a5b"), 6: ("Lost", "#c43b3b")}
PRIORITIES = {1: ("Low", "#7a7f8c"), 2: ("Medium", "#5b8ab0"), 3: ("High", "#c98a1b"), 4: ("Urgent", "#c43b3b")}
SOURCES = {1: "Website", 2: "Referral", 3: "LinkedIn", 4: "Email", 5: "Direct"}
NEW, WON, LOST = 1, 5, 6


def seed(organization):
    seeded = [("status", number, name, color) for number, (name, color) in STATUSES.items()]
    seeded += [("priority", number, name, color) for number, (name, color) in PRIORITIES.items()]
    seeded += [("source", number, name, "") for number, name in SOURCES.items()]
    Lookup.objects.bulk_create(
        Lookup(organization=organization, module_name="lead", type=kind, number=number, name=name, color_code=color,
               is_system=True) for kind, number, name, color in seeded)
