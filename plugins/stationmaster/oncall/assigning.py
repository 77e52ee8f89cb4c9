"""Shifts given out anew, fairly: whoever has waited longest of those who can (R36)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from stationmaster.core.rotations.changes import OverrideType
from stationmaster.core.rotations.picking import assign
from stationmaster.core.rotations.windows import Span
from stationmaster.oncall.overriding import make

if TYPE_CHECKING:
    from stationmaster.config.team import TeamConfig
    from stationmaster.ledger import Ledger
    from stationmaster.oncall.records import OverrideRecord

_BEFORE = timedelta(weeks=26)


class Assignment(NamedTuple):
    """A shift, who has it now, and who would have it; ``person`` None: nobody can."""

    start: datetime
    end: datetime
    present: tuple[str, ...]
    person: str | None

    @property
    def moves(self) -> bool:
        """Whether somebody else would have it."""
        return self.person is not None and self.present != (self.person,)


def assignments(team: TeamConfig, role: str, start: datetime, end: datetime) -> tuple[Assignment, ...]:
    """Return who would have each shift of a role that begins in ``[start, end)``.

    Nobody gets a shift while they are away or hold another role of the team; a shift that is under way stays.

    :param team: as it is in fact.
    """
    rotation = team.rotation_of(role)
    entry = team.roster[rotation.id]
    members = [name for name in entry.people if name not in entry.fixed_people and team.people[name].active]
    shifts = [shift for shift in rotation.shifts(role, start, end) if start <= shift.start < end]
    unavailable: dict[str, list[Span]] = {name: [] for name in members}
    for absence in team.absences:
        if absence.person in unavailable:
            unavailable[absence.person].append(Span(absence.start, absence.end))
    alike = {role, *(name for name, rule in entry.roles.items() if rule.like == role)}
    for other in team.rotations.values():
        for held in other.roles:
            for name in members if held not in alike else ():
                unavailable[name] += other.schedule(held).shifts_of(name, start, end + _BEFORE)
    before = rotation.shifts(role, start - _BEFORE, start)
    last = {name: shift.end for shift in before for name in shift.people}
    given = assign([Span(shift.start, shift.end) for shift in shifts], members, unavailable, last)
    return tuple(
        Assignment(shift.start, shift.end, shift.people, given.get(Span(shift.start, shift.end))) for shift in shifts
    )


def apply(
    ledger: Ledger, team: TeamConfig, role: str, found: tuple[Assignment, ...], now: datetime, by: str
) -> tuple[OverrideRecord, ...]:
    """Put each shift that moves in force as an override, in order.

    :raises ChangeRefused: one contradicts another override; those before it stand.
    """
    from stationmaster.oncall.changing import in_fact

    made = []
    for each in found:
        if each.person is None or not each.moves:
            continue
        present = in_fact(team.with_changes({}), ledger)
        made.append(
            make(
                ledger,
                present,
                kind=OverrideType.SET,
                role=role,
                comes=(each.person,),
                goes=None,
                start=each.start,
                end=each.end,
                now=now,
                by=by,
                reason="assigned anew: whoever has waited longest",
            )
        )
    return tuple(made)
