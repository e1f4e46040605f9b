"""Which organisations have work waiting: the one look of this app over the wall, with the system role."""

from django.db import connections


def organizations_with(sql, params=None):
    """The ids that `sql` answers, one a row. What is done for each is done in its own scope."""
    with connections["system"].cursor() as cursor:
        cursor.execute(sql, params)
        return [organization_id for (organization_id,) in cursor.fetchall()]
