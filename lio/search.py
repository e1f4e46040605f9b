"""Free text over records: one document of words beside each record, found by trigrams (SPEED 0.2, 0.3).

Row level security would forbid the planner to use the trigram index, because LIKE is not leak-proof. So the ids come from
one reviewed SECURITY DEFINER function that checks the open scope itself, in a statement of its own; the list's statement
gets them as an array. Where a term hits more than `NEAR` records the list walks its own order and looks at each record's
document instead: with so many hits the page fills soon.
"""

from django.db import connection
from django.db.models import Exists, F, OuterRef, Q, Value
from orjson import dumps

from lio.models import SearchDoc
from lio.rows import IDS, IsAny
from lio.tenancy import current_organization_id

NEAR = 10_000
CAP = 100_000  # totals are exact up to here (R34)


def escaped(text):
    """`text` in lower case as a LIKE pattern that means itself."""
    text = text.lower()
    for sign in ("\\", "%", "_"):
        text = text.replace(sign, "\\" + sign)
    return f"%{text}%"


def hits(kind, text, cap=NEAR):
    """Ids of up to `cap` + 1 records of `kind` that hold `text`."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT lio_search(%s, %s, %s)", [kind, escaped(text), cap + 1])
        return cursor.fetchone()[0] or []


def count(kind, text, ids):
    """How many records of `kind` hold `text`, at most CAP + 1, when `ids` are its `hits`: no record is looked at."""
    if len(ids) <= NEAR:
        return len(ids)
    with connection.cursor() as cursor:
        cursor.execute("SELECT cardinality(lio_search(%s, %s, %s))", [kind, escaped(text), CAP + 1])
        return cursor.fetchone()[0]


def found_in(rows, kind, columns, text, ids=None):
    """`rows` that hold `text`: by their documents (`ids` are its `hits`), or, for small tables without, in `columns`."""
    if kind is None:
        found = Q()
        for column in columns:
            found |= Q(**{f"{column}__icontains": text})
        return rows.filter(found)
    ids = hits(kind, text) if ids is None else ids
    if len(ids) <= NEAR:
        return rows.filter(IsAny(F("pk"), Value(ids, output_field=IDS)))  # one parameter, however many they are
    docs = SearchDoc.objects.filter(organization_id=current_organization_id(), kind=kind, object_id=OuterRef("pk"),
                                    body__contains=text.lower())
    return rows.filter(Exists(docs))


def document(*parts):
    """The body of a document: the words in lower case, one part a line."""
    return "\n".join(str(part).lower() for part in parts if part)


def write(kind, object_id, body):
    """Put a record's document in place of the one it had."""
    with connection.cursor() as cursor:
        cursor.execute(
            """INSERT INTO lio_searchdoc (organization_id, kind, object_id, body) VALUES (%s, %s, %s, %s)
               ON CONFLICT (organization_id, kind, object_id) DO UPDATE SET body = EXCLUDED.body
               WHERE lio_searchdoc.body <> EXCLUDED.body""", [current_organization_id(), kind, object_id, body])


def write_many(kind, documents):
    """The same for many records: `documents` are (object id, body)."""
    if documents:
        given = dumps([{"id": object_id, "body": body} for object_id, body in documents]).decode()
        with connection.cursor() as cursor:
            cursor.execute(
                """INSERT INTO lio_searchdoc (organization_id, kind, object_id, body)
                   SELECT %s, %s, r.id, r.body FROM jsonb_to_recordset(%s::jsonb) AS r(id bigint, body text)
                   ON CONFLICT (organization_id, kind, object_id) DO UPDATE SET body = EXCLUDED.body
                   WHERE lio_searchdoc.body <> EXCLUDED.body""", [current_organization_id(), kind, given])


# Part of a statement whose CTE `new` holds the id of a record that it makes.
OF_NEW = """INSERT INTO lio_searchdoc (organization_id, kind, object_id, body)
            SELECT %(organization_id)s, %(doc_kind)s, id, %(doc_body)s FROM new"""


def of_new(kind, body):
    """The parameters of OF_NEW."""
    return {"doc_kind": kind, "doc_body": body}


def forget(kind, object_ids):
    SearchDoc.objects.filter(organization_id=current_organization_id(), kind=kind, object_id__in=object_ids).delete()
