"""POST /api/lead/lead-imports, GET /api/import-job/list and what follows a file through it."""

import csv
import io
import json

import pytest
from django.test import override_settings
from rest_framework.test import APIClient

from activity.models import Notification
from leads.models import Lead
from lio import jobs
from lio.models import Change, Job
from lio.tenancy import org_scope
from lookups import fields
from lookups.known import known
from lookups.models import CustomField
from tests.factories import make_lead, make_member
from tests.transfers.importing import counts, imported, leads_of, send
from transfers.incoming import PLAIN, Reader
from transfers.models import Import, ImportRow
from transfers.reading import Row
from transfers.staging import Work


def test_a_list_is_queued_and_done_in_the_background(api, rep):
    answer = send(api, "First Name,LAST_NAME,e-mail,Shoe size\nJane,Doe,jane@x.example,42\n")
    job = answer.json()["data"]
    assert (answer.status_code, job["status"], job["type"], job["total"], job["completed_at"]) == (
        201,
        "processing",
        "lead",
        0,
        None,
    )
    assert not leads_of(rep.organization)
    jobs.drain()
    job = api.get("/api/import-job/list").json()["data"][0]
    assert (job["status"], job["total"], job["processed"], job["succeeded"], job["errors"]) == ("completed", 1, 1, 1, [])
    assert job["completed_at"].endswith("Z")
    (lead,) = leads_of(rep.organization)
    assert (lead.first_name, lead.last_name, lead.email, lead.custom_fields) == (
        "Jane",
        "Doe",
        "jane@x.example",
        {"Shoe size": "42"},
    )


def test_any_of_address_number_profile_and_full_name_is_enough(api, rep):
    job = imported(
        api, "name,email,phone,linkedin\nJane Doe,,,\n,a@x.example,,\n,,+49 30 12345,\n,,,linkedin.com/in/abc\nCher,,,\n,,,\n"
    )
    assert counts(job) == {"total": 5, "created": 4, "merged": 0, "skipped": 0, "failed": 1}
    assert job["errors"] == [{"row": 6, "reason": "needs an e-mail, phone number, LinkedIn address or a first and last name"}]


def test_a_bad_row_fails_alone_and_says_why(api, rep):
    job = imported(
        api,
        "\n".join(
            [
                "first_name,last_name,email,status,priority,lead_source,estimated_value,website,linkedin,assigned_to",
                "Good,One,good@x.example,2,3,1,1200,x.example,,",
                "Bad,Mail,not-an-address,,,,,,,",
                f"{'x' * 51},Long,long@x.example,,,,,,,",
                "Bad,Status,s@x.example,999,,,,,,",
                "Bad,Priority,p@x.example,,9,,,,,",
                "Bad,Source,o@x.example,,,77,,,,",
                "Bad,Value,v@x.example,,,,-5,,,",
                "Bad,Site,w@x.example,,,,,javascript:alert(1),,",
                "Bad,Owner,u@x.example,,,,,,,987654",
                "Bad,Cells,two@x.example,Qualified,urgent,Referral,1,x.example,y,z,1,000",
            ]
        ),
    )
    assert (job["succeeded"], job["failed"], job["status"]) == (1, 9, "completed")
    reasons = {error["row"]: error["reason"] for error in job["errors"]}
    for row, name in {
        3: "email",
        4: "first_name",
        5: "status",
        6: "priority",
        7: "lead_source",
        8: "estimated_value",
        9: "website",
        10: "assigned_to",
    }.items():
        assert reasons[row].startswith(name) and "column “" in reasons[row], reasons[row]
    assert "quotation marks" in reasons[11]  # the comma in its sum of money has cut it in two


def test_words_and_numbers_of_pick_lists_are_understood(api, rep, colleague):
    job = imported(
        api,
        f"email;status;priority;source;owner;tags\na@x.example;Qualified;urgent;Referral;{colleague.email};vip, New\n"
        "b@x.example;3;4;2;;VIP\nc@x.example;hopeful;;;;\n",
    )
    assert job["succeeded"] == 3
    one, two, three = leads_of(rep.organization)
    for lead in (one, two):
        assert (lead.status.number, lead.priority, lead.source.number) == (3, 4, 2)
    assert (one.assigned_to_id, two.assigned_to_id) == (colleague.pk, None)
    assert (three.status.number, three.custom_fields) == (1, {"status": "hopeful"})
    with org_scope(rep.organization):
        names = [sorted(tag.tag.name for tag in lead.lead_tags.select_related("tag")) for lead in (one, two)]
    assert names == [["New", "vip"], ["vip"]]


def test_duplicates_are_skipped_and_counted_in_the_file_too(api, rep):
    make_lead(rep.organization, email="there@x.example", first_name="Old")
    job = imported(api, "first,last,email\nNew,Doe,THERE@x.example\nOne,Doe,one@x.example\nTwo,Doe,One@X.example\n")
    assert counts(job) == {"total": 3, "created": 1, "merged": 0, "skipped": 2, "failed": 0}
    assert (leads_of(rep.organization)[0].first_name, job["errors"]) == ("Old", [])


def test_an_update_fills_and_replaces_and_blank_never_overwrites(api, rep):
    there = make_lead(
        rep.organization, email="there@x.example", first_name="Old", city="Rome", custom_fields={"a": "1", "b": "2"}
    )
    job = imported(
        api, "first,last,email,city,b,c\nNew,Doe,there@x.example,,3,4\nNew,Doe,there@x.example,Oslo,,\n", policy="update"
    )
    assert counts(job) == {"total": 2, "created": 0, "merged": 2, "skipped": 0, "failed": 0}
    (there,) = leads_of(rep.organization)
    assert (there.first_name, there.city, there.custom_fields) == ("New", "Oslo", {"a": "1", "b": "3", "c": "4"})
    with org_scope(rep.organization):
        told = [(c.before, c.after) for c in Change.objects.filter(model_id=there.pk, verb="lead.merged").order_by("id")]
        assert told == [
            (
                {"first_name": "Old", "custom_fields": {"b": "2", "c": None}},
                {"first_name": "New", "custom_fields": {"b": "3", "c": "4"}},
            ),
            ({"city": "Rome"}, {"city": "Oslo"}),
        ]
        row = Import.objects.get(pk=job["id"])
        assert set(Change.objects.filter(verb="lead.merged").values_list("change_id", flat=True)) == {row.change_id}


def test_custom_fields_are_read_by_their_definitions(api, rep, colleague):
    with org_scope(rep.organization):
        size = fields.add(rep.organization, by=rep, label="Deal size", kind="money")
        fields.add(rep.organization, by=rep, label="Plan", kind="choice", options=["Basic", "Pro"])
        fields.add(rep.organization, by=rep, label="Adviser", kind="person")
    lines = [
        "email,DEAL SIZE,Plan,Adviser,Hobby",
        f'a@x.example,"1,200.50",pro,{colleague.email},chess',
        f"b@x.example,much,Basic,{colleague.full_name},",
        "c@x.example,5,Gold,,",
        "d@x.example,,,Nobody,",
        "e@x.example,,,,",
    ]
    job = imported(api, "\n".join(lines))
    assert counts(job) == {"total": 5, "created": 2, "merged": 0, "skipped": 0, "failed": 3}
    one, last = leads_of(rep.organization)
    assert one.custom_fields == {size.key: 1200.5, "plan": "Pro", "adviser": colleague.pk, "Hobby": "chess"}
    assert last.custom_fields == {}
    assert [error["row"] for error in job["errors"]] == [3, 4, 5]
    assert "DEAL SIZE" in job["errors"][0]["reason"] and "much" in job["errors"][0]["reason"]
    with org_scope(rep.organization):
        assert CustomField.objects.get(key="Hobby").state == "proposed"


def test_owners_are_told_once_of_all_that_an_import_gives_them(api, rep, colleague):
    there = make_lead(rep.organization, email="p0@x.example", assigned_to_id=colleague.pk)
    lines = "".join(f"p{n}@x.example,Jane Doe,{colleague.email}\n" for n in range(8))
    assert imported(api, f"email,name,owner\n{lines}z@x.example,Jo Doe,{rep.email}\n", policy="update")["succeeded"] == 9
    with org_scope(rep.organization):
        assert Lead.objects.get(pk=there.pk).first_name == "Jane"
        told = Notification.objects.exclude(link__startswith="/import/").values_list("user_id", "title")
        assert (colleague.pk, f"{rep.full_name} assigned 7 leads to you") in told  # p0 was theirs already
        assert not [title for user, title in told if user == rep.pk and "assigned" in title]


def test_what_a_custom_field_demands_is_demanded_of_rows(api, rep):
    with org_scope(rep.organization):
        fields.add(rep.organization, by=rep, label="Number", kind="number", is_unique=True)
        fields.add(rep.organization, by=rep, label="Region", kind="text", required=True)
    lines = [
        "email,Number,Region",
        "a@x.example,1,North",
        "b@x.example,1,South",
        "c@x.example,2,",
        "d@x.example,2,East",
    ]
    job = imported(api, "\n".join(lines))
    assert job["errors"] == [
        {"row": 3, "reason": "Number: another record has this value already"},
        {"row": 4, "reason": "Region is required"},
    ]
    again = imported(api, "email,Number\na@x.example,1\nd@x.example,1\n", policy="update")
    assert counts(again) == {"total": 2, "created": 0, "merged": 1, "skipped": 0, "failed": 1}  # required only of new ones


def test_create_makes_second_leads_and_the_phone_can_be_the_key(api, rep):
    make_lead(rep.organization, email="there@x.example", phone_number="+49 30 1234")
    assert imported(api, "email\nthere@x.example\n", policy="create")["created"] == 1
    assert imported(api, "phone,city\n0049301234,Oslo\n", policy="update", match="phone")["merged"] == 1
    assert [lead.city for lead in leads_of(rep.organization)] == ["Oslo", None]


def test_two_addresses_of_two_leads_are_refused(api, rep):
    make_lead(rep.organization, email="a@x.example")
    make_lead(rep.organization, linkedin_url="https://linkedin.com/in/b")
    job = imported(api, "email,linkedin\na@x.example,linkedin.com/in/b\n", policy="update")
    assert job["errors"] == [{"row": 2, "reason": "the e-mail address belongs to one lead and the LinkedIn address to another"}]


def test_all_that_belongs_to_a_lead_is_there(api, rep):
    job = imported(api, "name,email,company\n" + "".join(f"Jane Doe{n},j{n}@x.example,Acme {n % 3}\n" for n in range(30)))
    leads = leads_of(rep.organization)
    assert len({lead.company_id for lead in leads}) == 3
    assert all(lead.score > 0 for lead in leads)  # scored by the jobs that the import enqueued
    assert api.get("/api/lead/list?search_value=j17@x").json()["total"] == 1
    assert api.get("/api/lead/list?limit=1").json()["total"] == 30  # from the counters
    with org_scope(rep.organization):
        row = Import.objects.get(pk=job["id"])
        created = Change.objects.filter(verb="lead.created", change_id=row.change_id)
        assert set(created.values_list("model_id", flat=True)) == {lead.pk for lead in leads}
        assert set(created.values_list("by_id", flat=True)) == {rep.pk}
    assert api.get(f"/api/lead/list?change_id={row.change_id}").json()["total"] == 30


def test_the_errors_are_cut_at_a_hundred_and_the_download_has_all(api, rep):
    lines = ["name;email;note"] + [f"x{n};broken{n};=cmd()" for n in range(150)] + ['Jane Doe;jane@x.example;"two\nlines"']
    job = imported(api, "\n".join(lines))
    assert (job["failed"], len(job["errors"]), job["succeeded"]) == (150, 100, 1)
    answer = api.get(f"/api/import-job/{job['id']}/rejected")
    assert answer["Content-Disposition"] == f'attachment; filename="rejected-{job["id"]}.csv"'
    rows = list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig"))))
    assert len(rows) == 150
    assert rows[7] == {
        "row_number": "9",
        "name": "x7",
        "email": "broken7",
        "note": "'=cmd()",
        "reason": "email must be an e-mail address (column “email”: “broken7”)",
    }


def test_the_refused_rows_come_back_mended(api, rep):
    job = imported(api, "name,email\nJane Doe,broken\n")
    text = b"".join(api.get(f"/api/import-job/{job['id']}/rejected").streaming_content).decode()
    assert imported(api, text.replace(",broken", ",jane@x.example"))["created"] == 1
    assert leads_of(rep.organization)[0].custom_fields == {}


# ------------------------------------------------------------------------- what is refused at once
@pytest.mark.parametrize(
    ("name", "content"),
    {
        "empty.csv": b"",
        "blank.csv": b" \n\n ",
        "a.pdf": b"%PDF-1.7 ...",
        "a.png": b"\x89PNG\r\n\x1a\n",
        "a.jpg": b"\xff\xd8\xff\xe0",
        "a.html": b"<!doctype html><p>x,y",
        "a.xml": b"<?xml version='1.0'?><a/>",
        "a.json": b'[{"email": "a@x.example"}]',
        "b.json": b'{"a": 1}',
        "words.txt": b"These are only words",
        "a.xls": b"\xd0\xcf\x11\xe0\xa1\xb1",
        "a.gz": b"\x1f\x8b\x08",
        "a.xlsx": b"PK\x03\x04 and nothing behind",
        "noise.csv": bytes(range(256)) * 20,
    }.items(),
)
def test_what_is_neither_csv_nor_xlsx_is_refused(api, name, content):
    answer = send(api, content, name)
    assert answer.status_code == 422
    assert answer.json()["error"]["fields"]["file"]
    assert api.get("/api/import-job/list").json()["total"] == 0


def test_no_file_is_refused_and_json_is_aimed_wrong(api):
    assert api.post("/api/lead/lead-imports", {}, format="multipart").status_code == 422
    assert api.post("/api/lead/lead-imports", {"file": "x"}, format="multipart").status_code == 422
    assert api.post("/api/lead/lead-imports", {"file": "x"}, format="json").status_code == 400
    assert send(api, "email\na@x.example\n", policy="overwrite").status_code == 422


def test_a_file_over_the_limit_is_refused(api):
    with override_settings(IMPORT_MAX_BYTES=1000):
        assert send(api, "email\n" + "a@x.example\n" * 100).status_code == 422
        answer = send(api, "email\n" + "a@x.example\n" * 200_000)  # refused by its length, unread
    assert (answer.status_code, "at most" in answer.json()["error"]["message"]) == (422, True)


def test_a_list_with_too_many_rows_fails_as_a_whole(api, rep):
    with override_settings(IMPORT_MAX_ROWS=20):
        job = imported(api, "email\n" + "".join(f"a{n}@x.example\n" for n in range(21)))
    assert (job["status"], job["succeeded"]) == ("failed", 0)
    assert job["errors"][0]["row"] is None and "more than 20 rows" in job["errors"][0]["reason"]
    assert not leads_of(rep.organization)


# ------------------------------------------------------------------------- list, cancel, rights
def test_the_list_filters_searches_and_sorts(api):
    imported(api, "email\na@x.example\n", "first.csv")
    imported(api, "email\nb@x.example\nbroken\n", "second.csv")
    names = lambda query: [job["file_name"] for job in api.get(f"/api/import-job/list?{query}").json()["data"]]  # noqa: E731
    assert names("") == ["second.csv", "first.csv"]
    assert names("search_value=FIRST") == ["first.csv"]
    assert names("type=lead&order_by=failed&order_in=asc") == ["first.csv", "second.csv"]
    assert names("type=hubspot") == []
    assert api.get("/api/import-job/list?order_by=nothing").status_code == 400


def test_cancelling_stops_and_keeps_what_came_in(api, rep, monkeypatch):
    monkeypatch.setattr("transfers.staging.CAPTURED", 10)
    job = send(api, "email\n" + "".join(f"a{n}@x.example\n" for n in range(30))).json()["data"]
    real, seen = Work.capture, []

    def capture_then_cancel(self):
        found = real(self)
        if not seen:
            seen.append(api.post(f"/api/import-job/{job['id']}/cancel"))
        return found

    monkeypatch.setattr(Work, "capture", capture_then_cancel)
    jobs.drain()
    assert seen[0].status_code == 200
    job = api.get(f"/api/import-job/view/{job['id']}").json()["data"]
    assert (job["status"], job["state"], job["created"], job["processed"]) == ("failed", "cancelled", 10, 10)
    assert job["errors"][0]["reason"].startswith("Cancelled by")
    assert len(leads_of(rep.organization)) == 10
    again = api.post(f"/api/import-job/{job['id']}/cancel")
    assert (again.status_code, again.json()["error"]["code"]) == (409, "import_state")


def test_another_organisation_sees_nothing_of_it(api, outsider_api, outsider, rep):
    job = imported(api, "email\na@x.example\nbroken\n")
    for path in (f"view/{job['id']}", f"{job['id']}/rejected"):
        assert outsider_api.get(f"/api/import-job/{path}").status_code == 404
    assert outsider_api.post(f"/api/import-job/{job['id']}/cancel").status_code == 404
    assert outsider_api.get("/api/import-job/list").json()["total"] == 0
    assert imported(outsider_api, "email\na@x.example\n")["created"] == 1  # no duplicate of the other's lead
    assert [len(leads_of(user.organization)) for user in (rep, outsider)] == [1, 1]
    with org_scope(outsider.organization):
        assert ImportRow.objects.count() == 1


def test_a_role_without_the_right_may_not(rep):
    from accounts import roles
    from tests.conftest import client_of

    with org_scope(rep.organization):
        roles.add(rep.organization, name="Reader", permissions=["records.view"], by=rep)
    reader = client_of(make_member(rep.organization, role="Reader"))
    assert send(reader, "email\na@x.example\n").status_code == 403
    assert reader.get("/api/import-job/list").status_code == 403
    assert send(APIClient(), "email\na@x.example\n").status_code == 401


def test_an_idempotency_key_imports_once(api, rep):
    api.credentials(**api._credentials, HTTP_IDEMPOTENCY_KEY="once")
    for _ in range(2):
        answer = send(api, "email\na@x.example\n")
        assert answer.status_code == 201
    with org_scope(rep.organization):
        assert Import.objects.count() == 1
        assert Job.objects.filter(function="transfers.jobs.work").count() == 1


# ------------------------------------------------------------------------- rules
def test_what_is_taken_as_it_is_the_api_would_take_as_it_is(rep, scope):
    reader = Reader(rep.organization, ["email"], [])
    for name, values in {
        "email": ["a@b.co", "A.b+c_d-e@x-1.example.com"],
        "website": ["http://a.b", "https://A.b/c?d=e#f", "https://1.b/ü"],
        "city": ["Rome", " x ", "a\nb"],
    }.items():
        for value in values:
            assert PLAIN[type(reader.fields[name])].fullmatch(value), value
            assert reader.fields[name].run_validation(value) == value


def test_long_column_names_become_custom_fields_of_their_own(rep, scope):
    header = ["email", "What is the " + "very " * 20 + "first", "What is the " + "very " * 20 + "second", "two\r\nlines"]
    arrived = Reader(rep.organization, header, []).read(Row(2, dict(zip(header, ["a@x.example", "1", "2", "3"], strict=True))))
    custom = arrived.fields["custom_fields"]
    assert sorted(custom.values()) == ["1", "2", "3"] and max(map(len, custom)) <= 64 and "two lines" in custom
    assert json.dumps(arrived.fields)
    assert known(rep.organization, "status")
    assert Lead.objects.count() == 0
