"""The list of contacts: tabs, filters, rows, and what its bulk bar does."""

from django.urls import reverse

from contacts import edit_many
from contacts.columns import COLUMNS, DEFAULT
from contacts.filters import ContactFilter
from contacts.models import Contact
from contacts.pages.fields import ContactFields
from lio.templatetags.look import status_tone
from lookups.known import known
from lookups.list_page import BulkPage, EditView, ListKind, ListPage, SaveView
from lookups.record_fields import people


class Contacts(ListKind):
    module, namespace, model, filter_class = "contact", "contacts", Contact, ContactFilter
    noun, title, icon, exported = "contact", "Contacts", "identification", "contacts"
    hint = "People at companies. A lead becomes one when you convert it."
    columns, default, numbers = COLUMNS, DEFAULT, ("lead_score",)
    tabs = [("All contacts", {}), ("Added by me", {"my": "true"})]
    inputs = [
        ("choices", "status", "Status"), ("text", "seniority", "Seniority"), ("text", "department", "Department"),
        ("text", "decision_maker", "Decision maker"), ("text", "city", "City"), ("text", "country", "Country"),
        ("range", "lead_score", "Score"), ("choices", "tags", "Tags"), ("check", "my", "Only those that I added"),
        ("dates", "created", "Added"),
    ]  # fmt: skip
    labels = {"company_id": "Company", "lead_id": "Lead", "start_date": "Added from", "end_date": "Added to",
              "change_id": "Changed by action", "my": "Added by"}  # fmt: skip
    fields_class = ContactFields

    def cell(self, row, name):
        if name == "company":
            url = reverse("companies:view", args=[row["company_id"]]) if row["company_id"] else ""
            return {"kind": "link", "url": url, "text": row["company"] or "", "outside": False}
        if name == "linkedin_url":
            text = (row[name] or "").partition("//")[2].removeprefix("www.").rstrip("/")
            return {"kind": "link", "url": row[name] or "", "text": text, "outside": True}
        if name == "status":
            return {"kind": "chip", "text": row["status_text"] or "", "tone": status_tone(row["status"])}
        if name in ("email", "phone_number"):
            more = len(row[f"{name}s"]) - 1
            return {"kind": "text", "text": f"{row[name] or ''}{f' +{more}' if more > 0 else ''}"}
        return super().cell(row, name)


def companies_named(organization, ids):
    """The names of companies by ids as an address holds them; those of other organisations are none."""
    from companies.models import Company

    wanted = [int(part) for text in ids for part in text.split(",") if part.isascii() and part.isdigit() and len(part) < 19]
    rows = Company.objects.of(organization).alive().filter(pk__in=wanted)
    return list(rows.order_by("pk").values_list("company_name", flat=True)[:5])


class ContactList(Contacts, ListPage):
    def links(self):
        return [{"url": reverse("contacts:duplicates"), "icon": "document-duplicate", "label": "Duplicates"}, *super().links()]

    def options(self, name):
        if name == "status":
            return [(number, one.name) for number, one in known(self.organization, "status").items() if one.is_active]
        return people(self.organization) if name == "created_by" else super().options(name)

    def words(self, name, values):
        if name == "company_id":
            return ", ".join(companies_named(self.organization, values)) or ", ".join(values)
        return "me" if name == "my" else super().words(name, values)

    def everything(self):
        return contact_count(self.request.user)


class BulkContacts(Contacts, BulkPage):
    rules = edit_many
    apart = ("tags",)
    warning = "They go from every list, with their notes and history. Their leads stay."


class SaveContactView(Contacts, SaveView):
    pass


class EditContactView(Contacts, EditView):
    pass


def contact_count(user):
    """All contacts, counted once a request: rail, tabs and head show it."""
    if not hasattr(user, "_contact_count"):
        user._contact_count = Contact.objects.whole(user.organization).count()
    return user._contact_count
