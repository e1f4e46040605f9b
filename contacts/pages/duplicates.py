"""Pages of contacts that may be one person."""

from contacts import duplicates, jobs, merge
from contacts.filters import ContactPairFilter
from contacts.pages.fields import ContactFields
from lookups import duplicate_pages as pages


class Contacts(pages.DuplicateKind):
    matching, filter_class, reasons = duplicates.KIT, ContactPairFilter, duplicates.REASONS
    namespace, title, fields_class = "contacts", "Contacts", ContactFields
    facts = ("designation", "company", "email", "phone_number")
    rule, look_again = staticmethod(merge.merge), staticmethod(jobs.look_again)
    hint = "Contacts with the same address or phone number, or a like name at a like company, would be listed here."


class ContactDuplicates(Contacts, pages.DuplicateList):
    pass


class DismissContacts(Contacts, pages.Dismiss):
    pass


class MergeContacts(Contacts, pages.MergePage):
    pass
