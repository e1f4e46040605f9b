"""Every page: nothing for axe to find, nothing wider than the window, light enough."""

import pytest

from tests.browser.conftest import PHONE

PUBLIC = ["/sign-in", "/forgot-password", "/reset-password/nothing", "/invitation/nothing"]
PAGES = [
    "/leads/",
    "/leads/?score_min=1&state_id=1&order_by=score&order_in=DESC",
    "/leads/?search_value=zzzz",
    "/leads/add",
    "/companies/",
    "/companies/?rating_min=1&order_by=company_name",
    "/companies/add",
    "/settings/organization",
    "/settings/profile",
    "/settings/people",
    "/settings/people/invite",
    "/settings/roles",
    "/settings/roles/add",
    "/settings/keys",
    "/settings/keys/add",
    "/settings/enrichment",
    "/settings/enrichment/pdl",
    "/settings/score",
    "/settings/site",
    "/settings/forms",
    "/settings/forms/add",
    "/settings/forms/held",
    "/settings/audit",
    "/settings/sessions",
    "/notifications/",
    "/notifications/?show=all",
    "/deals/board",
    "/deals/list",
    "/deals/list?state=open&value_min=1&search_value=zzzz",
    "/deals/add",
    "/settings/pipelines",
    "/settings/pipelines/add",
    "/settings/rates",
    "/hot/",
    "/hot/?owner=me&show=open&type=manual",
    "/alerts/",
    "/alerts/?whose=all&show=answered",
    "/settings/signals",
    "/settings/tracking",
    "/feed/",
    "/feed/?kind=note&from=2026-01-01",
]
WEIGHT = 100_000  # bytes of script and style


@pytest.fixture(scope="package")
def record(acme):
    """Addresses of a lead with a history and of a person."""
    lead = acme.lead(
        first_name="Whole",
        last_name="Record",
        email="whole@record.example",
        company="Record Ltd",
        city="Riga",
        country="Latvia",
        linkedin_url="https://linkedin.com/in/whole",
        phone_number="+371 1234",
        estimated_value=10,
        custom_fields={"Depots": 3},
        notes="Some remarks",
        job_title="CEO",
    )
    acme.post(f"/api/lead/update/{lead}", {"status": 3, "city": "Tallinn"})
    acme.post("/api/lead/follow-up/add", {"lead_id": lead, "follow_up_date": "2031-06-15T09:00:00Z", "repeats": "weekly"})
    note = acme.post("/api/lead/note/add", {"lead_id": lead, "title": "Budget", "note": "Budget is set"})
    acme.post(f"/api/lead/note/update/{note['data']['id']}", {"is_pinned": True})
    acme.post(
        "/api/file/attach",
        {
            "provider": "box",
            "subject_type": "lead",
            "subject_id": lead,
            "file": {"id": "1", "name": "Plan", "mime_type": "application/pdf", "web_url": "https://box.example/1"},
        },
    )
    (pipeline,) = acme.get("/api/pipelines/list?search_value=Sales")
    stages = [stage["id"] for stage in pipeline["stages"]]
    body = {"lead_id": lead, "pipeline_id": pipeline["id"], "title": "Depot rollout", "value": 48000}
    deal = acme.post("/api/lead/deal/add", body | {"stage_id": stages[0], "expected_close_date": "2031-06-15"})["data"]["id"]
    acme.post("/api/lead/deal/add", body | {"stage_id": stages[1], "expected_close_date": "2021-06-15"})
    acme.post(f"/api/lead/deal/{deal}/move", {"stage_id": stages[2], "next_step": "Call", "description": "Big"})
    rob = next(row["id"] for row in acme.get("/api/user/list") if row["email"] == "rob@acme.example")
    return [
        f"/leads/{lead}/",
        f"/leads/{lead}/?edit=email",
        f"/leads/{lead}/?edit=tags",
        f"/leads/{lead}/delete",
        f"/leads/{lead}/?compose=follow-up",
        f"/leads/{lead}/picture",
        f"/leads/{lead}/score",
        f"/feed/?type=lead&id={lead}",
        f"/deals/{deal}/",
        f"/deals/{deal}/edit",
        f"/deals/{deal}/move",
        f"/deals/{deal}/delete",
        f"/settings/pipelines/{pipeline['id']}",
        f"/settings/stages/{stages[0]}/delete",
        f"/settings/people/{rob}",
    ]


def test_every_page_is_sound(visit, record, sound):
    found, stranger, page = [], visit(), visit("ada@acme.example")
    for visitor, addresses in ((stranger, PUBLIC), (page, [*PAGES, *record, "/nothing-here"])):
        for address in addresses:
            status = visitor.goto(address).status
            assert status == (404 if "nothing" in address else 200), address
            found += sound(visitor)
    assert not found, "\n".join(found)


@pytest.mark.parametrize("phone", [False, True], ids=["desk", "phone"])
def test_what_opens_over_a_page_is_sound(phone, visit, record, axe, sound):
    """A phone has a look of its own: there the menu of the user lies within another one, which the desk does not have."""
    page = visit("ada@acme.example", **({"viewport": PHONE, "has_touch": True} if phone else {}))

    def check(part):
        return axe(page, part) if phone else sound(page, part, ["light", "dark"], full=True)

    page.goto("/leads/")
    page.locator("tbody .pick input").first.check()
    page.locator(".bulk summary", has_text="Status").click()
    found = check(".bulk")
    page.keyboard.press("Escape")
    page.locator("summary", has_text="Filter").click()
    found += check(".filters")
    page.keyboard.press("Escape")
    if phone:
        page.get_by_role("button", name="Menu").click()
        found += check(".rail")
    page.locator(".me summary").click()
    found += check(".me")
    page.goto(record[0])
    page.get_by_role("link", name="Delete lead").click()
    found += check("dialog[open]")
    page.keyboard.press("Escape")
    page.keyboard.press("Control+k")
    page.keyboard.type("the")
    found += check("dialog[open]")
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    found += check("dialog[open]")
    assert not found, "\n".join(found)


def test_pages_are_light(visit, record):
    page = visit("ada@acme.example")
    for address in ["/leads/", record[0], "/settings/keys"]:
        page.goto(address, wait_until="load")
        sizes = page.evaluate("""performance.getEntriesByType("resource")
            .filter(r => /\\.(js|css)/.test(r.name)).map(r => [r.name, r.decodedBodySize])""")
        assert sizes and sum(size for _, size in sizes) < WEIGHT, sizes


def test_the_theme_that_is_chosen_stays(visit, acme):
    page = visit("rob@acme.example", color_scheme="light")
    page.goto("/leads/")
    page.locator(".me summary").click()
    page.get_by_role("button", name="Dark").click()
    dark = page.evaluate("getComputedStyle(document.querySelector('main')).backgroundColor")
    page.reload()
    assert page.locator("html").get_attribute("data-theme") == "dark"
    assert page.evaluate("getComputedStyle(document.querySelector('main')).backgroundColor") == dark
