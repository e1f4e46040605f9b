"""Background doors of imports and exports."""

from datetime import timedelta

from django.core.files.storage import default_storage
from django.db import connections
from django.utils.timezone import now

from lio.jobs import every, job
from lio.tenancy import org_scope
from transfers import exporting, exports, imports
from transfers.models import Export, Import, ImportRow
from transfers.staging import Work

KEPT_DAYS = 30  # for which the file and the staged rows of a finished import can be looked at; as long as it can be undone


@job(long=True, attempts=20)
def work(row, import_id, round):
    """Carry an import on until a person must say more, or it is over."""
    try:
        return Work(row, import_id, round).go()
    except Exception:
        if row.attempts >= row.max_attempts:
            with org_scope(row.organization_id):
                imports.fail(Import.objects.get(pk=import_id), "The import stopped for a reason of our own. Start it again.")
        raise


@every(86_400)
@job(attempts=3)
def sweep_imports():
    """Forget the files and staged rows of imports that nobody can come back to."""
    long_ago = now() - timedelta(days=KEPT_DAYS)
    with connections["system"].cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT organization_id FROM transfers_import WHERE storage_name <> '' AND updated_at < %s", [long_ago]
        )
        organizations = [organization_id for (organization_id,) in cursor.fetchall()]
    for organization_id in organizations:
        with org_scope(organization_id):
            for row in Import.objects.filter(updated_at__lt=long_ago).exclude(storage_name=""):
                ImportRow.objects.filter(of=row).delete()
                for name in {row.storage_name, row.table_name} - {""}:
                    default_storage.delete(name)
                Import.objects.filter(pk=row.pk).update(storage_name="", table_name="")


@job(long=True, attempts=20)
def write_export(row, export_id):
    """Write an export's file, turn by turn."""
    try:
        return exporting.Work(row, export_id).go()
    except Exception:
        if row.attempts >= row.max_attempts:
            with org_scope(row.organization_id):
                export = Export.objects.get(pk=export_id)
                if export.is_open:
                    exports.fail(export, "The export stopped for a reason of our own. Start it again.")
        raise


@every(3600)
@job(attempts=3)
def remove_expired_exports():
    """Take away the files of exports whose time is over, and what is left of those that came to nothing."""
    with connections["system"].cursor() as cursor:
        cursor.execute("SELECT DISTINCT organization_id FROM transfers_export WHERE storage_name <> '' AND expires_at < now()")
        organizations = [organization_id for (organization_id,) in cursor.fetchall()]
    for organization_id in organizations:
        with org_scope(organization_id):
            for row in Export.objects.exclude(storage_name="").filter(expires_at__lt=now()):
                exports.remove_files(row)
