"""POST /api/lead/assign-tags and /set-assign-tags: set-based, with history and undo like every bulk action."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from leads.models import LeadTag
from lio import bulk, jobs
from lio.models import Change, Job
from lio.tenancy import org_scope
from lookups.edit import tags_named
from lookups.known import known
from tests.contract import shapes
from tests.factories import make_lead


@pytest.fixture
def tags(rep):
    """{name: number} of three tags."""
    with org_scope(rep.organization):
        tags_named(rep.organization, ["hot", "cold", "old"], by=rep)
    rep.organization.refresh_from_db()
    with org_scope(rep.organization):
        return {entry.name: number for number, entry in known(rep.organization, "tags").items()}


@pytest.fixture
def leads(rep):
    return [make_lead(rep.organization, by=rep, email=f"a{n}@acme.example", city="Ulm" if n % 2 else "Bonn") for n in range(4)]


def add(api, **body):
    return api.post("/api/lead/assign-tags", body)


def put(api, **body):
    return api.post("/api/lead/set-assign-tags", body)


def names(api, lead):
    return [tag["name"] for tag in api.get(f"/api/lead/view/{lead.pk}").json()["data"]["tags"]]


def test_added_ones_join_those_that_are_there(api, rep, leads, tags):
    ids = [lead.pk for lead in leads[:2]]
    assert add(api, ids=[ids[0]], tags=[tags["old"]]).json()["data"] == {"updated": 1, "ids": [ids[0]]}
    answer = add(api, ids=ids, tags=[tags["hot"], tags["old"], tags["hot"]])
    assert answer.json()["data"] == {"updated": 2, "ids": ids}
    assert [names(api, lead) for lead in leads] == [["hot", "old"], ["hot", "old"], [], []]
    with org_scope(rep.organization):
        told = Change.objects.filter(change_id=int(answer["X-Change-Id"]))
        assert {row.model_id: row.after["tags"] for row in told} == {
            ids[0]: [tags["hot"]], ids[1]: sorted([tags["hot"], tags["old"]])}  # fmt: skip
        assert {row.by_id for row in told} == {rep.pk}


def test_set_ones_replace_them_and_none_clears_them(api, rep, leads, tags):
    add(api, select_all=True, filters={}, tags=[tags["old"]])
    answer = put(api, select_all=True, filters={"city": "Ulm"}, tags=[tags["hot"], tags["cold"]])
    assert answer.json()["data"]["updated"] == 2
    assert [names(api, lead) for lead in leads] == [["old"], ["cold", "hot"], ["old"], ["cold", "hot"]]
    with org_scope(rep.organization):
        row = Change.objects.filter(change_id=int(answer["X-Change-Id"])).first()
        assert (row.before, row.after) == ({"tags": [tags["old"]]}, {"tags": sorted([tags["hot"], tags["cold"]])})
    assert put(api, ids=[leads[1].pk], tags=[]).json()["data"]["updated"] == 1
    assert names(api, leads[1]) == []
    unchanged = put(api, ids=[leads[1].pk], tags=[])
    assert unchanged.status_code == 200 and "X-Change-Id" not in unchanged


@pytest.mark.parametrize("call", [add, put])
def test_both_can_be_taken_back(api, leads, tags, call):
    add(api, ids=[leads[0].pk], tags=[tags["old"]])
    change = call(api, ids=[lead.pk for lead in leads], tags=[tags["hot"], tags["cold"]])["X-Change-Id"]
    put(api, ids=[leads[3].pk], tags=[])  # changed since: left alone
    data = api.post("/api/undo", {"change_id": int(change)}).json()["data"]
    assert (data["reverted"], data["conflict_count"]) == (3, 1)
    assert [names(api, lead) for lead in leads] == [["old"], [], [], []]


def test_what_is_no_tag_is_refused(api, leads, tags, outsider):
    with org_scope(outsider.organization):
        tags_named(outsider.organization, ["theirs"], by=outsider)
    outsider.organization.refresh_from_db()
    with org_scope(outsider.organization):
        (theirs,) = [n for n, entry in known(outsider.organization, "tags").items() if entry.name == "theirs"]
    for call in (add, put):
        for wrong in ([999_999], [tags["hot"], theirs], "x", None, [None], [True], {}):
            assert "tags" in shapes.check_failure(call(api, ids=[leads[0].pk], tags=wrong), 422)["fields"]
        assert "tags" in shapes.check_failure(call(api, ids=[leads[0].pk]), 422)["fields"]
        shapes.check_failure(call(api, ids=[99_999_999], tags=[tags["hot"]]), 404)
        shapes.check_failure(call(api, tags=[tags["hot"]]), 400)
    assert names(api, leads[0]) == []


def test_the_number_of_statements_does_not_depend_on_the_rows(api, rep, tags):
    def statements(count):
        ids = [make_lead(rep.organization).pk for _ in range(count)]
        found = []
        for call in (add, put):
            with CaptureQueriesContext(connection, ) as caught:
                assert call(api, ids=ids, tags=[tags["hot" if call is add else "cold"]]).json()["data"]["updated"] == count
            found.append(len(caught))
        return found

    statements(1)
    assert statements(2) == statements(12)


def test_many_in_the_background_under_one_change_id(api, rep, leads, tags, monkeypatch):
    monkeypatch.setattr(bulk, "AT_ONCE", 2)
    monkeypatch.setattr(bulk, "CHUNK", 3)
    answer = put(api, select_all=True, filters={}, tags=[tags["hot"]])
    data = answer.json()["data"]
    assert (data["updated"], data["ids"]) == (4, [])
    jobs.drain()
    assert Job.objects.get(pk=data["job_id"]).state == "completed"
    with org_scope(rep.organization):
        assert LeadTag.objects.count() == 4
        assert Change.objects.filter(change_id=int(answer["X-Change-Id"])).count() == 4


def test_the_bulk_bar_adds_and_replaces(browser, api, leads, tags):
    ids = [lead.pk for lead in leads[:2]]
    browser.post("/leads/bulk", {"action": "tag", "ids": ids, "tags": [tags["hot"], tags["old"]]})
    assert [names(api, lead) for lead in leads[:3]] == [["hot", "old"], ["hot", "old"], []]
    page = browser.get("/leads/").content.decode()
    assert "2 leads tagged hot, old." in page and 'value="set_tags"' in page
    browser.post("/leads/bulk", {"action": "set_tags", "ids": ids, "tags": [tags["cold"]]})
    assert names(api, leads[0]) == ["cold"]
    browser.post("/leads/bulk", {"action": "tag", "ids": ids})
    assert "choose at least one" in browser.get("/leads/").content.decode()
    browser.post("/leads/bulk", {"action": "set_tags", "ids": ids})
    assert names(api, leads[0]) == []
    assert "2 leads left without tags." in browser.get("/leads/").content.decode()
