"""Two who wait for each other: PostgreSQL ends one of them, and a request that it ends is done again."""

from threading import Thread
from time import monotonic, sleep

import pytest
from django.db import connection, connections, transaction

from contacts.models import Contact
from lio.tenancy import org_scope
from tests.conftest import client_of
from tests.factories import make_company, make_organization

WAITING = """SELECT count(*) FROM pg_locks mine JOIN pg_locks theirs USING (transactionid)
             WHERE mine.pid = pg_backend_pid() AND mine.granted AND NOT theirs.granted"""


@pytest.mark.django_db(transaction=True)
def test_a_request_that_a_deadlock_ended_is_done_again():
    rep = make_organization()
    company = make_company(rep.organization)
    api = client_of(rep)
    first, second = [
        api.post("/api/contact/add", {"name": name, "company_id": company.pk}).json()["data"]["id"] for name in ("Ann", "Bob")]
    answers = []

    def change():
        try:
            answers.append(api.post("/api/contact/bulk-update", {"contact_ids": [first, second], "fields": {"city": "Bonn"}}))
        finally:
            connections.close_all()

    asked = Thread(target=change)
    with org_scope(rep.organization), transaction.atomic():
        Contact.objects.select_for_update(of=("self",)).get(pk=second)
        asked.start()  # it holds the first one, and waits for the second
        end = monotonic() + 20
        with connection.cursor() as cursor:
            while cursor.execute(WAITING) is None or cursor.fetchone() == (0,):
                assert monotonic() < end
                sleep(0.01)
        Contact.objects.select_for_update(of=("self",)).get(pk=first)  # who waits for longer is ended
    asked.join()
    assert answers[0].status_code == 200, answers[0].json()
    assert answers[0].json()["data"]["ids"] == [first, second]
    with org_scope(rep.organization):
        assert set(Contact.objects.values_list("city", flat=True)) == {"Bonn"}
