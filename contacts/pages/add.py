"""A new contact by hand, with a hint when it may be there already."""

from django import forms
from django.db.models import Q
from django.shortcuts import redirect

from companies.models import Company
from companies.naming import normal
from contacts import edit
from contacts.models import Contact, ContactPoint
from contacts.serializers import ContactFields, attributes
from lio.api.fields import Text as Words
from lio.errors import DomainError
from lio.forms import Choice, InputForm, Text
from lio.norms import email_norm, linkedin_norm, phone_norm
from lio.pages import Page
from lookups.changing import tag_ids
from lookups.known import known
from lookups.own_inputs import OwnInputs
from lookups.seeds import NEW

HINTED = 5


class NewContact(ContactFields):
    """As over the API, but for the company, which a person names."""

    name = Words(min_length=2, max_length=100)
    company = Words(max_length=200, required=False)


class ContactForm(OwnInputs, InputForm):
    input_class, module = NewContact, "contact"
    name = Text("Name", required=True, maxlength=100, autofocus=True)
    company = Text("Company", maxlength=200, help_text="Found by its name, or made if it is a new one.")
    designation = Text("Title", maxlength=200)
    department = Text("Department", maxlength=50)
    email = Text("Email", kind="email")
    phone_number = Text("Phone", kind="tel", maxlength=30)
    linkedin_url = Text("LinkedIn", kind="url")
    city = Text("City", maxlength=100)
    country = Text("Country", maxlength=100)
    status = Choice("Status", required=True)
    tags = forms.MultipleChoiceField(label="Tags", required=False, widget=forms.CheckboxSelectMultiple)

    def __init__(self, *args, organization, **kwargs):
        super().__init__(*args, **kwargs)
        statuses = known(organization, "status").items()
        self.fields["status"].choices = [(number, one.name) for number, one in statuses if one.is_active or number == NEW]
        tags = [(number, one.name) for number, one in known(organization, "tags").items() if one.is_active]
        if tags:
            self.fields["tags"].choices = tags
        else:
            del self.fields["tags"]
        self.ask_for_own(organization)


class AddContactPage(Page):
    verb = "records.edit"

    def get(self, request):
        initial = {"status": NEW}
        given = request.GET.get("company_id", "")
        if given.isascii() and given.isdigit() and len(given) < 19:
            company = Company.objects.of(self.organization).alive().filter(pk=int(given)).first()
            initial |= {"company": company.company_name} if company else {}
        return self.page(ContactForm(organization=self.organization, initial=initial))

    def post(self, request):
        form = ContactForm(request.POST, organization=self.organization)
        if form.is_valid():
            try:
                given = dict(form.given)
                tags = tag_ids(self.organization, given.pop("tags", None) or [])
                values = attributes(self.organization, given, new=True)
                contact_id = edit.add(self.organization, values, tags=tags, by=request.user)
                self.say(f"{given['name']} is added.", undoable=True)
                return redirect("contacts:view", pk=contact_id)
            except DomainError as error:
                form.refuse(error)
        return self.page(form, status=422)

    def page(self, form, status=200):
        there = hint(self.organization, form.data) if form.is_bound else []
        return self.show("contacts/form.html", {"form": form, "custom": form.custom, "there": there}, status=status)


class ContactHint(Page):
    """Who the one could be that is being typed: a fragment of the form. POST: no name stands in an address."""

    verb = "records.edit"

    def post(self, request):
        return self.show("contacts/_hint.html", {"there": hint(self.organization, request.POST)})


def hint(organization, typed):
    """The living contacts that have the typed e-mail address, phone number or LinkedIn address, or the name at the company."""
    names = ("name", "company", "email", "phone_number", "linkedin_url")
    text = {name: typed.get(name, "").replace("\x00", "") for name in names}
    email, phone = email_norm(text["email"]), phone_norm(text["phone_number"])
    points = ContactPoint.objects.of(organization).filter(
        Q(kind=ContactPoint.Kind.EMAIL, norm=email or "") | Q(kind=ContactPoint.Kind.PHONE, norm=phone or "")
    ).values("contact_id")
    same = Q(pk__in=points) if email or phone else Q(pk__in=[])
    same |= Q(email_norm=email) if email else Q()
    same |= Q(phone_norm=phone) if phone and len(phone) > 6 else Q()
    linkedin = linkedin_norm(text["linkedin_url"])
    same |= Q(linkedin_norm=linkedin) if linkedin else Q()
    if len(text["name"].strip()) > 1 and (company := normal(text["company"])):
        same |= Q(name__iexact=" ".join(text["name"].split()), company__name_norm=company)
    rows = Contact.objects.of(organization).alive().filter(same)
    return list(rows.select_related("company").order_by("pk")[:HINTED])
