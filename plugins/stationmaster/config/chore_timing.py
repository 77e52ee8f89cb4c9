"""A chore's schedule with the team's zone and rotations filled in: what the core and the timetable follow."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stationmaster.config.chore_schedules import ByCron, EachHandoff, EachShiftDay
from stationmaster.core.chore_schedules import ChoreSchedule, CronSchedule, HandoffSchedule, ShiftDaySchedule

if TYPE_CHECKING:
    from stationmaster.config.chores import Chore
    from stationmaster.config.team import TeamConfig


def schedule_of(team: TeamConfig, chore: Chore) -> ChoreSchedule | None:
    """Return when a chore is opened, None for one on request.

    :param team: as its files say, without the ledger's changes: a swap moves no chore.
    :raises NoSuchRole: no rotation of the team has the chore's role.
    """
    opens = chore.schedule
    if isinstance(opens, ByCron):
        return CronSchedule(cron=opens.at, zone=opens.zone or team.zone)
    if isinstance(opens, EachHandoff):
        return HandoffSchedule(rotation=team.rotation_of(chore.role), after=opens.after)
    if isinstance(opens, EachShiftDay):
        rotation = team.rotation_of(chore.role)
        return ShiftDaySchedule(rotation=rotation, role=chore.role, at=opens.at, zone=opens.zone or rotation.zone)
    return None


def zone_of_chore(team: TeamConfig, chore: Chore) -> str:
    """Return the zone on whose clocks a chore's days are counted."""
    schedule = schedule_of(team, chore)
    return team.zone if schedule is None else schedule.zone
