"""Who gets into the admin, and in which organisation."""

from urllib.parse import unquote

import pytest
from django.conf import settings
from django.shortcuts import resolve_url
from django.test import Client

from accounts.models import Organization, Role, User
from leads.models import Lead
from tests.admin.conftest import REGISTERED, page_of
from tests.conftest import sign_in
from tests.factories import make_lead, make_member

pytestmark = pytest.mark.django_db
PAGES = ["/admin/", "/admin/choose/", "/admin/new-organization/", "/admin/autocomplete/", "/admin/jsi18n/",
         *[page_of(model) for model in REGISTERED]]


@pytest.mark.parametrize("page", PAGES)
def test_strangers_are_sent_to_the_products_sign_in(client, page):
    answer = client.get(page, follow=True)
    assert answer.redirect_chain[-1][0].startswith(resolve_url(settings.LOGIN_URL))
    assert unquote(answer.request["QUERY_STRING"]) == f"next={page}"


@pytest.mark.parametrize("page", PAGES)
def test_sales_reps_get_no_admin(colleague, page):
    assert sign_in(Client(), colleague).get(page, follow=True).status_code == 403


def test_the_way_back_stays_on_this_site(client):
    answer = client.get("/admin/login/?next=https://evil.example/")
    assert answer.url.endswith("?next=/admin/")


def test_a_role_of_ones_own_that_manages_members_gets_in_and_sees_what_it_may(rep):
    role = Role.objects.create(organization=rep.organization, name="Office", permissions=["members.manage", "records.view"])
    office = make_member(rep.organization)
    User.objects.filter(pk=office.pk).update(role=role)
    browser = sign_in(Client(), office)
    assert browser.get(page_of(User)).status_code == 200
    assert browser.get(page_of(User, "add")).status_code == 200
    for page in ("/admin/accounts/apikey/", "/admin/accounts/auditentry/", "/admin/lio/job/", page_of(Role, "add"),
                 page_of(Lead, "add")):
        assert browser.get(page).status_code == 403


def test_a_removed_admin_is_out_at_once(operator, rep):
    assert operator.get("/admin/").status_code == 200
    User.objects.filter(pk=rep.pk).update(is_active=False)
    assert operator.get("/admin/").status_code == 302


def test_members_cannot_choose(operator, outsider):
    assert operator.post("/admin/choose/", {"organization": outsider.organization_id}).url == "/admin/"
    assert operator.get("/admin/").context["admin_organization"] != outsider.organization
    assert operator.get("/admin/new-organization/").status_code == 302


class TestPlatformStaff:
    @pytest.mark.parametrize("page", ["/admin/", "/admin/autocomplete/", *[page_of(model) for model in REGISTERED]])
    def test_choose_first(self, staff_browser, page):
        answer = staff_browser.get(page)
        assert (answer.status_code, answer.url) == (302, "/admin/choose/")

    def test_find_an_organization_by_name_and_id(self, staff_browser, rep, outsider):
        for term in ("globe", outsider.organization.public_id):
            shown = staff_browser.get("/admin/choose/", {"q": term}).content.decode()
            assert "Globex" in shown and "Acme" not in shown
        assert "No organization is called" in staff_browser.get("/admin/choose/?q=x%00y").content.decode()

    def test_see_the_chosen_one_alone(self, inside, rep, outsider):
        make_lead(rep.organization, first_name="Ours")
        make_lead(outsider.organization, first_name="Theirs")
        shown = inside.get(page_of(Lead)).content.decode()
        assert "Ours" in shown and "Theirs" not in shown and "Change organization" in shown

    def test_change_to_another(self, inside, outsider):
        inside.post("/admin/choose/", {"organization": outsider.organization_id})
        assert inside.get("/admin/").context["admin_organization"] == outsider.organization

    def test_leave(self, inside):
        inside.get("/admin/leave/")
        assert inside.get("/admin/").status_code == 200
        assert inside.post("/admin/leave/").status_code == 302
        assert inside.get("/admin/").url == "/admin/choose/"

    @pytest.mark.parametrize("chosen", ["", "0", "99999999999999999999999", "x", "-1"])
    def test_choosing_nothing_enters_nothing(self, staff_browser, chosen):
        assert staff_browser.post("/admin/choose/", {"organization": chosen}).status_code == 200
        assert staff_browser.get("/admin/").status_code == 302

    def test_an_organization_that_is_gone_is_chosen_no_more(self, staff_browser, staff):
        session = staff_browser.session
        session["admin_organization"] = 123456789
        session.save()
        staff_browser.cookies[settings.SESSION_COOKIE_NAME] = session.session_key
        assert staff_browser.get("/admin/").url == "/admin/choose/"

    def test_see_all_organizations_and_change_the_chosen_one_only(self, inside, rep, outsider):
        assert "Globex" in inside.get(page_of(Organization)).content.decode()
        page = page_of(Organization, "change", outsider.organization_id)
        assert inside.get(page).status_code == 200
        assert inside.post(page, {"name": "Taken", "currency": "USD", "timezone": "UTC"}).status_code == 403
        page = page_of(Organization, "change", rep.organization_id)
        assert inside.post(page, {"name": "Acme 2", "currency": "EUR", "timezone": "UTC"}).status_code == 302
        assert Organization.objects.get(pk=rep.organization_id).currency == "EUR"

    def test_found_an_organization(self, staff_browser):
        sent = {"name": "Initech", "timezone": "Europe/Berlin", "currency": "EUR", "admin_email": "bill@initech.example",
                "admin_first_name": "Bill", "admin_password": "tps-report-1999"}
        assert staff_browser.get("/admin/new-organization/").status_code == 200
        weak = staff_browser.post("/admin/new-organization/", sent | {"admin_password": "12345678"})
        assert weak.status_code == 422 and not Organization.objects.filter(name="Initech").exists()
        odd = staff_browser.post("/admin/new-organization/", sent | {"timezone": "Mars"})
        assert odd.status_code == 422 and "timezone" in odd.context["form"].errors
        assert staff_browser.post("/admin/new-organization/", sent).url == "/admin/"
        admin = User.objects.select_related("organization", "role").get(email="bill@initech.example")
        assert (admin.role.name, admin.organization.currency, admin.timezone) == ("Admin", "EUR", "Europe/Berlin")
        assert staff_browser.get("/admin/").context["admin_organization"] == admin.organization
        again = staff_browser.post("/admin/new-organization/", sent | {"name": "Initech 2"})
        assert again.status_code == 422 and not Organization.objects.filter(name="Initech 2").exists()

    def test_their_own_account_is_in_no_list(self, inside):
        assert "ops@lio.example" not in [user.email for user in inside.get(page_of(User)).context["cl"].result_list]


def test_signing_out_is_the_products_own(operator):
    assert operator.post("/admin/logout/").headers["Location"] == "/sign-out"
    assert operator.post("/admin/logout/").status_code == 307
