"""When somebody is promised to be there, counted from a team's file by the minute: what the invariants hold against."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from stationmaster.config.hours import Hours, WeekMoment
from stationmaster.config.roster import RotationEntry
from stationmaster.config.team import TeamConfig

_MINUTE = timedelta(minutes=1)
_FARTHEST = timedelta(days=10)
_WEEK_MINUTES = 7 * 24 * 60


def rotation_of(team: TeamConfig, role: str) -> RotationEntry:
    """Return the rotation that has a role."""
    return next(entry for entry in team.roster.values() if role in entry.roles)


def is_covered(team: TeamConfig, roles: Sequence[str], at: datetime) -> bool:
    """Return whether one of the roles is on duty at an instant; a role without hours always is."""
    for role in roles:
        entry = rotation_of(team, role)
        hours = entry.roles[role].hours
        zone = entry.zone or team.zone
        if not hours or any(_is_open(each, at.astimezone(ZoneInfo(each.zone or zone))) for each in hours):
            return True
    return False


def next_covered(team: TeamConfig, roles: Sequence[str], at: datetime) -> datetime:
    """Return the first whole minute from ``at`` on at which one of the roles is on duty, ``at`` itself if one is.

    :raises LookupError: none is for days.
    """
    found = at
    while found < at + _FARTHEST:
        if is_covered(team, roles, found):
            return found
        found = found.replace(second=0, microsecond=0) + _MINUTE
    raise LookupError(f"nobody of {', '.join(roles)} is on duty for {_FARTHEST.days} days after {at}")


def _is_open(hours: Hours, local: datetime) -> bool:
    if isinstance(hours.opens, WeekMoment) and isinstance(hours.closes, WeekMoment):
        opens, closes = _of_week(hours.opens), _of_week(hours.closes)
        now = local.weekday() * 24 * 60 + local.hour * 60 + local.minute
        return (now - opens) % _WEEK_MINUTES < (closes - opens) % _WEEK_MINUTES
    opens, closes = hours.opens, hours.closes  # type: ignore[assignment]
    if not isinstance(opens, time) or not isinstance(closes, time):
        return False
    days = {day.index for day in hours.days} if hours.days is not None else set(range(7))
    now, yesterday = local.time().replace(tzinfo=None), (local.weekday() - 1) % 7
    if opens < closes:
        return local.weekday() in days and opens <= now < closes
    return (local.weekday() in days and now >= opens) or (yesterday in days and now < closes)


def _of_week(moment: WeekMoment) -> int:
    return moment.day.index * 24 * 60 + moment.at.hour * 60 + moment.at.minute
