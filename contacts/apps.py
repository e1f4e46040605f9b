from django.apps import AppConfig
from django.urls import reverse

FEED = {  # verb of the history: what the feed calls it
    "contact.created": "create",
    "contact.updated": "update",
    "contact.converted": "update",
    "contact.unconverted": "update",
    "contact.deleted": "delete",
    "contact.restored": "create",
    "contact.absorbed": "update",
    "contact.merged_into": "delete",
    "lead.converted": "update",
}
PHRASES = {  # verb of the history: what somebody did to contacts
    "contact.created": "created",
    "contact.updated": "changed",
    "contact.converted": "brought a lead to",
    "contact.unconverted": "took a lead off",
    "contact.deleted": "deleted",
    "contact.restored": "brought back",
    "contact.absorbed": "merged other contacts into",
    "contact.merged_into": "merged away",
    "lead.converted": "converted",
}


class ContactsConfig(AppConfig):
    name = "contacts"

    def ready(self):
        from contacts import companies, duplicates, merge
        from contacts import exports as exported
        from contacts.columns import COLUMNS
        from contacts.conversion import convert_all
        from contacts.filters import ContactFilter
        from contacts.models import Contact
        from contacts.pages import sections
        from contacts.pages.duplicates import Contacts
        from lio.registry import (
            BulkAction,
            Exported,
            Module,
            RailEntry,
            Subject,
            bulk_actions,
            exports,
            feed_actions,
            feed_phrases,
            modules,
            rail,
            record_acts,
            record_parts,
            renamed,
            subjects,
            undoers,
            unlinks,
        )
        from lookups.duplicate_pages import section
        from lookups.exports import REST, keys

        undoers["contact"] = merge.undo
        undoers["contactpair"] = duplicates.KIT.undo_dismissals
        record_parts["contact"].append(section(Contacts, "duplicates"))
        unlinks["company"].append(companies.unlink)
        renamed["company"].append(companies.rename)
        record_parts["company"].append(sections.people)
        record_parts["lead"].append(sections.of_lead)
        record_acts["lead"].append(sections.convert)
        record_parts["contact"].append(sections.career)
        bulk_actions["lead"]["convert"] = BulkAction("Convert", lambda rows, by: convert_all(rows, by=by).words)
        rail.append(RailEntry("Contacts", "contacts:list", "identification", order=12))
        exports["contacts"] = Exported(
            "Contacts",
            ContactFilter,
            exported.columns,
            rows=Contact.objects.whole,
            shown=exported.shown,
            keys=keys,
            optional=(REST,),
            module="contact",
            of_view=exported.of_view,
        )
        modules["contact"] = Module(Contact, ContactFilter, COLUMNS)
        subjects["contact"] = Subject(
            rows=lambda organization: Contact.objects.of(organization).alive(),
            names=lambda organization, ids: dict(
                Contact.objects.of(organization).filter(pk__in=ids).values_list("pk", "name")
            ),
            url=lambda pk: reverse("contacts:view", args=[pk]),
        )
        feed_actions.update(FEED)
        feed_phrases.update(PHRASES)
