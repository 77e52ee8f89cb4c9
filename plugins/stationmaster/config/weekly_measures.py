"""How a team hears each week how its trains do."""

from __future__ import annotations

from datetime import time

from pydantic import Field

from stationmaster.config.base import ConfigModel
from stationmaster.config.fields import Day, Slug, WallTime, ZoneName
from stationmaster.core.calendar import StopTimetable
from stationmaster.core.instants import Weekday

AREA = "measures"
"""The name under a team of its DAG, and of what the ledger keeps of it: ``<team>.measures``."""


class WeeklyMeasures(ConfigModel):
    """When and where a team hears of the four weeks that are over, beside the four before."""

    channel: Slug = Field(description="The team's channel that hears of it")
    day: Day = Field(default=Weekday.MONDAY, description="The day of the week")
    at: WallTime = Field(default=time(9), description="The time of day")
    zone: ZoneName | None = Field(default=None, description="Defaults to the team's zone")

    def timetable(self, team_zone: str) -> StopTimetable:
        """Return the core's timetable: one message a week; holidays do not move it."""
        return StopTimetable(
            day=self.day, earliest=self.at, target=self.at, latest_start=self.at, zone=self.zone or team_zone
        )
