"""Airflow's view of a rotation: one run exactly at each handoff, in its zone, whatever the clocks do (C-02, C-06)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from stationmaster.core.instants import Weekday
from stationmaster.core.rotation import Rotation, latest_handoff, next_handoff
from stationmaster.timetables.calendar_timetable import CalendarTimetable


class HandoffTimetable(CalendarTimetable):
    """Fires at each handoff of a rotation. Every instant comes from ``core``; this class only repeats them.

    After an outage only the present shift's handoff is run, late: who has gone off call is told nothing.

    :param rotation: the core rotation.
    """

    description = "Each handoff of a rotation"

    def __init__(self, *, rotation: Rotation) -> None:
        self.rotation = rotation
        self.description = f"Each handoff of {rotation.id}: {self._words}"

    @property
    def summary(self) -> str:
        """The short text beside the DAG's name."""
        return self._words

    @property
    def _words(self) -> str:
        anchor = self.rotation.anchor
        every = "" if self.rotation.weeks == 1 else f"every {self.rotation.weeks} weeks "
        day = tuple(Weekday)[anchor.weekday()].value[:3].capitalize()
        return f"{every}{day} {anchor:%H:%M} {self.rotation.zone}"

    def serialize(self) -> dict[str, Any]:
        """Return the rotation as JSON."""
        return {"rotation": self.rotation.model_dump(mode="json")}

    @classmethod
    def deserialize(cls, data: dict[str, Any]) -> HandoffTimetable:
        """Return the timetable that :meth:`serialize` wrote."""
        return cls(rotation=Rotation.model_validate(data["rotation"]))

    def next_occurrence(self, after: datetime) -> datetime:
        """Return the next handoff."""
        return next_handoff(self.rotation, after)

    def latest_occurrence(self, at: datetime) -> datetime:
        """Return the newest handoff."""
        return latest_handoff(self.rotation, at)
