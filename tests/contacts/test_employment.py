"""A person changes company and keeps the history."""

from django.utils.timezone import now

from lio.grammar import zone_of
from lio.models import Change
from lio.tenancy import org_scope


def move(api, contact, **fields):
    answer = api.post(f"/api/contact/update/{contact['id']}", fields)
    assert answer.status_code == 200, answer.content
    return answer.json()["data"] | {"change_id": answer["X-Change-Id"]}


def test_another_company_closes_the_employment(api, rep, add, company, stored):
    acme, globex = company("Acme"), company("Globex")
    one = add(company_id=acme, designation="Engineer")
    after = move(api, one, company_id=globex, designation="Head of IT")
    today = now().astimezone(zone_of(rep)).date().isoformat()
    assert (after["company"], after["designation"], after["company_since"]) == ("Globex", "Head of IT", today)
    assert after["employments"] == [{"company_id": acme, "company_name": "Acme", "designation": "Engineer",
                                     "started_on": today, "ended_on": today}]  # fmt: skip
    again = move(api, one, company_id=acme)
    assert [row["company_name"] for row in again["employments"]] == ["Globex", "Acme"]
    gone = move(api, one, company_id=None)
    assert (gone["company_id"], gone["company_since"]) == (None, None)
    assert len(gone["employments"]) == 3
    assert len(move(api, one, company_id=acme)["employments"]) == 3  # there was none to close


def test_another_position_alone_is_no_other_employment(api, add):
    one = add(designation="Engineer")
    assert move(api, one, designation="CTO")["employments"] == []
    assert move(api, one, company_id=one["company_id"], designation="CEO")["employments"] == []


def test_the_company_keeps_the_name_that_it_had(api, rep, add, company, view):
    acme = company("Acme")
    one = add(company_id=acme)
    move(api, one, company_id=company("Globex"))
    with org_scope(rep.organization):
        from companies.models import Company

        Company.objects.filter(pk=acme).update(company_name="Acme Holding")
    assert view(one["id"])["employments"][0]["company_name"] == "Acme"


def test_undo_opens_it_again_and_closes_it_again(api, rep, add, company, undo, view):
    acme, globex = company("Acme"), company("Globex")
    one = add(company_id=acme, designation="Engineer")
    before = view(one["id"])
    change = move(api, one, company_id=globex, designation="Head")["change_id"]
    moved = view(one["id"])
    told, again = undo(change)
    assert (told["reverted"], told["conflict_count"]) == (1, 0)
    assert {**view(one["id"]), "updated_at": None} == {**before, "updated_at": None}
    undo(again)
    assert {**view(one["id"]), "updated_at": None} == {**moved, "updated_at": None}


def test_many_at_once(api, add, company, rep, undo, view):
    acme, globex = company("Acme"), company("Globex")
    ids = [add(name=f"Ada {n}", company_id=acme)["id"] for n in range(3)]
    alone = add(name="Bob", company_id=globex)["id"]
    answer = api.post("/api/contact/bulk-update", {"contact_ids": [*ids, alone], "company_id": globex})
    assert [len(view(pk)["employments"]) for pk in [*ids, alone]] == [1, 1, 1, 0]
    with org_scope(rep.organization):
        told = Change.objects.filter(change_id=answer["X-Change-Id"], verb="contact.updated")
        assert sorted(told.values_list("model_id", flat=True)) == sorted(ids)
    undo(answer["X-Change-Id"])
    assert [(view(pk)["company"], view(pk)["employments"]) for pk in ids] == [("Acme", [])] * 3
