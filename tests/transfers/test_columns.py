"""Columns find their fields whatever they are called, and a row becomes a body the API understands."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.transfers.places import EXPORTS, MESSY, there
from transfers.columns import FIELDS, Mapping
from transfers.drafts import NEEDED, TEXTS
from transfers.reading import open_table
from transfers.values import amount, clean, emails_in, phones_in, split_name, web_url


def bodies(path):
    with open_table(path) as table:
        mapping = Mapping.guess(table.header, table.sample())
        return [mapping.draft(row.values) for row in table.rows()]


def draft(**cells):
    return Mapping.guess(list(cells), [cells]).draft(cells)


def body(**cells):
    return draft(**cells).body


def expected():
    path = MESSY / "expected.json"
    return json.loads(path.read_text()) if path.is_file() else {"none": None}


@pytest.mark.parametrize(("name", "wanted"), [pair for pair in expected().items() if isinstance(pair[1], list)])
def test_the_collection_is_understood_as_its_sources_say(name, wanted):
    for made, facts in zip(bodies(there(MESSY) / name), wanted, strict=True):
        custom = made.body.get("custom_fields", {})
        first, *rest = facts["emails"] or [None]
        assert made.body.get("email") == first
        assert custom.get("other_emails", []) == rest
        first, *rest = facts.get("phones") or [None]
        assert made.body.get("phone_number") == first
        assert custom.get("other_phones", []) == rest
        for field in ("first_name", "last_name", "company", "job_title", "linkedin_url", "city", "notes", "tags"):
            assert made.body.get(field) == facts.get(field, made.body.get(field))
        if "full_name" in facts:
            assert f"{made.body['first_name']} {made.body['last_name']}" == facts["full_name"]
        assert facts.get("prefix") in (None, custom.get("Title"))
        assert facts.get("created_at") in (None, custom.get("created_time"))


def test_linkedin_connections_keep_the_persons_page():
    made = bodies(there(MESSY) / "samples" / "flashesofbrilliance-sample-connections.csv")
    wanted = expected()["samples/flashesofbrilliance-sample-connections.csv"]["first"]
    assert wanted.items() <= made[0].body.items()
    assert not [each for each in made if each.problem]


def test_difficult_cells_are_taken_apart():
    made = bodies(there(MESSY) / "samples" / "abhishek024604-difficult-leads.csv")
    assert made[0].body["custom_fields"]["other_emails"] == ["alt-jon@test.com"]
    assert made[4].body["phone_number"] == "+91 9876543210"
    assert made[4].body["custom_fields"]["other_phones"] == ["080-123456"]
    assert made[6].body["custom_fields"]["name_prefix"] == "Dr."
    assert (made[7].body["first_name"], made[7].body["last_name"]) == ("Jane", "Doe")
    assert (made[9].body["first_name"], made[9].body["last_name"]) == ("John", "O'Connor")
    assert [each.problem for each in made if each.problem] == [NEEDED, NEEDED]


def test_a_row_shifted_by_an_unquoted_comma_is_refused_with_its_reason():
    made = bodies(there(MESSY) / "samples" / "kamineni-pradeep-sample-leads.csv")
    assert [index for index, each in enumerate(made) if each.problem.startswith("the cells look shifted")] == [13]


def test_a_dial_code_of_its_own_column_goes_before_the_number():
    made = bodies(there(MESSY) / "samples" / "amitc04-sample-leads.csv")
    assert made[0].body["phone_number"] == "+919876543210"
    assert made[0].body["custom_fields"]["lead_owner"] == "test@gmail.com"
    assert made[4].problem == f"{NEEDED}; “123” under “mobile_without_country_code” is not a phone number"


def test_crm_exports_give_leads():
    contacts = bodies(there(EXPORTS) / "hubspot-dummy" / "hubspot_contacts.csv")
    assert not [each for each in contacts if each.problem]
    assert {each.body.get("status") for each in contacts} == {None, 1, 4}
    assert {each.body.get("lead_source") for each in contacts} == {None, 2}
    accounts = bodies(EXPORTS / "salesforce-dataloader" / "accountData.csv")
    assert accounts[0].body["company"] == "Gravity Investments"
    assert accounts[0].body["city"] == "FORT COLLINS"
    assert sum(not each.problem for each in accounts) == 9


@pytest.mark.parametrize(
    ("header", "fields"),
    [
        ("Vorname;Nachname;E-Mail-Adresse;Telefon;Firma;Position;Straße;PLZ;Ort;Land;Branche;Bemerkungen",
         "first_name last_name email phone_number company job_title address pin_code city country industry notes"),
        ("Prénom;Nom;Courriel;Téléphone portable;Société;Fonction;Adresse;Code postal;Ville;Pays;Secteur d'activité",
         "first_name last_name email phone_number company job_title address pin_code city country industry"),
        ("Nombre;Apellidos;Correo electrónico;Teléfono;Empresa;Cargo;Dirección;Código postal;Ciudad;Provincia;País;Fuente",
         "first_name last_name email phone_number company job_title address pin_code city state country lead_source"),
        ("Nome;Cognome;Posta elettronica;Cellulare;Azienda;Ruolo;Indirizzo;CAP;Città;Settore;Note;Priorità",
         "first_name last_name email phone_number company job_title address pin_code city industry notes priority"),
        ("Nome;Sobrenome;E-mail;Telefone;Empresa;Cargo;Endereço;CEP;Cidade;Estado;País;Observações",
         "first_name last_name email phone_number company job_title address pin_code city state country notes"),
        ("Voornaam;Achternaam;E-mailadres;Mobiel;Bedrijf;Functie;Straat;Postcode;Plaats;Provincie;Land;Opmerkingen",
         "first_name last_name email phone_number company job_title address pin_code city state country notes"),
        ("First Name;Last Name;Title;Company / Account;Email;Phone;Street;State/Province;Zip/Postal Code;Lead Status;Rating",
         "first_name last_name job_title company email phone_number address state pin_code status priority"),
        ("FIRST_NAME;lastName;E-Mail (work)*;Ph. No.;ORGANISATION;LinkedIn Profile URL;Deal Value;Tags;Web site",
         "first_name last_name email phone_number company linkedin_url estimated_value tags website"),
        ("Name;Vorname;Mail", "last_name first_name email"),
        ("Person - Name;Person - Email - Work;Person - Phone - Mobile;Organization - Name;Lead - Title",
         "full_name email phone_number company custom"),
        ("Person Linkedin Url;Company Linkedin Url;City;Company City;# Employees;Email Status",
         "linkedin_url linkedin_url city custom custom custom"),
        ("Username;Password;Owner Email;Lead ID;Middle Name;Fax;PLZ/Ort;Organization & Location",
         "custom ignore custom custom custom custom custom custom"),
    ],
)  # fmt: skip
def test_columns_are_known_by_their_names(header, fields):
    names = header.split(";")
    mapping = Mapping.guess(names, [])
    assert [mapping.field_of(name) for name in names] == fields.split()


def test_columns_without_a_known_name_are_known_by_their_values():
    rows = [{"A": "anna@example.com", "B": "+49 711 400400", "C": "https://linkedin.com/in/anna", "D": "4711"}] * 3
    mapping = Mapping.guess(list("ABCD"), rows)
    assert [mapping.field_of(name) for name in "ABCD"] == ["email", "phone_number", "linkedin_url", "custom"]


def test_an_owners_address_is_not_the_leads():
    cells = {"Name": "Anna", "Lead owner": "rep@example.com"}
    assert draft(**cells).problem == NEEDED


def test_title_is_a_job_or_a_form_of_address_as_its_values_say():
    assert Mapping.guess(["Title"], [{"Title": "Engineer"}]).field_of("Title") == "job_title"
    assert Mapping.guess(["Title"], [{"Title": "Dr."}, {"Title": "Frau"}]).field_of("Title") == "custom"


def test_a_name_in_a_list_of_accounts_is_a_company():
    assert body(Name="Acme", Phone="030 1234567", AnnualRevenue="1")["company"] == "Acme"
    assert body(Name="Anna Lee", Phone="030 1234567")["last_name"] == "Lee"


def test_choices_are_known_by_name_and_unknown_words_kept():
    made = body(Email="a@example.com", Status="Qualified", Priority="URGENT", Source="Linked-In")
    assert (made["status"], made["priority"], made["lead_source"]) == (3, 4, 3)
    made = body(Email="a@example.com", Status="Hot", Priority="1", Source="Trade fair")
    assert made["custom_fields"] == {"Status": "Hot", "Priority": "1", "Source": "Trade fair"}


def test_a_default_source_fills_in():
    mapping = Mapping.guess(["Email", "Source"], [], default_source=5)
    assert mapping.draft({"Email": "a@example.com", "Source": "Fair"}).body["lead_source"] == 5
    assert mapping.draft({"Email": "a@example.com", "Source": "Website"}).body["lead_source"] == 1


def test_the_persons_phone_goes_before_the_office():
    made = body(**{"Company Phone": "030 1111111", "Mobile": "0151 2222222", "Email": "a@example.com"})
    assert made["phone_number"] == "0151 2222222"
    assert made["custom_fields"]["other_phones"] == ["030 1111111"]


def test_an_override_wins_and_a_column_can_be_left_out():
    header, row = ["Email", "Kunde seit", "Intern"], {"Email": "a@example.com", "Kunde seit": "2020", "Intern": "x"}
    mapping = Mapping.guess(header, [row], overrides={"Kunde seit": "notes", "Intern": "ignore"})
    assert mapping.draft(row).body == {"email": "a@example.com", "notes": "2020"}


def test_a_website_gets_a_scheme_and_a_company_page_is_no_persons_page():
    made = body(Email="a@example.com", Website="acme.example", LinkedIn="https://linkedin.com/company/acme")
    assert made["website"] == "https://acme.example"
    assert "linkedin_url" not in made
    assert made["custom_fields"] == {"LinkedIn": "https://linkedin.com/company/acme"}


def test_a_refused_file_can_be_sent_again():
    row = {"row_number": "7", "reason": "422 ...", "Email": "a@example.com", "Note": "'=1+1"}
    made = Mapping.guess(list(row), [row]).draft(row).body
    assert made == {"email": "a@example.com", "notes": "=1+1"}


@pytest.mark.parametrize(
    ("cell", "numbers"),
    [
        ("p:+447700900123", ["+447700900123"]),
        ("416-810-9897x752", ["416-810-9897x752"]),
        ("+1 415 555 0134 ::: +1 415 555 0135", ["+1 415 555 0134", "+1 415 555 0135"]),
        ("0711/40040990", ["0711/40040990"]),
        ("\u202a+49 151 2345678\u202c", ["+49 151 2345678"]),
        ("919876543210.0", ["919876543210"]),
        ("Mobile: 0151 2345678 / Office: 030 1234567", ["0151 2345678", "030 1234567"]),
        ("123", []), ("2024-01-31", []), ("9.19877E+11", []), ("192.168.10.20", []), ("6.92641", []), ("yes", []),
    ],
)  # fmt: skip
def test_phones(cell, numbers):
    assert phones_in(clean(cell))[0] == numbers


@pytest.mark.parametrize(
    ("cell", "found"),
    [
        ("Jane <jane@example.com>", ["jane@example.com"]),
        ("mailto:o'neil@example.co.uk", ["o'neil@example.co.uk"]),
        ("a@x.org; b@x.org , c@x.org", ["a@x.org", "b@x.org", "c@x.org"]),
        ("/o=ExchangeLabs/ou=Exchange", []), ("a@b", []), ("a@b@c.org", []), ("x@y..com", []),
    ],
)  # fmt: skip
def test_emails(cell, found):
    assert emails_in(cell)[0] == found


@pytest.mark.parametrize(
    ("whole", "first", "last"),
    [
        ("Anna van der Berg", "Anna", "van der Berg"), ("van der Berg, Anna", "Anna", "van der Berg"),
        ("John Smith, PhD", "John", "Smith"), ("Martin Luther King Jr.", "Martin Luther", "King"),
        ("Prof. Dr. Hans Meyer", "Hans", "Meyer"), ("Mike", "Mike", None), ("Chen Wei", "Chen", "Wei"),
    ],
)  # fmt: skip
def test_names(whole, first, last):
    parts = split_name(whole)
    assert (parts.get("first_name"), parts.get("last_name")) == (first, last)


@pytest.mark.parametrize(
    ("cell", "value"),
    [("$1,250.50", 1250.5), ("1.234,50", 1234.5), ("€ 12.500", 12500), ("12k", 12000), ("1'000", 1000), ("soon", None),
     ("-5", None), ("1.005", 1005), ("0.125", None)],
)  # fmt: skip
def test_amounts(cell, value):
    assert amount(cell) == value


@pytest.mark.parametrize("cell", ["NULL", "\\N", "0/0/00", "#N/A", " \u200b ", "--", "N/A"])
def test_cells_that_say_nothing_are_not_sent(cell):
    assert body(Email="a@example.com", City=cell) == {"email": "a@example.com"}


texts = st.text(max_size=60)


@given(st.dictionaries(st.sampled_from([*TEXTS, "url", "website", "linkedin_url", "location", "Anything"]), texts))
def test_no_cell_is_lost(cells):
    made = draft(**cells).body
    said = [*made.values(), *made.get("custom_fields", {}).values()]
    for cell in cells.values():
        assert not clean(cell) or any(clean(cell) in value for value in said if isinstance(value, str))


@given(st.dictionaries(st.sampled_from(FIELDS), texts))
def test_any_row_makes_a_body_of_json(cells):
    made = draft(**cells)
    json.dumps(made.body)
    assert made.problem or {"email", "phone_number", "linkedin_url"} & set(made.body)


@given(texts)
def test_addresses_of_pages_are_http(cell):
    address = web_url(cell)
    assert not address or address.lower().startswith(("http://", "https://"))
