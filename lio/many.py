"""Writing many rows of one table in one statement, each with values of its own."""

from django.db import connection
from django.utils.timezone import now
from orjson import dumps


def save(rows, columns, organization):
    """Write these columns (names of the database) of `rows`, all of one model, and that they have changed now."""
    if not rows or not columns:
        return
    model, names = type(rows[0]), sorted(columns)
    values = [{"id": row.pk, **{name: getattr(row, name) for name in names}} for row in rows]
    with connection.cursor() as cursor:
        cursor.execute(
            f"""UPDATE {model._meta.db_table} l SET updated_at = %s, {", ".join(f"{name} = r.{name}" for name in names)}
                FROM {recordset(model, ["id", *names])} WHERE l.id = r.id AND l.organization_id = %s""",
            [now(), as_json(values), organization.pk],
        )


def recordset(model, names):
    """A row source for one parameter: a JSON array of objects with these columns of the model."""
    columns = {column.column: column.db_type(connection) for column in model._meta.concrete_fields}
    return f"jsonb_to_recordset(%s::jsonb) AS r({', '.join(f'{name} {columns[name]}' for name in names)})"


def as_json(rows):
    return dumps(rows, default=str).decode()
