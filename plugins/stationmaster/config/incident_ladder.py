"""The ladder of a team's incidents: its rungs in order, and the hours in which they are promised (C-33, D-04, T-07)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stationmaster.config.incidents import IncidentRules, Rung
from stationmaster.core.rotations.escalating import EscalationPolicy, EscalationStep
from stationmaster.core.rotations.windows import WeekWindow, Window

if TYPE_CHECKING:
    from stationmaster.config.roster import RotationEntry
    from stationmaster.config.team import TeamConfig


def rungs(team: TeamConfig, rules: IncidentRules) -> tuple[Rung, ...]:
    """Return every rung, whoever is paged first among them: the first rung is climbed at once."""
    first = Rung(roles=rules.roles)
    if rules.ladder is not None:
        rest = rules.ladder
    else:
        entry = entry_of(team, rules.roles[0])
        steps = entry.escalation if entry is not None else ()
        rest = tuple(Rung(roles=(step.role,), after=step.after) for step in steps)
    return (first, *rest, *((rules.last_resort,) if rules.last_resort is not None else ()))


def policy(team: TeamConfig, rules: IncidentRules) -> EscalationPolicy:
    """Return the ladder for the core: the role of each step is the place of its rung, from 0."""
    entry = entry_of(team, rules.roles[0])
    out_of_hours = rules.out_of_hours or (entry.out_of_hours if entry is not None else "page")
    return EscalationPolicy(
        steps=tuple(EscalationStep(role=str(place), after=rung.after) for place, rung in enumerate(rungs(team, rules))),
        coverage=coverage(team, rules),
        # Nobody is told of an incident never: what a rotation drops is a matter for questions, not for this.
        out_of_coverage="defer" if out_of_hours == "nobody" else out_of_hours,
    )


def coverage(team: TeamConfig, rules: IncidentRules) -> tuple[Window | WeekWindow, ...]:
    """Return the hours of whoever is paged first, of all their roles together; nothing means always."""
    found: list[Window | WeekWindow] = []
    for role in rules.roles:
        entry = entry_of(team, role)
        hours = entry.roles[role].hours if entry is not None else ()
        if entry is None or not hours:
            return ()
        found += [each.window(entry.zone or team.zone) for each in hours]
    return tuple(found)


def entry_of(team: TeamConfig, role: str) -> RotationEntry | None:
    """Return the rotation that has a role, None where no rotation of the team has it."""
    return next((entry for entry in team.roster.values() if role in entry.roles), None)
