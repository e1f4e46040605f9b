"""Getting in, being shut out, and what belongs to others."""

import re

from playwright.sync_api import expect

from tests.browser.conftest import sign_in
from tests.browser.stage import PASSWORD, until

LINK = re.compile(r"https?://\S+")


def link_of(stage, to):
    mail = until(lambda: stage.mails(to), 20, stage.log)[-1]
    return LINK.search(mail.replace("=\n", "").replace("=3D", "=")).group()


def test_a_wrong_password_is_refused_and_the_address_kept(visit, acme):
    page = visit()
    page.goto("/settings/people?x=1")
    page.get_by_label("Email").fill("rob@acme.example")
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_have_text("The email address or the password is wrong.")
    expect(page.get_by_label("Email")).to_have_value("rob@acme.example")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/settings/people?x=1")


def test_a_session_ended_elsewhere_ends_with_the_next_click(visit, acme):
    lead = acme.lead(first_name="Open", last_name="Page")
    acme.member("una@acme.example", "Una", "User")
    here, there = visit("una@acme.example", anew=True), visit("una@acme.example", anew=True)
    here.goto(f"/leads/{lead}/")
    there.goto("/settings/sessions")
    there.get_by_role("button", name="Sign out everywhere else").click()
    expect(there.get_by_text("1 other session ended.")).to_be_visible()
    here.get_by_role("link", name="Edit First name").click()
    here.wait_for_url(re.compile(r"/sign-in\?next="))
    sign_in_again(here)
    expect(here.get_by_role("heading", name="Open Page")).to_be_visible()  # a whole page, not the fragment asked for
    there.get_by_text("Una User").last.click()
    there.get_by_role("button", name="Sign out", exact=True).last.click()
    there.wait_for_url("**/sign-in")
    there.goto("/leads/")
    there.wait_for_url(re.compile(r"/sign-in\?next=/leads/"))


def sign_in_again(page):
    page.get_by_label("Email").fill("una@acme.example")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()


def test_a_forgotten_password_is_renewed_by_mail(visit, acme, stage):
    acme.member("fay@acme.example", "Fay", "Forgot")
    page = visit()
    page.goto("/sign-in")
    page.get_by_role("link", name="Forgot your password?").click()
    page.get_by_label("Email").fill("fay@acme.example")
    page.get_by_role("button", name="Send the link").click()
    expect(page.get_by_role("heading", name="Check your mail")).to_be_visible()
    link = link_of(stage, "fay@acme.example")
    page.goto(link)
    page.get_by_label("New password").fill("orchard-gate-9")
    page.get_by_label("The same again").fill("orchard-gate-8")
    page.get_by_role("button", name="Save password").click()
    expect(page.get_by_label("The same again")).to_have_attribute("aria-invalid", "true")
    page.get_by_label("New password").fill("orchard-gate-9")
    page.get_by_label("The same again").fill("orchard-gate-9")
    page.get_by_role("button", name="Save password").click()
    expect(page.get_by_text("Your new password works from now on.")).to_be_visible()
    sign_in(page, "fay@acme.example", "orchard-gate-9")
    page.goto(link)
    expect(page.get_by_role("heading", name="This link no longer works")).to_be_visible()


def test_an_invited_person_joins(visit, acme, stage):
    page = visit("ada@acme.example")
    page.goto("/settings/people")
    page.get_by_role("link", name="Invite").click()
    page.get_by_label("Email").fill("ivy@acme.example")
    page.get_by_label("Role").select_option(label="Manager")
    page.get_by_role("button", name="Send invitation").click()
    expect(page.get_by_text("An invitation is on its way to ivy@acme.example.")).to_be_visible()
    guest = visit()
    guest.goto(link_of(stage, "ivy@acme.example"))
    guest.get_by_label("First name").fill("Ivy")
    guest.get_by_label("Password").fill("short")
    guest.get_by_role("button", name="Join Acme").click()
    expect(guest.get_by_label("Password")).to_have_attribute("aria-invalid", "true")
    expect(guest.get_by_label("First name")).to_have_value("Ivy")
    guest.get_by_label("Password").fill("orchard-gate-9")
    guest.get_by_role("button", name="Join Acme").click()
    guest.wait_for_url("**/leads/")
    page.reload()
    expect(page.get_by_role("row", name=re.compile("ivy@acme.example"))).to_contain_text("Manager")


def test_a_person_is_deactivated_and_comes_back(visit, acme):
    acme.member("dan@acme.example", "Dan", "Gone")
    his, page = visit("dan@acme.example", anew=True), visit("ada@acme.example")
    page.goto("/settings/people")
    page.get_by_role("link", name="Dan Gone").click()
    page.get_by_role("button", name="Deactivate").click()
    page.get_by_role("dialog").get_by_role("button", name="Deactivate").click()
    expect(page.get_by_text("Dan Gone is deactivated and signed out.")).to_be_visible()
    his.reload()
    his.wait_for_url(re.compile("/sign-in"))
    page.get_by_role("button", name="Reactivate").click()
    expect(page.get_by_text("Dan Gone can sign in again.")).to_be_visible()
    sign_in(his, "dan@acme.example")


def test_another_organizations_lead_is_not_there(visit, acme, globex):
    theirs = globex.lead(first_name="Not", last_name="Yours", email="not@yours.example")
    page = visit("rob@acme.example")
    for address in (f"/leads/{theirs}/", f"/leads/{theirs}/delete", f"/leads/{theirs}/?part=score"):
        assert page.goto(address).status == 404
        expect(page.get_by_role("heading", name="There is nothing at this address")).to_be_visible()
    page.goto("/leads/?search_value=yours.example")
    expect(page.get_by_role("heading", name="No lead matches")).to_be_visible()
