"""lead/note/update and delete (our own beside the contract), mentions, and notes on the page."""

import pytest

from activity import mentions
from leads import notes
from leads.models import Note
from lio.tenancy import org_scope
from tests.conftest import client_of
from tests.factories import make_lead, make_member


@pytest.fixture
def lead(rep):
    return make_lead(rep.organization, by=rep)


def add(api, lead, title="First", **more):
    return api.post("/api/lead/note/add", {"lead_id": lead.pk, "title": title} | more).json()["data"]["id"]


def told(user):
    return [row["title"] for row in client_of(user).get("/api/notification/list").json()["data"]]


def test_words_change_and_a_pin_stays(api, lead):
    pk = add(api, lead, note="Old")
    shown = api.post(f"/api/lead/note/update/{pk}", {"note": "New"}).json()["data"]
    assert (shown["title"], shown["note"], shown["is_pinned"]) == ("First", "New", False) and shown["edited_at"]
    shown = api.post(f"/api/lead/note/update/{pk}", {"is_pinned": True}).json()["data"]
    assert (shown["note"], shown["is_pinned"]) == ("New", True)


@pytest.mark.parametrize(
    "body", [{"title": ""}, {"title": None}, {"title": "x" * 201}, {"note": "x" * 10_001}, {"is_pinned": "maybe"}]
)
def test_refuses_what_is_no_value(body, api, lead):
    assert api.post(f"/api/lead/note/update/{add(api, lead)}", body).status_code == 422


def test_a_notes_words_are_its_authors(api, colleague_api, rep, lead):
    pk = add(api, lead)
    assert colleague_api.post(f"/api/lead/note/update/{pk}", {"note": "Mine now"}).status_code == 403
    assert colleague_api.delete("/api/lead/note/delete", {"ids": [pk]}).status_code == 403
    assert colleague_api.post(f"/api/lead/note/update/{pk}", {"is_pinned": True}).status_code == 200
    theirs = add(colleague_api, lead)
    assert api.post(f"/api/lead/note/update/{theirs}", {"note": "An admin may"}).status_code == 200


def test_deleted_notes_are_gone(api, lead, browser):
    pk = add(api, lead, title="Secret plan", note="Secret plan of the century")
    assert api.delete("/api/lead/note/delete", {"ids": [pk]}).json()["data"] == {"deleted": 1, "ids": [pk]}
    assert api.get("/api/lead/note/list").json()["total"] == 0
    assert api.post(f"/api/lead/note/update/{pk}", {"note": "x"}).status_code == 404
    assert "Secret plan" not in browser.get(f"/leads/{lead.pk}/").content.decode()


def test_all_or_none_are_deleted(api, colleague_api, lead):
    mine, theirs = add(api, lead), add(colleague_api, lead)
    assert colleague_api.delete("/api/lead/note/delete", {"ids": [mine, theirs]}).status_code == 403
    assert api.get("/api/lead/note/list").json()["total"] == 2


def test_another_organisations_notes_are_not_there(api, outsider, outsider_api):
    pk = add(outsider_api, make_lead(outsider.organization, by=outsider))
    assert api.post(f"/api/lead/note/update/{pk}", {"note": "x"}).status_code == 404
    assert api.delete("/api/lead/note/delete", {"ids": [pk]}).status_code == 404


# ------------------------------------------------------------------------------------------------- mentions
@pytest.fixture
def team(rep):
    names = [("Ana", "Silva"), ("Ana", "Lima"), ("Bo", "Åkesson"), ("Chris", "")]
    return {
        f"{first} {last}".strip(): make_member(rep.organization, first_name=first, last_name=last, email=f"m{n}@acme.example")
        for n, (first, last) in enumerate(names)
    }


@pytest.mark.parametrize(
    ("text", "who"),
    [
        ("@Ana Silva please", {"Ana Silva"}),
        ("@ana silva, @BO", {"Ana Silva", "Bo Åkesson"}),
        ("@Ana", set()),
        ("@Anabel Silva", set()),
        ("write to x@chris", set()),
        ("(@Chris)", {"Chris"}),
        ("@m1@acme.example!", {"Ana Lima"}),
        ("@bo åkesson", {"Bo Åkesson"}),
        ("@", set()),
        ("@nobody", set()),
        ("@Christine", set()),
        ("@Ana Silva @Ana Silva", {"Ana Silva"}),
        ("no sign", set()),
    ],
)
def test_who_is_mentioned(text, who, rep, team, scope):
    assert mentions.mentioned(rep.organization_id, text) == {team[name].pk for name in who}


@pytest.mark.parametrize(
    ("letters", "whom"),
    [
        ("an", ["Ana Lima", "Ana Silva"]),
        ("ANA S", ["Ana Silva"]),
        ("sil", ["Ana Silva"]),
        ("m3@", ["Chris"]),
        ("%", []),
        ("zz", []),
        ("a\x00n", ["Ana Lima", "Ana Silva"]),
    ],
)
def test_whom_letters_may_mean(letters, whom, rep, team, browser, outsider):
    found = browser.get("/mentions", {"q": letters}).json()["members"]
    assert [member["name"] for member in found] == whom


def test_what_is_written_means_that_member_alone(rep, team, browser):
    twin = make_member(rep.organization, first_name="Ana", last_name="Silva", email="twin@acme.example")
    found = browser.get("/mentions", {"q": "ana"}).json()["members"]
    assert {member["insert"] for member in found} == {"Ana Lima", team["Ana Silva"].email, "twin@acme.example"}
    with org_scope(rep.organization):
        for member in found:
            assert len(mentions.mentioned(rep.organization_id, f"@{member['insert']} look")) == 1
        assert mentions.mentioned(rep.organization_id, "@twin@acme.example") == {twin.pk}


def test_who_left_is_not_suggested_and_all_are_few(rep, team, browser):
    make_member(rep.organization, first_name="Ana", last_name="Gone", is_active=False)
    for n in range(12):
        make_member(rep.organization, first_name=f"Zoe{n}")
    names = [member["name"] for member in browser.get("/mentions").json()["members"]]
    assert len(names) == mentions.SUGGESTED and "Ana Gone" not in names


def test_a_mention_is_told_and_told_once(api, rep, lead, team):
    pk = add(api, lead, title="For @Ana Silva", note="@Ana Silva and @Ada Admin, look")
    assert told(team["Ana Silva"]) == ["Ada Admin mentioned you in a note on Jane Doe"] and told(rep) == []
    api.post(f"/api/lead/note/update/{pk}", {"note": "@Ana Silva and @Bo, look"})
    assert len(told(team["Ana Silva"])) == 1 and len(told(team["Bo Åkesson"])) == 1


def test_nobody_of_another_organisation_is_told(api, lead, outsider):
    add(api, lead, title=f"@{outsider.email} @{outsider.name}")
    assert told(outsider) == []


# ------------------------------------------------------------------------------------------------- the page
def test_the_page_pins_edits_and_deletes(browser, rep, lead):
    with org_scope(rep.organization):
        note = notes.add(lead, title="Budget", note="Budget is set", by=rep)
    address = f"/leads/{lead.pk}/notes/{note.pk}"
    browser.post(address, {"is_pinned": "true"})
    page = browser.get(f"/leads/{lead.pk}/").content.decode()
    assert 'aria-label="Pinned notes"' in page and page.count("Budget is set") == 2
    assert "Budget is set" in browser.get(address).content.decode()
    answer = browser.post(address, {"note": "Budget is gone\nfor good"}, headers={"HX-Request": "true"})
    assert answer.status_code == 200 and "lead-changed" in answer["HX-Trigger"]
    with org_scope(rep.organization):
        note.refresh_from_db()
    assert (note.title, note.note) == ("Budget is gone", "Budget is gone\nfor good")
    assert browser.post(address, {"note": "  "}, headers={"HX-Request": "true"}).status_code == 422
    assert "Delete this note?" in browser.get(f"{address}?delete=true").content.decode()
    browser.post(address, {"delete": "true"})
    with org_scope(rep.organization):
        assert not Note.objects.alive().exists()


def test_what_a_note_says_is_only_text(browser, rep, lead):
    with org_scope(rep.organization):
        notes.add(lead, title="<script>alert(1)</script>", note="<script>alert(1)</script>", by=rep)
    assert "<script>alert" not in browser.get(f"/leads/{lead.pk}/").content.decode()
