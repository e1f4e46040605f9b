"""POST /api/contact/add."""

from lio.models import Change, SearchDoc
from lio.tenancy import org_scope
from tests.contract import shapes


def test_a_contact_is_made_at_a_company(api, rep, company, view):
    acme = company("Acme")
    answer = api.post("/api/contact/add", {"name": "Ada Lovelace", "company_id": acme, "email": "Ada@Acme.example",
                                           "phone_number": "+49 30 123", "designation": "CTO"})  # fmt: skip
    shown = answer.json()["data"]
    assert answer.status_code == 201
    assert (shown["name"], shown["company_id"], shown["company"]) == ("Ada Lovelace", acme, "Acme")
    assert (shown["email"], shown["phone_number"], shown["designation"]) == ("Ada@Acme.example", "+49 30 123", "CTO")
    assert (shown["status"], shown["status_text"], shown["lead_score"], shown["lead_id"]) == (1, "New", None, None)
    assert shown["emails"] == [{"value": "Ada@Acme.example", "label": ""}]
    assert (shown["tags"], shown["custom_fields"], shown["employments"]) == ([], {}, [])
    assert shown["created_by"] == rep.pk and shown["company_since"]
    assert view(shown["id"]) == shown
    with org_scope(rep.organization):
        told = Change.objects.get(model_type="contact", model_id=shown["id"])
        body = SearchDoc.objects.get(kind="contact", object_id=shown["id"]).body
    assert (told.verb, told.by_id, told.change_id) == ("contact.created", rep.pk, int(answer["X-Change-Id"]))
    assert told.after["email"] == "Ada@Acme.example" and told.after["company"] == "Acme"
    assert not {"email_norm", "phone_norm", "linkedin_norm", "email_label"} & told.after.keys()
    assert body.split("\n") == ["ada lovelace", "ada@acme.example", "+49 30 123", "4930123", "cto", "acme"]


def test_name_and_company_are_asked_for(api, company):
    error = shapes.check_failure(api.post("/api/contact/add", {}), 422)
    assert set(error["fields"]) == {"name", "company_id"}
    shapes.check_failure(api.post("/api/contact/add", {"name": "Ada L", "company_id": 987654321}), 404)
    for name in ("A", " A ", "x" * 101, None, 5):
        assert (
            "name" in shapes.check_failure(api.post("/api/contact/add", {"name": name, "company_id": company()}), 422)["fields"]
        )


def test_anothers_company_is_as_unknown_as_none(outsider_api, company):
    shapes.check_failure(outsider_api.post("/api/contact/add", {"name": "Ada L", "company_id": company()}), 404)


def test_everything_writable_is_kept(api, add, lead):
    tag = api.post("/api/custom-lookups/add", {"module_name": "lead", "type": "tags", "name": "VIP"}).json()["data"]["id"]
    of = lead()
    made = add(
        email="a@acme.example",
        seniority="C-level",
        department="IT",
        decision_maker="yes",
        linkedin_url="linkedin.com/in/a",
        city="Bonn",
        country="Germany",
        lead_score=80,
        status=3,
        tags=[tag],
        custom_fields={"size": "L"},
        lead_id=of.pk,
    )
    assert made["linkedin_url"] == "https://linkedin.com/in/a"
    assert (made["seniority"], made["department"], made["decision_maker"]) == ("C-level", "IT", "yes")
    assert (made["city"], made["country"], made["lead_score"], made["status"], made["lead_id"]) == (
        "Bonn",
        "Germany",
        80,
        3,
        of.pk,
    )
    assert made["custom_fields"] == {"size": "L"} and [one["id"] for one in made["tags"]] == [tag]
    proposed = api.get("/api/custom-fields/list", {"module_name": "contact"}).json()["data"]
    assert [(one["key"], one["state"]) for one in proposed] == [("size", "proposed")]


def test_what_breaks_a_rule_is_refused(api, company, add):
    acme = company()
    for name, value in [
        ("email", "nonsense"),
        ("lead_score", 101),
        ("lead_score", -1),
        ("status", 77),
        ("tags", [77]),
        ("linkedin_url", "javascript:alert(1)"),
        ("phone_number", "x" * 31),
        ("custom_fields", [1]),
    ]:
        error = shapes.check_failure(api.post("/api/contact/add", {"name": "Ada L", "company_id": acme, name: value}), 422)
        assert name in error["fields"], value


def test_the_same_address_twice_is_no_conflict(add):
    """The contract knows no 409 here: likely duplicates are told, not refused."""
    assert add(email="ada@acme.example")["id"] != add(email="ADA@acme.example")["id"]


def test_a_lead_becomes_one_contact(api, add, lead, company):
    one = lead()
    first = add(lead_id=one.pk)
    error = shapes.check_failure(
        api.post("/api/contact/add", {"name": "Ada L", "company_id": company(), "lead_id": one.pk}), 409
    )
    assert (error["code"], error["details"]["contact_id"]) == ("already_converted", first["id"])


def test_unique_custom_values_are_held(api, add, company):
    api.post("/api/custom-fields/add", {"module_name": "contact", "label": "Badge", "key": "badge", "is_unique": True})
    add(custom_fields={"badge": "7"})
    taken = {"name": "Bob B", "company_id": company(), "custom_fields": {"badge": "7"}}
    assert shapes.check_failure(api.post("/api/contact/add", taken), 409)["code"] == "duplicate_value"


def test_undo_takes_it_away_and_back(api, add, undo, view):
    made = add(email="ada@acme.example")
    told, again = undo(made["change_id"])
    assert told["reverted"] == 1
    shapes.check_failure(api.get(f"/api/contact/view/{made['id']}"), 404)
    undo(again)
    assert view(made["id"])["email"] == "ada@acme.example"
    assert api.get("/api/contact/list", {"search_value": "lovelace"}).json()["total"] == 1
