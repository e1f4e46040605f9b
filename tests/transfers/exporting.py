"""Short ways to export and read what came of it."""

import csv
import io

from lio import jobs


def ask(api, **body):
    """POST an export of leads, unless another kind is named; answers the response."""
    return api.post("/api/exports/create", {"export_type": "leads"} | body)


def exported(api, **body):
    """Ask, do the work, answer (the export as the API shows it then, its download's bytes)."""
    answer = ask(api, **body)
    assert answer.status_code == 201, answer.content
    jobs.drain()
    export = api.get(f"/api/exports/view/{answer.json()['data']['id']}").json()["data"]
    assert export["status"] == "completed", export
    return export, download(api, export["id"])


def download(api, pk):
    answer = api.get(f"/api/exports/download/{pk}")
    assert answer.status_code == 200, answer.content
    return b"".join(answer.streaming_content)


def table(content):
    """(header, rows) of a CSV file."""
    header, *rows = csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""))
    return header, rows


def rows_of(api, **body):
    """Export; answers its rows as dicts."""
    header, rows = table(exported(api, **body)[1])
    return [dict(zip(header, row, strict=True)) for row in rows]
