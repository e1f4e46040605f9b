"""Imports and exports over the API (sections 6.2, 6.15 and, of our own, cancelling and the refused rows)."""

import csv
import io

from django.conf import settings
from django.http import StreamingHttpResponse
from rest_framework.decorators import action
from rest_framework.parsers import MultiPartParser

from lio.api.envelope import Envelope
from lio.api.schema import documented
from lio.api.viewsets import ListAction, TenantViewSet, ViewAction
from lio.errors import Missing
from transfers import exports, imports
from transfers.filters import ExportFilter, ImportFilter
from transfers.models import Export, Import
from transfers.serializers import NewExport, Upload

FORM = 1 << 20  # bytes that a form has beside its file


class ImportJobs(ListAction, ViewAction, TenantViewSet):
    queryset = Import.objects.all()
    filter_class = ImportFilter
    permissions = {
        "list": "records.import",
        "retrieve": "records.import",
        "cancel": "records.import",
        "rejected": "records.import",
    }

    @action(detail=True, methods=["post"], url_path="cancel")
    @documented("Stop an import; what came in by then stays")
    def cancel(self, request, pk):
        row = imports.cancel(self.get_object(pk), by=self.caller)
        return Envelope(self.shown(row.pk), "Import cancelled")

    @action(detail=True, methods=["get"], url_path="rejected")
    @documented("The refused rows as CSV: row number, reason, then the original columns", file=True)
    def rejected(self, request, pk):
        return rejected_file(self.get_object(pk))


class LeadImports(TenantViewSet):
    """`POST /api/lead/lead-imports`: taken at once, done in the background."""

    parser_classes = [MultiPartParser]
    queryset = Import.objects.all()
    permissions = {"create": "records.import"}

    @documented("Import leads from a CSV or XLSX file in the background", input=Upload)
    def create(self, request):
        refuse_large(request)
        given = self.read(Upload)
        row = imports.take(given.pop("file"), by=self.caller, runs_through=True, **given)
        return Envelope(self.shown(row.pk), "Import queued", status=201)


def refuse_large(request):
    """Before the body is read: what cannot be an import is not worth the disk."""
    length = request.META.get("CONTENT_LENGTH") or ""
    if length.isdigit() and int(length) > settings.IMPORT_MAX_BYTES + FORM:
        raise imports.too_large(int(length))


def rejected_file(row):
    """The refused rows of an import as a download. Raises Missing when its file is no longer kept."""
    if not row.table_name:
        raise Missing("The file of this import is no longer kept.")
    reasons = imports.rejected(row)  # now: the scope is closed when the lines are sent
    answer = StreamingHttpResponse(_csv(imports.rejected_lines(row, reasons)), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="rejected-{row.pk}.csv"'
    answer["X-Content-Type-Options"] = "nosniff"
    return answer


def _csv(lines):
    yield b"\xef\xbb\xbf"
    for line in lines:
        out = io.StringIO()
        csv.writer(out).writerow(line)
        yield out.getvalue().encode("utf-8", "replace")


class Exports(ListAction, ViewAction, TenantViewSet):
    queryset = Export.objects.all()
    filter_class = ExportFilter
    permissions = {
        "list": "records.export",
        "retrieve": "records.export",
        "queue": "records.export",
        "download": "records.export",
        "cancel": "records.export",
    }

    @action(detail=False, methods=["post"], url_path="create")
    @documented("Export records to a CSV or XLSX file in the background", input=NewExport, status=201)
    def queue(self, request):
        row = exports.create(self.organization, by=self.caller, **self.read(NewExport))
        return Envelope(self.shown(row.pk), "Export queued", status=201)

    @action(detail=False, methods=["get"], url_path="download/(?P<pk>[^/]+)")
    @documented(
        "The file of a finished export, always as an attachment; 409 while it is not finished",
        file=True,
        failures=(401, 403, 404, 409),
    )
    def download(self, request, pk):
        return exports.serve(self.get_object(pk))

    @action(detail=True, methods=["post"], url_path="cancel")
    @documented("Stop an export that is not finished; nothing of it is kept")
    def cancel(self, request, pk):
        row = exports.cancel(self.get_object(pk))
        return Envelope(self.shown(row.pk), "Export cancelled")
