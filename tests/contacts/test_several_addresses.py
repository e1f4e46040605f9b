"""Several e-mail addresses and phone numbers: lists that begin with the main one."""

import pytest

from tests.contract import shapes


def values(shown, name="emails"):
    return [(one["value"], one["label"]) for one in shown[name]]


@pytest.fixture
def update(api, view):
    def send(contact_id, **fields):
        answer = api.post(f"/api/contact/update/{contact_id}", fields)
        assert answer.status_code == 200, answer.content
        return answer.json()["data"] | {"change_id": answer.get("X-Change-Id")}

    return send


def test_lists_of_texts_and_objects(add, view):
    made = add(
        emails=["a@x.example", {"value": "b@x.example", "label": "private"}, "A@X.example"],
        phone_numbers=[{"value": "+49 1", "label": "mobile"}, "0049 1", "030 2"],
    )
    assert made["email"] == "a@x.example"
    assert values(made) == [("a@x.example", ""), ("b@x.example", "private")]
    assert values(made, "phone_numbers") == [("+49 1", "mobile"), ("030 2", "")]


def test_a_list_replaces_all(add, update):
    one = add(emails=["a@x.example", "b@x.example"])
    after = update(one["id"], emails=["c@x.example", "a@x.example"])
    assert (after["email"], values(after)) == ("c@x.example", [("c@x.example", ""), ("a@x.example", "")])
    after = update(one["id"], emails=[])
    assert (after["email"], after["emails"]) == (None, [])


def test_the_main_one_alone(add, update):
    one = add(emails=[{"value": "a@x.example", "label": "work"}, "b@x.example", "c@x.example"])
    assert values(update(one["id"], email="new@x.example")) == [
        ("new@x.example", "work"), ("b@x.example", ""), ("c@x.example", "")]  # fmt: skip
    # a further one that becomes the main one changes places with it
    assert values(update(one["id"], email="C@x.example")) == [
        ("C@x.example", ""), ("new@x.example", "work"), ("b@x.example", "")]  # fmt: skip
    # without the main one the next one is it
    assert values(update(one["id"], email=None)) == [("new@x.example", "work"), ("b@x.example", "")]
    assert update(one["id"], email="")["email"] == "b@x.example"


def test_both_together(add):
    one = add(email="b@x.example", emails=["a@x.example", "b@x.example"])
    assert values(one) == [("b@x.example", ""), ("a@x.example", "")]
    assert values(add(email="n@x.example", emails=["a@x.example"])) == [("n@x.example", ""), ("a@x.example", "")]


def test_found_by_any_of_them(api, add):
    one = add(emails=["a@x.example", "second@y.example"], phone_numbers=["1", "+49 (30) 77"])
    for words in ("second@y", "+49 (30) 77", "493077"):
        assert [row["id"] for row in api.get("/api/contact/list", {"search_value": words}).json()["data"]] == [one["id"]]


def test_what_is_no_address_is_refused(api, add):
    one = add()
    for wrong in (
        "a@x.example",
        {"value": "a@x.example"},
        ["nonsense"],
        [5],
        [{"label": "work"}],
        [""],
        [None],
        [[]],
        [{"value": "a@x.example", "label": "x" * 31}],
        [f"a{n}@x.example" for n in range(21)],
    ):
        error = shapes.check_failure(api.post(f"/api/contact/update/{one['id']}", {"emails": wrong}), 422)
        assert "emails" in error["fields"], wrong


def test_undo_puts_the_list_back(add, update, undo, view):
    one = add(emails=["a@x.example", {"value": "b@x.example", "label": "private"}], phone_number="1")
    change = update(one["id"], emails=["c@x.example"], phone_number="2")["change_id"]
    _, again = undo(change)
    assert values(view(one["id"])) == [("a@x.example", ""), ("b@x.example", "private")]
    assert view(one["id"])["phone_number"] == "1"
    undo(again)
    assert values(view(one["id"])) == [("c@x.example", "")]


def test_undo_leaves_what_has_changed_since(add, update, undo, view):
    one = add(email="a@x.example")
    change = update(one["id"], email="b@x.example", city="Bonn")["change_id"]
    update(one["id"], email="c@x.example")
    told, _ = undo(change)
    assert [(left["field"], left["reason"]) for left in told["conflicts"]] == [("email", "has been changed since")]
    assert (view(one["id"])["email"], view(one["id"])["city"]) == ("c@x.example", None)
