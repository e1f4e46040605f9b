"""Merging: contacts that are one person become one contact, with all that belongs to them (lio/merging.py)."""

from contacts.models import Contact, ContactPair, ContactPoint, ContactTag
from lio.merging import Merging

FIELDS = {  # name of the API: model attribute
    **{name: name for name in (
        "name", "email", "phone_number", "designation", "seniority", "department", "decision_maker", "linkedin_url", "city",
        "country", "lead_score")},
    "company": "company_id", "lead_id": "lead_id", "status": "status_id",
}
# tags and further addresses are united, pairs are found anew
KIT = Merging(Contact, FIELDS, (ContactTag, ContactPoint, ContactPair), plural="contacts", buried=True)
