"""What web and worker look at before they begin."""

import sys
from time import sleep

from django.conf import settings
from django.db import OperationalError, connection

from lio.checks import problems

PATIENCE = 60  # seconds to wait for a database that is starting


def refuse_weak_walls():
    """Exit with a clear message when the role is too powerful or a table has no wall (TRUST 3.0.5)."""
    if settings.DATABASE_ROLE != "app":
        return
    for attempt in range(PATIENCE * 2):
        try:
            found = problems()
            break
        except OperationalError:
            connection.close()
            if attempt == PATIENCE * 2 - 1:
                raise
            sleep(0.5)
    connection.close()  # gunicorn forks after this: no process inherits the connection
    if found:
        sys.exit("LIO does not start:\n- " + "\n- ".join(found))
