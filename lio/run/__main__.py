"""`python -m lio.run [stop]`."""

import sys

from lio.embedded import EmbeddedError
from lio.run.runner import RunError, run, stop_all
from lio.run.terminal import in_foreground

if __name__ == "__main__":
    try:
        sys.exit(stop_all() if sys.argv[1:] == ["stop"] else in_foreground(run))
    except (RunError, EmbeddedError) as error:
        sys.exit(str(error))
