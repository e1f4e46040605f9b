"""What the queue calls: asking a service whether it takes its key, outside of any transaction."""

from integrations import connections
from integrations.models import Connection
from integrations.ports import Passing, Permanent
from integrations.registry import made
from lio.jobs import job
from lio.secrets import Unreadable
from lio.tenancy import org_scope


@job(long=True, attempts=3)
def check(row, connection_id):
    """Ask, then note what came of it."""
    with org_scope(row.organization_id):
        connection = Connection.objects.of(row.organization_id).filter(pk=connection_id, is_checking=True).first()
        if connection is None:
            return
        organization, adapter, problem, refusal = connection.organization, None, "", ""
        try:
            adapter = made(connection)
        except Unreadable:
            problem = "The key can no longer be read. Enter it again."
    if adapter is not None:
        try:
            adapter.check()
        except Passing as error:
            problem = f"It could not be checked: {error}"
        except Permanent as error:
            refusal = str(error)
    with org_scope(row.organization_id):
        connections.checked(connection, takes_key=not problem and not refusal, problem=problem)
        if refusal:
            connections.refused(organization, adapter, refusal)
