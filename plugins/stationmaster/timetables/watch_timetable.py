"""Airflow's view of a team's watches: one run on each day on which something is watched, when the first one opens."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from stationmaster.core.rotations.windows import Window
from stationmaster.core.watch_days import latest_day, next_day
from stationmaster.timetables.calendar_timetable import CalendarTimetable


class WatchTimetable(CalendarTimetable):
    """Fires when the first watch of a day opens. Every instant comes from ``core``; this class only repeats them.

    :param windows: when each watch is open, in the team's zone.
    :param zone: whose days they are.
    """

    description = "Each day on which something is watched"

    def __init__(self, *, windows: Sequence[Window], zone: str) -> None:
        self.windows = tuple(windows)
        self.zone = zone
        self.description = f"Each working day at {self._opens} {zone}"

    @property
    def summary(self) -> str:
        """The short text beside the DAG's name."""
        return f"working days {self._opens} {self.zone}"

    @property
    def _opens(self) -> str:
        return f"{min(window.start for window in self.windows):%H:%M}"

    def serialize(self) -> dict[str, Any]:
        """Return the windows as JSON."""
        return {"windows": [window.model_dump(mode="json") for window in self.windows], "zone": self.zone}

    @classmethod
    def deserialize(cls, data: dict[str, Any]) -> WatchTimetable:
        """Return the timetable that :meth:`serialize` wrote."""
        return cls(windows=[Window.model_validate(each) for each in data["windows"]], zone=data["zone"])

    def next_occurrence(self, after: datetime) -> datetime:
        """Return when the next day's watch begins."""
        return next_day(self.windows, after, self.zone)

    def latest_occurrence(self, at: datetime) -> datetime:
        """Return when the newest day's watch began."""
        return latest_day(self.windows, at, self.zone)
