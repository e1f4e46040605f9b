"""The fields of a deal as its page shows and edits them, each in its place."""

from datetime import date

from deals import bulk
from deals.models import Deal
from deals.pages.query import day_in_words
from deals.serializers import UpdateDeal, attributes
from leads.models import Lead
from lio.templatetags.look import money, priority_tone
from lookups.record_fields import RecordFields, people

LABELS = {
    "title": "Title", "value": "Value", "amount": "Amount", "currency": "Currency",
    "expected_close_date": "Expected to close", "priority": "Priority", "assigned_to": "Owner",
    "category": "Forecast category", "next_step": "Next step", "next_step_on": "Next step on", "lost_reason": "Lost because",
    "description": "Description", "lead_id": "Lead", "custom_fields": "Custom fields",
}  # fmt: skip
DAYS = ("expected_close_date", "next_step_on")
PRIORITIES = {int(key): label for key, label in Lead.Priority.choices}


class DealFields(RecordFields):
    """A deal in another currency is worth its amount there: that is edited then, and the value follows."""

    module, namespace = "deal", "deals"
    labels, required, input_class = LABELS, ("title", "value", "amount", "expected_close_date", "priority"), UpdateDeal
    groups = [
        ("About", ["title", "value", "amount", "expected_close_date", "assigned_to", "priority", "category"]),
        ("Next", ["next_step", "next_step_on", "lost_reason", "description"]),
    ]
    kinds = {"value": "money", "amount": "money", "expected_close_date": "date", "next_step_on": "date", "priority": "chip",
             "assigned_to": "person", "category": "select", "description": "textarea"}  # fmt: skip

    def of(self, record, *, editing=None):
        """Without what does not concern this deal."""
        aside = {"value" if record["currency"] else "amount", "" if record["status"] == "lost" else "lost_reason"}
        groups = super().of(record, editing=editing)
        return [group | {"fields": [one for one in group["fields"] if one["name"] not in aside]} for group in groups]

    def field(self, record, name, *, editing=False, saved=False):
        found = super().field(record, name, editing=editing, saved=saved)
        if found is None:
            return None
        found["seen"] = seen(record, name)
        if name == "amount" and record["currency"]:
            found["label"] = f"Amount in {record['currency']}"
        if name == "category":
            found["required"] = True  # "As its stage says" stands among the choices
            found["value"] = record["category"] if record["category_by_hand"] else ""
        elif name in DAYS:
            found["value"] = record[name].isoformat() if record[name] else ""
        return found

    def attributes(self, given):
        return attributes(self.organization, given)

    def shared(self, name):
        return bulk.shared(self.organization, name)

    def text(self, record, name):
        if name == "amount":
            return money(record["amount"], record["currency"]) if record["currency"] else ""
        if name == "assigned_to":
            return record["assigned_to_name"] or ""
        if name == "category" and record["category"]:
            return f"{Deal.Category(record['category']).label}{' (by hand)' if record['category_by_hand'] else ''}"
        if name == "priority":
            return record["priority_text"] or ""
        return day_in_words(record[name]) if name in DAYS else super().text(record, name)

    def told(self, name, value):
        if name in ("value", "amount"):
            return money(value, self.organization.currency) if name == "value" else f"{value:,}"
        if name == "priority":
            return PRIORITIES.get(value, str(value))
        if name == "category":
            return Deal.Category(value).label if value in Deal.Category.values else str(value)
        return day_in_words(date.fromisoformat(value)) if name in DAYS else super().told(name, value)

    def choices(self, record, name):
        now_is = record[name]
        options: list[tuple]
        if name == "priority":
            options = list(PRIORITIES.items())
        elif name == "assigned_to":
            options = people(self.organization)
        elif name == "category":
            options = [("", "As its stage says"), *Deal.Category.choices]
            now_is = now_is if record["category_by_hand"] else ""
        else:
            return super().choices(record, name)
        return [{"id": key, "name": label, "selected": key == now_is} for key, label in options]

    def tone(self, record, name):
        return priority_tone(record["priority"]) if name == "priority" else ""


def seen(record, name):
    """What the field holds, as a form posts it back to tell whether somebody else has changed it meanwhile."""
    if name.startswith("custom:"):
        return str((record["custom_fields"] or {}).get(name.removeprefix("custom:")))
    return f"{record[name]}{'!' if name == 'category' and record['category_by_hand'] else ''}"
