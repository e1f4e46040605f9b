"""`python -m lio.embedded start|stop|status|serve|psql`: the embedded server by hand."""

import os
import sys

from lio.embedded.control import ensure_running, status, stop, urls
from lio.embedded.place import ROLES, EmbeddedError, binaries, locate

USAGE = """python -m lio.embedded COMMAND

start    start the server in the background, unless it runs
stop     stop it
status   say whether it runs, and where its files lie
serve    be its supervisor, in the foreground
psql     open psql on it as the application's role (or `psql owner`, `psql system`)"""


def main(arguments: list[str]) -> int:
    match arguments:
        case ["start"]:
            ensure_running()
            return show_status()
        case ["stop"]:
            print("Stopped." if stop() else "It was not running.")
        case ["status"]:
            return show_status()
        case ["serve"]:
            from lio.embedded.supervisor import serve

            return serve(locate())
        case ["psql", *rest]:
            ensure_running()
            kind, *options = rest if rest and rest[0] in ROLES else ["app", *rest]
            os.execv(binaries(locate(), None) / "psql", ["psql", urls()[kind], *options])  # noqa: S606 - our own binary
        case _:
            print(USAGE, file=sys.stderr)
            return 2
    return 0


def show_status() -> int:
    """Print the status; 0 when it runs, 3 when not, as service managers have it."""
    found = status()
    print("running" if found.pop("running") else "stopped")
    for name, value in found.items():
        print(f"{name:10} {value}")
    return 0 if found["server"] else 3


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except (EmbeddedError, TimeoutError) as error:
        sys.exit(str(error))
