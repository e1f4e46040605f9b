"""The same for the pages and the Django admin: ids of another organisation in addresses, forms and queries (TRUST T01, T06)."""

import re

import pytest
from django.urls import get_resolver

from tests.conftest import sign_in
from tests.sweeps.conftest import CANARY
from tests.world import snapshot

NOWHERE = 987_654_321
OUTSIDE = ("api", "admin/", "healthz", "readyz", "metrics", "static", "reset-password", "invitation", "form-colors", "__")


def pages():
    """(route with its parameters, as a template to fill) of every page of the product."""

    def walk(patterns, before=""):
        for pattern in patterns:
            route = before + str(pattern.pattern)
            if hasattr(pattern, "url_patterns"):
                yield from walk(pattern.url_patterns, route)
            else:
                yield route

    return [f"/{route}" for route in walk(get_resolver().url_patterns) if not route.startswith(OUTSIDE)]


def filled(route, number):
    words = {"path": "email", "str": "email", "slug": "lead"}
    return re.sub(r"<(path|str|slug):\w+>", lambda found: words[found[1]], re.sub(r"<int:\w+>", str(number), route))


def clean(answer):
    content = b"".join(answer.streaming_content) if answer.streaming else answer.content
    text = content.decode(errors="replace") + str(dict(answer.headers))
    assert CANARY.lower() not in text.lower(), text[:3000]
    assert answer.status_code < 500, text[:1000]
    return answer


def as_if_absent(answer, number, absent):
    """The same answer as for an id that never was (R18); no page of a record."""
    assert clean(answer).status_code == clean(absent).status_code in (302, 404, 405), answer.request["PATH_INFO"]
    if answer.status_code == 302:
        assert answer["Location"].replace(str(number), str(NOWHERE)) == absent["Location"]


@pytest.fixture
def browser(client, world):
    return sign_in(client, world.admin)


def places(victim):
    """Every number of the victim, by the kinds of record that an address may name."""
    return [victim.lead.pk, victim.rep.pk, victim.key.pk, victim.role.pk, victim.tag.number, victim.company, victim.contact.pk]


def forms(victim, own, actions):
    """What a form might carry: the victim's ids in every field that pages know."""
    tampered = {
        "assigned_to": victim.rep.pk,
        "status": victim.status.number,
        "role": victim.role.pk,
        "role_id": victim.role.pk,
        "tags": victim.tag.number,
        "company_id": victim.company,
        "invitation": 1,
        "session": "x",
        "user": victim.rep.pk,
        "value": victim.rep.pk,
        "organization": victim.organization.pk,
        "lead_source": victim.tag.number,
    }
    for action in actions:
        yield tampered | {"ids": victim.lead.pk, "action": action}
        yield tampered | {"ids": [own, victim.lead.pk], "action": action, "select_all": ""}
        yield {"select_all": "1", "search_value": CANARY, "action": action, "status": 2, "assigned_to": ""}


def test_there_are_pages():
    assert len(pages()) > 15


def test_reading(browser, victim):
    for route in pages():
        if "<int:" not in route:
            tampered = {"assigned_to": victim.rep.pk, "status": victim.status.number, "state_id": victim.status.number}
            for query in ({}, tampered) if route == "/leads/" else ({},):
                assert clean(browser.get(route, query)).status_code in (200, 301, 302, 400, 404, 405), route
            continue
        kinds = {
            "leads": [victim.lead.pk],
            "contacts": [victim.contact.pk],
            "contacts/convert": [victim.lead.pk],
            "settings/people": [victim.rep.pk, victim.admin.pk],
            "settings/keys": [victim.key.pk],
            "settings/fields": [victim.field.pk],
            "leads/views": [victim.view.pk],
            "import": [victim.imported.pk],
            "exports": [victim.export.pk],
            "notifications": [victim.notification],
            "files": [victim.document.stored_file_id],
            "undo": [victim.change],
            "settings/forms": [victim.form.pk],
            "enrichment/<slug": [victim.lead.pk],  # filled in as lead
            "companies": [victim.company],
            "companies/views": [victim.view.pk],
            "contacts/views": [victim.view.pk],
            "deals": [victim.deal.pk],
            "deals/views": [victim.view.pk],
            "deals/board/views": [victim.view.pk],
            "deals/board/add": [victim.stage.pk],
            "enrichment/bulk": [victim.batch.pk],
            "hot": [victim.lead.pk],
            "alerts": [victim.alerts[0]],
            "alerts/lead": [victim.lead.pk],
            "settings/pipelines": [victim.pipeline.pk],
            "settings/stages": [victim.stage.pk],
            "meetings": [victim.meeting.pk, victim.booked.pk],
            "meetings/views": [victim.view.pk],
            "settings/booking": [victim.type],
            "settings/booking/shared": [victim.shared.pk],
        }
        kinds = dict(sorted(kinds.items(), key=lambda kind: -len(kind[0])))  # the longest prefix first
        for number in next((found for prefix, found in kinds.items() if route.startswith(f"/{prefix}")), places(victim)):
            for headers in ({}, {"HX-Request": "true"}):
                as_if_absent(
                    browser.get(filled(route, number), headers=headers),
                    number,
                    browser.get(filled(route, NOWHERE), headers=headers),
                )


def test_writing(browser, world, victim):
    before = snapshot(victim.organization)
    for route in pages():
        if route.startswith(("/sign-out", "/settings/password", "/settings/sessions")):
            continue
        numbers = {
            "leads": victim.lead.pk,
            "settings/people": victim.rep.pk,
            "settings/keys": victim.key.pk,
            "undo": victim.change,
            "settings/forms": victim.form.pk,
            "import": victim.imported.pk,
            "exports": victim.export.pk,
            "companies/views": victim.view.pk,
            "companies": victim.company,
            "enrichment/<slug": victim.lead.pk,
            "contacts/convert": victim.lead.pk,
            "contacts/views": victim.view.pk,
            "contacts": victim.contact.pk,
            "settings/fields": victim.field.pk,
            "settings/pipelines": victim.pipeline.pk,
            "settings/stages": victim.stage.pk,
            "deals/views": victim.view.pk,
            "deals/board/views": victim.view.pk,
            "deals/board/add": victim.stage.pk,
            "hot": victim.lead.pk,
            "alerts/lead": victim.lead.pk,
            "alerts": victim.alerts[0],
            "deals": victim.deal.pk,
            "meetings/views": victim.view.pk,
            "meetings": victim.meeting.pk,
            "settings/booking/shared": victim.shared.pk,
            "settings/booking": victim.type,
        }
        number = next((found for prefix, found in numbers.items() if route.startswith(f"/{prefix}")), 1)
        bulk, people = ("assign", "status", "tag", "set_tags", "delete"), ("resend", "remove")
        actions = bulk if "bulk" in route else people if "people" in route else ("save",)
        for form in forms(victim, world.lead.pk, actions):
            answer = browser.post(filled(route, number), form)
            assert answer.status_code < 500, (route, form, answer.content[:500])
            if "<int:" in route:
                as_if_absent(answer, number, browser.post(filled(route, NOWHERE), form))
    assert snapshot(victim.organization) == before


def test_a_page_needs_a_session(client, world):
    for route in pages():
        answer = client.get(filled(route, world.lead.pk))
        if route.startswith(("/sign-in", "/forgot-password", "/site/lio.js")):
            assert answer.status_code == 200
        elif route.startswith(("/notifications/stop/", "/book")):  # what visitors and mails lead to needs no session
            assert answer.status_code == 404
        elif route not in ("/",):
            assert answer.status_code in (302, 405), route
            assert answer.status_code == 405 or answer["Location"].startswith("/sign-in"), route
        post = client.post(filled(route, world.lead.pk))
        assert post.status_code in (200, 302, 400, 403, 404, 405, 422, 429), route
        assert world.mark not in post.content.decode()


def test_the_admin(browser, world, victim):
    index = clean(browser.get("/admin/"))
    if index.status_code == 302:
        index = clean(browser.get(index["Location"]))
    links = set(re.findall(r'href="(/admin/[a-z]+/[a-z]+/)"', index.content.decode()))
    assert links, "an organisation's admin sees something in the admin"
    before = snapshot(victim.organization)
    for link in links:
        clean(browser.get(link))
        clean(browser.get(link, {"q": "example"}))
        kinds = {
            "lead": victim.lead,
            "user": victim.rep,
            "apikey": victim.key,
            "role": victim.role,
            "lookup": victim.tag,
            "note": victim.note,
            "organization": victim.organization,
        }
        known = kinds.get(link.rstrip("/").rpartition("/")[2])
        for number in [known.pk] if known else {victim.lead.pk, victim.rep.pk, victim.company, victim.note.pk}:
            for tail in ("change/", "delete/"):
                clean(browser.get(f"{link}{number}/{tail}"))
                clean(browser.post(f"{link}{number}/{tail}", {"post": "yes", "name": "stolen", "first_name": "stolen"}))
        clean(
            browser.post(
                link,
                {
                    "action": "delete_selected",
                    "_selected_action": [victim.lead.pk, victim.rep.pk, victim.company],
                    "post": "yes",
                },
            )
        )
    assert snapshot(victim.organization) == before
