"""Deals in other currencies: they keep the rate of the day on which their amount was entered."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

PATH = "/api/exchange-rates"


@pytest.fixture
def euro(api):
    for day, rate in (("2026-01-01", 1.1), ("2026-02-01", 1.25)):
        assert api.post(f"{PATH}/add", {"day": day, "currency": "eur", "rate": rate}).status_code == 201


@pytest.fixture
def sent(lead, stages):
    return {"lead_id": lead.pk, "pipeline_id": stages["New"].pipeline_id, "stage_id": stages["New"].pk, "title": "Abroad",
            "value": 100, "expected_close_date": "2027-03-01"}


def test_a_value_with_its_currency_is_converted(api, euro, sent):
    shown = api.post("/api/lead/deal/add", sent | {"currency": "EUR"}).json()["data"]
    assert (shown["value"], shown["currency"], shown["amount"], shown["rate"]) == (125, "EUR", 100, 1.25)
    shown = api.post("/api/lead/deal/add", sent | {"currency": "USD"}).json()["data"]
    assert (shown["value"], shown["currency"], shown["amount"], shown["rate"]) == (100, None, None, None)


def test_a_deal_keeps_its_rate(api, euro, sent):
    deal = api.post("/api/lead/deal/add", sent | {"currency": "EUR"}).json()["data"]
    path = f"/api/lead/deal/update/{deal['id']}"
    api.post(f"{PATH}/add", {"day": "2026-03-01", "currency": "EUR", "rate": 2})
    assert api.post(path, {"title": "Renamed"}).json()["data"]["value"] == 125
    same = {name: deal[name] for name in ("value", "currency", "amount")}
    assert api.post(path, same).json()["data"]["rate"] == 1.25
    changed = api.post(path, {"amount": 200}).json()["data"]
    assert (changed["value"], changed["rate"]) == (400, 2)
    refused = api.post(path, {"value": 7})
    assert refused.status_code == 422 and "value" in refused.json()["error"]["fields"]
    home = api.post(path, {"currency": None, "value": 300}).json()["data"]
    assert (home["value"], home["currency"], home["amount"]) == (300, None, None)


def test_a_currency_without_a_rate_is_refused(api, euro, sent):
    for currency in ("CHF", "EURO", "12A"):
        answer = api.post("/api/lead/deal/add", sent | {"currency": currency})
        assert answer.status_code == 422 and "currency" in answer.json()["error"]["fields"]


def test_one_rate_a_day_and_none_of_ones_own(api, euro):
    api.post(f"{PATH}/add", {"day": "2026-02-01", "currency": "EUR", "rate": 1.3, "source": "Bank"})
    (newest, _) = api.get(f"{PATH}/list", {"currency": "eur", "order_by": "day"}).json()["data"]
    assert (newest["rate"], newest["source"]) == (1.3, "Bank")
    for wrong in ({"currency": "USD"}, {"rate": 0}, {"rate": -1}, {"rate": "x"}, {"day": "soon"}):
        assert api.post(f"{PATH}/add", {"day": "2026-02-01", "currency": "EUR", "rate": 1} | wrong).status_code == 422, wrong


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"day,currency\n2026-01-01,EUR\n", "columns"),
        (b"day,currency,rate\n2026-01-01,EURO,1\n", "row 2"),
        (b"day;currency;rate\n2026-01-01;EUR;1,5\nx;EUR;1\n", "row 3"),
        (b"day,currency,rate\n2026-01-01,EUR,nan\n", "row 2"),
        (b"day,currency,rate\n", "no rows"),
        (b"\xff\xfe\x00", "CSV"),
    ],
)
def test_a_bad_file_changes_nothing(api, content, complaint):
    answer = api.post(f"{PATH}/upload", {"file": SimpleUploadedFile("rates.csv", content)}, format="multipart")
    assert answer.status_code == 422 and complaint in answer.json()["error"]["message"]
    assert api.get(f"{PATH}/list").json()["total"] == 0


def test_a_file_sets_many(api):
    content = "\ufeffDay;Currency;Rate\n2026-01-01;EUR;1,1\n2026-01-01;GBP;1.3\n".encode()
    answer = api.post(f"{PATH}/upload", {"file": SimpleUploadedFile("rates.csv", content)}, format="multipart")
    assert answer.json()["data"] == {"rates": 2}
    rows = api.get(f"{PATH}/list", {"order_by": "currency", "order_in": "ASC"}).json()["data"]
    found = [(row["currency"], row["rate"], row["source"]) for row in rows]
    assert found == [("EUR", 1.1, "rates.csv"), ("GBP", 1.3, "rates.csv")]


def test_only_who_runs_the_organization_sets_rates(colleague_api, euro):
    assert colleague_api.get(f"{PATH}/list").json()["total"] == 2
    assert colleague_api.post(f"{PATH}/add", {"day": "2026-02-01", "currency": "CHF", "rate": 1}).status_code == 403
