"""POST /api/v1/lead: taking in leads from other systems (8.1, R40-R46)."""

import pytest

from leads.models import Lead
from lio.tenancy import org_scope
from tests.contract import shapes
from tests.factories import make_lead


def push(api, **body):
    return api.post("/api/v1/lead", body)


def shown(api, **body):
    answer = push(api, **body)
    assert answer.status_code in (200, 201), answer.content
    return answer.json()["data"]


def count(rep):
    with org_scope(rep.organization):
        return Lead.objects.alive().count()


@pytest.mark.parametrize(
    "address", [{"email": "a@acme.example"}, {"phone_number": "1"}, {"linkedin_url": "https://linkedin.com/in/a"}]
)
def test_one_address_is_enough(key_api, address):
    lead = shown(key_api, **address)
    assert (lead["first_name"], lead["last_name"], lead["status"], lead["priority"], lead["lead_source"]) == (
        "",
        "",
        1,
        2,
        None,
    )


@pytest.mark.parametrize(
    "body", [{}, {"first_name": "Jane"}, {"email": ""}, {"email": None, "phone_number": ""}, {"email": "  "}]
)
def test_without_an_address_it_is_refused(key_api, body):
    error = shapes.check_failure(push(key_api, **body), 422)
    assert set(error["fields"]) & {"email", "phone_number", "linkedin_url"}


def test_key_and_token_do_the_same(key_api, api):
    by_key, by_token = shown(key_api, email="a@acme.example"), shown(api, email="b@acme.example")
    different = {"id", "email", "created_at", "updated_at"}
    assert {k: v for k, v in by_key.items() if k not in different} == {k: v for k, v in by_token.items() if k not in different}


# ------------------------------------------------------------------ duplicates
@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"email": "jane@acme.example"}, {"email": "JANE@Acme.Example"}),
        ({"email": "jane@acme.example"}, {"email": "jane@acme.example", "phone_number": "1"}),
        ({"linkedin_url": "https://www.linkedin.com/in/jane/"}, {"linkedin_url": "http://linkedin.com/in/Jane?trk=x"}),
        ({"linkedin_url": "linkedin.com/in/jane"}, {"linkedin_url": "https://WWW.linkedin.com/in/jane/?a=1&b=2"}),
        (
            {"email": "a@acme.example", "linkedin_url": "https://linkedin.com/in/jane"},
            {"linkedin_url": "https://linkedin.com/in/jane#top"},
        ),
    ],
)
def test_the_same_address_is_a_duplicate(key_api, rep, first, second):
    lead = shown(key_api, **first)
    error = shapes.check_failure(push(key_api, **second), 409)
    assert (error["code"], error["details"]) == ("duplicate_lead", {"lead_id": lead["id"]})
    assert count(rep) == 1


def test_the_same_phone_is_none(key_api, rep):
    shown(key_api, phone_number="+49 30 1")
    shown(key_api, phone_number="+49 30 1")
    assert count(rep) == 2


@pytest.mark.parametrize("yes", [1, True, "1", "true"])
def test_duplicate_1_makes_a_second_lead(key_api, rep, yes):
    first = shown(key_api, email="jane@acme.example")
    second = push(key_api, email="jane@acme.example", duplicate=yes)
    assert second.status_code == 201 and second.json()["data"]["id"] != first["id"]
    assert "duplicate" not in second.json()["data"]["custom_fields"]
    error = shapes.check_failure(push(key_api, email="jane@acme.example"), 409)
    assert error["details"]["lead_id"] == first["id"]  # the oldest


@pytest.mark.parametrize("no", [0, False, "0", "false", None])
def test_duplicate_0_is_nothing(key_api, no):
    shown(key_api, email="jane@acme.example")
    assert push(key_api, email="jane@acme.example", duplicate=no, merge=no).status_code == 409


def test_flags_that_are_neither(key_api):
    for name in ("duplicate", "merge"):
        assert name in shapes.check_failure(push(key_api, email="jane@acme.example", **{name: "maybe"}), 422)["fields"]


# ------------------------------------------------------------------ merging
def test_merge_makes_the_lead_when_there_is_none(key_api):
    assert push(key_api, email="jane@acme.example", merge=1).status_code == 201


def test_merge_replaces_sent_fields_and_keeps_the_others(key_api, api, rep, colleague):
    first = shown(
        key_api,
        email="Jane@acme.example",
        first_name="Jane",
        last_name="Doe",
        city="Ulm",
        status=3,
        priority=4,
        tags=["a"],
        company="Acme",
        custom_fields={"x": 1, "y": 1},
        job_title="CFO",
    )
    api.post(f"/api/lead/update/{first['id']}", {"assigned_to": colleague.pk, "estimated_value": 5})
    answer = push(
        key_api,
        email="jane@ACME.example",
        first_name="Janet",
        last_name="",
        job_title=None,
        company="Globex",
        tags=["b", "A"],
        custom_fields={"y": 2, "z": 3},
        merge=1,
        phone_number="1",
    )
    merged = answer.json()["data"]
    assert (answer.status_code, merged["id"]) == (200, first["id"])
    assert (merged["first_name"], merged["last_name"], merged["job_title"], merged["phone_number"]) == (
        "Janet",
        "Doe",
        "CFO",
        "1",
    )
    assert (merged["company"], merged["city"], merged["status"], merged["priority"]) == ("Globex", "Ulm", 3, 4)  # no defaults
    assert merged["custom_fields"] == {"x": 1, "y": 2, "z": 3, "city": "Ulm"}
    assert [tag["name"] for tag in merged["tags"]] == ["a", "b"]
    assert (merged["assigned_to"], merged["estimated_value"]) == (colleague.pk, 5)
    assert "merge" not in merged["custom_fields"]


def test_merge_wins_over_duplicate_and_takes_the_oldest(key_api, rep):
    first = shown(key_api, email="jane@acme.example")
    shown(key_api, email="jane@acme.example", duplicate=1)
    answer = push(key_api, email="jane@acme.example", duplicate=1, merge=1, city="Ulm")
    assert (answer.status_code, answer.json()["data"]["id"]) == (200, first["id"])
    assert count(rep) == 2


def test_merge_by_linkedin_sets_the_email(key_api):
    first = shown(key_api, linkedin_url="https://linkedin.com/in/jane")
    merged = shown(key_api, linkedin_url="linkedin.com/in/jane/", email="jane@acme.example", merge=1)
    assert (merged["id"], merged["email"]) == (first["id"], "jane@acme.example")
    assert push(key_api, email="jane@acme.example").status_code == 409


def test_addresses_of_two_leads_are_ambiguous_also_with_merge(key_api, rep):
    one, two = shown(key_api, email="one@acme.example"), shown(key_api, linkedin_url="https://linkedin.com/in/two")
    for extra in ({}, {"merge": 1}, {"merge": 1, "duplicate": 1}):
        error = shapes.check_failure(
            push(key_api, email="one@acme.example", linkedin_url="https://linkedin.com/in/two", city="Ulm", **extra), 409
        )
        assert (error["code"], sorted(error["details"]["lead_ids"])) == ("ambiguous_match", [one["id"], two["id"]])
    assert count(rep) == 2
    third = shown(key_api, email="one@acme.example", linkedin_url="https://linkedin.com/in/two", duplicate=1)
    assert third["id"] not in (one["id"], two["id"])


def test_merge_changes_nothing_when_nothing_is_new(key_api):
    first = shown(key_api, email="jane@acme.example", city="Ulm")
    again = push(key_api, email="jane@acme.example", merge=1)
    assert (again.status_code, again.json()["data"]["updated_at"]) == (200, first["updated_at"])


# ------------------------------------------------------------------ fields that are not listed
def test_unlisted_fields_are_kept_literally(key_api):
    extra = {
        "utm_source": "x",
        "Company Size": 50,
        "nested": {"a": [1, {"b": None}]},
        "yes": True,
        "score_hint": 1.5,
        "ключ": "значение",
    }
    lead = shown(key_api, email="a@acme.example", **extra)
    assert lead["custom_fields"] == extra


def test_lead_fields_among_them_are_set_as_well(key_api):
    lead = shown(
        key_api, email="a@acme.example", city="Ulm", industry="Steel", notes="n", estimated_value=5, website="acme.example"
    )
    assert (lead["city"], lead["industry"], lead["notes"], lead["estimated_value"]) == ("Ulm", "Steel", "n", 5)
    assert lead["website"] == "https://acme.example"
    assert lead["custom_fields"] == {
        "city": "Ulm",
        "industry": "Steel",
        "notes": "n",
        "estimated_value": 5,
        "website": "acme.example",
    }


def test_a_value_that_does_not_fit_its_field_is_kept_all_the_same(key_api):
    lead = shown(
        key_api,
        email="a@acme.example",
        city={"name": "Ulm"},
        estimated_value="a lot",
        website="javascript:alert(1)",
        pin_code="x" * 50,
        company_id=99_999_999,
    )
    assert [lead[name] for name in ("city", "estimated_value", "website", "pin_code", "company_id")] == [None] * 5
    assert lead["custom_fields"]["estimated_value"] == "a lot"


def test_explicit_custom_fields_win(key_api):
    lead = shown(key_api, email="a@acme.example", size="small", custom_fields={"size": "large", "other": 1})
    assert lead["custom_fields"] == {"size": "large", "other": 1}


def test_no_inner_attribute_can_be_reached(key_api, api, rep, outsider, stored):
    """T11: every attribute that the model has, sent by an API key."""
    theirs = make_lead(outsider.organization)
    clean = stored(shown(key_api, email="clean@acme.example")["id"])
    names = {field.name for field in Lead._meta.get_fields()} | {field.attname for field in Lead._meta.concrete_fields}
    listed = {
        "email",
        "phone_number",
        "first_name",
        "last_name",
        "company",
        "job_title",
        "linkedin_url",
        "status",
        "priority",
        "lead_source",
        "tags",
        "custom_fields",
        "duplicate",
        "merge",
    }
    writable = {
        "industry",
        "website",
        "address",
        "city",
        "state",
        "country",
        "pin_code",
        "notes",
        "estimated_value",
        "company_id",
        "assigned_to",
    }
    bait = dict.fromkeys(names - listed - writable, theirs.pk) | {
        "organization_id": outsider.organization_id,
        "pk": theirs.pk,
        "save": "x",
        "objects": "x",
        "_state": "x",
        "__class__": "x",
    }
    lead = stored(shown(key_api, email="bait@acme.example", **bait)["id"])
    for field in Lead._meta.concrete_fields:
        if field.attname not in ("id", "email", "email_norm", "custom_fields", "created_at", "updated_at"):
            assert getattr(lead, field.attname) == getattr(clean, field.attname), field.attname
    read_only = {
        "id",
        "score",
        "ai_information",
        "last_activity_at",
        "created_at",
        "updated_at",
        "deleted_at",
        "organization",
        "organization_id",
    }
    assert set(lead.custom_fields) == set(bait) - read_only
    with org_scope(outsider.organization):
        assert Lead.objects.get(pk=theirs.pk).email_norm is None


def test_bounds_of_what_is_kept(key_api):
    for extra in ({str(n): 1 for n in range(101)}, {"x" * 65: 1}, {"big": "x" * 40_000}):
        assert "custom_fields" in shapes.check_failure(push(key_api, email="a@acme.example", **extra), 422)["fields"]
    assert push(key_api, email="a@acme.example", **{str(n): 1 for n in range(100)}).status_code == 201


# ------------------------------------------------------------------ look-ups and tags
def test_tags_by_name_created_when_new(key_api, api):
    lead = shown(key_api, email="a@acme.example", tags=["Hot", "hot", " HOT ", "New one"])
    assert [tag["name"] for tag in lead["tags"]] == ["Hot", "New one"]
    assert all(tag["id"] >= 1001 and tag["color_code"] for tag in lead["tags"])
    again = shown(key_api, email="b@acme.example", tags=["HOT"])
    assert again["tags"] == lead["tags"][:1]
    assert api.get("/api/custom-lookups/list", {"type": "tags"}).json()["total"] == 2


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("status", 99),
        ("lead_source", 9),
        ("priority", 7),
        ("tags", "Hot"),
        ("tags", [{}]),
        ("tags", [1]),
        ("tags", [""]),
        ("tags", ["x" * 101]),
        ("custom_fields", "x"),
        ("email", "none"),
        ("first_name", "x" * 51),
    ],
)
def test_listed_fields_keep_their_rules(key_api, name, value):
    body = {"phone_number": "1", name: value}
    assert name in shapes.check_failure(push(key_api, **body), 422)["fields"]


def test_names_have_no_minimum(key_api):
    assert shown(key_api, email="a@acme.example", first_name="J", last_name="")["first_name"] == "J"


def test_score_is_0_in_the_answer(key_api):
    assert shown(key_api, email="a@acme.example", job_title="CEO", score=99)["score"] == 0


def test_browsers_of_others_may_post(key_api):
    preflight = key_api.options(
        "/api/v1/lead",
        headers={
            "Origin": "https://shop.example",
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "x-api-key,content-type,idempotency-key",
        },
    )
    assert (preflight.status_code, preflight["Access-Control-Allow-Origin"]) == (200, "*")
    answer = key_api.post("/api/v1/lead", {"email": "a@acme.example"}, headers={"Origin": "https://shop.example"})
    assert (answer.status_code, answer["Access-Control-Allow-Origin"]) == (201, "*")
    assert "Access-Control-Allow-Credentials" not in answer
    assert "Access-Control-Allow-Origin" not in key_api.get("/api/user/my", headers={"Origin": "https://shop.example"})


def test_a_refusal_leaves_nothing_behind(key_api, rep):
    """Company and tags are made before the duplicate is found out; they go with it."""
    from tests.world import snapshot

    shown(key_api, email="jane@acme.example")
    before = snapshot(rep.organization)
    refused = push(key_api, email="jane@acme.example", company="New Inc", tags=["New"], city="Ulm")
    assert refused.status_code == 409
    assert snapshot(rep.organization) == before
