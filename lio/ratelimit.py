"""Exact counters shared by all processes: one upsert each, in an unlogged table (TRUST 3.9, R28).

A window begins with its first event and lasts `seconds`.
"""

from django.db import InterfaceError, OperationalError, connection

OVER = "b.started <= clock_timestamp() - make_interval(secs => %(seconds)s)"
COUNT = f"""
INSERT INTO lio_ratebucket AS b (key, started, n) VALUES (%(key)s, clock_timestamp(), 1)
ON CONFLICT (key) DO UPDATE SET n = CASE WHEN {OVER} THEN 1 ELSE b.n + 1 END,
                                started = CASE WHEN {OVER} THEN clock_timestamp() ELSE b.started END
RETURNING n, ceil(extract(epoch FROM started + make_interval(secs => %(seconds)s) - clock_timestamp()))::int AS wait
"""
MINUTE = 60


class Rate:
    """One counted window: `n` of `limit` used, over in `wait` whole seconds."""

    def __init__(self, limit, n, wait):
        self.limit, self.n, self.wait = limit, n, max(1, wait)

    @property
    def exceeded(self):
        return self.n > self.limit

    def headers(self):
        return {
            "X-RateLimit-Limit": str(self.limit),
            "X-RateLimit-Remaining": str(max(0, self.limit - self.n)),
            "X-RateLimit-Reset": str(self.wait),
        }


def counted(sql, params):
    """The row of a statement that holds COUNT, called outside a transaction; None when it has none.

    It is the first statement of a request, so it is where a connection that has died since the last request shows; then a
    new one is made. This is instead of Django's health checks, which ask before each request whether the connection lives.
    """
    try:
        return _row(sql, params)
    except (OperationalError, InterfaceError):
        if connection.in_atomic_block or connection.is_usable():
            raise
        connection.close()
        return _row(sql, params)


def _row(sql, params):
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return cursor.fetchone()


def count(key, limit, seconds=MINUTE):
    """Count one event of `key`, at once and for good: called outside a transaction, no later roll-back takes it back."""
    n, wait = counted(COUNT, {"key": key, "seconds": seconds})
    return Rate(limit, n, wait)


def take_back(key):
    """Undo one count: the event turned out to be one that does not count."""
    with connection.cursor() as cursor:
        cursor.execute("UPDATE lio_ratebucket SET n = greatest(n - 1, 0) WHERE key = %s", [key])


def sweep():
    """Forget windows that are surely over (an hour is the longest that anything counts)."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM lio_ratebucket WHERE started < now() - interval '1 hour'")
