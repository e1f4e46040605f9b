"""Merging: companies that are one become one company, with all that belongs to them (lio/merging.py)."""

from companies.models import Company, CompanyPair, CompanyTag
from lio.merging import Merging

FIELDS = {  # name of the API: model attribute
    **{name: name for name in (
        "company_name", "industry_type", "address", "city", "state", "country", "pin_code", "employee_size", "rating",
        "contact_email", "phone_number", "website", "linkedin_url", "summary")},
    "company_logo": "logo_id",
}
# tags are united, pairs are found anew; what is deleted moves along: brought back later it must not belong to nothing
KIT = Merging(Company, FIELDS, (CompanyTag, CompanyPair), plural="companies", buried=True)
