"""The fields of a company as its page shows and edits them."""

from companies import edit_many
from companies.serializers import UpdateCompany, attributes
from lookups.record_fields import RecordFields

LABELS = {
    "company_name": "Name", "industry_type": "Industry", "employee_size": "Employees", "rating": "Rating", "tags": "Tags",
    "summary": "Summary", "website": "Website", "linkedin_url": "LinkedIn", "contact_email": "Email",
    "phone_number": "Phone", "address": "Address", "city": "City", "state": "State", "country": "Country",
    "pin_code": "Postal code", "domain": "Domain", "custom_fields": "Custom fields",
}  # fmt: skip


class CompanyFields(RecordFields):
    module, namespace = "company", "companies"
    labels, required, input_class = LABELS, ("company_name",), UpdateCompany
    groups = [
        ("About", ["company_name", "industry_type", "employee_size", "rating", "tags", "summary"]),
        ("Reach", ["website", "linkedin_url", "contact_email", "phone_number"]),
        ("Place", ["address", "city", "state", "country", "pin_code"]),
    ]
    kinds = {"contact_email": "email", "phone_number": "tel", "linkedin_url": "url", "website": "url", "tags": "tags",
             "rating": "select", "summary": "textarea"}  # fmt: skip

    def attributes(self, given):
        return attributes(self.organization, given)

    def shared(self, name):
        return edit_many.shared(self.organization, name)

    def text(self, record, name):
        return "★" * (record["rating"] or 0) if name == "rating" else super().text(record, name)

    def choices(self, record, name):
        if name != "rating":
            return super().choices(record, name)
        return [{"id": n, "name": f"{n} of 5", "selected": record["rating"] == n} for n in range(1, 6)]
