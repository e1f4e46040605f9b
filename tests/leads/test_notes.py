"""Notes on leads: /api/lead/note/list and /add."""

from tests.contract import shapes
from tests.factories import make_lead


def test_a_note_counts_as_activity_and_stands_in_the_timeline(api, rep):
    lead = make_lead(rep.organization)
    note = api.post("/api/lead/note/add", {"lead_id": lead.pk, "title": "Called", "note": "<b>no answer</b>\n"}).json()["data"]
    assert (note["lead_id"], note["title"], note["note"], note["created_by"]) == (
        lead.pk,
        "Called",
        "<b>no answer</b>\n",
        rep.pk,
    )
    assert api.get(f"/api/lead/view/{lead.pk}").json()["data"]["last_activity_at"]


def test_of_one_lead_or_of_all(api, rep):
    leads = [make_lead(rep.organization) for _ in range(2)]
    for lead in leads:
        for n in range(2):
            api.post("/api/lead/note/add", {"lead_id": lead.pk, "title": f"Note {n}"})
    assert api.get("/api/lead/note/list").json()["total"] == 4
    assert api.get("/api/lead/note/list", {"lead_id": leads[0].pk}).json()["total"] == 2
    assert (
        api.get("/api/lead/note/list", {"search_value": "note 1", "order_by": "lead_id", "order_in": "asc"}).json()["total"]
        == 2
    )


def test_of_a_lead_that_is_not_there(api, outsider):
    for number in (99_999_999, 0, make_lead(outsider.organization).pk):
        shapes.check_failure(api.get("/api/lead/note/list", {"lead_id": number}), 404)
        shapes.check_failure(api.post("/api/lead/note/add", {"lead_id": number, "title": "x"}), 404)
    shapes.check_failure(api.get("/api/lead/note/list", {"lead_id": "abc"}), 400)


def test_an_empty_title(api, rep):
    lead = make_lead(rep.organization)
    for title in ("", "   ", None):
        assert (
            "title" in shapes.check_failure(api.post("/api/lead/note/add", {"lead_id": lead.pk, "title": title}), 422)["fields"]
        )
