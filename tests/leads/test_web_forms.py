"""Hosted forms over the API, and what visitors send to them (R48, R49)."""

import json
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from importlib import import_module
from urllib.parse import urlencode

import pytest
from django.db import connection
from django.test import Client

from accounts import members
from leads import jobs as leads_jobs
from leads.models import HeldSubmission, Lead, WebForm, WebFormCount
from leads.web_forms import submitting
from leads.web_forms.asking import STAMP, TRAP
from lio import history, jobs
from lio.tenancy import org_scope
from lookups import fields
from tests.conftest import sign_in
from tests.factories import a_file, make_lead

JANE = {"first_name": "Jane", "last_name": "Doe", "email": "jane@shop.example"}
PAGE, JSON = {"HTTP_ACCEPT": "text/html"}, {"HTTP_ACCEPT": "application/json"}


@pytest.fixture
def visitor(client):
    return client


@pytest.fixture
def make(api):
    """Makes a form; answers it as the API shows it."""

    def add(**given):
        answer = api.post("/api/web-forms", {"name": "Contact"} | given)
        assert answer.status_code == 201, answer.content
        return answer.json()["data"]

    return add


def path(form):
    return form["url"][form["url"].index("/api/") :]


def leads_of(rep):
    with org_scope(rep.organization):
        return list(Lead.objects.of(rep.organization).alive().select_related("source", "status").order_by("pk"))


def held_of(rep):
    with org_scope(rep.organization):
        return list(HeldSubmission.objects.of(rep.organization))


def told(rep, lead):
    with org_scope(rep.organization):
        rows = history.timeline(rep.organization, "lead", lead.pk).filter(verb="lead.form_submitted")
        return [row.after for row in rows]


def shown(api, form):
    return next(row for row in api.get("/api/web-forms").json()["data"] if row["id"] == form["id"])


# ----------------------------------------------------------------------- forms over the API
def test_an_organisation_starts_with_a_form(api, visitor):
    (form,) = api.get("/api/web-forms").json()["data"]
    assert form["name"] == "Contact us" and form["is_active"] and form["submission_count"] == 0 and form["lead_source"] == 1
    assert [field["name"] for field in form["fields"]] == ["first_name", "last_name", "email", "phone_number", "company"]
    assert form["url"].endswith(f"/api/v1/web-form/{form['form_link']}")
    assert visitor.get(path(form)).status_code == 200


def test_organisations_that_were_there_get_the_same_form_by_migration(api, rep):
    seed = import_module("leads.migrations.0006_first_web_forms").SEED
    (first,) = api.get("/api/web-forms").json()["data"]
    with org_scope(rep.organization), connection.cursor() as cursor:
        cursor.execute(seed)  # has one already
        assert WebForm.objects.count() == 1
        WebForm.objects.all().delete()
        cursor.execute(seed)
    (again,) = api.get("/api/web-forms").json()["data"]
    own = ("id", "form_link", "url", "created_at")
    assert {name: first[name] for name in first if name not in own} == {name: again[name] for name in first if name not in own}


def test_a_form_is_made_changed_and_deleted(api, make, visitor):
    form = make(fields=[{"name": "email", "label": "Your e-mail", "type": "email", "required": True}], success_message="Ta!")
    assert form["fields"] == [{"name": "email", "label": "Your e-mail", "type": "email", "required": True, "options": []}]
    changed = api.put(f"/api/web-forms/{form['id']}", {"is_active": False, "name": "Old"})
    assert changed.status_code == 200 and not changed.json()["data"]["is_active"]
    assert visitor.get(path(form)).status_code == visitor.post(path(form), JANE).status_code == 404
    assert api.put(f"/api/web-forms/{form['id']}", {"is_active": True}).json()["data"]["name"] == "Old"
    assert visitor.post(path(form), JANE).status_code == 200
    assert api.delete(f"/api/web-forms/{form['id']}").json()["data"] == {"deleted": 1, "ids": [form["id"]]}
    assert visitor.get(path(form)).status_code == 404
    assert api.get("/api/lead/list").json()["total"] == 1


@pytest.mark.parametrize(
    "given, field",
    [
        ({"fields": [{"name": "score"}, {"name": "email"}]}, "fields"),
        ({"fields": [{"name": TRAP}, {"name": "email"}]}, "fields"),
        ({"fields": [{"name": "email"}, {"name": "email"}]}, "fields"),
        ({"fields": [{"name": "city"}]}, "fields"),
        ({"fields": []}, "fields"),
        ({"fields": [{"name": "email"}, {"name": "plan", "type": "choice"}]}, "fields"),
        ({"fields": [{"name": "email"}, {"name": "x", "type": "file"}]}, "fields"),
        ({"fields": [{"name": "email"}, {"name": "x", "label": "y" * 201}]}, "fields"),
        ({"fields": [{"name": f"f{n}"} for n in range(51)]}, "fields"),
        ({"lead_source": 99}, "lead_source"),
        ({"color": "red"}, "color"),
        ({"background": "#12345"}, "background"),
        ({"color": "#fff}*{x"}, "color"),
        ({"allowed_domains": ["not a domain"]}, "allowed_domains"),
        ({"allowed_domains": ["a.example; script-src *"]}, "allowed_domains"),
        ({"redirect_url": "https://evil.example/"}, "redirect_url"),
        ({"redirect_url": "javascript:alert(1)"}, "redirect_url"),
        ({"redirect_url": "https://shop.example:99999/", "allowed_domains": ["shop.example"]}, "redirect_url"),
        ({"redirect_url": "https://shop.example@evil.example/", "allowed_domains": ["shop.example"]}, "redirect_url"),
        ({"redirect_url": "//shop.example", "allowed_domains": ["shop.example"]}, "redirect_url"),
        ({"redirect_url": "https://shop.example.evil.example/", "allowed_domains": ["shop.example"]}, "redirect_url"),
        ({"redirect_url": "https://shop.example/\r\nSet-Cookie: a=b", "allowed_domains": ["shop.example"]}, "redirect_url"),
    ],
)
def test_what_a_form_may_not_be(api, given, field):
    answer = api.post("/api/web-forms", {"name": "Contact"} | given)
    assert answer.status_code == 422 and field in answer.json()["error"]["fields"], answer.content


def test_the_domains_of_a_redirect_cannot_be_taken_away_under_it(api, make):
    form = make(redirect_url="https://www.shop.example/thanks", allowed_domains=["shop.example"])
    answer = api.put(f"/api/web-forms/{form['id']}", {"allowed_domains": []})
    assert answer.status_code == 422 and "redirect_url" in answer.json()["error"]["fields"]


def test_changes_of_a_form_are_in_the_history(api, make, rep):
    form = make()
    api.put(f"/api/web-forms/{form['id']}", {"name": "Contact", "color": "#aa0000"})
    with org_scope(rep.organization):
        rows = list(history.timeline(rep.organization, "webform", form["id"]))
    assert [row.verb for row in rows] == ["web_form.updated", "web_form.created"]
    assert (rows[0].before, rows[0].after) == ({"color": "#3f51c6"}, {"color": "#aa0000"}) and rows[0].by_id == rep.pk


def test_another_organisation_has_its_own_forms(outsider_api, make):
    form = make()
    assert form["id"] not in [row["id"] for row in outsider_api.get("/api/web-forms").json()["data"]]
    assert outsider_api.put(f"/api/web-forms/{form['id']}", {"name": "x"}).status_code == 404
    assert outsider_api.delete(f"/api/web-forms/{form['id']}").status_code == 404


# ----------------------------------------------------------------------- the page
def test_the_page_asks_what_the_form_asks(make, visitor):
    form = make(
        title="Talk to us",
        intro="We answer.",
        button="Ask",
        consent_text="I agree to be called",
        fields=[
            {"name": "email", "required": True},
            {"name": "country", "type": "choice", "options": ["Latvia", "Peru"]},
            {"name": "notes", "label": "What for"},
            {"name": "newsletter", "label": "Send me news", "type": "checkbox"},
        ],
    )
    answer = visitor.get(path(form), HTTP_ACCEPT="text/html")
    page = answer.content.decode()
    assert answer["Content-Type"].startswith("text/html") and not answer.cookies
    for text in ("Acme", "Talk to us", "We answer.", "What for", "Latvia", "Send me news", "I agree to be called", ">Ask<"):
        assert text in page
    assert "<script" not in page and 'type="email"' in page and f'name="{TRAP}"' in page
    assert visitor.head(path(form)).status_code == 200


def test_an_unknown_form_is_not_found_in_both_ways(visitor, db):
    for link in ("nothing", "x" * 20, "a" * 41, "..", "%00", "1"):
        page, envelope = visitor.get(f"/api/v1/web-form/{link}", **PAGE), visitor.get(f"/api/v1/web-form/{link}", **JSON)
        assert page.status_code == envelope.status_code == 404
        assert b"There is no form here" in page.content and envelope.json()["error"]["type"] == "not_found"


def test_only_allowed_domains_may_frame_it(make, visitor):
    closed = visitor.get(path(make()), **PAGE)
    assert "frame-ancestors 'none'" in closed["Content-Security-Policy"] and closed["X-Frame-Options"] == "DENY"
    open_form = make(allowed_domains=["https://Shop.example/page"])
    assert open_form["allowed_domains"] == ["shop.example"]
    for answer in (visitor.get(path(open_form), **PAGE), visitor.post(path(open_form), {}, **PAGE)):
        assert "frame-ancestors shop.example *.shop.example" in answer["Content-Security-Policy"]
        assert "X-Frame-Options" not in answer


def test_a_key_that_comes_along_changes_nothing(make, visitor):
    form = make()
    for headers in ({"x-api-key": "lio_live_nonsense"}, {"Authorization": "Bearer nonsense"}):
        assert visitor.get(path(form), headers=headers).status_code == 200
        assert visitor.post(path(form), JANE, headers=headers).status_code == 200


def test_colours_are_readable_and_cannot_be_anything_else(make, visitor):
    page = visitor.get(path(make(color="#FFEE00", background="#101010")), **PAGE).content.decode()
    assert 'href="/form-colors/ffee00-101010.css"' in page
    sheet = visitor.get("/form-colors/ffee00-101010.css")
    assert sheet["Content-Type"].startswith("text/css")
    assert "--on-accent: #000000" in sheet.content.decode() and "color-scheme: dark" in sheet.content.decode()
    assert "--on-accent: #ffffff" in visitor.get("/form-colors/3f51c6.css").content.decode()
    for name in ("red", "fff", "ffffff;}", "ffffff-", "FFFFFF", "ffffff-ffffff-ffffff"):
        assert visitor.get(f"/form-colors/{name}.css").status_code == 404


# ----------------------------------------------------------------------- submissions
def test_a_submission_becomes_a_lead(api, make, visitor, rep, colleague):
    form = make(lead_source=2, assigned_to=colleague.pk, success_message="We will call.")
    visitor.get(path(form))
    answer = visitor.post(path(form), JANE | {"company": "Shop", "phone_number": "+49 30 1"}, **PAGE)
    assert answer.status_code == 200 and b"We will call." in answer.content and not answer.cookies
    (lead,) = leads_of(rep)
    assert (lead.email, lead.source.number, lead.assigned_to_id) == ("jane@shop.example", 2, colleague.pk)
    (entry,) = told(rep, lead)
    assert entry["form"] == "Contact" and entry["answers"]["company"] == "Shop"
    with org_scope(rep.organization):
        assert lead.company.company_name == "Shop" and lead.last_activity_at
    jobs.drain()
    assert leads_of(rep)[0].score > 0
    assert (shown(api, form)["submission_count"], shown(api, form)["view_count"]) == (1, 1)
    page = api.get(f"/api/feed/list?lead_id={lead.pk}")
    assert page.status_code == 200


def test_scripts_get_the_envelope(make, visitor, rep):
    form = make(redirect_url="https://shop.example/thanks", allowed_domains=["shop.example"])
    answer = visitor.post(path(form), json.dumps(JANE), content_type="application/json", **JSON)
    assert answer.status_code == 201
    assert answer.json()["data"] == {"submitted": True, "message": "Thank you. We have got your message.",
                                     "redirect_url": "https://shop.example/thanks"}
    wrong = visitor.post(path(form), json.dumps({"email": "x"}), content_type="application/json", **JSON)
    assert wrong.status_code == 422
    assert wrong.json()["error"]["fields"].keys() == {"first_name", "last_name", "email"}
    assert len(leads_of(rep)) == 1


@pytest.mark.parametrize("kind", ["multipart", "urlencoded", "json", "twin"])
def test_every_way_to_send(make, visitor, rep, kind):
    address, ways = path(make()), {
        "multipart": {"data": JANE},
        "urlencoded": {"data": urlencode(JANE), "content_type": "application/x-www-form-urlencoded"},
        "json": {"data": json.dumps(JANE), "content_type": "application/json"},
        "twin": {"data": JANE},
    }
    answer = visitor.post(address.replace("/api/v1/", "/api/") if kind == "twin" else address, **ways[kind])
    assert answer.status_code == 200 and answer["Content-Type"].startswith("text/html")
    assert [lead.email for lead in leads_of(rep)] == [JANE["email"]]


def test_who_is_known_is_updated_and_keeps_owner_and_source(make, visitor, rep, colleague):
    lead = make_lead(rep.organization, email="JANE@shop.example", first_name="J", city="Riga", assigned_to_id=rep.pk)
    form = make(lead_source=3, assigned_to=colleague.pk, fields=[{"name": "email"}, {"name": "first_name"}, {"name": "city"}])
    visitor.post(path(form), {"email": "jane@shop.example", "first_name": "Jane", "city": ""})
    (again,) = leads_of(rep)
    assert (again.pk, again.first_name, again.city, again.assigned_to_id) == (lead.pk, "Jane", "Riga", rep.pk)
    assert again.source_id == lead.source_id and len(told(rep, again)) == 1


def test_a_redirect_leads_to_the_owners_page_only(make, visitor):
    form = make(redirect_url="https://shop.example/thanks", allowed_domains=["shop.example"])
    answer = visitor.post(f"{path(form)}?redirect_url=https://evil.example&next=https://evil.example",
                          JANE | {"redirect_url": "https://evil.example", "next": "//evil.example"}, **PAGE)
    assert (answer.status_code, answer["Location"]) == (303, "https://shop.example/thanks")
    assert "form-action 'self' https://shop.example;" in f"{answer['Content-Security-Policy']};"
    assert "shop.example" in answer["Content-Security-Policy"]


def test_errors_name_the_field_and_what_was_typed_stays(make, visitor, rep):
    form = make()
    answer = visitor.post(path(form), JANE | {"email": "no address", "company": "Käse & Söhne <b>"}, **PAGE)
    page = answer.content.decode()
    assert answer.status_code == 422 and "Must be an e-mail address" in page and 'href="#f2">Email' in page
    assert 'value="no address"' in page and "Käse &amp; Söhne &lt;b&gt;" in page and 'aria-invalid="true"' in page
    assert leads_of(rep) == []


def test_consent_is_asked_for_and_written_down(make, visitor, rep):
    form = make(consent_text="You may call me.")
    assert visitor.post(path(form), JANE).status_code == 422
    assert visitor.post(path(form), JANE | {"consent": "true"}).status_code == 200
    (entry,) = told(rep, leads_of(rep)[0])
    assert entry["consent"] == "You may call me." and entry["consented_at"].endswith("Z")


def test_custom_fields_are_checked_like_every_way_in(api, make, visitor, rep):
    with org_scope(rep.organization):
        for key, kind, more in (("seats", "number", {"required": True}), ("plan", "choice", {"options": ["Gold", "Tin"]}),
                                ("areas", "choices", {"options": ["North", "South", "West"]}), ("start", "date", {}),
                                ("owner", "person", {})):
            fields.add(rep.organization, key=key, label=key.title(), kind=kind, by=rep, **more)
    assert api.post("/api/web-forms", {"name": "x", "fields": [{"name": "email"}, {"name": "owner"}]}).status_code == 422
    form = make(fields=[{"name": "email"}, *({"name": name} for name in ("seats", "plan", "areas", "start"))])
    wrong = visitor.post(path(form), {"email": "a@b.example", "plan": "Lead", "start": "soon"}, HTTP_ACCEPT="application/json")
    assert wrong.json()["error"]["fields"].keys() == {"seats", "plan", "start"}
    visitor.post(path(form), {"email": "a@b.example", "seats": "12", "plan": "gold", "areas": ["West", "North"],
                              "start": "2026-06-15"})
    assert leads_of(rep)[0].custom_fields == {"seats": 12, "plan": "Gold", "areas": ["North", "West"], "start": "2026-06-15"}


def test_a_form_follows_its_custom_fields(make, visitor, rep):
    with org_scope(rep.organization):
        seats = fields.add(rep.organization, key="seats", label="Seats", by=rep)
        area = fields.add(rep.organization, key="area", label="Area", by=rep)
    form = make(fields=[{"name": "email"}, {"name": "seats"}, {"name": "area"}])
    with org_scope(rep.organization):
        fields.update(seats, rep.organization, key="places", kind="number", required=True, by=rep)
        fields.update(area, rep.organization, state="archived", by=rep)
    page = visitor.get(path(form), **PAGE).content.decode()
    assert 'name="places"' in page and 'inputmode="decimal"' in page and 'name="area"' not in page
    assert visitor.post(path(form), {"email": "a@b.example", "area": "x"}, **PAGE).status_code == 422
    visitor.post(path(form), {"email": "a@b.example", "seats": "7", "area": "x"})  # a script that knows the old name
    assert leads_of(rep)[0].custom_fields == {"places": 7}


def test_leads_of_another_organisation_are_not_touched(make, visitor, rep, outsider):
    theirs = make_lead(outsider.organization, email=JANE["email"], first_name="Other")
    visitor.post(path(make()), JANE)
    assert [lead.first_name for lead in leads_of(rep)] == ["Jane"]
    with org_scope(outsider.organization):
        assert Lead.objects.get(pk=theirs.pk).first_name == "Other"


def test_other_sites_may_send_from_a_browser(make, visitor):
    asked = visitor.options(path(make()), headers={
        "Origin": "https://shop.example", "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type"})
    assert asked.status_code == 200 and asked["Access-Control-Allow-Origin"] == "*"


def test_an_owner_who_has_left_gets_no_leads(make, visitor, rep, colleague):
    form = make(assigned_to=colleague.pk)
    with org_scope(rep.organization):
        members.remove(colleague, by=rep, ip="")
    visitor.post(path(form), JANE)
    assert leads_of(rep)[0].assigned_to_id is None


def test_only_what_the_form_asks_for_comes_in(make, visitor, rep):
    visitor.post(path(make(fields=[{"name": "email"}])), {"email": "a@b.example", "city": "Riga", "score": "99", "status": "5",
                 "assigned_to": str(rep.pk), "organization_id": "1", "custom_fields": "{}", "extra": "x"})
    (lead,) = leads_of(rep)
    assert (lead.city, lead.custom_fields, lead.assigned_to_id, lead.status.number) == (None, {}, None, 1)


def test_where_the_visitor_came_from_is_kept(make, visitor, rep):
    form = make()
    page = visitor.get(f"{path(form)}?utm_source=mail&utm_campaign=%3Cb%3E&x=y", HTTP_REFERER="https://shop.example/a", **PAGE)
    text = page.content.decode()
    assert 'name="utm_source" value="mail"' in text and 'value="&lt;b&gt;"' in text
    assert 'name="referrer" value="https://shop.example/a"' in text
    visitor.post(path(form), JANE | {"utm_source": "mail", "referrer": "https://shop.example/a"})
    (lead,) = leads_of(rep)
    assert lead.custom_fields == {"utm_source": "mail", "referrer": "https://shop.example/a"}
    assert told(rep, lead)[0]["utm_source"] == "mail"
    other = make(capture_utm=False)
    visitor.post(f"{path(other)}?utm_source=x", JANE | {"email": "b@b.example", "utm_source": "x"})
    assert leads_of(rep)[1].custom_fields == {}


def test_a_mark_that_its_definition_refuses_costs_no_submission(make, visitor, rep):
    with org_scope(rep.organization):
        fields.add(rep.organization, key="utm_source", label="Source", kind="choice", options=["ads"], by=rep)
    assert visitor.post(path(make()), JANE | {"utm_source": "mail", "utm_term": "x"}).status_code == 200
    (lead,) = leads_of(rep)
    assert lead.custom_fields == {"utm_term": "x"} and told(rep, lead)[0]["utm_source"] == "mail"


def test_undo_takes_back_the_lead_and_not_that_it_was_sent(api, make, visitor, rep):
    visitor.post(path(make()), JANE)
    (lead,) = leads_of(rep)
    with org_scope(rep.organization):
        change = history.timeline(rep.organization, "lead", lead.pk).first().change_id
    answer = api.post("/api/undo", {"change_id": change})
    assert answer.status_code == 200 and answer.json()["data"]["conflicts"] == []
    assert leads_of(rep) == []


def test_the_timeline_says_what_was_sent(make, visitor, rep):
    visitor.post(path(make(consent_text="Call me.")), JANE | {"consent": "on"})
    page = sign_in(visitor, rep).get(f"/leads/{leads_of(rep)[0].pk}/").content.decode()
    assert "sent the form Contact" in page and "Agreed to: Call me." in page


# ----------------------------------------------------------------------- bad input
@pytest.mark.parametrize(
    "value",
    ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "javascript:alert(1)", "{{ 7*7 }}", "</textarea><script>"],
)
def test_nothing_typed_becomes_markup(make, visitor, value):
    form = make(title=value, intro=value, button=value[:40], consent_text=value,
                fields=[{"name": "email"}, {"name": "notes", "label": value},
                        {"name": "city", "type": "choice", "options": [value]}])
    pages = [visitor.get(f"{path(form)}?utm_source={value}", HTTP_REFERER=value, **PAGE),
             visitor.post(path(form), {"email": value, "notes": value, "city": value, "utm_term": value}, **PAGE)]
    for page in pages:
        text = page.content.decode()
        assert not {"<script", "<img", "</textarea><"} & set(re_tags(text)), text


def re_tags(text):
    return re.findall(r"<(?:script|img)|</textarea><", text)


def test_line_breaks_reach_neither_headers_nor_mails(make, visitor, rep, colleague):
    form = make(assigned_to=colleague.pk)
    answer = visitor.post(path(form), json.dumps(JANE | {"first_name": "A\r\nBcc: x@y.example"}),
                          content_type="application/json", **JSON)
    assert answer.status_code == 422 and "first_name" in answer.json()["error"]["fields"]
    page = visitor.get(path(form), HTTP_REFERER="https://a.example/\r\nX: y", **PAGE)
    assert page.status_code == 200 and "X" not in page.headers


def test_bodies_that_are_too_large_or_unreadable(make, visitor, rep):
    address = path(make())
    for body, kind, status in [
        (b"x" * 70_000, "application/json", 400),
        (urlencode(JANE | {"notes": "x" * 70_000}).encode(), "application/x-www-form-urlencoded", 400),
        (urlencode({f"f{n}": "" for n in range(300)}).encode(), "application/x-www-form-urlencoded", 400),
        (urlencode({f"f{n}": "" for n in range(3000)}).encode(), "application/x-www-form-urlencoded", 400),
        (b"email=%ff%fe", "application/x-www-form-urlencoded", 400),
        (b"\xff\xfe", "application/x-www-form-urlencoded", 400),
        (b"email=a%00b", "application/x-www-form-urlencoded", 422),
        (b'{"email": "a\\u0000b"}', "application/json", 422),
        (b'{"email": ' + b"[" * 500 + b"]" * 500 + b"}", "application/json", 400),
        (b'{"email": {"a": 1}}', "application/json", 422),
        (b"--x\r\nbroken", "multipart/form-data; boundary=x", 422),
        (b"nothing", "multipart/form-data", 400),
        (b"{}", "text/plain", 400),
        (b"", "application/json", 422),
    ]:
        for accept in ("application/json", "text/html"):
            answer = visitor.post(address, body, content_type=kind, HTTP_ACCEPT=accept)
            assert answer.status_code == status, (body[:30], kind, answer.content[:300])
    assert leads_of(rep) == [] and held_of(rep) == []


def test_files_are_read_past(make, visitor, rep):
    assert visitor.post(path(make()), JANE | {"company": a_file(), "notes": a_file()}).status_code == 200
    assert leads_of(rep)[0].company_id is None


# ----------------------------------------------------------------------- guards
def test_a_robot_in_the_trap_gets_thanks_and_no_lead(api, make, visitor, rep):
    form = make(consent_text="Yes?")
    answer = visitor.post(path(form), JANE | {TRAP: "x"}, **PAGE)
    assert answer.status_code == 200 and b"Thank you" in answer.content and leads_of(rep) == []
    assert visitor.post(path(form), {TRAP: "x", "email": "not even one"}, **JSON).status_code == 201
    assert [row.reason for row in held_of(rep)] == ["trap", "trap"]
    assert (shown(api, form)["submission_count"], shown(api, form)["held_count"]) == (0, 2)


def stamp_of(visitor, form):
    return re.search(rf'name="{STAMP}" value="([^"]+)"', visitor.get(path(form), **PAGE).content.decode())[1]


def test_one_quick_submission_is_a_browser_that_fills_in_and_many_are_a_robot(make, visitor, rep):
    form = make()
    for n in range(submitting.QUICK_ONES + 2):
        sent = JANE | {"email": f"j{n}@shop.example", STAMP: stamp_of(visitor, form)}
        assert visitor.post(path(form), sent, **PAGE).status_code == 200
    assert len(leads_of(rep)) == submitting.QUICK_ONES and [row.reason for row in held_of(rep)] == ["fast", "fast"]


def test_quick_with_links_is_held(make, visitor, rep):
    form = make(fields=[{"name": "email"}, {"name": "notes"}])
    sent = {"email": "j@shop.example", "notes": "buy https://a.example and http://b.example"}
    visitor.post(path(form), sent | {STAMP: stamp_of(visitor, form)})
    assert [row.reason for row in held_of(rep)] == ["fast"]
    visitor.post(path(form), sent)  # a script has no stamp
    clean = {"email": "k@shop.example", "notes": "hello", "referrer": "https://www.shop.example/"}
    visitor.post(path(form), clean | {STAMP: stamp_of(visitor, form)})
    assert len(leads_of(rep)) == 2 and len(held_of(rep)) == 1


def test_a_page_that_was_open_for_days_is_sent_once_more(make, visitor, rep, monkeypatch):
    form = make()
    old, real = stamp_of(visitor, form), submitting.time
    monkeypatch.setattr(submitting, "time", lambda: real() + submitting.STALE + 1)
    answer = visitor.post(path(form), JANE | {STAMP: old}, **PAGE)
    page = answer.content.decode()
    assert answer.status_code == 422 and "open for more than a day" in page and 'value="jane@shop.example"' in page
    assert old not in page and leads_of(rep) == []
    fresh = page.split(f'name="{STAMP}" value="')[1].split('"')[0]
    assert visitor.post(path(form), JANE | {STAMP: fresh}, **PAGE).status_code == 200 and len(leads_of(rep)) == 1


def test_stamps_of_others_are_none(make, visitor, rep):
    form, other = make(), make()
    for stamp in ("nonsense", stamp_of(visitor, other), stamp_of(visitor, form)[:-1], "a:b:c", "[]"):
        assert visitor.post(path(form), JANE | {STAMP: stamp}, **JSON).status_code == 422
    assert visitor.post(path(form), json.dumps(JANE | {STAMP: {"a": 1}}), content_type="application/json").status_code == 422
    assert leads_of(rep) == []


def test_the_same_page_sent_twice_is_one_submission(api, make, visitor, rep):
    form = make()
    sent = JANE | {STAMP: stamp_of(visitor, form)}
    first, again = visitor.post(path(form), sent, **PAGE), visitor.post(path(form), sent, **PAGE)
    assert first.content == again.content and again["Content-Type"].startswith("text/html")
    assert len(told(rep, leads_of(rep)[0])) == 1 and shown(api, form)["submission_count"] == 1
    assert visitor.post(path(form), sent | {"last_name": "Dove"}, **PAGE).status_code == 200
    assert leads_of(rep)[0].last_name == "Dove" and len(told(rep, leads_of(rep)[0])) == 2


def test_a_repeat_of_a_redirect_is_the_redirect(make, visitor, rep):
    form = make(redirect_url="https://shop.example/thanks", allowed_domains=["shop.example"])
    sent = JANE | {STAMP: stamp_of(visitor, form)}
    for _ in range(2):
        answer = visitor.post(path(form), sent, **PAGE)
        assert (answer.status_code, answer["Location"]) == (303, "https://shop.example/thanks")
    assert len(told(rep, leads_of(rep)[0])) == 1


def test_too_many_from_one_address(make, visitor, rep, settings):
    settings.RATES = settings.RATES | {"form": 2}
    form, other = make(), make()
    for _ in range(2):
        assert visitor.post(path(form), {}).status_code == 422
    envelope, page = visitor.post(path(form), JANE, **JSON), visitor.post(path(form), JANE, **PAGE)
    assert envelope.status_code == page.status_code == 429
    assert int(envelope["Retry-After"]) >= 1 and int(page["Retry-After"]) >= 1
    assert envelope.json()["error"]["type"] == "rate_limited" and b"Too many at once" in page.content
    assert visitor.post(path(form), JANE, REMOTE_ADDR="203.0.113.9").status_code == 200
    assert visitor.post(path(other), JANE).status_code == 200


def test_a_flood_from_everywhere_is_held_and_then_refused(make, visitor, rep, settings, monkeypatch):
    settings.RATES = settings.RATES | {"form_total": 1}
    monkeypatch.setattr(submitting, "MOST_HELD", 2)
    form = make()
    answers = [visitor.post(path(form), JANE | {"email": f"j{n}@shop.example"}, REMOTE_ADDR=f"203.0.113.{n}").status_code
               for n in range(4)]
    assert answers == [200, 200, 200, 429]
    assert len(leads_of(rep)) == 1 and [row.reason for row in held_of(rep)] == ["flood", "flood"]


def test_what_fits_two_leads_or_repeats_a_unique_value_is_held_and_tells_nothing(make, visitor, rep):
    with org_scope(rep.organization):
        fields.add(rep.organization, key="vat", label="VAT", is_unique=True, by=rep)
    make_lead(rep.organization, email="a@b.example", custom_fields={"vat": "7"})
    make_lead(rep.organization, linkedin_url="https://linkedin.com/in/b")
    form = make(fields=[{"name": "email"}, {"name": "linkedin_url"}, {"name": "vat"}])
    for sent in ({"email": "a@b.example", "linkedin_url": "https://linkedin.com/in/b"}, {"email": "c@b.example", "vat": "7"}):
        assert visitor.post(path(form), sent, **JSON).status_code == 201
    assert [row.reason for row in held_of(rep)] == ["conflict", "conflict"] and len(leads_of(rep)) == 2


# ----------------------------------------------------------------------- counters, jobs, races
def test_counters_are_folded_and_old_ones_forgotten(api, make, visitor, rep):
    form = make()
    for _ in range(60):
        visitor.get(path(form))
    visitor.post(path(form), JANE | {TRAP: "x"})
    visitor.post(path(form), JANE | {TRAP: "y"})
    with org_scope(rep.organization):
        old = HeldSubmission.objects.first()
        HeldSubmission.objects.filter(pk=old.pk).update(created_at=old.created_at - timedelta(days=31))
        leads_jobs.web_forms.fold_counts()
        leads_jobs.web_forms.forget_held()
        assert WebFormCount.objects.filter(form=form["id"]).count() == 1
    assert (shown(api, form)["view_count"], shown(api, form)["held_count"]) == (60, 1)


@pytest.mark.django_db(transaction=True)
def test_two_submissions_at_once_are_one_lead(make, rep):
    form = make()

    def send(n):
        try:
            return Client().post(path(form), JANE | {"company": f"Shop {n}"}).status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        assert set(pool.map(send, range(12))) == {200}
    (lead,) = leads_of(rep)
    assert len(told(rep, lead)) == 12
    with org_scope(rep.organization):
        assert WebForm.objects.counted_up().get(pk=form["id"]).submissions == 12


@pytest.mark.django_db(transaction=True, databases=["default", "system"])
def test_the_jobs_find_their_work_over_all_organisations(make, rep, visitor):
    form = make()
    for _ in range(60):
        visitor.get(path(form))
    leads_jobs.fold_web_form_counts()
    leads_jobs.forget_held_submissions()
    with org_scope(rep.organization):
        assert WebFormCount.objects.filter(form=form["id"]).count() == 1
