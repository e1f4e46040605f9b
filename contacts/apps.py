from django.apps import AppConfig

FEED = {  # verb of the history: what the feed calls it
    "contact.created": "create",
    "contact.updated": "update",
    "contact.converted": "update",
    "contact.unconverted": "update",
    "contact.deleted": "delete",
    "contact.restored": "create",
    "lead.converted": "update",
}
PHRASES = {  # verb of the history: what somebody did to contacts
    "contact.created": "created",
    "contact.updated": "changed",
    "contact.converted": "brought a lead to",
    "contact.unconverted": "took a lead off",
    "contact.deleted": "deleted",
    "contact.restored": "brought back",
    "lead.converted": "converted",
}


class ContactsConfig(AppConfig):
    name = "contacts"

    def ready(self):
        from contacts import exports as exported
        from contacts.columns import COLUMNS
        from contacts.filters import ContactFilter
        from contacts.models import Contact
        from contacts.undo import undo_contacts
        from leads.exports import REST, keys
        from lio.registry import Exported, Module, Subject, exports, feed_actions, feed_phrases, modules, subjects, undoers

        undoers["contact"] = undo_contacts
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
            url=lambda pk: "",
        )
        feed_actions.update(FEED)
        feed_phrases.update(PHRASES)
