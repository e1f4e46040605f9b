"""Operators and integrators: the Django admin under the strict policy, and the API's page. `visit` fails on any complaint."""

import re
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import SETTLED
from tests.browser.stage import PASSWORD

THEMES = ("light", "dark")


@pytest.fixture(scope="module")
def staff(stage):
    stage.manage(
        "shell",
        "-c",
        "from accounts.models import User; User.objects.create_user("
        f"'ops@lio.example', '{PASSWORD}', first_name='Olga', is_platform_staff=True)",
    )
    return "ops@lio.example"


def enter(page, email):
    page.goto("/admin/")
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/admin/**")


def test_the_admin_keeps_the_policy_and_reads_well(visit, acme, sound):
    page = visit("ada@acme.example")
    lead, me = acme.get("/api/lead/list")[0]["id"], acme.get("/api/user/my")["id"]
    paths = [
        "/admin/",
        "/admin/leads/lead/",
        f"/admin/leads/lead/{lead}/change/",
        "/admin/leads/lead/add/",
        f"/admin/leads/lead/{lead}/delete/",
        "/admin/accounts/user/",
        f"/admin/accounts/user/{me}/change/",
        "/admin/accounts/role/add/",
        "/admin/lookups/lookup/",
        "/admin/lio/change/",
        "/admin/accounts/auditentry/",
    ]
    for path in paths:
        assert page.goto(path).status == 200
        page.wait_for_load_state("networkidle")
        for theme in reversed(THEMES):  # what only the dark one loads is held against the policy, too
            page.emulate_media(color_scheme=theme)
            page.evaluate(SETTLED)
    assert not page.said
    looks = [
        line
        for path in ("/admin/", "/admin/leads/lead/", f"/admin/accounts/user/{me}/change/")
        if page.goto(path)
        for line in sound(page, looks=THEMES, full=True)
    ]
    page.said.clear()  # axe reads style sheets in ways that the policy forbids
    assert not looks, "\n".join(looks)


def test_a_lead_is_changed_in_the_admin(visit, acme):
    lead = acme.lead(first_name="Olive", last_name="Operator", email="olive@operator.example")
    page = visit("ada@acme.example")
    page.goto(f"/admin/leads/lead/{lead}/change/")
    page.get_by_label("City").fill("Porto")
    page.locator(".field-company .select2-selection").click()
    page.locator(".select2-search__field").fill("Seed 2")
    page.get_by_role("option", name="Seed 2 Ltd").click()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("was changed successfully")).to_be_visible()
    after = acme.get(f"/api/lead/view/{lead}")
    assert (after["city"], after["company"]) == ("Porto", "Seed 2 Ltd")
    page.goto(f"/admin/leads/lead/{lead}/change/")
    page.get_by_role("link", name="History").click()
    expect(page.get_by_role("cell", name="lead.updated")).to_be_visible()


def test_platform_staff_choose_an_organization(visit, acme, globex, staff):
    page = visit()
    enter(page, staff)
    expect(page.get_by_role("heading", name="Choose an organization")).to_be_visible()
    page.get_by_label("Name or id").fill("glob")
    page.get_by_role("button", name="Search").click()
    expect(page.get_by_role("button", name="Choose Acme")).to_have_count(0)
    page.get_by_role("button", name="Choose Globex").click()
    expect(page.locator("#site-name")).to_contain_text("Globex")
    page.goto("/admin/accounts/user/")
    expect(page.get_by_text("gil@globex.example")).to_be_visible()
    expect(page.get_by_text("ada@acme.example")).to_have_count(0)
    page.get_by_role("button", name="Leave Globex").click()
    expect(page.get_by_role("heading", name="Choose an organization")).to_be_visible()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()


@pytest.mark.parametrize("theme", THEMES)
def test_the_api_is_read_and_tried_without_other_hosts(visit, stage, acme, theme):
    page, hosts = visit(color_scheme=theme), set()
    page.on("request", lambda request: hosts.add(urlsplit(request.url).netloc))
    page.goto("/api/docs")
    expect(page.locator(".opblock").first).to_be_visible()
    page.get_by_role("button", name="Authorize").click()
    bearer = page.locator(".auth-container", has_text="bearer").last
    bearer.locator("input").fill(acme.token)
    bearer.get_by_role("button", name="Apply credentials").or_(bearer.locator("button.authorize")).first.click()
    page.get_by_role("button", name="Close").first.click()
    page.get_by_placeholder("Filter by tag").fill("user")  # a long list draws what is in sight only
    mine = page.locator("#operations-user-get_user_my")
    mine.locator(".opblock-summary-control").click()
    mine.get_by_role("button", name="Execute").click()
    expect(mine.locator(".live-responses-table .response-col_status").last).to_have_text(re.compile("200"))
    expect(mine.locator(".live-responses-table")).to_contain_text("ada@acme.example")
    assert hosts <= {urlsplit(stage.url).netloc, ""}
