"""One company: who it is, what happened, notes, files, fields, and what higher floors add."""

from django.shortcuts import redirect

from activity import record_page as pages
from companies import edit, logos
from companies.models import Company, survivor_of
from companies.pages.fields import CompanyFields
from lio.errors import Missing

WARNING = "The company goes from every list, with its notes and history. Its leads and contacts stay, without a company."


class CompanyPage(pages.RecordPage):
    model, noun, namespace, title = Company, "company", "companies", "Companies"
    name_field, fields_class, rules = "company_name", CompanyFields, edit


class ViewCompany(CompanyPage, pages.ViewRecord):
    def about(self, record):
        return super().about(record) | {"warning": WARNING}

    def gone(self):
        survivor_id = survivor_of(self.organization, self.pk)
        if survivor_id is None:
            raise Missing()
        return redirect("companies:view", pk=survivor_id)

    def hero(self, record):
        place = ", ".join(filter(None, [record["city"], record["country"]]))
        lines = [{"text": text} for text in (record["industry_type"], place, record["employee_size"]) if text]
        if record["employee_size"]:
            lines[-1]["text"] += " employees"
        links = [
            ("globe-alt", "Website", record["website"]),
            ("envelope", "Email", record["contact_email"] and f"mailto:{record['contact_email']}"),
            ("phone", "Call", record["phone_number"] and f"tel:{record['phone_number']}"),
        ]
        return {
            "picture": record["picture_id"], "square": True, "lines": lines, "picture_url": self.route("picture"),
            "links": [
                {"icon": icon, "label": label, "address": address, "outside": address.startswith("http")}
                for icon, label, address in links
                if address and address.startswith(("http://", "https://", "mailto:", "tel:"))
            ],
        }  # fmt: skip


class EditField(CompanyPage, pages.EditField):
    pass


class AddNote(CompanyPage, pages.AddNote):
    pass


class EditNote(CompanyPage, pages.EditNote):
    pass


class AddDocument(CompanyPage, pages.AddDocument):
    pass


class DeleteDocument(CompanyPage, pages.DeleteDocument):
    pass


class DeleteCompany(CompanyPage, pages.DeleteRecord):
    warning = WARNING


class SetLogo(CompanyPage, pages.SetPicture):
    what = "logo"

    def about(self, record):
        return super().about(record) | {"picture": record["picture_id"]}

    def put(self, upload):
        logos.set_logo(self.pk, self.organization, upload, by=self.request.user, field="image")

    def remove(self):
        logos.remove_logo(self.pk, self.organization, by=self.request.user)
