"""When turns begin: hourly, daily, weekly, monthly and working-day rotations.

Boundary ``k`` is computed on the wall clock, ``anchor`` plus ``k`` lengths, and made an instant afterwards. A turn ends
where the next one starts, so that neither a gap nor an overlap can appear, and a question costs the same at every age.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from functools import cached_property
from typing import Literal, NamedTuple

from pydantic import Field, field_validator, model_validator

from stationmaster.core.instants import WallTime, Weekday, ZoneName, first_instant, to_local, utc
from stationmaster.core.rotations.workdays import Workdays
from stationmaster.core.value import Value

_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)
_STEPS = {"hourly": _HOUR, "daily": _DAY, "weekly": timedelta(weeks=1)}
_KEPT = 4096
"""How many boundaries a cadence remembers."""


class Kind(StrEnum):
    """The unit of a rotation."""

    HOURLY = "hourly"
    DAILY = "daily"
    WEEKLY = "weekly"
    MONTHLY = "monthly"
    WORKING_DAY = "working_day"

    @property
    def unit(self) -> str:
        """The unit in words: hour, day, week, month, working day."""
        return {"hourly": "hour", "daily": "day", "weekly": "week", "monthly": "month"}.get(self.value, "working day")


class Turn(NamedTuple):
    """Half-open ``[start, end)``; ``number`` counts from the anchor and is negative before it.

    ``off``: days without anybody, which have the number of the turn before them.
    """

    number: int
    start: datetime
    end: datetime
    off: bool = False


class Cadence(Value):
    """How often, when and where turns change.

    :param anchor: local time at which turn 0 starts; on a day off, the next working day's (R6).
    :param length: units of ``kind`` in one turn.
    :param clock: of hourly rotations: along the wall clock, or by elapsed hours. By default the wall clock where whole
        turns fill a day or days fill a turn (R1).
    :param off_days: of working-day rotations: nobody, or whoever came before keeps on.
    :param holidays: of working-day rotations: days that take no turn (R8).
    """

    kind: Kind = Kind.WEEKLY
    length: int = Field(default=1, ge=1, le=10_000)
    zone: ZoneName
    anchor: WallTime
    clock: Literal["wall", "elapsed"] | None = None
    working_days: tuple[Weekday, ...] = Field(default=tuple(Weekday)[:5], min_length=1)
    holidays: tuple[date, ...] = ()
    off_days: Literal["gap", "hold"] = "gap"

    @field_validator("holidays")
    @classmethod
    def _sorted(cls, holidays: tuple[date, ...]) -> tuple[date, ...]:
        return tuple(sorted(set(holidays)))

    @model_validator(mode="after")
    def _clock_of_hours(self) -> Cadence:
        if self.clock is not None and self.kind is not Kind.HOURLY:
            raise ValueError(f"a {self.kind} rotation follows the wall clock: take clock out")
        return self

    def boundary(self, number: int) -> datetime:
        """Return the start of a turn; of working days the first of its days."""
        known = self._boundaries
        found = known.get(number)
        if found is None:
            if len(known) >= _KEPT:
                known.clear()
            found = known[number] = self._boundary(number)
        return found

    def turn_at(self, at: datetime) -> Turn:
        """Return the turn that contains an instant; the instant of a change belongs to the incoming."""
        instant = utc(at)
        number = self._near(instant)
        start, end = self.boundary(number), self.boundary(number + 1)
        # Wall time falls back in a repeated hour, and runs ahead in a skipped one: by a turn or two.
        while instant >= end:
            number, start, end = number + 1, end, self.boundary(number + 2)
        while instant < start:
            number, start, end = number - 1, self.boundary(number - 1), start
        if self.kind is Kind.WORKING_DAY and self.off_days == "gap":
            return self._run_within(number, start, end, instant)
        return Turn(number, start, end)

    def turns(self, start: datetime, end: datetime) -> Iterator[Turn]:
        """Yield the whole turns, and the days off between them, that touch ``[start, end)``."""
        last = utc(end)
        turn = self.turn_at(start)
        has_days_off = self.kind is Kind.WORKING_DAY and self.off_days == "gap"
        while turn.start < last:
            yield turn
            turn = self.turn_at(turn.end) if has_days_off else self._following(turn)

    def _following(self, turn: Turn) -> Turn:
        """Return the turn after another; one of no length, which a skipped hour may make, is left out."""
        number, start = turn.number + 1, turn.end
        while (end := self.boundary(number + 1)) == start:
            number += 1
        return Turn(number, start, end)

    @cached_property
    def _boundaries(self) -> dict[int, datetime]:
        return {}

    @cached_property
    def _workdays(self) -> Workdays:
        return Workdays([day.index for day in self.working_days], self.holidays, self.anchor.date())

    @cached_property
    def _is_elapsed(self) -> bool:
        if self.kind is not Kind.HOURLY:
            return False
        fits = 24 % self.length == 0 or self.length % 24 == 0
        return self.clock == "elapsed" or (self.clock is None and not fits)

    @cached_property
    def _first(self) -> datetime:
        return first_instant(self.anchor, self.zone)

    def _boundary(self, number: int) -> datetime:
        if self._is_elapsed:
            return self._first + number * self.length * _HOUR
        return first_instant(self._wall(number), self.zone)

    def _wall(self, number: int) -> datetime:
        if self.kind is Kind.MONTHLY:
            return months_after(self.anchor, number * self.length)
        if self.kind is Kind.WORKING_DAY:
            return datetime.combine(self._workdays.day(number * self.length), self.anchor.time())
        return self.anchor + number * self.length * _STEPS[self.kind]

    def _near(self, instant: datetime) -> int:
        """Return the number of the turn at an instant, or of one beside it."""
        if self._is_elapsed:
            return (instant - self._first) // (self.length * _HOUR)
        wall = to_local(instant, self.zone).replace(tzinfo=None)
        if self.kind is Kind.MONTHLY:
            return ((wall.year - self.anchor.year) * 12 + wall.month - self.anchor.month) // self.length
        if self.kind is Kind.WORKING_DAY:
            since_midnight = self.anchor - datetime.combine(self.anchor.date(), time.min)
            return self._workdays.index((wall - since_midnight).date()) // self.length
        return (wall - self.anchor) // (self.length * _STEPS[self.kind])

    def _run_within(self, number: int, start: datetime, end: datetime, instant: datetime) -> Turn:
        """Return the run of working days in a turn that contains an instant, or the days off beside it."""
        clock = self.anchor.time()
        for first, last in self._workdays.runs(number * self.length, (number + 1) * self.length):
            begins = first_instant(datetime.combine(first, clock), self.zone)
            ends = first_instant(datetime.combine(last + _DAY, clock), self.zone)
            if instant < begins:
                return Turn(number, start, begins, off=True)
            if instant < ends:
                return Turn(number, begins, ends)
            start = ends
        return Turn(number, start, end, off=True)


def months_after(anchor: datetime, months: int) -> datetime:
    """Return the wall time some months later, on the anchor's day of the month or the last there is (R4)."""
    years, month = divmod(anchor.month - 1 + months, 12)
    first = anchor.replace(year=anchor.year + years, month=month + 1, day=1)
    after = first.replace(year=first.year + (month == 11), month=(month + 1) % 12 + 1)
    return first.replace(day=min(anchor.day, (after - first).days))
