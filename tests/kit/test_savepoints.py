"""Savepoints named after their depth (lio/postgres)."""

import pytest
from django.db import DatabaseError, connection, transaction

pytestmark = pytest.mark.django_db(transaction=True)


class Fault(Exception):
    pass


@pytest.fixture
def cursor(transactional_db):
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE tried (n integer)")
        yield cursor
        cursor.execute("DROP TABLE tried")


def add(n):
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO tried VALUES (%s)", [n])


def there():
    with connection.cursor() as cursor:
        cursor.execute("SELECT n FROM tried ORDER BY n")
        return [n for (n,) in cursor]


def test_what_fails_within_is_gone_and_what_lies_around_it_stays(cursor):
    with transaction.atomic():
        add(1)
        with pytest.raises(Fault), transaction.atomic():
            add(2)
            with transaction.atomic():
                add(3)
            raise Fault
        with transaction.atomic():
            add(4)
            with pytest.raises(Fault), transaction.atomic():
                add(5)
                raise Fault
            add(6)
    assert there() == [1, 4, 6]


def test_a_database_error_within_is_rolled_back_and_the_rest_goes_on(cursor):
    with transaction.atomic():
        add(1)
        with pytest.raises(DatabaseError), transaction.atomic():
            cursor.execute("SELECT 1 / 0")
        add(2)
    assert there() == [1, 2]


def test_by_hand_in_any_order(cursor):
    with transaction.atomic():
        first = transaction.savepoint()
        add(1)
        second = transaction.savepoint()
        add(2)
        transaction.savepoint_rollback(second)
        transaction.savepoint_commit(second)
        add(3)
        third = transaction.savepoint()
        add(4)
        transaction.savepoint_commit(first)  # the third goes with it
        with pytest.raises(DatabaseError), transaction.atomic():
            transaction.savepoint_rollback(third)
    assert there() == [1, 3, 4]


def test_a_later_sibling_that_fails_takes_no_callback_of_an_earlier_one():
    said = []
    with transaction.atomic():
        with transaction.atomic():
            transaction.on_commit(lambda: said.append("kept"))
        with pytest.raises(Fault), transaction.atomic():
            transaction.on_commit(lambda: said.append("lost"))
            raise Fault
    assert said == ["kept"]


def test_after_a_rollback_of_the_whole_names_begin_anew(cursor):
    for _ in range(2):
        with pytest.raises(Fault), transaction.atomic(), transaction.atomic():
            add(1)
            raise Fault
    with transaction.atomic(), transaction.atomic():
        add(2)
    assert there() == [2] and connection._open == []


def test_many_savepoints_are_few_statements_to_the_server(cursor):
    with transaction.atomic():
        for _ in range(30):
            with transaction.atomic(), transaction.atomic():
                pass
        cursor.execute("SELECT count(*) FROM pg_prepared_statements WHERE statement ILIKE %s", ["%savepoint%"])
        assert 1 <= cursor.fetchone()[0] <= 6
