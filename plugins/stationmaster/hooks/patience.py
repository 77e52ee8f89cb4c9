"""Whatever speaks to the outside for a check does so on a thread of its own, and is left behind when its time is over.

A server that drips a byte a minute resets every time limit of a socket, and never that of the whole look.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import TypeVar

T = TypeVar("T")


class TookTooLong(TimeoutError):
    """A look that did not end in its time."""


def within(patience: timedelta, look: Callable[[], T]) -> T:
    """Return what a look returns, or raise what it raises.

    :raises TookTooLong: it did not end in time; it goes on alone, and nobody hears of it.
    """
    found: list[T] = []
    failed: list[Exception] = []

    def attempt() -> None:
        try:
            found.append(look())
        except Exception as error:
            failed.append(error)

    thread = threading.Thread(target=attempt, name="stationmaster-check", daemon=True)
    thread.start()
    thread.join(patience.total_seconds())
    if failed:
        raise failed[0]
    if not found:
        raise TookTooLong
    return found[0]
