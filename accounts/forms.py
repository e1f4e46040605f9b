"""What the pages about access ask for."""

import zoneinfo
from functools import cache

from django import forms
from django.utils.timezone import localdate

from accounts.models import Role
from accounts.permissions import VERBS
from accounts.serializers import AddKey, AddRole, ChangePassword, InvitePerson, OrganizationFields, UpdateUser
from lio.forms import Choice, InputForm, Password, Text

LANGUAGES = [
    ("en", "English"),
    ("de", "German"),
    ("fr", "French"),
    ("es", "Spanish"),
    ("it", "Italian"),
    ("pt", "Portuguese"),
    ("nl", "Dutch"),
]
CURRENCIES = ["USD", "EUR", "GBP", "INR", "JPY", "BRL", "CAD", "AUD", "CHF", "SEK", "NOK", "DKK", "PLN", "CZK", "ZAR", "SGD"]
LENGTH_HELP = "At least 8 characters, not one of the common ones."


@cache
def zones():
    """Choices of a time zone; which there are is read from some 600 files."""
    return [
        (name, name.replace("_", " "))
        for name in sorted(zoneinfo.available_timezones())
        if "/" in name and not name.startswith(("Etc/", "posix/", "right/"))
    ] + [("UTC", "UTC")]


class SignInForm(forms.Form):
    email = Text("Email", required=True, kind="email", autocomplete="username", autofocus=True)
    password = Password("Password")


class ForgotForm(forms.Form):
    email = Text("Email", required=True, kind="email", autocomplete="username")


class ResetForm(forms.Form):
    new_password = Password("New password", new=True, help_text=LENGTH_HELP)
    confirm_password = Password("The same again", new=True)

    def clean(self):
        values = super().clean()
        if values and not self.errors and values["new_password"] != values["confirm_password"]:
            self.add_error("confirm_password", "Is not the same as the new password")
        return values


class InvitationForm(forms.Form):
    first_name = Text("First name", required=True, autocomplete="given-name", minlength=2, maxlength=50)
    last_name = Text("Last name", autocomplete="family-name", maxlength=50)
    new_password = Password("Password", new=True, help_text=LENGTH_HELP)


class OrganizationForm(InputForm):
    input_class, partial = OrganizationFields, True
    name = Text("Name", required=True)
    timezone = Choice("Time zone", choices=zones, required=True)
    currency = Choice("Currency", choices=[(code, code) for code in CURRENCIES], required=True)


class ProfileForm(InputForm):
    input_class, partial, may_be_empty = UpdateUser, True, ("phone_no",)
    first_name = Text("First name", required=True, autocomplete="given-name")
    last_name = Text("Last name", autocomplete="family-name")
    email = Text("Email", required=True, kind="email", autocomplete="email")
    phone_no = Text("Phone", kind="tel", autocomplete="tel")
    language = Choice("Language", choices=LANGUAGES, required=True)
    timezone = Choice("Time zone", choices=zones, required=True)


class PasswordForm(InputForm):
    input_class = ChangePassword
    current_password = Password("Current password")
    new_password = Password("New password", new=True, help_text=LENGTH_HELP)
    confirm_password = Password("The same again", new=True)


class RoleChoice(InputForm):
    """A form that offers the active roles of the organisation."""

    def __init__(self, *args, organization, **kwargs):
        super().__init__(*args, **kwargs)
        roles = Role.objects.of(organization).active().order_by("id")
        self.fields["role_id"].choices = [(role.pk, role.name) for role in roles]


class PersonForm(RoleChoice):
    input_class, partial, may_be_empty = UpdateUser, True, ("phone_no",)
    first_name = Text("First name", required=True)
    last_name = Text("Last name")
    phone_no = Text("Phone", kind="tel")
    role_id = Choice("Role", required=True)


class InviteForm(RoleChoice):
    input_class = InvitePerson
    email = Text("Email", required=True, kind="email")
    role_id = Choice("Role", required=True)


class RoleForm(InputForm):
    input_class = AddRole
    name = Text("Name", required=True)
    description = Text("What it is for")
    permissions = forms.MultipleChoiceField(
        label="May",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        choices=[(verb, words) for verb, (words, _) in VERBS.items()],
    )


class Lines(forms.CharField):
    """A list, one item a line."""

    def __init__(self, label, help_text):
        super().__init__(label=label, required=False, help_text=help_text, widget=forms.Textarea(attrs={"rows": 3}))

    def clean(self, value):
        return [line.strip() for line in super().clean(value).splitlines() if line.strip()]


class KeyForm(InputForm):
    input_class = AddKey
    name = Text("Name", required=True, help_text="Which system uses it.")
    allowed_domains = Lines("Domains", "One a line, like example.com; their subdomains count. Empty: any.")
    allowed_ips = Lines("Addresses", "One a line, like 203.0.113.7 or 203.0.113.0/24. Empty: any.")
    expires_at = forms.DateField(
        label="Expires on", required=False, widget=forms.DateInput(attrs={"type": "date"}), help_text="Empty: never."
    )

    def clean_expires_at(self):
        day = self.cleaned_data["expires_at"]
        if day and day < localdate():
            raise forms.ValidationError("Choose a day that is not over")
        return f"{day.isoformat()}T23:59:59" if day else None
