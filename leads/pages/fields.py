"""The fields of a lead as the page shows and edits them, each in its place."""

from leads import edit_many
from leads.models import Lead
from leads.serializers import UpdateLead, attributes
from lio.templatetags.look import PRIORITY_TONES
from lookups.known import known
from lookups.record_fields import CUSTOM, RecordFields, people

__all__ = ["CUSTOM", "LABELS", "LeadFields"]
GROUPS = [
    (
        "About",
        [
            "first_name",
            "last_name",
            "email",
            "phone_number",
            "linkedin_url",
            "assigned_to",
            "lead_source",
            "estimated_value",
            "priority",
            "tags",
        ],
    ),
    ("Company", ["company", "job_title", "industry", "website"]),
    ("Place", ["address", "city", "state", "country", "pin_code"]),
    ("Remarks", ["notes"]),
    ("Consent", ["do_not_contact", "tracking_off"]),
]
LABELS = {
    "first_name": "First name",
    "last_name": "Last name",
    "email": "Email",
    "phone_number": "Phone",
    "linkedin_url": "LinkedIn",
    "assigned_to": "Owner",
    "lead_source": "Source",
    "estimated_value": "Value",
    "priority": "Priority",
    "tags": "Tags",
    "company": "Company",
    "job_title": "Title",
    "industry": "Industry",
    "website": "Website",
    "address": "Address",
    "city": "City",
    "state": "State",
    "country": "Country",
    "pin_code": "Postal code",
    "notes": "Remarks",
    "status": "Status",
    "do_not_contact": "Do not contact",
    "tracking_off": "No tracking",
    "custom_fields": "Custom fields",
}
KINDS = {
    "email": "email",
    "phone_number": "tel",
    "linkedin_url": "url",
    "website": "url",
    "assigned_to": "person",
    "lead_source": "select",
    "estimated_value": "money",
    "priority": "chip",
    "tags": "tags",
    "notes": "textarea",
    "do_not_contact": "select",
    "tracking_off": "select",
}
FLAGS = ("do_not_contact", "tracking_off")
APART = ("status", "assigned_to")  # they have places of their own in the bulk bar


class LeadFields(RecordFields):
    module, namespace = "lead", "leads"
    groups, labels, kinds = GROUPS, LABELS, KINDS
    required, blank = ("priority", *FLAGS), ("first_name", "last_name")
    input_class = UpdateLead

    def attributes(self, given):
        return attributes(self.organization, given)

    def shared(self, name):
        return edit_many.shared(self.organization, name)

    def text(self, record, name):
        if name in FLAGS:
            return "Yes" if record[name] else "No"
        shown = {"assigned_to": "assigned_to_name", "lead_source": "lead_source_text", "priority": "priority_text"}.get(name)
        return record[shown] or "" if shown else super().text(record, name)

    def tone(self, record, name):
        return PRIORITY_TONES.get(record["priority"], "") if name == "priority" else ""

    def choices(self, record, name):
        if name in FLAGS:
            return [{"id": flag, "name": "Yes" if flag else "No", "selected": flag == record[name]} for flag in (True, False)]
        if name == "assigned_to":
            options = people(self.organization)
        elif name == "priority":
            options = list(Lead.Priority.choices)
        elif name == "lead_source":
            sources = known(self.organization, "source").values()
            options = [(one.number, one.name) for one in sources if one.is_active or one.number == record[name]]
        else:
            return super().choices(record, name)
        return [{"id": value, "name": label, "selected": value == record[name]} for value, label in options]
