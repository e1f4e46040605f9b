"""What the tests of pages share."""

from lio.tenancy import org_scope


def fresh(row):
    """The row as the database has it now, deleted or not."""
    with org_scope(row.organization_id):
        return type(row)._base_manager.get(pk=row.pk)
