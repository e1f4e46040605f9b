"""What is changed in the admin goes through the product's rules: history, audit log, refusals."""

import pytest
from django.test import Client

from accounts.models import ApiKey, AuditEntry, AuthSession, Organization, Role, User
from leads.models import Lead
from lio import jobs
from lio.history import timeline
from lio.models import Job
from lio.tenancy import org_scope
from lookups.models import Lookup
from tests.admin.conftest import page_of
from tests.conftest import client_of, sign_in
from tests.factories import make_lead, make_member

pytestmark = pytest.mark.django_db


def form_of(browser, page):
    """What a browser would send back unchanged."""
    form = browser.get(page).context["adminform"].form
    sent = {}
    for field in form:
        value = field.value()
        if isinstance(value, list):
            sent[field.name] = [getattr(item, "pk", item) for item in value]
        elif value is True:
            sent[field.name] = "on"
        elif value not in (None, False):
            sent[field.name] = value
    return sent


def change(browser, row, **values):
    page = page_of(type(row), "change", row.pk)
    sent = {name: value for name, value in (form_of(browser, page) | values).items() if value is not None}
    return browser.post(page, sent)


def errors(answer):
    return answer.context["adminform"].form.errors


def deeds(organization):
    with org_scope(organization):
        return list(AuditEntry.objects.order_by("id").values_list("verb", "subject", "by_id"))


def told(row):
    with org_scope(row.organization_id):
        return list(timeline(row.organization_id, row._meta.model_name, row.pk))


def fresh(row):
    with org_scope(row.organization_id):
        return type(row)._base_manager.get(pk=row.pk)


class TestLeads:
    def test_a_changed_field_is_history_by_who_changed_it(self, operator, rep):
        lead = make_lead(rep.organization, city="Porto", custom_fields={"a": 1, "b": 2})
        answer = change(operator, lead, city="Lisbon", custom_fields='{"a": 1, "c": [3]}')
        assert answer.status_code == 302
        last = told(lead)[0]
        assert (last.verb, last.by_id, last.after["city"], last.before["city"]) == ("lead.updated", rep.pk, "Lisbon", "Porto")
        assert fresh(lead).custom_fields == {"a": 1, "c": [3]}

    def test_what_is_not_changed_is_not_written(self, operator, rep):
        lead = make_lead(rep.organization, city="Porto", estimated_value=10)
        before = len(told(lead))
        assert change(operator, lead).status_code == 302
        assert len(told(lead)) == before

    def test_status_owner_company_tags_and_source(self, operator, rep, colleague):
        lead = make_lead(rep.organization)
        with org_scope(rep.organization):
            won, source = Lookup.objects.get(type="status", number=5), Lookup.objects.get(type="source", number=3)
            tag = Lookup.objects.create(organization=rep.organization, module_name="lead", type="tags", name="VIP", number=1001)
            Organization.objects.filter(pk=rep.organization_id).update(lookups_version=7)
        answer = change(operator, lead, status=won.pk, source=source.pk, assigned_to=colleague.pk, tags=[tag.pk])
        assert answer.status_code == 302
        after = told(lead)[0].after
        assert (after["status"], after["lead_source"], after["assigned_to"], after["tags"]) == (5, 3, colleague.pk, [1001])

    def test_a_source_is_no_status(self, operator, rep):
        lead = make_lead(rep.organization)
        with org_scope(rep.organization):
            source = Lookup.objects.get(type="source", number=3)
        assert "status" in errors(change(operator, lead, status=source.pk))

    @pytest.mark.parametrize(("name", "value"), [("email", "no address"), ("website", "javascript:alert(1)"),
                                                 ("custom_fields", "[1]"), ("custom_fields", '{"a": NaN}'),
                                                 ("custom_fields", '{"a": "\\u0000"}'), ("first_name", "x")])
    def test_the_apis_limits_hold(self, operator, rep, name, value):
        lead = make_lead(rep.organization)
        answer = change(operator, lead, **{name: value})
        assert answer.status_code == 200 and name in errors(answer)

    def test_a_duplicate_is_refused_in_words(self, operator, rep):
        make_lead(rep.organization, email="jane@acme.example")
        lead = make_lead(rep.organization, email="joe@acme.example")
        answer = change(operator, lead, email="Jane@acme.example")
        assert answer.status_code == 200 and errors(answer)
        assert fresh(lead).email == "joe@acme.example"

    def test_a_new_lead_is_captured_and_scored(self, operator, rep):
        page = page_of(Lead, "add")
        sent = form_of(operator, page) | {"first_name": "Nina", "last_name": "New", "email": "nina@new.example"}
        with org_scope(rep.organization):
            sent["status"] = Lookup.objects.get(type="status", number=2).pk
        assert operator.post(page, sent).status_code == 302
        jobs.drain()
        with org_scope(rep.organization):
            lead = Lead.objects.get(email="nina@new.example")
        assert lead.score > 0 and told(lead)[-1].verb == "lead.created"
        assert "Nina New" in operator.get(page_of(Lead), {"q": "nina@new"}).content.decode()

    def test_deletion_is_soft_and_told(self, operator, rep):
        lead = make_lead(rep.organization)
        page = page_of(Lead, "delete", lead.pk)
        assert operator.get(page).status_code == 200
        assert operator.post(page, {"post": "yes"}).status_code == 302
        assert fresh(lead).deleted_at and told(lead)[0].verb == "lead.deleted"
        assert operator.get(page_of(Lead, "change", lead.pk)).status_code == 302

    def test_bulk_status_and_owner(self, operator, rep, colleague):
        leads = [make_lead(rep.organization) for _ in range(3)]
        chosen = [lead.pk for lead in leads]
        with org_scope(rep.organization):
            won = Lookup.objects.get(type="status", number=5).pk
        operator.post(page_of(Lead), {"action": "set_status", "status": won, "_selected_action": chosen[:2]})
        operator.post(page_of(Lead), {"action": "assign", "member": colleague.pk, "_selected_action": chosen})
        assert [told(lead)[0].verb for lead in leads] == ["lead.assigned"] * 3
        assert [fresh(lead).status_id == won for lead in leads] == [True, True, False]
        assert "Choose a status first" in operator.post(
            page_of(Lead), {"action": "set_status", "_selected_action": chosen}, follow=True).content.decode()

    def test_lists_count_no_further_than_pages_turn(self, operator, rep, monkeypatch, django_assert_max_num_queries):
        monkeypatch.setattr("lio.admin.base.MOST", 2)
        for _ in range(4):
            make_lead(rep.organization)
        with django_assert_max_num_queries(20):
            shown = operator.get(page_of(Lead)).content.decode()
        assert "more than 2" in shown


class TestPeople:
    def test_changes_are_audited(self, operator, rep, colleague):
        assert change(operator, colleague, first_name="Roberta").status_code == 302
        assert ("member.updated", colleague.email, rep.pk) in deeds(rep.organization)
        assert User.objects.get(pk=colleague.pk).first_name == "Roberta"

    def test_roles_change_by_the_rule(self, operator, rep, colleague):
        manager = Role.objects.get(organization=rep.organization, name="Manager")
        assert change(operator, colleague, role=manager.pk).status_code == 302
        assert User.objects.get(pk=colleague.pk).role_id == manager.pk
        answer = change(operator, rep, role=manager.pk)
        assert answer.status_code == 200 and "Admin role first" in str(errors(answer))

    def test_switching_off_ends_sessions(self, operator, rep, colleague):
        api = client_of(colleague)
        assert change(operator, colleague, is_active=None).status_code == 302
        assert api.get("/api/user/my").status_code == 401
        assert ("member.removed", colleague.email, rep.pk) in deeds(rep.organization)

    def test_nobody_removes_oneself(self, operator, rep):
        answer = change(operator, rep, is_active=None)
        assert answer.status_code == 200 and "remove yourself" in str(errors(answer))

    def test_a_taken_address_is_refused(self, operator, colleague, outsider):
        answer = change(operator, colleague, email=outsider.email)
        assert answer.status_code == 200 and "email" in errors(answer)

    def test_a_new_member_may_sign_in(self, operator, rep):
        role = Role.objects.get(organization=rep.organization, name="Sales Rep")
        sent = {"email": "New@acme.example", "first_name": "Nora", "phone_no": "+351 1", "password": "walking-house-8",
                "role": role.pk}
        assert operator.post(page_of(User, "add"), sent | {"password": "short"}).status_code == 200
        assert operator.post(page_of(User, "add"), sent).status_code == 302
        member = User.objects.get(email="new@acme.example")
        assert member.check_password("walking-house-8") and member.organization_id == rep.organization_id
        assert ("member.added", "new@acme.example", rep.pk) in deeds(rep.organization)

    def test_actions(self, operator, rep, colleague):
        api, chosen = client_of(colleague), {"_selected_action": [colleague.pk, rep.pk]}
        operator.post(page_of(User), {"action": "remove", **chosen})
        assert api.get("/api/user/my").status_code == 401
        operator.post(page_of(User), {"action": "restore", **chosen})
        assert User.objects.get(pk=colleague.pk).is_active and User.objects.get(pk=rep.pk).is_active
        api = client_of(colleague)
        operator.post(page_of(User), {"action": "end_sessions", "_selected_action": colleague.pk})
        assert api.get("/api/user/my").status_code == 401
        assert [verb for verb, subject, _ in deeds(rep.organization) if subject == colleague.email] == [
            "member.removed", "member.restored", "session.revoked"]

    def test_nobody_is_deleted(self, operator, colleague):
        assert operator.post(page_of(User, "delete", colleague.pk), {"post": "yes"}).status_code == 403

    def test_platform_staff_cannot_be_made_here(self, operator, colleague):
        change(operator, colleague, is_platform_staff="on", organization="", password="x")
        after = User.objects.get(pk=colleague.pk)
        assert not after.is_platform_staff and after.organization_id and after.password == colleague.password

    def test_platform_staff_act_under_their_own_name(self, inside, staff, rep, colleague):
        assert change(inside, colleague, first_name="Roberta").status_code == 302
        assert ("member.updated", colleague.email, staff.pk) in deeds(rep.organization)
        lead = make_lead(rep.organization)
        assert change(inside, lead, city="Faro").status_code == 302
        assert told(lead)[0].by_id == staff.pk


class TestRoles:
    def test_add_and_change(self, operator, rep):
        sent = {"name": "Office", "description": "", "permissions": ["records.view", "audit.view"]}
        assert operator.post(page_of(Role, "add"), sent).status_code == 302
        role = Role.objects.get(organization=rep.organization, name="Office")
        assert role.permissions == ["records.view", "audit.view"]
        assert change(operator, role, permissions=["records.view"]).status_code == 302
        assert Role.objects.get(pk=role.pk).permissions == ["records.view"]
        assert [verb for verb, subject, _ in deeds(rep.organization) if subject == "Office"] == ["role.added", "role.updated"]
        answer = operator.post(page_of(Role, "add"), sent | {"name": "office"})
        assert answer.status_code == 200 and "name" in errors(answer)
        make = make_member(rep.organization)
        User.objects.filter(pk=make.pk).update(role=role)
        answer = change(operator, role, is_active=None)
        assert answer.status_code == 200 and "still have this role" in str(errors(answer))

    def test_seeded_ones_are_read_only(self, operator, rep):
        role = Role.objects.get(organization=rep.organization, name="Manager")
        assert operator.get(page_of(Role, "change", role.pk)).status_code == 200
        assert operator.post(page_of(Role, "change", role.pk), {"name": "Boss"}).status_code == 403


class TestAccess:
    def test_keys_are_revoked(self, operator, rep, key_api):
        row = ApiKey.objects.get(organization=rep.organization)
        operator.post(page_of(ApiKey), {"action": "revoke", "_selected_action": row.pk})
        assert key_api.get("/api/v1/lead/lead-list").status_code == 403
        assert ("key.revoked", row.name, rep.pk) in deeds(rep.organization)
        assert operator.post(page_of(ApiKey, "change", row.pk), {"name": "Mine"}).status_code == 403

    def test_sessions_are_ended(self, operator, rep, colleague):
        api = client_of(colleague)
        row = AuthSession.objects.get(user=colleague)
        operator.post(page_of(AuthSession), {"action": "end", "_selected_action": row.pk})
        assert api.get("/api/user/my").status_code == 401
        assert ("session.revoked", colleague.email, rep.pk) in deeds(rep.organization)

    def test_managers_see_no_admin(self, rep):
        manager = make_member(rep.organization, role="Manager")
        assert sign_in(Client(), manager).get("/admin/", follow=True).status_code == 403

    def test_the_audit_log_cannot_be_changed(self, operator, rep):
        change(operator, rep, last_name="Byron")
        with org_scope(rep.organization):
            row = AuditEntry.objects.first()
        assert operator.post(page_of(AuditEntry, "change", row.pk), {"subject": "x"}).status_code == 403
        assert operator.post(page_of(AuditEntry, "delete", row.pk), {"post": "yes"}).status_code == 403


class TestLookups:
    def test_add_and_change(self, operator, rep):
        sent = {"module_name": "lead", "type": "tag", "name": "VIP", "color_code": "#123456"}
        assert operator.post(page_of(Lookup, "add"), sent).status_code == 302
        with org_scope(rep.organization):
            tag = Lookup.objects.get(name="VIP")
        assert (tag.type, tag.number > 1000) == ("tags", True)
        assert change(operator, tag, name="Key account", is_active=None).status_code == 302
        after = told(tag)[0].after
        assert (after["name"], after["is_active"]) == ("Key account", False)
        answer = operator.post(page_of(Lookup, "add"), sent | {"color_code": "red"})
        assert answer.status_code == 200 and "color_code" in errors(answer)

    def test_seeded_ones_are_read_only(self, operator, rep):
        with org_scope(rep.organization):
            new = Lookup.objects.get(type="status", number=1)
        assert operator.post(page_of(Lookup, "change", new.pk), {"name": "Old"}).status_code == 403


class TestJobs:
    def test_failed_ones_are_tried_again(self, operator, rep):
        make_lead(rep.organization)
        row = Job.objects.filter(organization=rep.organization).order_by("-id").first()
        done = Job.objects.create(organization=rep.organization, function="x.y", state=Job.State.DONE, attempts=1)
        Job.objects.filter(pk=row.pk).update(state=Job.State.FAILED, attempts=5, error="ValueError: no")
        assert "ValueError: no" in operator.get(page_of(Job, "change", row.pk)).content.decode()
        operator.post(page_of(Job), {"action": "try_again", "_selected_action": [row.pk, done.pk]})
        row.refresh_from_db()
        done.refresh_from_db()
        assert (row.state, row.attempts, done.state) == (Job.State.QUEUED, 0, Job.State.DONE)
        jobs.drain()
        assert not Job.objects.filter(pk=row.pk, state=Job.State.FAILED).exists()


def test_the_organizations_settings_are_audited(operator, rep):
    answer = change(operator, rep.organization, name="Acme Ltd", timezone="Europe/Lisbon")
    assert answer.status_code == 302
    assert Organization.objects.get(pk=rep.organization_id).timezone == "Europe/Lisbon"
    assert ("organization.updated", "Acme Ltd", rep.pk) in deeds(rep.organization)
    answer = change(operator, rep.organization, timezone="Mars")
    assert answer.status_code == 200 and "timezone" in errors(answer)


def test_all_that_one_request_does_shares_one_change_id(operator, rep):
    lead, other = make_lead(rep.organization), make_lead(rep.organization)
    change(operator, lead, company=None, city="Faro")
    change(operator, other, city="Faro")
    assert told(lead)[0].change_id != told(other)[0].change_id


def test_the_history_button_leads_to_the_changes(operator, rep):
    lead = make_lead(rep.organization)
    answer = operator.get(page_of(Lead, "history", lead.pk), follow=True)
    assert [row.verb for row in answer.context["cl"].result_list] == ["lead.created"]


def test_pages_carry_the_strict_policy(operator, rep):
    make_lead(rep.organization)
    for page in ("/admin/", page_of(Lead), page_of(Lead, "add"), page_of(User, "change", rep.pk)):
        policy = operator.get(page).headers["Content-Security-Policy"]
        assert "unsafe" not in policy and "style-src 'self'" in policy and "frame-ancestors 'none'" in policy
