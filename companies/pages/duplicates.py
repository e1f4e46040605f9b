"""Pages of companies that may be one, and the sections of a company's page that show these and companies like it."""

from companies import duplicates, jobs, merge, similar
from companies.filters import CompanyPairFilter
from companies.models import Company
from companies.pages.fields import CompanyFields
from lio.rows import in_order
from lookups import duplicate_pages as pages

SHOWN = 5  # similar companies of the section


class Companies(pages.DuplicateKind):
    matching, filter_class, reasons = duplicates.KIT, CompanyPairFilter, duplicates.REASONS
    namespace, title, name_field, fields_class = "companies", "Companies", "company_name", CompanyFields
    facts = ("address", "city", "country", "website", "phone_number")
    rule, look_again = staticmethod(merge.merge), staticmethod(jobs.look_again)
    hint = "Companies with the same website, phone number or street address, or a like name, would be listed here."


class CompanyDuplicates(Companies, pages.DuplicateList):
    pass


class DismissCompanies(Companies, pages.Dismiss):
    pass


class MergeCompanies(Companies, pages.MergePage):
    pass


def likest(user, company_id, request):
    """The section of companies like this one."""
    found = {one.id: one for one in similar.of_company(user.organization, company_id, most=SHOWN)}
    rows = in_order(Company.objects.of(user.organization), list(found)) if found else []
    return {"name": "similar", "template": "companies/_similar.html", "place": "below", "similar": [
        {"id": row.pk, "name": row.company_name, "place": ", ".join(filter(None, [row.city, row.country])),
         "reasons": found[row.pk].reasons} for row in rows]}  # fmt: skip
