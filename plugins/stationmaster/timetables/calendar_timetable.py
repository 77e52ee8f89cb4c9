"""What the timetables have in common: the instants come from ``core``, and no burst follows an outage (F35, F37)."""

from __future__ import annotations

from datetime import datetime, timedelta

import pendulum
from airflow.timetables.base import DagRunInfo, DataInterval, TimeRestriction, Timetable

from stationmaster import clock


class CalendarTimetable(Timetable):
    """Fires at instants that ``core`` computes; a subclass only names them.

    After an outage only the newest occurrence is run, late.
    """

    def next_occurrence(self, after: datetime) -> datetime:
        """Return the first occurrence strictly after ``after`` (aware)."""
        raise NotImplementedError

    def latest_occurrence(self, at: datetime) -> datetime:
        """Return the newest occurrence that is not after ``at`` (aware)."""
        raise NotImplementedError

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
            due = self.next_occurrence(after)
            if not restriction.catchup and due <= now:
                due = max(due, self.latest_occurrence(now))
        else:
            # The first time that Airflow sees this DAG: nothing before now was promised to anybody.
            due = self.next_occurrence(max(after, now) if after else now)
        if restriction.latest is not None and due > restriction.latest:
            return None
        starts = clock.real_instant(due)
        if starts is None:
            return None
        return DagRunInfo(run_after=_pendulum(starts), data_interval=DataInterval.exact(_pendulum(due)))


def _pendulum(instant: datetime) -> pendulum.DateTime:
    return pendulum.instance(instant).in_timezone("UTC")
