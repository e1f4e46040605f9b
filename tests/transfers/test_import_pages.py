"""/import/: the wizard as plain pages and forms, and what htmx asks for."""

from django.core.files.uploadedfile import SimpleUploadedFile

from lio import jobs
from lio.tenancy import org_scope
from tests.conftest import sign_in
from tests.factories import make_lead
from tests.transfers.importing import leads_of
from tests.transfers.test_sheets import workbook
from transfers.models import Import

LIST = "Full name;Mail;Firm;Shoe size\nJane Doe;jane@x.example;Acme;42\nOld Friend;there@x.example;;\nNobody;;;\n"


def upload(browser, content=LIST, name="leads.csv"):
    content = content if isinstance(content, bytes) else content.encode()
    answer = browser.post("/import/", {"file": SimpleUploadedFile(name, content)})
    assert answer.status_code == 302, answer.content.decode()[-3000:]
    return answer.url


def page(browser, url, **headers):
    answer = browser.get(url, headers=headers)
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_whole_way(browser, rep):
    make_lead(rep.organization, email="there@x.example", first_name="Old")
    assert "/import/" in page(browser, "/leads/")
    url = upload(browser)
    shown = page(browser, url)
    for part in (
        "Full name",
        "jane@x.example",
        '<option value="company" selected>',
        '<option value="custom" selected>',
        "Check the rows",
    ):
        assert part in shown
    assert "<td>Jane Doe</td><td>jane@x.example</td><td>Acme</td><td>42</td>" in shown
    assert not leads_of(rep.organization)[1:]

    assert browser.post(f"{url}check", {"column_3": "ignore", "policy": "update", "match": "email"}).url == url
    shown = page(browser, url)
    assert 'hx-trigger="every 2s"' in shown and "Checking the rows" in shown and "Refresh" in shown
    jobs.drain()
    shown = page(browser, url)
    assert "3 rows, nothing imported yet" in shown and "Import 2 rows" in shown and "every 2s" not in shown
    for word in ("New lead", "Update", "Refused", "needs an e-mail", "jane@x.example"):
        assert word in shown
    assert "jane@x.example" not in page(browser, f"{url}?rows=fail")
    assert len(leads_of(rep.organization)) == 1  # a dry run is dry

    browser.post(f"{url}start")
    assert "<progress" in page(browser, url)
    jobs.drain()
    shown = page(browser, url)
    assert "Show the imported leads" in shown and "Download the refused rows" in shown
    old, jane = leads_of(rep.organization)
    assert (old.last_name, jane.first_name, jane.company.company_name, jane.custom_fields) == ("Friend", "Jane", "Acme", {})
    with org_scope(rep.organization):
        change_id = Import.objects.get().change_id
    shown = page(browser, f"/leads/?change_id={change_id}")
    assert "Jane Doe" in shown and "Old Friend" in shown
    rejected = b"".join(browser.get(f"{url}rejected.csv").streaming_content).decode()
    assert rejected.splitlines()[1].startswith('4,"needs an e-mail')
    shown = page(browser, "/import/")
    assert "leads.csv" in shown and "Completed" in shown and rep.full_name in shown


def test_the_check_foresees_what_the_run_does(browser, rep):
    make_lead(rep.organization, email="a@x.example")
    lines = [
        "email,linkedin,name",
        "a@x.example,,Jane Doe",
        "b@x.example,linkedin.com/in/b,Jane Doe",
        "B@x.example,,Joe Doe",
        "c@x.example,linkedin.com/in/B,Joe Doe",
        "a@x.example,linkedin.com/in/b,Joe Doe",
        ",,Ann Doe",
        "x,,Ann Doe",
    ]
    for policy in ("create", "update", "skip"):
        url = upload(browser, "\n".join(lines))
        browser.post(f"{url}check", {"policy": policy, "match": "address"})
        jobs.drain()
        with org_scope(rep.organization):
            expected = Import.objects.first().expected
        browser.post(f"{url}start")
        jobs.drain()
        with org_scope(rep.organization):
            row = Import.objects.first()
        assert expected == {"create": row.created, "merge": row.merged, "skip": row.skipped, "fail": row.failed}, policy


def test_the_columns_can_be_changed_after_the_check(browser, rep):
    url = upload(browser, "email,a\nx@x.example,Oslo\n")
    browser.post(f"{url}check", {"policy": "skip", "match": "address"})
    jobs.drain()
    browser.post(f"{url}columns")
    browser.post(f"{url}check", {"column_1": "city", "policy": "skip", "match": "address"})
    jobs.drain()
    assert '<option value="city" selected>' not in page(browser, url)
    browser.post(f"{url}start")
    jobs.drain()
    (lead,) = leads_of(rep.organization)
    assert (lead.city, lead.custom_fields) == ("Oslo", {})


def test_a_workbook_is_read_in_the_background_and_then_mapped(browser, rep):
    url = upload(browser, workbook([["Email", "Ort"], ["a@x.example", "Bonn"]]), "leads.xlsx")
    assert "Reading the workbook" in page(browser, url)
    jobs.drain()
    assert '<option value="city" selected>' in page(browser, url)


def test_htmx_gets_the_fragment_and_a_restore_the_page(browser):
    url = upload(browser)
    assert "<html" not in page(browser, url, HX_Request="true")
    assert "<html" in page(browser, url, HX_Request="true", HX_History_Restore_Request="true")


def test_a_step_at_the_wrong_time_is_told(browser, rep):
    url = upload(browser)
    answer = browser.post(f"{url}start", follow=True)
    assert "This import is waiting for its columns." in answer.content.decode()
    browser.post(f"{url}check", {"column_0": "nonsense"})
    assert "Check the rows" in page(browser, url)
    browser.post(f"{url}cancel")
    assert "Cancelled by" in page(browser, url)


def test_a_file_that_is_none_is_told_where_it_was_chosen(browser):
    answer = browser.post("/import/", {"file": SimpleUploadedFile("a.pdf", b"%PDF-1.7")})
    assert (answer.status_code, "This is a PDF" in answer.content.decode()) == (422, True)
    assert browser.post("/import/").status_code == 422


def test_strangers_and_others_see_nothing(browser, client, outsider, rep):
    url = upload(browser)
    client.logout()
    sign_in(client, outsider)
    for path in (url, f"{url}rejected.csv"):
        assert client.get(path).status_code == 404
    for step in ("check", "start", "cancel", "columns"):
        assert client.post(f"{url}{step}").status_code == 404
    assert "leads.csv" not in page(client, "/import/")


def test_names_of_files_and_columns_are_escaped(browser):
    url = upload(browser, "email,<script>alert(1)</script>\na@x.example,<img src=x onerror=alert(1)>\n", "<b>x.csv")
    shown = page(browser, url) + page(browser, "/import/")
    assert "<script>alert" not in shown and "<img src=x" not in shown and "<b>x" not in shown
