"""How much of a sprint being on call may take: a cap on shifts in a while (O-05)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from stationmaster.core.instants import local_text
from stationmaster.core.rotations.windows import Span
from stationmaster.oncall.errors import ChangeRefused

if TYPE_CHECKING:
    from stationmaster.config.team import TeamConfig


class Overload(NamedTuple):
    """More shifts than the cap that begin within its time: from the first one's start to the last one's end."""

    role: str
    person: str
    shifts: int
    span: Span


def overloads(team: TeamConfig, rotation: str, start: datetime, end: datetime) -> Iterator[Overload]:
    """Yield who has more shifts than the rotation's file allows, among those that touch ``[start, end)``.

    Shifts of all roles that go by turns count together; each stretch over the cap is told once.
    """
    cap = team.roster[rotation].load
    if cap is None:
        return
    found: dict[str, list[tuple[Span, str]]] = {}
    core = team.rotations[rotation]
    for role, rule in core.plan.newest.roles.items():
        if rule.turn is None:
            continue
        for shift in core.shifts(role, start - cap.within, end + cap.within):
            for person in shift.people:
                found.setdefault(person, []).append((Span(shift.start, shift.end), role))
    for person, shifts in sorted(found.items()):
        shifts.sort()
        reached: datetime | None = None
        for place, (first, role) in enumerate(shifts):
            together = [span for span, _ in shifts[place:] if span.start < first.start + cap.within]
            last = together[-1].end
            if (
                len(together) > cap.shifts
                and (reached is None or last > reached)
                and first.start < end
                and last > start
            ):
                reached = last
                yield Overload(role, person, len(together), Span(first.start, last))


def within_the_cap(before: TeamConfig, after: TeamConfig, rotation: str, start: datetime, end: datetime) -> None:
    """Refuse a change by which somebody would have more shifts than the cap, and has not without it.

    :raises ChangeRefused: somebody would.
    """
    cap = before.roster[rotation].load
    if cap is None:
        return
    present = {(each.person, each.shifts) for each in overloads(before, rotation, start, end)}
    for each in overloads(after, rotation, start, end):
        if (each.person, each.shifts) not in present:
            zone = after.rotations[rotation].zone
            raise ChangeRefused(
                f"{each.person} would have {each.shifts} shifts from {local_text(each.span.start, zone)} to "
                f"{local_text(each.span.end, zone)}; the file allows {cap.shifts} within {cap.within.days} days",
                "Name somebody else, or a shorter time.",
            )
