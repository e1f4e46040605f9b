"""The fields of a contact as its page shows and edits them."""

from contacts import edit_many
from contacts.serializers import UpdateContact, attributes
from lio.templatetags.look import status_tone
from lookups.known import known
from lookups.record_fields import RecordFields

LABELS = {
    "name": "Name", "designation": "Title", "company": "Company", "department": "Department", "seniority": "Seniority",
    "decision_maker": "Decision maker", "status": "Status", "lead_score": "Score", "tags": "Tags", "emails": "Emails",
    "phone_numbers": "Phones", "email": "Email", "phone_number": "Phone", "linkedin_url": "LinkedIn", "city": "City",
    "country": "Country", "lead_id": "Lead", "custom_fields": "Custom fields", "assigned_to": "Owner", "lead_source": "Source",
}  # fmt: skip
LISTS = ("emails", "phone_numbers")  # one address a line, a label after a comma


class ContactFields(RecordFields):
    module, namespace = "contact", "contacts"
    labels, required, input_class = LABELS, ("name", "status"), UpdateContact
    groups = [
        ("About", ["name", "designation", "company", "department", "seniority", "decision_maker"]),
        ("Reach", ["emails", "phone_numbers", "linkedin_url"]),
        ("Place", ["city", "country"]),
        ("Standing", ["status", "lead_score", "tags"]),
    ]
    kinds = {"emails": "textarea", "phone_numbers": "textarea", "linkedin_url": "url", "status": "chip", "lead_score": "number",
             "tags": "tags"}  # fmt: skip

    def attributes(self, given):
        return attributes(self.organization, given)

    def shared(self, name):
        return edit_many.shared(self.organization, name)

    def text(self, record, name):
        if name in LISTS:
            return ", ".join(f"{one['value']} ({one['label']})" if one["label"] else one["value"] for one in record[name])
        return record["status_text"] or "" if name == "status" else super().text(record, name)

    def field(self, record, name, *, editing=False, saved=False):
        found = super().field(record, name, editing=editing, saved=saved)
        if found and name in LISTS:
            lines = [", ".join(filter(None, [one["value"], one["label"]])) for one in record[name] or ()]
            found["value"] = "\n".join(lines)
            found["help"] = "One a line, the first is the main one. A label may follow after a comma."
        return found

    def told(self, name, value):
        if name in LISTS:
            return ", ".join(one["value"] for one in value)
        if name in ("status", "lead_source"):
            found = known(self.organization, "source" if name == "lead_source" else name).get(value)
            return found.name if found else str(value)
        return super().told(name, value)

    def choices(self, record, name):
        if name != "status":
            return super().choices(record, name)
        return [
            {"id": one.number, "name": one.name, "selected": record["status"] == one.number}
            for one in known(self.organization, "status").values()
            if one.is_active or record["status"] == one.number
        ]

    def tone(self, record, name):
        return status_tone(record["status"]) if name == "status" else ""

    def posted(self, name, posted):
        if name in LISTS:
            return {name: [line for text in posted.get("value", "").splitlines() if (line := read_line(text))]}
        return super().posted(name, posted)


def read_line(text):
    """{value, label} of `ada@acme.com, work`; None of an empty line."""
    value, _, label = text.partition(",")
    return {"value": value.strip(), "label": label.strip()} if value.strip() else None
