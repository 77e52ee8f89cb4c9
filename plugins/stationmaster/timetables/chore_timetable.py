"""Airflow's view of a chore: one run at each occurrence, on its own clocks, and no burst after an outage (F35, F37).

Airflow's own cron timetables ask the system's clock; this one repeats what ``core`` says, so that a rehearsal's clock
holds for chores, too, and a run, its id and its end are counted by one function.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import TypeAdapter

from stationmaster.core.chore_schedules import ChoreSchedule
from stationmaster.timetables.calendar_timetable import CalendarTimetable

_SCHEDULE: TypeAdapter[Any] = TypeAdapter(ChoreSchedule)


class ChoreTimetable(CalendarTimetable):
    """Fires when a chore is to be opened. Every instant comes from ``core``; this class only repeats them.

    :param schedule: one of the core's schedules of chores.
    """

    description = "A chore"

    def __init__(self, *, schedule: ChoreSchedule) -> None:
        self.schedule = schedule
        self.description = schedule.words

    @property
    def summary(self) -> str:
        """The short text beside the DAG's name."""
        return self.schedule.words

    def serialize(self) -> dict[str, Any]:
        """Return the schedule as JSON."""
        return {"schedule": self.schedule.model_dump(mode="json")}

    @classmethod
    def deserialize(cls, data: dict[str, Any]) -> ChoreTimetable:
        """Return the timetable that :meth:`serialize` wrote."""
        return cls(schedule=_SCHEDULE.validate_python(data["schedule"]))

    def next_occurrence(self, after: datetime) -> datetime:
        """Return the next occurrence."""
        return self.schedule.next_after(after)

    def latest_occurrence(self, at: datetime) -> datetime:
        """Return the newest occurrence."""
        return self.schedule.latest_at(at)
