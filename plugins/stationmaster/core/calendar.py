"""A stop's timetable, its instants in a week, and the soak.

Days and weeks are those of the train's own zone, never UTC's and never the worker's.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from stationmaster.core.instants import (
    Instant,
    IsoWeek,
    NotANumber,
    Weekday,
    ZoneName,
    first_instant,
    last_instant,
    to_local,
    utc,
)
from stationmaster.core.value import Value

_REACH = 6
"""Weeks to either side in which a departure is looked for."""

StopName = Literal["cut", "promote"]
"""The two stops of a weekly train."""


class TimetableBackwards(ValueError):
    """A stop's times do not follow one another: earliest, target, latest start."""


def _without_offset(value: time) -> time:
    if value.tzinfo is not None:
        raise ValueError(f"{value.isoformat()} has an offset: a timetable is read in its own zone")
    return value


ClockTime = Annotated[time, NotANumber, AfterValidator(_without_offset)]
"""A field that holds a time of day of the timetable's zone."""


class StopTimetable(Value):
    """When a stop may happen in its week: not before ``earliest``, told as late after ``target``, missed after
    ``latest_start``.

    ``latest_day`` lets the window end on a later day of the same ISO week. ``moved`` says on which days the stop falls
    elsewhere in its week, for they are holidays; None: it is skipped (F36).
    """

    day: Weekday
    earliest: ClockTime
    target: ClockTime
    latest_start: ClockTime
    latest_day: Weekday | None = None
    zone: ZoneName
    moved: dict[date, date | None] = Field(default_factory=dict)

    @property
    def last_day(self) -> Weekday:
        """The day on which the window ends."""
        return self.latest_day or self.day

    @model_validator(mode="after")
    def _in_order(self) -> StopTimetable:
        if self.target < self.earliest:
            raise TimetableBackwards(f"target {self.target:%H:%M} is before earliest {self.earliest:%H:%M}")
        if self.last_day.index < self.day.index:
            raise TimetableBackwards(
                f"latest_day {self.last_day} is before day {self.day}: a window ends in its own week"
            )
        if self.last_day == self.day and self.latest_start < self.target:
            raise TimetableBackwards(f"latest_start {self.latest_start:%H:%M} is before target {self.target:%H:%M}")
        return self


class StopTimes(Value):
    """The instants of one stop in one week."""

    earliest: Instant
    target: Instant
    latest_start: Instant


class Timing(StrEnum):
    """Where an instant stands against a stop's times (C-12)."""

    EARLY = "early"
    ON_TIME = "on_time"
    LATE = "late"
    MISSED = "missed"


class Soak(Value):
    """How long a manifest stays on staging: calendar days of the train's zone, or elapsed days of 24 hours (C-10)."""

    days: int = Field(ge=0)
    count: Literal["calendar_days", "elapsed"] = "calendar_days"


def day_of(timetable: StopTimetable, week: IsoWeek) -> date | None:
    """Return on which day a stop falls in a week, holidays taken in; None: it is skipped (F36)."""
    day = week.day(timetable.day)
    return timetable.moved.get(day, day)


def stop_times(timetable: StopTimetable, week: IsoWeek) -> StopTimes:
    """Return a stop's instants in a week. In a repeated hour deadlines take its last occurrence (F35).

    One that is skipped has the instants of its usual day: whoever starts it by hand is held to them.
    """
    day = day_of(timetable, week) or week.day(timetable.day)
    last_day = max(day, week.day(timetable.last_day)) if timetable.latest_day is not None else day
    return StopTimes(
        earliest=first_instant(datetime.combine(day, timetable.earliest), timetable.zone),
        target=last_instant(datetime.combine(day, timetable.target), timetable.zone),
        latest_start=last_instant(datetime.combine(last_day, timetable.latest_start), timetable.zone),
    )


def next_departure(timetable: StopTimetable, after: datetime) -> datetime:
    """Return the first ``earliest`` instant strictly after ``after``."""
    return min(instant for instant in _around(timetable, after) if instant > utc(after))


def latest_departure(timetable: StopTimetable, at: datetime) -> datetime:
    """Return the newest ``earliest`` instant that is not after ``at``."""
    return max(instant for instant in _around(timetable, at) if instant <= utc(at))


def timing(times: StopTimes, now: datetime) -> Timing:
    """Return whether ``now`` is early, on time, late or past the window. Bounds are inside (C-12, F37)."""
    present = utc(now)
    if present < times.earliest:
        return Timing.EARLY
    if present <= times.target:
        return Timing.ON_TIME
    return Timing.LATE if present <= times.latest_start else Timing.MISSED


def soak_ends(soak: Soak, staged_at: datetime, zone: str) -> datetime:
    """Return the instant from which the soak is over, never before ``staged_at`` (C-10).

    Calendar days end at the local midnight that starts day ``date(staged_at) + days``: staged on a Thursday, six days
    end as the Wednesday begins, whatever the clocks do between. Elapsed days are 24 hours each.
    """
    start = utc(staged_at)
    if soak.count == "elapsed":
        return start + timedelta(hours=24) * soak.days
    midnight = datetime.combine(to_local(start, zone).date() + timedelta(days=soak.days), time.min)
    return max(start, first_instant(midnight, zone))


def promote_week(cut: StopTimetable, promote: StopTimetable, cut_week: IsoWeek, weeks_later: int = 0) -> IsoWeek:
    """Return the week in which what was cut in ``cut_week`` is promoted: the same, if promote's day is after cut's.

    :param weeks_later: whole weeks of the calendar beyond that (T-20).
    """
    first = cut_week if promote.day.index > cut.day.index else cut_week.plus(1)
    return first.plus(weeks_later)


def _around(timetable: StopTimetable, instant: datetime) -> tuple[datetime, ...]:
    # A zone that skips a whole day can push a week's first instant into the next week, and holidays skip whole weeks.
    week = IsoWeek.of(instant, timetable.zone)
    weeks = [week.plus(number) for number in range(-_REACH, _REACH + 1)]
    return tuple(stop_times(timetable, each).earliest for each in weeks if day_of(timetable, each) is not None)
