"""Services are connected and disconnected by admins; their secrets lie under seal and are seen nowhere."""

import json

import pytest
from django.db import connection as database
from django.test import Client

from accounts.models import AuditEntry
from activity.models import Notification
from integrations import connections, registry
from integrations.models import Connection
from integrations.ports import Enricher
from lio import jobs
from lio.errors import Invalid, Missing
from lio.models import Change, Job
from lio.secrets import Unreadable, seal, unseal
from lio.tenancy import org_scope
from tests.admin.conftest import page_of
from tests.conftest import shared, sign_in
from tests.factories import make_member
from tests.integrations.vendor import Vendor

KEY = "pdl-s3cret-key"


def connect(rep, provider="pdl", **given):
    with org_scope(rep.organization):
        return connections.connect(rep.organization, provider, by=rep, **({"key": KEY} | given))


def enrichers(rep):
    with org_scope(rep.organization):
        return registry.enrichers(rep.organization)


def row_of(rep, provider="pdl"):
    with org_scope(rep.organization):
        return Connection.objects.filter(provider=provider).first()


def everything(rep):
    """All rows of the organisation, as the database has them."""
    with org_scope(rep.organization), database.cursor() as cursor:
        cursor.execute("SELECT table_name FROM information_schema.columns WHERE column_name = 'organization_id'")
        text = ""
        for (table,) in cursor.fetchall():
            cursor.execute(f'SELECT to_jsonb(t)::text FROM "{table}" t')
            text += "".join(row for (row,) in cursor.fetchall())
    return text


# ------------------------------------------------------------------------------------------------ secrets
def test_a_seal_opens_with_its_key_alone(settings):
    settings.SECRETS_KEYS = "first"
    sealed = seal("hello")
    assert "hello" not in sealed and seal("hello") != sealed and unseal(sealed) == "hello"
    settings.SECRETS_KEYS = "second,first"  # while the key is being replaced
    assert unseal(sealed) == "hello"
    fresh = seal("hello")
    settings.SECRETS_KEYS = "second"
    assert unseal(fresh) == "hello"
    for broken in (sealed, fresh[:-2], "", "x", fresh.swapcase()):
        with pytest.raises(Unreadable):
            unseal(broken)


def test_a_secret_is_nowhere_in_clear(rep, caplog, capfd):
    connect(rep)
    connect(rep, options={"cost": 3})
    connect(rep, key="another-s3cret")
    assert row_of(rep).key == "another-s3cret"
    text = everything(rep) + caplog.text + "".join(capfd.readouterr())
    assert KEY not in text and "another-s3cret" not in text and row_of(rep).secret in text
    with org_scope(rep.organization):
        connections.disconnect(rep.organization, "pdl", by=rep)
    assert row_of(rep).secret == "" and row_of(rep).options == {"cost": 3, "min_likelihood": 6}
    assert KEY not in str(row_of(rep)) + repr(row_of(rep))


# ------------------------------------------------------------------------------------------------ the registry
def test_nothing_is_connected_at_first(rep):
    assert enrichers(rep) == []


def test_enrichers_come_in_their_order_with_what_they_need(rep, outsider):
    connect(rep, options={"cost": 4, "min_likelihood": 8})
    connect(rep, "website", key="")
    first, second = enrichers(rep)
    assert (first.name, first.provider, first.cost) == ("website", "website", 0)
    assert (second.name, second.provider, second.cost) == ("pdl", "pdl", 4)
    assert (second.key, second.min_likelihood) == (KEY, 8)
    assert enrichers(outsider) == []
    ways: list[Enricher] = [first, second]  # they keep to the port
    assert all(callable(way.find) for way in ways)


def test_what_cannot_be_read_is_not_asked(rep, settings):
    connect(rep)
    settings.SECRETS_KEYS = "lost the old one"
    assert enrichers(rep) == []


def test_the_wall_stands(rep, outsider):
    connect(rep)
    with org_scope(outsider.organization):
        assert Connection.objects.count() == 0
        connections.disconnect(outsider.organization, "pdl", by=outsider)
    assert row_of(rep).key == KEY


# ------------------------------------------------------------------------------------------------ rules
@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"key": ""}, "key"),
        ({"key": "two words"}, "key"),
        ({"key": "line\nbreak"}, "key"),
        ({"key": "schlüssel"}, "key"),
        ({"key": "x" * 501}, "key"),
        ({"options": {"colour": 1}}, "colour"),
    ],
)
def test_what_does_not_fit_is_refused(rep, given, field):
    with pytest.raises(Invalid) as told:
        connect(rep, **given)
    assert field in told.value.fields
    assert row_of(rep) is None or row_of(rep).state == "off"


def test_an_unknown_service_is_missing(rep):
    with pytest.raises(Missing):
        connect(rep, "globex")


def test_history_and_audit_tell_of_it(rep):
    connect(rep, options={"cost": 2})
    with org_scope(rep.organization):
        connections.disconnect(rep.organization, "pdl", by=rep)
        connections.disconnect(rep.organization, "pdl", by=rep)  # again: nothing
        told = list(Change.objects.filter(model_type="connection").order_by("id").values_list("verb", "after", "by_id"))
        options = {"provider": "pdl", "cost": 2, "min_likelihood": 6}
        assert told == [
            ("connection.made", options | {"state": "connected", "key": "a new one"}, rep.pk),
            ("connection.ended", options | {"state": "off"}, rep.pk),
        ]
        audited = AuditEntry.objects.filter(verb__startswith="connection").order_by("id")
        assert [(entry.verb, entry.subject) for entry in audited] == [
            ("connection.made", "People Data Labs"),
            ("connection.ended", "People Data Labs"),
        ]


def test_a_refusal_disconnects_once_and_tells_the_admins(rep, colleague, outsider):
    boss = make_member(rep.organization, role="Admin")
    connect(rep)
    [pdl] = enrichers(rep)
    with org_scope(rep.organization):
        assert connections.refused(rep.organization, pdl, "People Data Labs does not take this key.")
        assert not connections.refused(rep.organization, pdl, "People Data Labs does not take this key.")
        told = Notification.objects.filter(type_id=9)
        assert {notice.user_id for notice in told} == {rep.pk, boss.pk}
        assert "People Data Labs" in told[0].title and "does not take this key" in told[0].message
        assert told[0].link == "/settings/enrichment"
    assert enrichers(rep) == []
    row = row_of(rep)
    assert (row.state, row.reason) == ("refused", "People Data Labs does not take this key.")
    connect(rep, key="")  # the same key once more, say after paying the bill
    assert row_of(rep).state == "connected" and row_of(rep).reason == "" and len(enrichers(rep)) == 1


def test_a_new_key_is_not_blamed_for_the_old_one(rep):
    connect(rep)
    [old] = enrichers(rep)
    connect(rep, key="the-new-one")
    with org_scope(rep.organization):
        assert not connections.refused(rep.organization, old, "no")
    assert row_of(rep).state == "connected"


# ------------------------------------------------------------------------------------------------ checking a key
@pytest.fixture
def vendor(httpserver, settings):
    there = Vendor(shared("contracts/pdl.json"), "api.peopledatalabs.com")
    settings.PDL_URL = there.serve(httpserver)
    settings.ALLOW_PRIVATE_HOSTS = [f"{httpserver.host}:{httpserver.port}"]
    yield there
    assert there.errors == []


def check(rep):
    with org_scope(rep.organization):
        connections.start_check(row_of(rep))
    assert row_of(rep).is_checking
    jobs.drain()
    assert not Job.objects.exclude(state="completed").exists()
    return row_of(rep)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("status", "state", "reason"),
    [(404, "connected", ""), (200, "connected", ""), (401, "refused", "does not take this key"), (402, "refused", "used up"),
     (500, "connected", "could not be checked"), (429, "connected", "could not be checked")],
)  # fmt: skip
def test_a_key_is_checked_in_the_background(rep, vendor, status, state, reason):
    vendor.says(status, {})
    connect(rep)
    row = check(rep)
    assert (row.state, row.is_checking, len(vendor.asked)) == (state, False, 1)
    assert row.checked_at and reason in row.reason and bool(reason) == bool(row.reason)
    assert vendor.asked[0].headers["X-Api-Key"] == KEY


@pytest.mark.django_db(transaction=True)
def test_a_service_that_takes_the_key_again_is_connected_again(rep, vendor):
    """Say after its bill is paid: the admin presses Test."""
    vendor.says(402, {}).says(402, {}).says(404, {})
    connect(rep)
    assert check(rep).state == "refused"
    assert check(rep).state == "refused" and "used up" in row_of(rep).reason
    row = check(rep)
    assert (row.state, row.reason) == ("connected", "") and len(enrichers(rep)) == 1
    with org_scope(rep.organization):
        assert Notification.objects.filter(type_id=9).count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_key_that_cannot_be_read_says_so(rep, settings):
    connect(rep)
    settings.SECRETS_KEYS = "another"
    assert "Enter it again" in check(rep).reason


@pytest.mark.django_db(transaction=True)
def test_a_service_that_was_disconnected_meanwhile_is_not_asked(rep, vendor):
    connect(rep)
    with org_scope(rep.organization):
        connections.disconnect(rep.organization, "pdl", by=rep)
    jobs.drain()
    assert vendor.asked == [] and row_of(rep).state == "off"


# ------------------------------------------------------------------------------------------------ the page
PAGE = "/settings/enrichment"


def test_the_page_tells_what_there_is_and_what_leaves(browser):
    text = browser.get(PAGE).content.decode()
    for words in ("Built in", "Always on", "Company website", "People Data Labs", "Not connected", "What leaves this machine"):
        assert words in text
    assert 'hx-trigger="every 2s"' not in text


def test_the_website_is_a_switch(browser, rep):
    assert browser.post(PAGE, {"on": "website"}).status_code == 302
    assert [way.name for way in enrichers(rep)] == ["website"]
    assert "Turn off" in browser.get(PAGE).content.decode()
    browser.post(PAGE, {"off": "website"})
    assert enrichers(rep) == []


def test_a_key_is_entered_changed_and_taken_away(browser, rep):
    form = browser.get(f"{PAGE}/pdl").content.decode()
    assert 'type="password"' in form and "Name, email" in form
    answer = browser.post(f"{PAGE}/pdl", {"key": KEY, "cost": "2", "min_likelihood": "8"}, follow=True)
    text = answer.content.decode()
    assert "Checking the key" in text and 'hx-trigger="every 2s"' in text and KEY not in text
    assert browser.get(PAGE, headers={"HX-Request": "true"}).content.decode().lstrip().startswith("<section")
    [pdl] = enrichers(rep)
    assert (pdl.key, pdl.cost, pdl.min_likelihood) == (KEY, 2, 8)
    changing = browser.get(f"{PAGE}/pdl").content.decode()
    assert KEY not in changing and 'value="2"' in changing and "Leave it empty" in changing
    browser.post(f"{PAGE}/pdl", {"key": "", "cost": "0", "min_likelihood": "6"})
    assert (enrichers(rep)[0].key, enrichers(rep)[0].cost) == (KEY, 0)
    assert "Disconnect People Data Labs?" in browser.get(f"{PAGE}/pdl/disconnect").content.decode()
    browser.post(f"{PAGE}/pdl/disconnect")
    assert enrichers(rep) == [] and row_of(rep).secret == ""


@pytest.mark.parametrize(
    "form",
    [{}, {"key": "", "cost": "1", "min_likelihood": "6"}, {"key": KEY, "cost": "-1", "min_likelihood": "6"},
     {"key": f"{KEY} x", "cost": "1", "min_likelihood": "6"}, {"key": KEY, "cost": "many", "min_likelihood": "6"},
     {"key": KEY, "cost": "1", "min_likelihood": "99"}, {"key": f"{KEY}\0", "cost": "1", "min_likelihood": "6"}],
)  # fmt: skip
def test_a_form_that_does_not_fit_comes_back_without_the_key(browser, rep, form):
    answer = browser.post(f"{PAGE}/pdl", form)
    assert answer.status_code == 422 and KEY not in answer.content.decode()
    assert enrichers(rep) == []


def test_services_without_a_key_have_no_form(browser):
    for name in ("website", "globex"):
        for path in (f"{PAGE}/{name}", f"{PAGE}/{name}/disconnect"):
            assert browser.get(path).status_code == 404
            assert browser.post(path).status_code == 404
    assert browser.post(PAGE, {"on": "globex"}).status_code == 404
    assert browser.post(PAGE, {}).status_code == 404
    assert browser.post(PAGE, {"on": "pdl"}).status_code == 302  # and says what is missing
    assert "is required" in browser.get(PAGE).content.decode()


def test_only_admins_see_and_change_it(colleague, rep):
    browser = sign_in(Client(), colleague)
    for path in (PAGE, f"{PAGE}/pdl", f"{PAGE}/pdl/disconnect"):
        assert browser.get(path).status_code == 403
        assert browser.post(path, {"on": "website", "key": KEY, "cost": 1, "min_likelihood": 6}).status_code == 403
    assert enrichers(rep) == []
    assert "/settings/enrichment" not in browser.get("/settings/organization").content.decode()


def test_the_admin_shows_connections_without_secrets(browser, rep):
    connect(rep)
    row = row_of(rep)
    listed = browser.get(page_of(Connection)).content.decode()
    shown = browser.get(page_of(Connection, "change", row.pk)).content.decode()
    assert "connected" in listed.lower() and KEY not in listed + shown and row.secret not in listed + shown
    browser.post(page_of(Connection), {"action": "disconnect", "_selected_action": [row.pk]})
    assert row_of(rep).state == "off" and row_of(rep).secret == ""


def test_the_api_connects_and_tells_no_key(api, colleague_api, rep):
    assert colleague_api.get("/api/integrations").status_code == 403
    assert colleague_api.post("/api/integrations", {"provider": "website", "connected": True}).status_code == 403
    first = api.get("/api/integrations").json()["data"]["services"]
    assert [(one["provider"], one["state"], one["cost"], one["needs_key"]) for one in first] == [
        ("website", "off", 0, False),
        ("pdl", "off", 1, True),
    ]
    answer = api.post("/api/integrations", {"provider": "pdl", "connected": True, "key": KEY, "cost": 3})
    pdl = answer.json()["data"]["services"][1]
    assert (pdl["state"], pdl["cost"], pdl["is_checking"]) == ("connected", 3, True) and pdl["connected_at"].endswith("Z")
    assert KEY not in answer.content.decode() + api.get("/api/integrations").content.decode()
    assert enrichers(rep)[0].key == KEY
    api.post("/api/integrations", {"provider": "pdl", "connected": False})
    assert enrichers(rep) == [] and row_of(rep).secret == ""


@pytest.mark.parametrize(
    ("body", "status"),
    [({"provider": "globex", "connected": True}, 404), ({"provider": "pdl", "connected": True}, 422),
     ({"provider": "pdl"}, 422),
     ({"provider": "pdl", "connected": True, "key": "a b"}, 422), ({"provider": "website", "connected": True, "cost": 1}, 422),
     ({"provider": "pdl", "connected": True, "key": KEY, "min_likelihood": 11}, 422), ({"connected": True}, 422)],
)  # fmt: skip
def test_the_api_refuses_what_does_not_fit(api, rep, body, status):
    assert api.post("/api/integrations", body).status_code == status
    assert enrichers(rep) == []


def test_an_option_keeps_its_kind(rep):
    connect(rep, options={"cost": 5})
    assert json.loads(json.dumps(row_of(rep).options)) == {"cost": 5, "min_likelihood": 6}
