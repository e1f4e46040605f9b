"""Whoever looks, the admin shows the rows of one organisation: on every list, page, choice and filter."""

import pytest
from django.contrib import admin
from django.test import Client

from accounts.models import ApiKey, AuditEntry, AuthSession, Invitation, Organization, Role, User
from leads.models import Lead, Note
from lio.models import Change, Job
from lio.tenancy import org_scope
from tests.admin.conftest import REGISTERED, page_of
from tests.conftest import sign_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def both(world, victim):
    """(our Admin's browser, our world, theirs): each has a row of every registered kind."""
    for one in (world, victim):
        Job.objects.create(organization=one.organization, function=f"{one.mark}.job")
    return sign_in(Client(), world.admin), world, victim


def rows_of(model, world):
    """All rows of the world, past every filter of the admin."""
    with org_scope(world.organization):
        field = "pk" if model is Organization else "organization"
        return list(model._base_manager.filter(**{field: world.organization.pk}))


def test_every_table_of_the_product_is_there_and_no_other():
    assert {model.__name__ for model in REGISTERED} == {
        "ApiKey", "AuditEntry", "AuthSession", "Change", "Company", "Connection", "Contact", "Deal", "ExchangeRate",
        "Invitation", "Job", "Lead", "Lookup", "Note", "Organization", "Pipeline", "Role", "Stage", "User"}


@pytest.mark.parametrize("model", REGISTERED, ids=lambda model: model.__name__)
def test_lists_show_own_rows_only(both, model):
    browser, ours, theirs = both
    answer = browser.get(page_of(model))
    shown = {row.pk for row in answer.context["cl"].result_list}
    assert answer.status_code == 200 and rows_of(model, theirs)
    assert shown and shown <= {row.pk for row in rows_of(model, ours)}
    assert theirs.mark not in answer.content.decode() and "Globex" not in answer.content.decode()


@pytest.mark.parametrize("model", REGISTERED, ids=lambda model: model.__name__)
def test_pages_open_for_own_rows_only(both, model):
    browser, ours, theirs = both
    own = browser.get(page_of(model, "change", rows_of(model, ours)[-1].pk))
    assert own.status_code == 200 and theirs.mark not in own.content.decode()
    for name in ("change", "delete", "history"):
        answer = browser.get(page_of(model, name, rows_of(model, theirs)[0].pk), follow=name == "history")
        assert answer.status_code in (302, 403) or theirs.mark not in answer.content.decode()
        assert not (answer.status_code == 200 and name != "history")


@pytest.mark.parametrize("model", [Lead, User, Role], ids=lambda model: model.__name__)
def test_changes_to_other_peoples_rows_change_nothing(both, model):
    browser, _, theirs = both
    row = rows_of(model, theirs)[0]
    browser.post(page_of(model, "change", row.pk), {"first_name": "Mallory", "name": "Mallory", "email": "m@evil.example"})
    assert vars(rows_of(model, theirs)[0]).items() >= {
        key: value for key, value in vars(row).items() if not key.startswith("_")}.items()


def test_actions_do_not_reach_other_peoples_rows(both):
    browser, _, theirs = both
    for model, name in ((ApiKey, "revoke"), (AuthSession, "end"), (User, "remove")):
        row = rows_of(model, theirs)[0]
        browser.post(page_of(model), {"action": name, "_selected_action": row.pk})
    assert theirs.api.get("/api/user/my").status_code == 200
    assert all(key.revoked_at is None for key in rows_of(ApiKey, theirs))
    assert all(user.is_active for user in rows_of(User, theirs))


def test_choices_are_own_ones(both):
    browser, ours, theirs = both
    form = browser.get(page_of(Lead, "change", ours.lead.pk)).content.decode()
    assert all(f"{ours.mark} {what}" in form for what in ("status", "tag", "company")) and theirs.mark not in form
    form = browser.get(page_of(User, "change", ours.rep.pk)).content.decode()
    assert f"{ours.mark} role" in form and f"{theirs.mark} role" not in form
    asked = {"app_label": "leads", "model_name": "lead", "field_name": "company", "term": "company"}
    found = browser.get("/admin/autocomplete/", asked)
    assert [row["text"] for row in found.json()["results"]] == [f"{ours.mark} company"]


def test_other_peoples_records_are_no_choice(both):
    browser, ours, theirs = both
    page = page_of(Lead, "change", ours.lead.pk)
    form = browser.get(page).context["adminform"].form
    sent = {name: value for name, value in form.initial.items() if value is not None} | {"custom_fields": "{}"}
    answer = browser.post(page, sent | {"assigned_to": theirs.rep.pk})
    assert "assigned_to" in answer.context["adminform"].form.errors
    answer = browser.post(page, sent | {"company": theirs.company})
    assert "company" in answer.context["adminform"].form.errors


def test_secrets_are_neither_shown_nor_searched(both):
    browser, ours, _ = both
    for model, row, column in ((User, ours.admin, "password"), (ApiKey, ours.key, "digest")):
        secret = getattr(model._base_manager.get(pk=row.pk), column)
        page = browser.get(page_of(model, "change", row.pk)).content.decode()
        assert secret not in page and secret[:20] not in page
        assert browser.get(page_of(model), {f"{column}__startswith": secret[:3]}).status_code == 400
    with org_scope(ours.organization):
        digest = Invitation._base_manager.filter(organization=ours.organization).first()
    assert digest.digest not in browser.get(page_of(Invitation, "change", digest.pk)).content.decode()


def test_arguments_of_jobs_are_never_shown(both):
    browser, ours, _ = both
    mail = next(job for job in rows_of(Job, ours) if job.function == "accounts.jobs.mail")
    link = mail.args[2]["link"]
    for page in (page_of(Job), page_of(Job, "change", mail.pk)):
        assert link not in browser.get(page).content.decode()


def test_the_walls_hold_without_the_filter(both, monkeypatch):
    """Row level security alone: the admin's own filter is taken away."""
    from lio.admin.base import TenantAdmin

    browser, _, theirs = both
    monkeypatch.setattr(TenantAdmin, "own", lambda self, rows: rows)
    for model in (Lead, Note, Change, AuditEntry):
        assert theirs.mark not in browser.get(page_of(model)).content.decode()


def test_pages_of_packages_are_not_there(operator):
    assert {type(page).__mro__[1].__name__ for page in admin.site._registry.values()} <= {"TenantAdmin", "Shown"}
    for path in ("/admin/django_q/success/", "/admin/auth/group/", "/admin/password_change/"):
        assert operator.get(path).status_code == 404
