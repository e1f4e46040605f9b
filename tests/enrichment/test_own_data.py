"""What the organisation knows already of a company, by its domain and by its name."""

import pytest
from django.db import connection

from companies.models import Company
from contacts.models import Contact
from enrichment.sources.own_data import OwnData
from integrations.ports import COMPANY, PERSON, Query
from leads.models import Lead
from lio.tenancy import org_scope
from tests.factories import make_lead

ME = Query(kind=PERSON, email="jane@acme.com")


def found(organization, query=ME):
    return {one.field: (one.value, one.why) for one in OwnData(organization).find(query, []).findings}


@pytest.fixture
def leads(rep):
    for number, (city, industry) in enumerate(
        [("Berlin", "Robots"), ("berlin ", "Robots"), ("Berlin", "Toys"), ("Bonn", None)]
    ):
        make_lead(rep.organization, email=f"p{number}@ACME.com", city=city, industry=industry, company="Acme Robotics")
    make_lead(rep.organization, email="jane@acme.com", city="Bonn", country="Germany")
    make_lead(rep.organization, email="x@other.example", city="Paris")
    return rep.organization


def test_most_people_at_the_domain_are_believed_with_their_number(leads):
    assert found(leads) == {
        "company_name": ("Acme Robotics", "4 of 4 leads at acme.com"),
        "industry_type": ("Robots", "2 of 3 leads at acme.com"),
        "city": ("Berlin", "3 of 4 leads at acme.com"),  # the person who is asked about has no say
    }


def test_half_is_no_majority(rep):
    for number, city in enumerate(["Berlin", "Bonn"]):
        make_lead(rep.organization, email=f"p{number}@acme.com", city=city)
    assert found(rep.organization) == {}


def test_deleted_leads_have_no_say(leads):
    with org_scope(leads):
        Lead.objects.of(leads).filter(city="Bonn").bury()
        assert found(leads)["city"] == ("Berlin", "3 of 3 leads at acme.com")
        Lead.objects.of(leads).bury()
        assert found(leads) == {}


def test_the_company_on_record_comes_first(leads):
    with org_scope(leads):
        Company.objects.of(leads).update(domain="acme.com", website="https://acme.com", city="Hamburg", employee_size="50-100")
    why = "the company on record with the domain acme.com"
    assert found(leads) == {
        "company_name": ("Acme Robotics", why), "domain": ("acme.com", why), "website": ("https://acme.com", why),
        "employee_size": ("50-100", why), "city": ("Hamburg", why), "industry_type": ("Robots", "2 of 3 leads at acme.com"),
    }  # fmt: skip
    by_name = found(leads, Query(kind=COMPANY, name=" acme  ROBOTICS"))
    assert by_name["website"] == ("https://acme.com", "the company on record with the name acme ROBOTICS")


def test_contacts_of_the_company_tell_its_place(rep):
    with org_scope(rep.organization):
        company = Company.objects.create(
            organization=rep.organization, company_name="Acme", name_norm="acme", domain="acme.com"
        )
        for number in range(3):
            Contact.objects.create(organization=rep.organization, name=f"P {number}", company=company, country="Germany")
    assert found(rep.organization)["country"] == ("Germany", "3 of 3 contacts at acme.com")


def test_other_organisations_and_free_mail_are_not_asked(leads, outsider):
    assert found(outsider.organization) == {}
    make_lead(outsider.organization, email="a@gmail.com", city="Rome")
    assert found(outsider.organization, Query(email="b@gmail.com")) == {}
    assert OwnData().find(ME, []).problem == "No organisation is asked."
    with org_scope(leads):
        assert OwnData().find(ME, []).hit


def test_the_function_behind_the_wall_keeps_to_the_open_organisation(leads, outsider):
    asked = "SELECT leads_at_domain(ARRAY['acme.com'], 100)"
    with connection.cursor() as cursor:
        cursor.execute(asked)
        assert cursor.fetchone()[0] == []
        for organization, count in ((leads, 5), (outsider.organization, 0)):
            with org_scope(organization):
                cursor.execute(asked)
                assert len(cursor.fetchone()[0]) == count


def test_no_more_people_than_asked_for_are_read(leads):
    with org_scope(leads), connection.cursor() as cursor:
        cursor.execute("SELECT leads_at_domain(ARRAY['acme.com', 'other.example'], 3)")
        assert len(cursor.fetchone()[0]) == 3
