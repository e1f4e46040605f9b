"""A deed that needs somebody outside: no provider is called inside a transaction (DECISIONS 2).

A handler of an API view or a page that answers an `Errand` has done its first half: checked, reserved, stored what it must.
That commits; then `ask()` runs with no scope open; then `settle(found)` makes the answer in a second scope. When either fails,
`give_up(error)` takes back in the second scope what the first one reserved, and the error is the answer.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass
class Errand:
    ask: Callable[[], Any]
    settle: Callable[[Any], Any]
    give_up: Callable[[Exception], Any] = lambda error: None
    key: str = ""  # the Idempotency-Key that waits for the answer (lio/api/views.py)
