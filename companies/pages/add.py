"""A new company by hand, with a hint when it may be there already."""

from django import forms
from django.db.models import Q
from django.shortcuts import redirect

from companies import edit, logos
from companies.domains import company_domain
from companies.models import Company
from companies.naming import normal
from companies.serializers import AddCompany, attributes
from lio.errors import Conflict, DomainError
from lio.forms import Choice, InputForm, Text
from lio.pages import Page
from lookups.changing import tag_ids
from lookups.known import known
from lookups.own_inputs import OwnInputs

HINTED = 5


class CompanyForm(OwnInputs, InputForm):
    input_class, module = AddCompany, "company"
    company_name = Text("Name", required=True, maxlength=200, autofocus=True)
    website = Text("Website", kind="url")
    industry_type = Text("Industry", maxlength=100)
    employee_size = Text("Employees", maxlength=50, help_text="A number or a range, like 11-50.")
    contact_email = Text("Email", kind="email")
    phone_number = Text("Phone", kind="tel", maxlength=30)
    linkedin_url = Text("LinkedIn page", kind="url")
    rating = Choice("Rating", choices=[("", "Not rated"), *[(n, f"{n} of 5") for n in range(1, 6)]])
    address = Text("Address", maxlength=300)
    city = Text("City", maxlength=100)
    state = Text("State", maxlength=100)
    country = Text("Country", maxlength=100)
    pin_code = Text("Postal code", maxlength=20)
    tags = forms.MultipleChoiceField(label="Tags", required=False, widget=forms.CheckboxSelectMultiple)
    summary = forms.CharField(label="Summary", required=False, widget=forms.Textarea(attrs={"rows": 3, "maxlength": 10_000}))
    company_logo = forms.FileField(label="Logo", required=False, help_text="PNG, JPEG, GIF or WebP, at most 5 MB.")

    def __init__(self, *args, organization, **kwargs):
        super().__init__(*args, **kwargs)
        tags = [(number, one.name) for number, one in known(organization, "tags").items() if one.is_active]
        if tags:
            self.fields["tags"].choices = tags
        else:
            del self.fields["tags"]
        self.ask_for_own(organization)


class AddCompanyPage(Page):
    verb = "records.edit"

    def get(self, request):
        return self.page(CompanyForm(organization=self.organization))

    def post(self, request):
        form = CompanyForm(request.POST, request.FILES, organization=self.organization)
        duplicate = None
        if form.is_valid():
            try:
                return self.add(dict(form.given))
            except Conflict as error:
                duplicate = Company.objects.of(self.organization).filter(pk=error.details.get("company_id")).first()
                if duplicate is None:
                    form.refuse(error)
            except DomainError as error:
                form.refuse(error)
        return self.page(form, duplicate, status=422)

    def add(self, given):
        logo, numbers = given.pop("company_logo", None), given.pop("tags", None) or []
        values = attributes(self.organization, given, new=True)
        company_id = edit.add(self.organization, values, tags=tag_ids(self.organization, numbers), by=self.request.user)
        if logo:
            logos.set_logo(company_id, self.organization, logo, by=self.request.user)
        self.say(f"{given['company_name']} is added.", undoable=True)
        return redirect("companies:view", pk=company_id)

    def page(self, form, duplicate=None, status=200):
        there = hint(self.organization, form.data) if form.is_bound and duplicate is None else []
        context = {"form": form, "custom": form.custom, "duplicate": duplicate, "there": there}
        return self.show("companies/form.html", context, status=status)


class CompanyHint(Page):
    """Which company the one could be that is being typed: a fragment of the form. POST: no name stands in an address."""

    verb = "records.edit"

    def post(self, request):
        return self.show("companies/_hint.html", {"there": hint(self.organization, request.POST)})


def hint(organization, typed):
    """The living companies that have the typed name or the domain of the typed website, or whose name begins with it."""
    name, domain = normal(typed.get("company_name", "").replace("\x00", "")), company_domain(typed.get("website", ""))
    same = Q(name_norm=name) if len(name) > 1 else Q(pk__in=[])
    same |= Q(domain=domain) if domain else Q()
    rows = Company.objects.of(organization).alive()
    return list(rows.filter(same).order_by("pk")[:HINTED])
