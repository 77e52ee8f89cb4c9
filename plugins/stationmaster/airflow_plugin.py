"""The Airflow plugin: what must be registered with every Airflow component.

It reaches Airflow by the entry point ``airflow.plugins`` where the package is installed, and by
``plugins/stationmaster_shim.py`` where it is only copied; never by both (fact 21).
"""

from __future__ import annotations

from typing import Any

from airflow.plugins_manager import AirflowPlugin

from stationmaster import preloading
from stationmaster.timetables.chore_timetable import ChoreTimetable
from stationmaster.timetables.handoff_timetable import HandoffTimetable
from stationmaster.timetables.stop_timetable import WeeklyStopTimetable
from stationmaster.timetables.watch_timetable import WatchTimetable


class StationmasterPlugin(AirflowPlugin):
    """Registers the timetables, which the scheduler deserializes, and what loads in advance."""

    name = "stationmaster"
    listeners: list[Any] = [preloading]  # noqa: RUF012 - as the base class declares it
    timetables: list[Any] = [  # noqa: RUF012 - as the base class declares it
        WeeklyStopTimetable,
        HandoffTimetable,
        ChoreTimetable,
        WatchTimetable,
    ]
