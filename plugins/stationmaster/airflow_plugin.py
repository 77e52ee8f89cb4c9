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
from stationmaster.webhooks.app import PREFIX
from stationmaster.webhooks.app import app as webhooks

_APPS = [{"app": webhooks, "url_prefix": PREFIX, "name": "stationmaster"}]
_LISTENERS = [preloading]
_TIMETABLES = [WeeklyStopTimetable, HandoffTimetable, ChoreTimetable, WatchTimetable]


class StationmasterPlugin(AirflowPlugin):
    """Registers timetables, which the scheduler deserializes, what loads in advance, and the webhooks."""

    name = "stationmaster"
    fastapi_apps: list[Any] = _APPS
    listeners: list[Any] = _LISTENERS
    timetables: list[Any] = _TIMETABLES
