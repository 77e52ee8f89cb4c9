"""The days on which something is watched, and from when to when (pure)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta

from stationmaster.core.instants import first_instant, to_local, utc
from stationmaster.core.rotations.windows import Span, Window

_DAY = timedelta(days=1)
_NOON = time(12)
_FARTHEST = timedelta(days=16)


class NeverOpen(ValueError):
    """No window opens for weeks."""


def span_on(windows: Sequence[Window], day: date, zone: str) -> Span | None:
    """Return from when to when any of the windows is open on a local date, None on a day off."""
    found = [
        run for window in windows for run in window.runs(*_around(day, zone)) if to_local(run.start, zone).date() == day
    ]
    if not found:
        return None
    return Span(min(run.start for run in found), max(run.end for run in found))


def next_day(windows: Sequence[Window], after: datetime, zone: str) -> datetime:
    """Return the first instant after ``after`` at which a day's watch begins.

    :raises NeverOpen: there is none.
    """
    day = to_local(after, zone).date()
    for _ in range(_FARTHEST.days):
        span = span_on(windows, day, zone)
        if span is not None and span.start > utc(after):
            return span.start
        day += _DAY
    raise NeverOpen("none of the watches ever opens")


def latest_day(windows: Sequence[Window], at: datetime, zone: str) -> datetime:
    """Return the newest instant, not after ``at``, at which a day's watch began.

    :raises NeverOpen: there is none.
    """
    day = to_local(at, zone).date()
    for _ in range(_FARTHEST.days):
        span = span_on(windows, day, zone)
        if span is not None and span.start <= utc(at):
            return span.start
        day -= _DAY
    raise NeverOpen("none of the watches ever opened")


def _around(day: date, zone: str) -> tuple[datetime, datetime]:
    middle = first_instant(datetime.combine(day, _NOON), zone)
    return middle - _DAY, middle + _DAY
