"""Airflow's view of a stop: one run at each earliest start, in its zone, and no burst after an outage (F35, F37)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from stationmaster.core.calendar import StopTimetable, latest_departure, next_departure
from stationmaster.timetables.calendar_timetable import CalendarTimetable


class WeeklyStopTimetable(CalendarTimetable):
    """Fires at the earliest start of a stop. Every instant comes from ``core``; this class only repeats them.

    After an outage only the newest occurrence is run, late: the run itself tells whether its window was missed.

    :param stop: the core timetable of the stop.
    """

    description = "A weekly stop of a train"

    def __init__(self, *, stop: StopTimetable) -> None:
        self.stop = stop
        self.description = f"{stop.day.value.capitalize()} {stop.earliest:%H:%M} {stop.zone}"

    @property
    def summary(self) -> str:
        """The short text beside the DAG's name."""
        return f"{self.stop.day.value[:3].capitalize()} {self.stop.earliest:%H:%M} {self.stop.zone}"

    def serialize(self) -> dict[str, Any]:
        """Return the stop as JSON; without holidays as it was before there were any (F69)."""
        left_out = None if self.stop.moved else {"moved"}
        return {"stop": self.stop.model_dump(mode="json", exclude=left_out)}

    @classmethod
    def deserialize(cls, data: dict[str, Any]) -> WeeklyStopTimetable:
        """Return the timetable that :meth:`serialize` wrote."""
        return cls(stop=StopTimetable.model_validate(data["stop"]))

    def next_occurrence(self, after: datetime) -> datetime:
        """Return the next earliest start."""
        return next_departure(self.stop, after)

    def latest_occurrence(self, at: datetime) -> datetime:
        """Return the newest earliest start."""
        return latest_departure(self.stop, at)
