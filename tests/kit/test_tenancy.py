"""The scope of an organisation (lio/tenancy.py)."""

import pytest
from django.db import connection, transaction

from leads.models import Lead
from lio.tenancy import current_organization_id, org_scope
from tests.factories import make_lead


def setting():
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('app.org', true)")
        return cursor.fetchone()[0] or ""


def test_the_scope_of_another_organisation_cannot_be_opened_inside(rep, outsider):
    with org_scope(rep.organization):
        with pytest.raises(RuntimeError), org_scope(outsider.organization):
            pytest.fail("opened")
        assert setting() == str(rep.organization_id)
        with org_scope(rep.organization):  # the same one may
            assert current_organization_id() == rep.organization_id
        assert setting() == str(rep.organization_id)
    assert (current_organization_id(), setting()) == (None, "")


def test_nothing_is_left_after_an_error(rep, outsider):
    for _ in range(2):
        with pytest.raises(ZeroDivisionError), org_scope(rep.organization):
            raise ZeroDivisionError
        assert current_organization_id() is None
        with transaction.atomic(), org_scope(outsider.organization):
            assert setting() == str(outsider.organization_id)


@pytest.mark.django_db(transaction=True)
def test_the_setting_dies_with_its_transaction():
    from tests.factories import make_organization

    mine, theirs = make_organization("Acme"), make_organization("Globex")
    make_lead(mine.organization)
    assert setting() == ""
    assert Lead.objects.count() == 0
    with org_scope(theirs.organization):
        assert Lead.objects.count() == 0
    with pytest.raises(ZeroDivisionError), org_scope(mine.organization):
        assert Lead.objects.count() == 1
        raise ZeroDivisionError
    assert (setting(), Lead.objects.count()) == ("", 0)
    with org_scope(mine.organization):
        transaction.set_rollback(True)
    assert (setting(), Lead.objects.count()) == ("", 0)


def test_no_organisation_finds_nothing(rep):
    make_lead(rep.organization)
    with org_scope(rep.organization):
        assert Lead.objects.of(None).count() == 0
        assert Lead.objects.of(rep.organization).count() == 1
        assert Lead.objects.of(rep.organization_id + 1).count() == 0


def test_forgetting_the_filter_shows_ones_own_only(rep, outsider):
    make_lead(rep.organization)
    theirs = make_lead(outsider.organization)
    with org_scope(rep.organization):
        assert Lead.objects.count() == 1
        assert Lead.objects.filter(pk=theirs.pk).update(city="stolen") == 0
        assert Lead.objects.filter(pk=theirs.pk).delete()[0] == 0
