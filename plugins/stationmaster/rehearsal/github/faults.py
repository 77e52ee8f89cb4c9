"""Scripted failures: which requests they hit, and how."""

import re
from typing import Literal

from pydantic import Field

from stationmaster.core.value import Value

FaultKind = Literal[
    "rate_limited",  # 429 with Retry-After: `seconds`
    "primary_limit",  # 403, remaining 0, reset in `seconds`
    "secondary_limit",  # 403 with Retry-After: `seconds`
    "secondary_limit_silent",  # 403 that names no pause
    "unauthorised",  # 401
    "forbidden",  # 403, resource not accessible
    "sso",  # 403, the organisation wants single sign-on
    "hidden",  # 404 where it is 403
    "bad_gateway_before",  # 502, nothing happened
    "bad_gateway_after",  # 502, the write happened
    "unavailable_before",  # 503, nothing happened
    "dropped_before",  # the connection closes, nothing happened
    "dropped_after",  # the connection closes, the write happened
    "hanging_after",  # no answer for `seconds` of real time, then closed; the write happened
    "garbled",  # 200 with a body that is not JSON; the write happened
    "duplicate_run",  # one dispatch, two runs
    "late_run",  # the run stays invisible for `seconds` of the world's time
]

HAPPENS = frozenset({"bad_gateway_after", "dropped_after", "hanging_after", "garbled", "duplicate_run", "late_run"})
"""Faults under which the request is carried out all the same."""


class Fault(Value):
    """A failure for the next `times` requests whose method and path match; `path` is a pattern found anywhere in it."""

    kind: FaultKind
    method: str = "*"
    path: str = ""
    times: int = Field(default=1, ge=1)
    seconds: float = 60

    def hits(self, method: str, path: str) -> bool:
        """Whether it applies to a request."""
        return self.method in ("*", method) and re.search(self.path, path) is not None


class FaultScript:
    """The faults that wait for their requests, in the order in which they were scripted."""

    def __init__(self) -> None:
        self._waiting: list[tuple[Fault, int]] = []

    def add(self, fault: Fault) -> None:
        """Put a fault at the end of the script."""
        self._waiting.append((fault, fault.times))

    def clear(self) -> None:
        """Drop every fault that has not happened."""
        self._waiting.clear()

    def waiting(self) -> list[Fault]:
        """Return the faults to come, `times` being what is left of each."""
        return [fault.model_copy(update={"times": left}) for fault, left in self._waiting]

    def take(self, method: str, path: str) -> Fault | None:
        """Return the first fault that hits this request, used up by one; or None."""
        for index, (fault, left) in enumerate(self._waiting):
            if fault.hits(method, path):
                if left == 1:
                    del self._waiting[index]
                else:
                    self._waiting[index] = (fault, left - 1)
                return fault
        return None
