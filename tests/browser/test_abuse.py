"""What others type stays text, wherever it is shown."""

import json

from playwright.sync_api import expect

from tests.conftest import shared

EVERY = 25  # one payload in so many of the shared collections
OWN = [
    "<script>parent.hit=1</script>",
    "<img src=x onerror=hit=1>",
    '"><svg onload=hit=1>',
    "{{7*7}}{% debug %}",
    "javascript:hit=1",
    "'-alert(1)-'",
    "</textarea><script>hit=1</script>",
    "</title><script>hit=1</script>",
]


def payloads():
    found = list(OWN)
    folder = shared("data/input-abuse")
    found += json.loads((folder / "blns" / "blns.json").read_text())[::EVERY]
    for path in sorted((folder / "xss").glob("*.txt")):
        found += [line for line in path.read_text(errors="replace").splitlines() if line.strip()][:: EVERY * 10]
    return [text for text in dict.fromkeys(found) if text.strip() and "\x00" not in text and text.isprintable()][:60]


def test_payloads_are_shown_as_text(visit, acme):
    texts = payloads()
    page = visit("ada@acme.example")
    for n, text in enumerate(texts):
        acme.lead(
            first_name=f"{text[:40]} ab",
            last_name=f"Abuse{n}",
            email=f"abuse{n}@abuse.example",
            company=f"{text[:150]} {n}",
            job_title=text[:200],
            city=text[:100],
            notes=text,
            custom_fields={f"{text[:50]} {n}": text[:200]},
        )
    whole = acme.lead(
        first_name="Abuse",
        last_name="Whole",
        notes="\n".join(texts)[:9000],
        custom_fields={f"f{n} {text[:50]}": text[:200] for n, text in enumerate(texts)},
    )
    acme.post("/api/lead/note/add", {"lead_id": whole, "title": OWN[1], "note": "\n".join(OWN)})
    for address in [
        "/leads/?search_value=abuse.example",
        "/leads/?search_value=abuse.example&page=2",
        "/leads/?search_value=%22%3E%3Cscript%3Ehit%3D1%3C%2Fscript%3E",
        f"/leads/{whole}/",
        f"/leads/{whole}/delete",
        f"/leads/{whole}/?edit=notes",
        "/leads/?company=%3Csvg%20onload%3Dhit%3D1%3E",
        "/settings/audit",
    ]:
        page.goto(address, wait_until="load")
        assert page.evaluate("typeof hit") == "undefined", address
        assert page.locator("main script, main img, main iframe, main object").count() == 0, address
    page.goto(f"/leads/{whole}/")
    expect(page.locator(".note").first).to_contain_text(OWN[0])
    assert page.locator("a[href^='javascript:' i]").count() == 0
    page.get_by_role("link", name="Edit Remarks").click()
    expect(page.get_by_label("Remarks", exact=True)).to_have_value("\n".join(texts)[:9000])
