"""Short ways to make what a test needs, through the product's own rules."""

from datetime import date
from io import BytesIO
from itertools import count

from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from accounts import founding, members
from accounts.models import Role, User
from companies import edit as companies
from companies.models import Company
from deals import edit as deals
from deals.models import Deal, Stage
from leads.capture import capture
from leads.models import Lead
from lio.tenancy import org_scope

PASSWORD = "walking-house-7"
numbers = count(1)


def make_organization(name="Acme"):
    """A new organisation; answers its Admin."""
    n = next(numbers)
    _, admin = founding.found(
        name,
        admin_email=f"admin{n}@{name.lower()}.example",
        admin_password=PASSWORD,
        admin_first_name="Ada",
        admin_last_name="Admin",
    )
    return User.objects.select_related("organization", "role").get(pk=admin.pk)


def make_member(organization, role="Sales Rep", **fields):
    n = next(numbers)
    fields = {"first_name": "Rob", "last_name": f"Rep{n}", "email": f"rob{n}@acme.example", "password": PASSWORD} | fields
    with org_scope(organization):
        member = members.join(organization, role=Role.objects.of(organization).get(name=role), **fields)
    return User.objects.select_related("organization", "role").get(pk=member.pk)


def make_lead(organization, *, by=None, tags=(), on_duplicate="accept", **fields):
    """A lead as the capture rule makes it. `fields` are model attributes; `company` is a name."""
    fields = {"first_name": "Jane", "last_name": "Doe"} | fields
    with org_scope(organization):
        lead_id, _ = capture(organization, fields, by=by, tags=tags, on_duplicate=on_duplicate)
        return Lead.objects.get(pk=lead_id)


def make_company(organization, *, by=None, tags=(), **fields):
    """A company as its rule makes it. `fields` are model attributes."""
    with org_scope(organization):
        values = {"company_name": f"Acme {next(numbers)}"} | fields
        return Company.objects.get(pk=companies.add(organization, values, by=by, tags=tags))


def make_deal(lead, *, by=None, stage="New", **fields):
    """A deal of a lead in a stage, by its name, of the organisation's first pipeline. `fields` are model attributes."""
    organization = lead.organization
    with org_scope(organization):
        found = Stage.objects.of(organization).alive().filter(name=stage).order_by("pipeline_id").first()
        fields = {"title": "A deal", "value": 1000, "expected_close_date": date(2027, 1, 31), "stage_id": found.pk} | fields
        return Deal.objects.get(pk=deals.add(organization, lead.pk, fields, by=by))


def a_file(name="offer.txt", data=b"An offer.", content_type="application/octet-stream"):
    return SimpleUploadedFile(name, data, content_type)


def a_picture(name="face.png", kind="PNG", size=(60, 40), **options):
    """An upload that is a real picture."""
    out = BytesIO()
    Image.new("RGB", size, "teal").save(out, kind, **options)
    return SimpleUploadedFile(name, out.getvalue(), "image/png")
