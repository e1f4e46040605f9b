"""An import is taken back from its page: also its updates, and not what somebody has changed since."""

import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from leads.models import Lead
from lio import jobs, undo
from lio.tenancy import org_scope
from tests.conftest import sign_in
from tests.factories import make_lead
from tests.transfers.importing import imported as imported_over_api
from transfers.models import Import

LIST = "Email,First name,City\n" + "".join(f"p{n}@x.example,Jane{n},Bonn\n" for n in range(8)) + "there@x.example,Old,Bonn\n"


@pytest.fixture
def imported(browser, rep):
    """The address of the page of an import that made eight leads and updated one."""
    make_lead(rep.organization, email="there@x.example", first_name="Old", city="Riga")
    url = browser.post("/import/", {"file": SimpleUploadedFile("leads.csv", LIST.encode())}).url
    browser.post(f"{url}check", {"policy": "update", "match": "email"})
    jobs.drain()
    browser.post(f"{url}start")
    jobs.drain()
    with org_scope(rep.organization):
        assert Import.objects.get().state == "completed"
    return url


def cities(rep):
    with org_scope(rep.organization):
        return dict(Lead.objects.alive().values_list("email", "city"))


def page(browser, url):
    return browser.get(url).content.decode()


def undo_address(browser, url):
    return re.search(r'href="(/undo/\d+)">.*?Undo the import', page(browser, url), re.S)[1]


def test_all_of_it_goes_back_after_asking(browser, rep, imported):
    address = undo_address(browser, imported)
    asked = page(browser, address)
    assert '<b class="num">8</b> × Lead created' in asked and '<b class="num">1</b> × Lead merged' in asked
    assert len(cities(rep)) == 9
    assert browser.post(address).url == address
    assert cities(rep) == {"there@x.example": "Riga"}
    shown = page(browser, imported)
    assert "9 records put back" in shown and "Nothing had changed since." in shown and "Undo the import" not in shown


def test_what_changed_since_stays_and_is_listed_on_the_page(browser, rep, imported):
    with org_scope(rep.organization):
        ids = dict(Lead.objects.alive().values_list("email", "pk"))
    browser.post(f"/leads/{ids['p3@x.example']}/field/city", {"value": "Oslo"})
    browser.post(f"/leads/{ids['there@x.example']}/field/city", {"value": "Kiel"})
    browser.post(undo_address(browser, imported))
    assert cities(rep) == {"there@x.example": "Kiel", "p3@x.example": "Oslo"}
    shown = page(browser, imported)
    assert "7 records put back" in shown and "2 left as they are" in shown
    for lead in ("p3@x.example", "there@x.example"):
        assert f'href="/leads/{ids[lead]}/"' in shown


def test_a_large_one_goes_back_in_the_background(browser, rep, imported, monkeypatch):
    monkeypatch.setattr(undo, "AT_ONCE", 4)
    monkeypatch.setattr(undo, "CHUNK", 3)
    browser.post(undo_address(browser, imported))
    assert "0 of 9 changes" in page(browser, imported)
    jobs.drain()
    assert cities(rep) == {"there@x.example": "Riga"} and "9 records put back" in page(browser, imported)


def test_an_import_that_still_runs_is_not_undone(browser, api, rep, imported):
    with org_scope(rep.organization):
        Import.objects.update(state="running")
        change_id = Import.objects.get().change_id
    answer = api.post("/api/undo", {"change_id": change_id})
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "still_running")


def test_who_may_not_edit_is_not_offered_it(client, rep, imported):
    from accounts import roles
    from tests.factories import make_member

    with org_scope(rep.organization):
        roles.add(rep.organization, name="Loader", description="", permissions=["records.view", "records.import"], by=rep)
    loader = sign_in(client, make_member(rep.organization, role="Loader"))
    assert "Undo the import" not in page(loader, imported)


@pytest.mark.slow
def test_five_thousand_rows_of_which_ten_were_edited(api, rep):
    """Created and updated leads go back; the ten that somebody has worked on since stay as they are, and are told."""
    with org_scope(rep.organization):
        there = [
            make_lead(rep.organization, email=f"p{n}@x.example", first_name="Old", city="Riga") for n in range(0, 5_000, 50)
        ]
        was = [lead.pk for lead in there]
    lines = "".join(f"p{n}@x.example,Jane{n},Bonn\n" for n in range(5_000))
    job = imported_over_api(api, f"email,first name,city\n{lines}", policy="update")
    assert (job["created"], job["merged"]) == (4_900, 100)
    with org_scope(rep.organization):
        change_id = Import.objects.get().change_id
        made = list(Lead.objects.exclude(pk__in=was).order_by("pk").values_list("pk", flat=True)[:5])
    for pk in (*was[:5], *made):
        assert api.post(f"/api/lead/update/{pk}", {"city": "Kiel"}, format="json").status_code == 200
    done = api.post("/api/undo", {"change_id": change_id}, format="json").json()["data"]
    jobs.drain()
    told = api.get(f"/api/undo/view/{change_id}").json()["data"]
    assert told["conflict_count"] == 10 and {conflict["model_id"] for conflict in told["conflicts"]} == {*was[:5], *made}
    assert told["reverted"] == 5_000 - 5, done  # what was updated goes back in all that nobody has touched
    with org_scope(rep.organization):
        left = list(Lead.objects.alive().order_by("pk").values_list("pk", "first_name", "city"))
    assert left == [
        *[(pk, "Old", "Kiel" if n < 5 else "Riga") for n, pk in enumerate(was)],
        *[(pk, f"Jane{n + 1}", "Kiel") for n, pk in enumerate(made)],
    ]
