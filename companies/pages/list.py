"""The list of companies: tabs, filters, rows, and what its bulk bar does."""

from companies import bulk
from companies.columns import COLUMNS, DEFAULT
from companies.filters import CompanyFilter
from companies.models import Company
from companies.pages.fields import CompanyFields
from lookups.list_page import BulkPage, EditView, ListKind, ListPage, SaveView
from lookups.record_fields import people

STARS = "★★★★★"


class Companies(ListKind):
    module, namespace, model, filter_class = "company", "companies", Company, CompanyFilter
    noun, title, icon, exported = "company", "Companies", "building-office-2", "companies"
    hint = "Organizations that your leads and contacts work for. A lead that names a company makes it by itself."
    name_field, name_label = "company_name", "Name"
    columns, default, numbers = COLUMNS, DEFAULT, ()
    tabs = [("All companies", {}), ("Added by me", {"my": "true"})]
    inputs = [
        ("text", "industry", "Industry"), ("text", "country", "Country"), ("text", "city", "City"),
        ("text", "employee_size", "Employees"), ("range", "rating", "Rating"), ("choices", "tags", "Tags"),
        ("check", "my", "Only those that I added"), ("dates", "created", "Added"),
    ]  # fmt: skip
    labels = {"company": "Name", "company_id": "Company", "start_date": "Added from", "end_date": "Added to",
              "change_id": "Changed by action", "my": "Added by"}  # fmt: skip
    fields_class = CompanyFields

    def cell(self, row, name):
        if name in ("website", "linkedin_url"):
            url = row[name] or ""
            text = url.partition("//")[2].removeprefix("www.").rstrip("/")
            return {"kind": "link", "url": url, "text": text, "outside": True}
        if name == "rating":
            return {"kind": "text", "text": STARS[: row[name] or 0]}
        if name == "created_by":
            return {"kind": "who", "text": row["created_by_name"] or ""}
        return super().cell(row, name)

    def words(self, name, values):
        return "me" if name == "my" else super().words(name, values)

    def options(self, name):
        return people(self.organization) if name == "created_by" else super().options(name)


class CompanyList(Companies, ListPage):
    pass


class BulkCompanies(Companies, BulkPage):
    rules = bulk
    warning = "They go from every list, with their notes and history. Their leads and contacts stay, without a company."


class SaveCompanyView(Companies, SaveView):
    pass


class EditCompanyView(Companies, EditView):
    pass
