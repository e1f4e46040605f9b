"""/feed/: what one member did in an hour is one line; nothing of what one may not see; the same cost for any history."""

import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from activity import groups
from leads import edit, notes
from leads.models import Lead
from lio import history
from lio.filters import zone_of
from lio.models import Change
from lio.tenancy import org_scope
from tests import factories
from tests.conftest import sign_in
from tests.factories import make_member

NOON = datetime(2026, 6, 15, 12, 10, tzinfo=UTC)


def text_of(answer):
    assert answer.status_code == 200, answer.status_code
    words = re.sub(r"<[^>]+>", " ", answer.content.decode().split('id="feed"')[1].split('id="toasts"')[0])
    return re.sub(r"\s+", " ", words)


def make_lead(organization, **fields):
    with history.one_action():
        return factories.make_lead(organization, **fields)


def act(user, lead, **fields):
    with org_scope(user.organization), history.one_action():
        edit.update(lead.pk, user.organization, fields, by=user)


def found(user, **asked):
    with org_scope(user.organization):
        return groups.page(user, zone_of(user), **asked)


def lines(user, **asked):
    return [(group.who, group.phrase, group.count) for group in found(user, **asked)[0]]


def stamp(rep, moment, **which):
    """History has one clock, the database's: put what is there at another moment."""
    with org_scope(rep.organization):
        Change.objects.filter(**which).update(created_at=moment)


def test_many_of_one_kind_in_an_hour_are_one_line(browser, rep):
    leads = [make_lead(rep.organization, by=rep, first_name=f"Jane{n}") for n in range(12)]
    for lead in leads:
        act(rep, lead, city="Bonn")
    assert lines(rep) == [("Ada Admin", "changed", 12), ("Ada Admin", "created", 12)]
    text = text_of(browser.get("/feed/"))
    assert "Today" in text and "Ada Admin changed 12 leads" in text and "Jane11 Doe" in text


def test_one_record_is_named_with_what_changed(browser, rep):
    lead = make_lead(rep.organization, by=rep)
    act(rep, lead, city="Bonn", country="Germany")
    assert "Ada Admin changed Jane Doe city, country" in text_of(browser.get("/feed/"))
    act(rep, lead, city="Oslo")
    assert lines(rep)[0] == ("Ada Admin", "changed", 1) and "changed Jane Doe 2 times" in text_of(browser.get("/feed/"))


def test_another_actor_verb_or_hour_is_another_line(rep, colleague):
    first, second = make_lead(rep.organization, by=rep), make_lead(rep.organization, by=rep)
    act(rep, first, city="Bonn")
    act(colleague, second, city="Bonn")
    with org_scope(rep.organization), history.one_action():
        notes.add(first, title="Hi", by=rep)
    assert set(lines(rep)) == {
        ("Ada Admin", "added a note to", 1),
        (colleague.full_name, "changed", 1),
        ("Ada Admin", "changed", 1),
        ("Ada Admin", "created", 2),
    }
    stamp(rep, datetime(2026, 6, 15, 12, 59, tzinfo=UTC), verb="lead.created", model_id=first.pk)
    stamp(rep, datetime(2026, 6, 15, 13, 1, tzinfo=UTC), verb="lead.created", model_id=second.pk)
    assert lines(rep).count(("Ada Admin", "created", 1)) == 2


def test_a_bulk_action_is_one_line_however_large(rep, monkeypatch):
    monkeypatch.setattr(groups, "FEW", 6)
    ids = [make_lead(rep.organization, email=f"p{n}@x.example").pk for n in range(9)]
    with org_scope(rep.organization), history.one_action():
        Lead.objects.filter(pk__in=ids).assign_to(rep, by=rep)
    (group, *_), _ = found(rep)
    assert (group.phrase, group.count, group.more) == ("assigned", 5, True)


def test_pages_follow_each_other_and_lose_nothing(rep, monkeypatch):
    monkeypatch.setattr(groups, "ACTIONS", 3)
    leads = [make_lead(rep.organization, by=rep, first_name=f"Jane{n}") for n in range(8)]
    seen, before = [], None
    while True:
        page, before = found(rep, before=before)
        seen += [pk for group in page for pk in group.ids]
        if before is None:
            break
    assert seen and sorted(seen) == sorted(lead.pk for lead in leads)


def test_by_member_kind_and_day_in_the_viewers_zone(browser, rep, colleague):
    mine, theirs = make_lead(rep.organization, by=rep), make_lead(rep.organization, by=rep, first_name="Xaver")
    act(rep, mine, city="Bonn")
    act(colleague, theirs, city="Bonn")
    assert lines(rep, member=colleague.pk) == [(colleague.full_name, "changed", 1)]
    assert lines(rep, kind="update", member=rep.pk) == [("Ada Admin", "changed", 1)]
    assert {line[1] for line in lines(rep, kind="create")} == {"created"}
    with org_scope(rep.organization):
        changes = list(Change.objects.filter(model_type="lead").order_by("change_id"))
    for n, change in enumerate(changes):  # one each two hours, up to two in the morning where the viewer is
        stamp(rep, datetime(2026, 6, 14, 18, 30, tzinfo=UTC) + timedelta(hours=2 * n), pk=change.pk)
    rep.time_zone = "Europe/Berlin"
    rep.save()
    with time_machine.travel(NOON, tick=False):
        today = text_of(browser.get("/feed/", {"from": "2026-06-15"}))
        both = text_of(browser.get("/feed/", {"from": "2026-06-14", "to": "2026-06-15"}))
        yesterday = text_of(browser.get("/feed/", {"to": "2026-06-14"}))
    assert "Yesterday" not in today and "Today" in today
    assert "Today" in both and "Yesterday" in both
    assert "Yesterday" in yesterday and "Today" not in yesterday


def test_one_record(browser, rep):
    lead = make_lead(rep.organization, by=rep)
    make_lead(rep.organization, by=rep, first_name="Xaver")
    act(rep, lead, city="Bonn")
    text = text_of(browser.get("/feed/", {"type": "lead", "id": lead.pk}))
    assert "changed Jane Doe city" in text and "created Jane Doe" in text and "Xaver" not in text
    for asked in ({"type": "lead", "id": 10**9}, {"type": "user", "id": rep.pk}, {"type": "lead"}, {"type": "x", "id": 1}):
        assert browser.get("/feed/", asked).status_code == 404


def test_a_record_that_is_gone_is_named_without_a_link(browser, rep, api):
    lead = make_lead(rep.organization, by=rep)
    api.delete("/api/lead/delete", {"ids": [lead.pk]})
    answer = browser.get("/feed/")
    assert "deleted Jane Doe" in text_of(answer) and f'href="/leads/{lead.pk}/"' not in answer.content.decode()


def test_nothing_of_others_and_nothing_of_access(client, rep, outsider, api):
    make_lead(rep.organization, by=rep)
    api.post("/api/role/add", {"name": "Chief"})
    make_member(rep.organization)
    assert {group.model_type for group in found(rep)[0]} == {"lead"}
    text = text_of(sign_in(client, outsider).get("/feed/"))
    assert "Nothing yet" in text and "Jane" not in text


def test_nonsense_in_the_address_is_no_filter(browser, rep):
    make_lead(rep.organization, by=rep)
    wrong = {"by": "x", "kind": "x", "from": "2026-02-31", "to": "0001-01-01", "before": "-1"}
    for asked in ({}, *({name: value} for name, value in wrong.items()), {"before": "9" * 30}):
        assert "created Jane Doe" in text_of(browser.get("/feed/", asked)), asked
    assert "Nothing like it" in text_of(browser.get("/feed/", {"to": "1999-01-01"}))


@pytest.mark.parametrize("asked", [{}, {"kind": "create", "from": "2026-01-01", "to": "2999-01-01"}])
def test_costs_the_same_for_any_history(asked, browser, rep):
    counts = []
    browser.get("/feed/", asked)  # what is kept between requests
    for _ in range(2):
        for n in range(6):
            act(rep, make_lead(rep.organization, by=rep), city=f"City {n}")
        with CaptureQueriesContext(connection) as queries:
            browser.get("/feed/", asked)
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 16


@pytest.mark.parametrize(("asked", "index"), [({}, "change_together"), ({"member": 1}, "change_by")])
def test_goes_from_action_to_action_by_an_index(asked, index, rep, scope):
    """As the app's role, behind the wall, which must not keep the index from being used."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SET LOCAL enable_bitmapscan = off")
        cursor.execute("SET LOCAL enable_sort = off")
    with CaptureQueriesContext(connection) as queries:
        groups.page(rep, zone_of(rep), **asked)
    page = next(query["sql"] for query in queries if "WITH RECURSIVE actions" in query["sql"])
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {page}")
        plan = "\n".join(line for (line,) in cursor.fetchall())
    recursion = plan[: plan.index("few")] if "few" in plan else plan
    assert index in recursion and "Seq Scan" not in recursion, plan
