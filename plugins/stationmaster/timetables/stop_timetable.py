"""Airflow's view of a stop: one run at each earliest start, in its zone, and no burst after an outage (F35, F37)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pendulum
from airflow.timetables.base import DagRunInfo, DataInterval, TimeRestriction, Timetable

from stationmaster import clock
from stationmaster.core.calendar import StopTimetable, latest_departure, next_departure


class WeeklyStopTimetable(Timetable):
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
        """Return the stop as JSON."""
        return {"stop": self.stop.model_dump(mode="json")}

    @classmethod
    def deserialize(cls, data: dict[str, Any]) -> WeeklyStopTimetable:
        """Return the timetable that :meth:`serialize` wrote."""
        return cls(stop=StopTimetable.model_validate(data["stop"]))

    def infer_manual_data_interval(self, *, run_after: pendulum.DateTime) -> DataInterval:
        """Return the instant itself: a run by hand covers nothing but its own moment (fact 22)."""
        return DataInterval.exact(run_after)

    def next_dagrun_info(
        self, *, last_automated_data_interval: DataInterval | None, restriction: TimeRestriction
    ) -> DagRunInfo | None:
        """Return the next start, None while a rehearsal's clock stands still: then the driver starts the runs."""
        now = clock.now()
        after = restriction.earliest - timedelta(microseconds=1) if restriction.earliest else None
        if last_automated_data_interval is not None:
            after = max(last_automated_data_interval.start, after) if after else last_automated_data_interval.start
            due = next_departure(self.stop, after)
            if not restriction.catchup and due <= now:
                due = max(due, latest_departure(self.stop, now))
        else:
            # The first time that Airflow sees this DAG: nothing before now was promised to anybody.
            due = next_departure(self.stop, max(after, now) if after else now)
        if restriction.latest is not None and due > restriction.latest:
            return None
        starts = clock.real_instant(due)
        if starts is None:
            return None
        return DagRunInfo(run_after=_pendulum(starts), data_interval=DataInterval.exact(_pendulum(due)))


def _pendulum(instant: datetime) -> pendulum.DateTime:
    return pendulum.instance(instant).in_timezone("UTC")
