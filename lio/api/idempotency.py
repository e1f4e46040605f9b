"""A request with an Idempotency-Key takes effect once; a repeat gets the first answer (TRUST 3.6).

The key's row is the first statement of the request's transaction. Its unique index makes a repeat that arrives meanwhile
wait for the first one's commit. The rule itself runs in a savepoint, so that a refusal is kept although nothing else is.
Answers of 5xx, 401, 403 and 429 are not kept: the next try runs again. Where the answer needs somebody outside (lio/outside.py)
the row is committed without one: a repeat meanwhile is refused (409) and told when to come again. A row that has been waiting
for longer than WORKING seconds was left behind by a process that died, and the repeat takes its place.
"""

from hashlib import sha256

from django.db import connection
from django.http import HttpResponse

from lio.errors import Invalid, Working

HOURS = 48
WORKING = 120
WAIT = 2  # seconds that a repeat is told to wait
KEPT = {*range(200, 300), 303, 400, 404, 409, 422}


def fingerprint(request):
    """What makes two requests the same: method, path, query and body (of an upload: its length and kind)."""
    digest = sha256(f"{request.method} {request.get_full_path()}\n".encode())
    if (request.content_type or "").startswith("multipart/"):
        digest.update(f"{request.META.get('CONTENT_LENGTH')}".encode())
    else:
        digest.update(request.body)
    return digest.digest()


def claim(scope, request, key):
    """None when this request is the first with its key, else the answer that the first one got.

    Raises Invalid when the key was used for another request, Working while the first one is at work.
    """
    if len(key) > 255:
        raise Invalid({"Idempotency-Key": ["must have at most 255 characters"]})
    mark = fingerprint(request)
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO lio_idempotencykey (scope, key, fingerprint) VALUES (%s, %s, %s) "
                       "ON CONFLICT (scope, key) DO NOTHING RETURNING 1", [scope, key, mark])
        if cursor.fetchone():
            return None
        cursor.execute("SELECT fingerprint, status, body, change_id FROM lio_idempotencykey WHERE scope = %s AND key = %s",
                       [scope, key])
        first, status, body, change_id = cursor.fetchone()
        if bytes(first) != mark:
            raise Invalid({"Idempotency-Key": ["was used for another request"]}, code="idempotency_mismatch")
        if status is None:
            cursor.execute("UPDATE lio_idempotencykey SET created_at = now() WHERE scope = %s AND key = %s AND status IS NULL "
                           "AND created_at < now() - make_interval(secs => %s) RETURNING 1", [scope, key, WORKING])
            if cursor.fetchone():
                return None
            raise Working("The first request with this Idempotency-Key is still at work.", wait=WAIT)
    answer = HttpResponse(bytes(body or b""), status=status, content_type="application/json")
    answer["Idempotent-Replayed"] = "true"
    if change_id:
        answer["X-Change-Id"] = str(change_id)
    return answer


def keep(scope, key, response, change_id):
    """Store the first answer, or forget the key when the answer is not one to repeat."""
    with connection.cursor() as cursor:
        if response.status_code in KEPT:
            cursor.execute("UPDATE lio_idempotencykey SET status = %s, body = %s, change_id = %s WHERE scope = %s AND key = %s",
                           [response.status_code, response.content, change_id, scope, key])
        else:
            cursor.execute("DELETE FROM lio_idempotencykey WHERE scope = %s AND key = %s", [scope, key])


def sweep():
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM lio_idempotencykey WHERE created_at < now() - make_interval(hours => %s)", [HOURS])
