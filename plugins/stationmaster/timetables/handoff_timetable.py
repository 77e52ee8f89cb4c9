"""Airflow's view of a rotation: one run exactly at each handoff, in its zone, whatever the clocks do (C-02, C-06)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from stationmaster.core.instants import Weekday
from stationmaster.core.rotations.rotation import Rotation
from stationmaster.core.rotations.turns import Kind
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
        cadence = self.rotation.plan.newest.cadence
        several = "" if cadence.length == 1 else f"{cadence.length} "
        at = f"{cadence.anchor:%H:%M} {cadence.zone}"
        if cadence.kind is Kind.WEEKLY:
            every = f"every {several}weeks " if several else ""
            return f"{every}{tuple(Weekday)[cadence.anchor.weekday()].value[:3].capitalize()} {at}"
        on = f" on day {cadence.anchor.day}" if cadence.kind is Kind.MONTHLY else ""
        return f"every {several}{cadence.kind.unit}{'s' if several else ''}{on} from {at}"

    def serialize(self) -> dict[str, Any]:
        """Return the rotation as JSON."""
        return {"rotation": self.rotation.model_dump(mode="json")}

    @classmethod
    def deserialize(cls, data: dict[str, Any]) -> HandoffTimetable:
        """Return the timetable that :meth:`serialize` wrote."""
        return cls(rotation=Rotation.model_validate(data["rotation"]))

    def next_occurrence(self, after: datetime) -> datetime:
        """Return the next handoff."""
        return self.rotation.next_handoff(after)

    def latest_occurrence(self, at: datetime) -> datetime:
        """Return the newest handoff."""
        return self.rotation.latest_handoff(at)
