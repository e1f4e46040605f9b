"""Signals make alerts, heat, notifications and engagement; what is not wanted is left alone."""

from datetime import UTC, datetime, time, timedelta

import pytest
from django.utils.timezone import now

from activity.models import Notification
from intent import alerts, heat, rules, signals
from intent.consent import may_contact
from intent.engagement import Rules, engagement_of, points
from intent.models import Signal
from intent.worktime import working_minutes
from leads.models import Lead
from lio import jobs
from lio.errors import Missing
from lio.tenancy import org_scope
from tests.factories import make_lead

AT = datetime(2026, 6, 15, 12, tzinfo=UTC)


def hot(rep, **which):
    with org_scope(rep.organization):
        return {one["lead_id"]: one["points"] for one in heat.hot_leads(rep.organization.pk, **which)}


def log(rep, lead, kind, **more):
    with org_scope(rep.organization):
        return signals.log(rep.organization, lead.pk, kind, **more)


def test_weights_add_up_and_old_signals_do_not_count(rep):
    lead = make_lead(rep.organization)
    log(rep, lead, "pricing_page_visit")
    assert hot(rep) == {}
    log(rep, lead, "case_study_download", occurred_at=now() - timedelta(days=15))
    assert hot(rep) == {}
    log(rep, lead, "email_opened_3x", occurred_at=now() - timedelta(days=13))
    assert hot(rep) == {lead.pk: 50}
    assert hot(rep, kind="email_opened_3x") == {lead.pk: 50} and hot(rep, kind="manual") == {}
    with org_scope(rep.organization):
        until = heat.hot_until(rep.organization.pk, lead.pk)
    assert timedelta(hours=23) < until - now() < timedelta(days=1)  # when the older of the two leaves the fourteen days


def test_other_weights_hold_at_once(rep):
    lead = make_lead(rep.organization)
    log(rep, lead, "email_opened")
    with org_scope(rep.organization):
        assert heat.compare(rep.organization.pk, {"email_opened": 60}, 50) == {
            "now": 0, "then": 1, "more": 1, "fewer": 0, "leads": [(lead.pk, 60, False)]}
        rules.change(rep.organization, {"weights": {"email_opened": 60}}, by=rep)
    assert hot(rep) == {lead.pk: 60}
    with org_scope(rep.organization):
        rules.change(rep.organization, {"weights": {"email_opened": None}}, by=rep)
    assert hot(rep) == {}


def test_each_logged_signal_is_one_alert_and_a_deleted_lead_has_none(rep, outsider):
    lead, theirs = make_lead(rep.organization), make_lead(outsider.organization)
    assert log(rep, lead, "link_clicked") != log(rep, lead, "link_clicked")
    with org_scope(rep.organization):
        assert Signal.objects.of(rep.organization).alive().count() == 2
        with pytest.raises(Missing):
            signals.log(rep.organization, theirs.pk, "manual")
        Lead.objects.filter(pk=lead.pk).update(deleted_at=now())
        assert Signal.objects.of(rep.organization).alive().count() == 0


def test_the_owner_is_told_once_a_day_and_not_when_muted(rep, colleague):
    lead = make_lead(rep.organization, assigned_to_id=colleague.pk)
    for kind in ("email_opened", "link_clicked"):
        log(rep, lead, kind, by=rep)
    with org_scope(rep.organization):
        told = Notification.objects.get(user=colleague, type_id=13)
        assert (told.count, told.title) == (2, "Jane Doe: 2 signals today")
    log(rep, lead, "demo_requested", by=rep)
    with org_scope(rep.organization):
        assert Notification.objects.get(user=colleague, type_id=2).title == "Jane Doe is hot"
        alerts.mute(rep.organization, lead.pk, colleague, on=True)
        before = Notification.objects.get(user=colleague, type_id=13).count
    log(rep, lead, "manual", by=rep)
    with org_scope(rep.organization):
        assert Notification.objects.get(user=colleague, type_id=13).count == before


def test_acknowledging_again_changes_nothing(rep, colleague):
    pk = log(rep, make_lead(rep.organization), "manual")
    with org_scope(rep.organization):
        alerts.acknowledge(rep.organization, pk, by=rep, outcome="called", note="Wants an offer.")
        alerts.acknowledge(rep.organization, pk, by=colleague, outcome="mailed")
        row = Signal.objects.get(pk=pk)
        assert (row.outcome, row.outcome_note, row.acknowledged_by_id) == ("called", "Wants an offer.", rep.pk)
        assert row.responded_at == row.acknowledged_at


def test_the_clock_runs_in_working_hours():
    office = {"zone": "Europe/Berlin", "days": [1, 2, 3, 4, 5], "first": time(9), "last": time(17)}
    friday = datetime(2026, 6, 12, 14, 30, tzinfo=UTC)  # 16:30 in Berlin
    assert working_minutes(friday, datetime(2026, 6, 15, 7, 45, tzinfo=UTC), **office) == 30 + 45
    assert working_minutes(friday, friday, **office) == 0


def test_engagement_halves_and_is_the_same_for_the_same_log():
    ones = [("demo_requested", AT - timedelta(days=14)), ("email_opened", AT), ("manual", AT + timedelta(days=1))]
    found, told = points(ones, Rules(), AT)
    assert found == pytest.approx(30) and sum(worth for _, worth in told) == pytest.approx(found)
    assert told[0] == ("Demo requested, 14 days ago", pytest.approx(25))
    assert points([("demo_requested", AT)] * 5, Rules(), AT)[0] == 100


def test_engagement_takes_one_query(rep, django_assert_num_queries):
    leads = [make_lead(rep.organization) for _ in range(3)]
    for lead in leads:
        log(rep, lead, "manual")
    with org_scope(rep.organization), django_assert_num_queries(1):
        found = engagement_of(rep.organization, [lead.pk for lead in leads], now())
    assert {round(one[0]) for one in found.values()} == {25} and len(found) == 3


def test_withdrawn_signals_say_nothing(rep):
    lead = make_lead(rep.organization)
    pk = log(rep, lead, "demo_requested")
    with org_scope(rep.organization):
        Signal.objects.filter(pk=pk).update(withdrawn_at=now())
        signals.follow(rep.organization, [], lead_ids=[lead.pk])
        assert engagement_of(rep.organization, [lead.pk], now()) == {}
    assert hot(rep) == {}


def test_whoever_asked_to_be_left_alone_is(rep):
    make_lead(rep.organization, email="no@x.example", do_not_contact=True)
    gone = make_lead(rep.organization, email="gone@x.example", do_not_contact=True)
    with org_scope(rep.organization):
        Lead.objects.filter(pk=gone.pk).update(deleted_at=now())
        found = may_contact(rep.organization, ["No@x.example", "gone@x.example", "yes@x.example"])
    assert found == {"No@x.example": False, "gone@x.example": False, "yes@x.example": True}
    make_lead(rep.organization, email="gone@x.example")
    with org_scope(rep.organization):
        assert may_contact(rep.organization, ["gone@x.example"]) == {"gone@x.example": True}


def test_a_hosted_form_logs_that_it_was_sent(rep):
    from leads.web_forms import submitting
    from leads.web_forms.models import WebForm

    with org_scope(rep.organization):
        form = WebForm.objects.of(rep.organization).first()
        lead_id = submitting.submit(form, rep.organization, {
            "first_name": "Ida", "last_name": "Ost", "email": "ida@x.example"})
        row = Signal.objects.get(lead=lead_id)
        assert (row.signal_type, row.channel) == ("form_submitted", "form")
    jobs.drain()
