"""A polite end, whichever way it is asked for."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator
from types import FrameType

ASKED_TO_END = (signal.SIGTERM, signal.SIGHUP)


@contextlib.contextmanager
def ending_as_exceptions() -> Iterator[None]:
    """Turn SIGTERM and SIGHUP into SystemExit, as Python turns Ctrl-C into KeyboardInterrupt, so that blocks end.

    Ctrl-C counts even where a shell that started us in the background had it ignored. Does nothing outside the main
    thread, where Python knows no signals.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, _leave) for number in ASKED_TO_END}
    before[signal.SIGINT] = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextlib.contextmanager
def undisturbed() -> Iterator[None]:
    """Let no signal interrupt a clean-up, which takes seconds and is bounded by itself."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, signal.SIG_IGN) for number in (signal.SIGINT, *ASKED_TO_END)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _leave(number: int, _: FrameType | None) -> None:
    raise SystemExit(128 + number)
