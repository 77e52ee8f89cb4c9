"""When a chore is due to be opened: by a cron line, at each handoff, or on each day that somebody is on call."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Annotated, Literal

from pydantic import Field

from stationmaster.core.cron import parse_cron
from stationmaster.core.instants import ZoneName, first_instant, to_local, utc
from stationmaster.core.rotations.rotation import Rotation
from stationmaster.core.value import Value

_MOST_DAYS = 750
"""How many days are looked through for one on which somebody is on call."""
_DAY = timedelta(days=1)
_TICK = timedelta(microseconds=1)


class NeverDue(ValueError):
    """A schedule without an occurrence for years: nobody ever holds the role at that time of day."""


class CronSchedule(Value):
    """Opened by a cron line, on the wall clock of ``zone``."""

    kind: Literal["cron"] = "cron"
    cron: str
    zone: ZoneName

    @property
    def words(self) -> str:
        """The schedule in short."""
        return f"{self.cron} {self.zone}"

    def next_after(self, instant: datetime) -> datetime:
        """Return the first occurrence strictly after ``instant`` (aware)."""
        return parse_cron(self.cron).next_after(instant, self.zone)

    def latest_at(self, instant: datetime) -> datetime:
        """Return the newest occurrence that is not after ``instant`` (aware)."""
        return parse_cron(self.cron).latest_at(instant, self.zone)


class HandoffSchedule(Value):
    """Opened ``after`` each handoff of a rotation, in elapsed time."""

    kind: Literal["each_handoff"] = "each_handoff"
    rotation: Rotation
    after: timedelta = Field(default=timedelta(0), ge=timedelta(0))

    @property
    def zone(self) -> str:
        """The zone of the rotation."""
        return self.rotation.zone

    @property
    def words(self) -> str:
        """The schedule in short."""
        late = f"{int(self.after.total_seconds() // 60)} minutes after " if self.after else ""
        return f"{late}each handoff of {self.rotation.id}"

    def next_after(self, instant: datetime) -> datetime:
        """Return the first occurrence strictly after ``instant`` (aware)."""
        return self.rotation.next_handoff(utc(instant) - self.after) + self.after

    def latest_at(self, instant: datetime) -> datetime:
        """Return the newest occurrence that is not after ``instant`` (aware)."""
        return self.rotation.latest_handoff(utc(instant) - self.after) + self.after


class ShiftDaySchedule(Value):
    """Opened at a time of day, on each day on which somebody holds ``role`` at that time."""

    kind: Literal["each_shift_day"] = "each_shift_day"
    rotation: Rotation
    role: str
    at: time
    zone: ZoneName

    @property
    def words(self) -> str:
        """The schedule in short."""
        return f"{self.at:%H:%M} {self.zone} on each day with {self.role} on call"

    def next_after(self, instant: datetime) -> datetime:
        """Return the first occurrence strictly after ``instant`` (aware).

        :raises NeverDue: nobody holds the role at that time for years.
        """
        return self._first(instant, 1)

    def latest_at(self, instant: datetime) -> datetime:
        """Return the newest occurrence that is not after ``instant`` (aware); raises as :meth:`next_after` does."""
        return self._first(utc(instant) + _TICK, -1)

    def _first(self, instant: datetime, direction: int) -> datetime:
        day, limit = to_local(instant, self.zone).date() - direction * _DAY, utc(instant)
        for _ in range(_MOST_DAYS):
            at = first_instant(datetime.combine(day, self.at), self.zone)
            beyond = at > limit if direction > 0 else at < limit
            if beyond and self.rotation.people_at(self.role, at):
                return at
            day += direction * _DAY
        raise NeverDue(f"nobody holds {self.role} of {self.rotation.id} at {self.at:%H:%M} ({self.zone}) on any day")


ChoreSchedule = Annotated[CronSchedule | HandoffSchedule | ShiftDaySchedule, Field(discriminator="kind")]
"""The schedules that a timetable can follow; a chore on request has none."""
