"""The ladder of a team's incidents: its rungs in order, and the hours in which they are promised (C-33, D-04, T-07)."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from stationmaster.config.incidents import IncidentRules, Rung
from stationmaster.core.rotations.escalating import EscalationStep, Page, escalation
from stationmaster.core.rotations.rotation import NobodyOnCall
from stationmaster.core.rotations.windows import is_open, next_open

if TYPE_CHECKING:
    from stationmaster.config.roster import RotationEntry
    from stationmaster.config.team import TeamConfig

_MOST_LOOKS = 60
"""Hours and days off alternate; nobody for so many of them is nobody."""


def rungs(team: TeamConfig, rules: IncidentRules) -> tuple[Rung, ...]:
    """Return every rung, the person who is paged first among them: the first rung is climbed at once."""
    first = Rung(roles=rules.roles)
    if rules.ladder is not None:
        rest = rules.ladder
    else:
        entry = entry_of(team, rules.roles[0])
        steps = entry.escalation if entry is not None else ()
        rest = tuple(Rung(roles=(step.role,), after=step.after) for step in steps)
    return (first, *rest, *((rules.last_resort,) if rules.last_resort is not None else ()))


def ladder(team: TeamConfig, rules: IncidentRules, opened: datetime, *, critical: bool) -> tuple[Page, ...]:
    """Return when each rung is due without an answer; the role of each page is the place of its rung, from 0.

    :param opened: the instant (aware) from which the ladder is climbed.
    :param critical: paged at any hour (D-04, T-07).
    """
    steps = tuple(EscalationStep(role=str(place), after=rung.after) for place, rung in enumerate(rungs(team, rules)))
    return escalation(steps, begins(team, rules, opened, critical=critical))


def begins(team: TeamConfig, rules: IncidentRules, opened: datetime, *, critical: bool) -> datetime:
    """Return when the ladder is begun: at once, or when one of those who come first is on duty again (D-04, O-03).

    Where nobody ever is it begins at once: an incident is never told to nobody.
    """
    if critical or not defers(team, rules):
        return opened
    there = (role for role in rules.roles if role not in rules.critical_only)
    found = [_on_duty_from(team, role, opened) for role in there]
    return min((at for at in found if at is not None), default=opened)


def _on_duty_from(team: TeamConfig, role: str, at: datetime) -> datetime | None:
    """Return the first instant from ``at`` on at which somebody holds a role: within its hours, and on no day off."""
    entry = entry_of(team, role)
    hours = tuple(each.window(entry.zone or team.zone) for each in entry.roles[role].hours) if entry is not None else ()
    coming: datetime | None = at
    for _ in range(_MOST_LOOKS):
        if coming is None:
            return None
        try:
            team.on_call(role, coming)
        except NobodyOnCall:
            inside = not hours or is_open(hours, coming)
            following = team.next_shift(role, coming) if inside else None
            coming = next_open(hours, coming) if not inside else following.start if following is not None else None
        else:
            return coming
    return None


def defers(team: TeamConfig, rules: IncidentRules) -> bool:
    """Return whether what is not critical waits for those who come first, outside their hours.

    What a rotation drops outside its hours waits, too: that is a matter of questions, not of incidents.
    """
    entry = entry_of(team, rules.roles[0])
    return (rules.out_of_hours or (entry.out_of_hours if entry is not None else "page")) != "page"


def entry_of(team: TeamConfig, role: str) -> RotationEntry | None:
    """Return the rotation that has a role, None where no rotation of the team has it."""
    return next((entry for entry in team.roster.values() if role in entry.roles), None)
