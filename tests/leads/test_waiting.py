"""Who waits for a lead that another one gives a company goes on with the lead as it is then, company and all."""

from threading import Thread
from time import monotonic, sleep

import pytest
from django.db import connection, connections

from leads import edit, edit_many
from leads.models import Lead
from lio.models import SearchDoc
from lio.tenancy import org_scope
from tests.contacts.test_deadlock import WAITING
from tests.factories import make_company, make_lead, make_organization


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("many", [False, True], ids=["one", "many"])
def test_the_company_that_came_meanwhile_is_among_the_words(many):
    rep = make_organization()
    old, new = (make_company(rep.organization, company_name=name) for name in ("Old Works", "New Works"))
    lead = make_lead(rep.organization, company_id=old.pk, email="jane@acme.example")

    def change():
        try:
            with org_scope(rep.organization):
                if many:
                    edit_many.set_fields(rep.organization, [lead.pk], {"job_title": "Buyer"}, by=rep)
                else:
                    edit.update(lead.pk, rep.organization, {"job_title": "Buyer"}, by=rep)
        finally:
            connections.close_all()

    changing = Thread(target=change)
    with org_scope(rep.organization):
        Lead.objects.filter(pk=lead.pk).update(company_id=new.pk)
        changing.start()
        end = monotonic() + 20
        with connection.cursor() as cursor:
            while cursor.execute(WAITING) is None or cursor.fetchone() == (0,):
                assert monotonic() < end
                sleep(0.01)
    changing.join()
    with org_scope(rep.organization):
        body = SearchDoc.objects.get(kind="lead", object_id=lead.pk).body
        assert "buyer" in body and "new works" in body
