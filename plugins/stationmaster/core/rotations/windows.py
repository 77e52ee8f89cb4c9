"""Windows of local time in which something counts: working hours, nights, weekends.

A window starts at the first instant of its wall time and ends at the last one, so that an hour that is repeated stays
covered.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, time, timedelta
from typing import NamedTuple

from pydantic import Field, model_validator

from stationmaster.core.instants import Weekday, ZoneName, first_instant, last_instant, to_local, utc
from stationmaster.core.value import Value

_DAY = timedelta(days=1)
_WEEK = timedelta(weeks=1)
EVERY_DAY = tuple(Weekday)


class Span(NamedTuple):
    """Half-open ``[start, end)`` of instants."""

    start: datetime
    end: datetime


class Window(Value):
    """A part of some days: from ``start`` to ``end`` on the zone's clocks.

    One that ends before it starts goes on after midnight, and belongs to the day on which it starts. One that ends when
    it starts lasts a whole day: several such days in a row are one run, Monday 08:00 to Saturday 08:00 (R16, R17).
    """

    days: tuple[Weekday, ...] = Field(default=EVERY_DAY, min_length=1)
    start: time
    end: time
    zone: ZoneName

    @model_validator(mode="after")
    def _wall_times(self) -> Window:
        if self.start.tzinfo is not None or self.end.tzinfo is not None:
            raise ValueError("the times of a window are wall times: their zone stands beside them")
        return self

    def runs(self, start: datetime, end: datetime) -> Iterator[Span]:
        """Yield what may touch ``[start, end)``, unmerged: one run a day."""
        day = to_local(start, self.zone).date() - 2 * _DAY
        last = to_local(end, self.zone).date() + _DAY
        days = {found.index for found in self.days}
        over_midnight = self.end <= self.start
        while day <= last:
            if day.weekday() in days:
                closes = day + _DAY if over_midnight else day
                yield Span(
                    first_instant(datetime.combine(day, self.start), self.zone),
                    last_instant(datetime.combine(closes, self.end), self.zone),
                )
            day += _DAY


class WeekWindow(Value):
    """One run a week, from a weekday and wall time to another: Friday 17:00 to Monday 11:00 (N-05, N-11, N-12)."""

    start_day: Weekday
    start: time
    end_day: Weekday
    end: time
    zone: ZoneName

    @model_validator(mode="after")
    def _lasts(self) -> WeekWindow:
        if (self.start_day, self.start) == (self.end_day, self.end):
            raise ValueError("the window ends when it starts: leave it out where it should always be open")
        return self

    def runs(self, start: datetime, end: datetime) -> Iterator[Span]:
        """Yield what may touch ``[start, end)``, unmerged: one run a week."""
        local = to_local(start, self.zone).date()
        day = local - (local.weekday() - self.start_day.index) % 7 * _DAY - _WEEK
        last = to_local(end, self.zone).date() + _DAY
        length = (self.end_day.index - self.start_day.index) % 7
        if length == 0 and self.end < self.start:
            length = 7
        while day <= last:
            yield Span(
                first_instant(datetime.combine(day, self.start), self.zone),
                last_instant(datetime.combine(day + length * _DAY, self.end), self.zone),
            )
            day += _WEEK


AnyWindow = Window | WeekWindow


def spans(windows: Iterable[AnyWindow], start: datetime, end: datetime) -> tuple[Span, ...]:
    """Return when any of the windows is open within ``[start, end)``: clipped, merged, in order."""
    first, last = utc(start), utc(end)
    return merged(
        Span(max(run.start, first), min(run.end, last))
        for window in windows
        for run in window.runs(first, last)
        if run.start < last and run.end > first
    )


def is_open(windows: Iterable[AnyWindow], at: datetime) -> bool:
    """Return whether any of the windows is open at an instant; the instant of an end is outside."""
    instant = utc(at)
    return any(run.start <= instant < run.end for window in windows for run in window.runs(instant, instant))


def next_open(windows: Iterable[AnyWindow], at: datetime) -> datetime | None:
    """Return the first instant from ``at`` on at which a window is open: ``at`` itself, or a start within two weeks."""
    found = spans(tuple(windows), at, utc(at) + 2 * _WEEK)
    return found[0].start if found else None


def merged(several: Iterable[Span]) -> tuple[Span, ...]:
    """Return the union of spans: in order, none empty, none touching the next."""
    union: list[Span] = []
    for span in sorted(found for found in several if found.start < found.end):
        if union and span.start <= union[-1].end:
            union[-1] = Span(union[-1].start, max(union[-1].end, span.end))
        else:
            union.append(span)
    return tuple(union)
