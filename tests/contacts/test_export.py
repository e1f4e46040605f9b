"""Exports of contacts."""

from tests.transfers.exporting import exported, table


def test_a_file_has_all_that_a_contact_is(api, add, company):
    tag = api.post("/api/custom-lookups/add", {"module_name": "lead", "type": "tags", "name": "VIP"}).json()["data"]["id"]
    acme = company("Acme")
    one = add(
        company_id=acme,
        emails=["a@x.example", "b@x.example"],
        phone_numbers=["+49 1", "2"],
        tags=[tag],
        lead_score=7,
        custom_fields={"size": "L"},
    )
    add(name="Bob", city="Ulm")
    header, rows = table(exported(api, export_type="contacts")[1])
    assert header[:6] == ["id", "name", "email", "phone_number", "emails", "phone_numbers"] and header[-1] == "size"
    told = dict(zip(header, rows[1], strict=True))
    assert (told["name"], told["emails"], told["phone_numbers"]) == ("Ada Lovelace", "a@x.example; b@x.example", "'+49 1; 2")
    assert (told["company"], told["company_id"], told["tags"], told["status_text"]) == ("Acme", str(acme), "VIP", "New")
    assert (told["lead_score"], told["size"], told["id"]) == ("7", "L", str(one["id"]))


def test_filters_are_those_of_the_list(api, add):
    add(city="Bonn")
    add(name="Bob", city="Ulm")
    _, rows = table(exported(api, export_type="contacts", filters={"city": "ulm"}, columns=["name", "city"])[1])
    assert rows == [["Bob", "Ulm"]]
