"""The built-in sources: what each tells, how sure it is, and that none of them speaks to anybody."""

import csv
import socket

import pytest

from companies.places import country_code, country_name, zone, zones
from enrichment.sources import BUILTIN, builtin, linkedin, names, phone
from enrichment.sources.email_domain import EmailDomain, company_name
from enrichment.sources.job_title import JobTitle
from enrichment.sources.linkedin import LinkedIn
from enrichment.sources.names import NameParts
from enrichment.sources.phone import Phone
from enrichment.sources.place import Place
from integrations.ports import COMPANY, PERSON, Query
from tests.conftest import shared


def told(source, known=(), **query):
    """{(of, field): value} of what a source finds."""
    return {(one.of, one.field): one.value for one in source.find(Query(**query), list(known)).findings}


# ------------------------------------------------------------------ e-mail domain
def test_a_business_address_tells_domain_website_and_a_guess_at_the_name():
    assert told(EmailDomain(), email="jane@mail.acme-robotics.co.uk") == {
        (COMPANY, "domain"): "acme-robotics.co.uk",
        (COMPANY, "website"): "https://acme-robotics.co.uk",
        (COMPANY, "company_name"): "Acme Robotics",
    }


def test_a_known_name_or_website_is_not_guessed_at():
    found = told(EmailDomain(), email="jane@acme.com", company="ACME Inc.", website="http://acme.com/en")
    assert found == {(COMPANY, "domain"): "acme.com"}


@pytest.mark.parametrize("email, kind", [("jane@gmail.com", "free_mail"), ("x@mailinator.com", "disposable")])
def test_free_and_disposable_mail_says_so_and_nothing_of_a_company(email, kind):
    assert told(EmailDomain(), email=email) == {(PERSON, "email_kind"): kind}


def test_a_website_speaks_for_the_company_of_somebody_with_free_mail():
    found = told(EmailDomain(), email="jane@gmail.com", website="https://www.acme.com/")
    assert found[COMPANY, "domain"] == "acme.com" and found[PERSON, "email_kind"] == "free_mail"


def test_names_out_of_domains():
    domains = {"ibm.com": "Ibm", "hp.com": "HP", "xn--mller-kva.de": "Müller", "a-b.io": "A B", "tryacme.com": "Acme",
               "acme-hq.com": "Acme", "getty.com": "Getty", "app.io": "App", "usemycrm.com": "Mycrm"}  # fmt: skip
    assert {domain: company_name(domain) for domain in domains} == domains


# --------------------------------------------------------------------------- names
@pytest.mark.parametrize(
    "name, first, last",
    [
        ("van der Berg, Anna", "Anna", "van der Berg"), ("Dr. Jane Q. Doe, PhD", "Jane", "Doe"), ("JANE DOE", "Jane", "Doe"),
        ("Ludwig van Beethoven", "Ludwig", "van Beethoven"), ("Griffey, Jr., Ken", "Ken", "Griffey"), ("Jane", "Jane", ""),
        ("山田 太郎", "太郎", "山田"), ("Анна Каренина", "Анна", "Каренина"), ("Prince Upton Jr.", "Prince", "Upton"),
        ("foo@bar.com", "", ""), ("12 345", "", ""), ("", "", ""), ("The President", "", ""),
    ],
)  # fmt: skip
def test_a_name_is_taken_apart(name, first, last):
    parts = names.split(name)
    assert (parts.first, parts.last) == (first, last)


def test_names_that_people_took_apart():
    """Surname and given name, of 375 hard cases; an initial stands for a given name that is not written out."""
    lines = shared("data/dedupe-names/human-name-parseable-names.txt").read_text(encoding="utf-8").splitlines()
    cases = [line.split("|") for line in lines if line.strip() and not line.startswith("#")]
    right = 0
    for name, surname, given, _, initial, *_ in cases:
        parts = names.split(name)
        first = parts.first.lower() == given.lower() or (not given and parts.first[:1].lower() == initial.lower())
        right += first and parts.last.lower() == surname.lower()
    print(f"names taken apart: {right} of {len(cases)}, {right / len(cases):.3f}")
    assert right / len(cases) >= 0.95


@pytest.mark.parametrize(
    "email, first, last",
    [
        ("jane.doe@acme.com", "Jane", "Doe"), ("jane_doe+news@acme.com", "Jane", "Doe"), ("jane.doe22@acme.com", "Jane", "Doe"),
        ("jean-luc.picard@acme.com", "Jean-Luc", "Picard"), ("anna.van.der.berg@acme.nl", "Anna", "van der Berg"),
        ("j.doe@acme.com", "J.", "Doe"), ("jdoe@acme.com", "", ""), ("sales.team@acme.com", "", ""), ("info@acme.com", "", ""),
        ("no-reply@acme.com", "", ""), ("a.b@acme.com", "", ""), ("12.34@acme.com", "", ""),
    ],
)  # fmt: skip
def test_a_mailbox_gives_a_guess_at_a_name(email, first, last):
    parts = names.from_mailbox(email)
    assert (parts.first, parts.last) == (first, last)


def test_the_mailbox_is_asked_only_where_there_is_no_name():
    assert told(NameParts(), email="jane.doe@acme.com", first_name="Joan") == {}
    assert told(NameParts(), name="Doe, Joan", email="jane.doe@acme.com")[PERSON, "first_name"] == "Joan"
    assert told(NameParts(), kind=COMPANY, name="Jane Doe") == {}


# --------------------------------------------------------------------------- phone
def test_numbers_of_every_region():
    """National numbers with their region, and international ones without, give the same E.164."""
    with open(shared("data/phones/example_numbers.csv"), newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        assert phone.read(row["international_format"]).e164 == row["e164"], row
        if row["region"] != "001":  # numbers of no country cannot be dialled within one
            assert phone.read(row["national_format"], row["region"]).e164 == row["e164"], row
    assert len(rows) > 1000


def test_a_number_tells_country_kind_and_zone():
    assert told(Phone(), phone_number="030 123456", country="Deutschland") == {
        (PERSON, "phone_number"): "+4930123456", (PERSON, "country"): "Germany", (PERSON, "phone_kind"): "fixed line",
        (PERSON, "time_zone"): "Europe/Berlin",
    }  # fmt: skip
    assert told(Phone(), phone_number="030 123456", email="a@acme.de")[PERSON, "phone_number"] == "+4930123456"
    assert told(Phone(), phone_number="0044 20 7946 0958", kind=COMPANY)[COMPANY, "country"] == "United Kingdom"


@pytest.mark.parametrize(
    "number", ["", "123", "call me", "030 123456", "+49 1", "+999 123456789", "1" * 300, "+1 000 000 0000"]
)
def test_what_is_no_number_tells_nothing(number):
    answer = Phone().find(Query(phone_number=number), [])
    assert not answer.findings and answer.problem and not answer.hit


# ----------------------------------------------------------------------- job title
def test_a_title_tells_with_the_word_that_told():
    findings = {one.field: one for one in JobTitle().find(Query(job_title="Vertriebsleiterin Süd"), []).findings}
    assert {name: one.value for name, one in findings.items()} == {
        "seniority": "Lead", "department": "Sales", "decision_maker": "Decision maker"}  # fmt: skip
    assert findings["seniority"].why == "title says “Vertriebsleiterin”"
    assert not JobTitle().find(Query(), []).findings


def test_of_a_title_that_tells_nothing_nothing_is_said():
    answer = JobTitle().find(Query(job_title="Zahnarzt"), [])
    assert answer.findings == [] and answer.problem and not answer.hit


# ------------------------------------------------------------------------ LinkedIn
@pytest.mark.parametrize(
    "url, normal, name",
    [
        ("https://de.linkedin.com/in/Jane-Doe-123abc/?trk=x", "in/jane-doe-123abc", ("Jane", "Doe")),
        ("linkedin.com/mwlite/in/anna-van-der-berg", "in/anna-van-der-berg", ("Anna", "van der Berg")),
        ("https://www.linkedin.com/pub/jane-doe/1/2a3/4b5", "in/jane-doe-4b52a31", ("Jane", "Doe")),
        ("https://www.linkedin.com/in/j%C3%BCrgen-m%C3%BCller-phd", "in/jürgen-müller-phd", ("Jürgen", "Müller")),
        ("https://www.linkedin.com/in/jdoe", "in/jdoe", ("", "")),
    ],
)
def test_an_address_of_a_person(url, normal, name):
    address = linkedin.read(url)
    assert address.url == f"https://www.linkedin.com/{normal}" and linkedin.person_name(address.slug) == name


@pytest.mark.parametrize(
    "url",
    [
        "", "https://linkedin.com.evil.com/in/jane", "https://evil.com/linkedin.com/in/jane", "linkedin.com/feed", "http://[::1",
        "https://www.linkedin.com/in/", "https://www.linkedin.com/in/a b", "javascript:alert(1)//linkedin.com/in/x",
    ],
)  # fmt: skip
def test_what_is_no_address_of_linkedin(url):
    assert linkedin.read(url) is None


def test_a_page_of_a_company_tells_its_name_where_there_is_none():
    url = "https://linkedin.com/company/acme-robotics/about/"
    assert told(LinkedIn(), linkedin_url=url)[COMPANY, "company_name"] == "Acme Robotics"
    assert (COMPANY, "company_name") not in told(LinkedIn(), linkedin_url=url, company="Acme")


# --------------------------------------------------------------------------- place
def test_places():
    assert country_code("Deutschland") == country_code(" DE ") == country_code("germany") == "DE"
    assert (country_code("USA"), country_code("Ruritania"), country_name("gb")) == ("US", "", "United Kingdom")
    assert (zone("Germany"), zone("US"), zone("USA", "Denver"), zone("Brazil", "São Paulo")) == (
        "Europe/Berlin", "", "America/Denver", "America/Sao_Paulo")  # fmt: skip
    assert zones("nowhere") == ()


def test_the_suffix_of_a_domain_tells_the_country_and_that_the_rest():
    assert told(Place(), email="jane@acme.de") == {
        (PERSON, "country"): "Germany", (PERSON, "time_zone"): "Europe/Berlin", (PERSON, "language"): "de"}  # fmt: skip
    assert told(Place(), kind=COMPANY, website="https://acme.co.uk") == {(COMPANY, "country"): "United Kingdom"}
    assert (
        told(Place(), email="jane@acme.io") == told(Place(), email="jane@gmx.de") == told(Place(), email="jane@acme.com") == {}
    )
    assert told(Place(), email="jane@acme.de", country="France")[PERSON, "language"] == "fr"


# ---------------------------------------------------------------------------- all
FULL = {"name": "Doe, Jane", "email": "jane.doe@acme.de", "phone_number": "+49 30 123456", "job_title": "Head of Sales",
        "linkedin_url": "https://linkedin.com/in/jane-doe-1a2b3c", "company": "Acme", "website": "https://acme.de"}  # fmt: skip


def test_no_source_opens_a_connection(rep, monkeypatch):
    builtin(rep.organization)[0].find(Query(**FULL), [])  # our own database is connected

    def refuse(*args, **kwargs):
        raise AssertionError("a source opened a connection")

    for name in ("connect", "connect_ex", "sendto"):
        monkeypatch.setattr(socket.socket, name, refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    for kind in (PERSON, COMPANY):
        known = []
        for source in builtin(rep.organization):
            known += source.find(Query(kind=kind, **FULL), known).findings
        assert {"domain", "linkedin_url"} <= {one.field for one in known}


HOSTILE = ["\x00", "'; DROP TABLE leads_lead; --", "<script>alert(1)</script>", "a" * 20_000, "@" * 500, "﷽" * 300, "\u202e", "http://[",
           "//", "%00", "xn--", "xn--a.com", "+" * 50, "-", "..", "\n", "{}", "jane@" + "a." * 300 + "com"]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_odd_texts_are_only_texts(rep, text):
    names = ("name", "email", "phone_number", "job_title", "linkedin_url", "company", "domain", "website", "country", "city")
    for kind in (PERSON, COMPANY):
        for source in builtin(rep.organization):
            for one in source.find(Query(kind=kind, **dict.fromkeys(names, text)), []).findings:
                assert 0 <= one.confidence <= 1 and one.why and one.source == source.name


def test_each_source_says_who_it_is():
    assert [source.name for source in BUILTIN] == [
        "own_data", "email_domain", "name", "linkedin_slug", "phone", "job_title", "place"]  # fmt: skip
    assert {(source.provider, source.cost) for source in BUILTIN} == {("builtin", 0)}
