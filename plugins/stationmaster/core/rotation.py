"""Weekly rotations: who holds a role at an instant, and who is told when nobody answers.

Boundary ``k`` of a rotation is its anchor plus ``k`` times its length on the wall clock, made an instant afterwards. A
shift ends where the next one starts, so that neither a gap nor an overlap can appear.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from pydantic import Field, field_validator, model_validator

from stationmaster.core.instants import Instant, WallTime, ZoneName, first_instant, to_local, utc
from stationmaster.core.value import Value


class NobodyOnCall(LookupError):
    """The rotation has nobody for the role at that instant."""

    def __init__(self, rotation: str, role: str, at: datetime) -> None:
        """Keep what was asked."""
        super().__init__(rotation, role, at)
        self.rotation, self.role, self.at = rotation, role, at

    def __str__(self) -> str:
        """Name the rotation, the role and the instant."""
        return f"rotation {self.rotation}: nobody holds the role {self.role} at {self.at.isoformat()}. Give it members."


class UnknownRole(LookupError):
    """The rotation has no such role."""

    def __init__(self, rotation: str, role: str, known: tuple[str, ...]) -> None:
        """Keep what was asked and what there is."""
        super().__init__(rotation, role, known)
        self.rotation, self.role, self.known = rotation, role, known

    def __str__(self) -> str:
        """Name the role and those that exist."""
        return f"rotation {self.rotation} has no role {self.role!r}. Use one of: {', '.join(self.known)}."


class RotationImpossible(ValueError):
    """Two roles would fall on one person: the rotation cannot be planned (C-05)."""

    def __init__(self, rotation: str, roles: tuple[str, ...], person: str | None) -> None:
        """Keep the roles that collide and on whom; nobody, where every member is fixed in another role."""
        super().__init__(rotation, roles, person)
        self.rotation, self.roles, self.person = rotation, roles, person

    def __str__(self) -> str:
        """Name the roles and the way out."""
        roles = " and ".join(self.roles)
        clash = (
            f"{roles} would fall on {self.person}"
            if self.person
            else f"every member is fixed, none is left for {roles}"
        )
        return f"rotation {self.rotation}: {clash}. Add members, or drop a role."


class BackwardsSpan(ValueError):
    """A span of time ends before it starts."""


class RoleRule(Value):
    """How a role finds its person: a place in the turn (primary 0, secondary 1), or one fixed person (C-03)."""

    turn: int | None = Field(default=None, ge=0)
    person: str | None = Field(default=None, min_length=1)

    @model_validator(mode="after")
    def _one_of_both(self) -> RoleRule:
        if (self.turn is None) == (self.person is None):
            raise ValueError("a role has either a turn or a person: give exactly one of the two")
        return self


class Rotation(Value):
    """A weekly rotation: members take turns in their order, and hand over at the anchor's weekday and wall time
    (C-01, C-02).

    ``anchor`` is the local handoff at which ``members[0]`` takes turn 0; the turn goes on before it, too. A person
    fixed in a role takes no turn in the others (C-05).
    """

    id: str = Field(min_length=1)
    zone: ZoneName
    anchor: WallTime
    weeks: int = Field(default=1, ge=1, le=520)
    members: tuple[str, ...]
    roles: dict[str, RoleRule] = Field(min_length=1)

    @field_validator("members")
    @classmethod
    def _each_once(cls, members: tuple[str, ...]) -> tuple[str, ...]:
        twice = sorted({member for member in members if members.count(member) > 1})
        if twice:
            raise ValueError(f"members stand in the list more than once: {', '.join(twice)}")
        return members


class Shift(Value):
    """Half-open ``[start, end)`` in which a person holds a role: the handoff instant belongs to the incoming."""

    rotation: str
    role: str
    person: str
    start: Instant
    end: Instant


class EscalationStep(Value):
    """Who is told next, and how long after the step before it."""

    role: str = Field(min_length=1)
    after: timedelta = Field(ge=timedelta(0))


class Page(NamedTuple):
    """One role that is told at one instant."""

    role: str
    at: datetime


def on_call(rotation: Rotation, role: str, at: datetime) -> Shift:
    """Return the shift of the role that contains ``at``, in a time that does not depend on the anchor's age.

    :raises UnknownRole: the rotation has no such role.
    :raises NobodyOnCall: the role goes by turns and the rotation has no members.
    :raises RotationImpossible: two roles would fall on one person (C-05).
    """
    return _shift(rotation, role, *_turn_at(rotation, utc(at)))


def next_shift(rotation: Rotation, role: str, at: datetime) -> Shift:
    """Return the shift of the role that starts where the one at ``at`` ends. Raises as :func:`on_call` does."""
    turn, _, end = _turn_at(rotation, utc(at))
    return _shift(rotation, role, turn + 1, end, _boundary(rotation, turn + 2))


def next_handoff(rotation: Rotation, after: datetime) -> datetime:
    """Return the first handoff strictly after ``after`` (C-02)."""
    return _turn_at(rotation, utc(after))[2]


def latest_handoff(rotation: Rotation, at: datetime) -> datetime:
    """Return the newest handoff that is not after ``at``: the start of the present shift."""
    return _turn_at(rotation, utc(at))[1]


def shifts(rotation: Rotation, role: str, start: datetime, end: datetime) -> tuple[Shift, ...]:
    """Return the whole shifts of the role that touch ``[start, end)``, in order. Raises as :func:`on_call` does.

    :raises BackwardsSpan: ``end`` is before ``start``.
    """
    first, last = utc(start), utc(end)
    if last < first:
        raise BackwardsSpan(f"the span ends at {last.isoformat()}, before it starts at {first.isoformat()}")
    found: list[Shift] = []
    turn, begin, end_of_turn = _turn_at(rotation, first)
    while first < last and begin < last:
        found.append(_shift(rotation, role, turn, begin, end_of_turn))
        turn, begin, end_of_turn = turn + 1, end_of_turn, _boundary(rotation, turn + 2)
    return tuple(found)


def all_on_call(rotation: Rotation, at: datetime) -> dict[str, Shift]:
    """Return the shift of every role at ``at``, by role. Raises as :func:`on_call` does."""
    turn, start, end = _turn_at(rotation, utc(at))
    return {role: _shift(rotation, role, turn, start, end) for role in rotation.roles}


def check_rotation(rotation: Rotation) -> None:
    """Check that every role always has a person of its own.

    :raises NobodyOnCall: a role goes by turns and the rotation has no members.
    :raises RotationImpossible: two roles would fall on one person (C-05).
    """
    anchor = first_instant(rotation.anchor, rotation.zone)
    all_on_call(rotation, anchor)


def escalation(
    steps: Sequence[EscalationStep], opened_at: datetime, acknowledged_at: datetime | None = None
) -> tuple[Page, ...]:
    """Return who is told when: each delay counts from the page before it, until somebody acknowledges (C-33, C-34).

    :param acknowledged_at: stops every page that is due at this instant or later. One from before ``opened_at``
        answered an earlier incident and stops nothing.
    """
    due = opened = utc(opened_at)
    acknowledged = None if acknowledged_at is None else utc(acknowledged_at)
    pages: list[Page] = []
    for step in steps:
        due += step.after
        if acknowledged is not None and opened <= acknowledged <= due:
            break
        pages.append(Page(step.role, due))
    return tuple(pages)


def _boundary(rotation: Rotation, turn: int) -> datetime:
    return first_instant(rotation.anchor + timedelta(weeks=rotation.weeks) * turn, rotation.zone)


def _turn_at(rotation: Rotation, at: datetime) -> tuple[int, datetime, datetime]:
    """Return the number of the turn that contains the instant, its start and its end."""
    wall = to_local(at, rotation.zone).replace(tzinfo=None)
    turn = (wall - rotation.anchor) // timedelta(weeks=rotation.weeks)
    start, end = _boundary(rotation, turn), _boundary(rotation, turn + 1)
    # In a repeated hour the wall time falls back behind a handoff that has been. It never runs ahead of one.
    if at >= end:
        turn, start, end = turn + 1, end, _boundary(rotation, turn + 2)
    return turn, start, end


def _shift(rotation: Rotation, role: str, turn: int, start: datetime, end: datetime) -> Shift:
    if role not in rotation.roles:
        raise UnknownRole(rotation.id, role, tuple(rotation.roles))
    person = _holders(rotation, turn, start)[role]
    return Shift(rotation=rotation.id, role=role, person=person, start=start, end=end)


def _holders(rotation: Rotation, turn: int, at: datetime) -> dict[str, str]:
    """Return the person of every role in a turn; all of them are different people (C-05)."""
    fixed = {rule.person for rule in rotation.roles.values()}
    turning = [member for member in rotation.members if member not in fixed]
    role_of: dict[str, str] = {}
    for role, rule in rotation.roles.items():
        person = rule.person or _whose_turn(rotation, role, rule, turning, turn, at)
        if person in role_of:
            raise RotationImpossible(rotation.id, (role_of[person], role), person)
        role_of[person] = role
    return {role: person for person, role in role_of.items()}


def _whose_turn(rotation: Rotation, role: str, rule: RoleRule, turning: list[str], turn: int, at: datetime) -> str:
    if not rotation.members:
        raise NobodyOnCall(rotation.id, role, at)
    if not turning:
        raise RotationImpossible(rotation.id, (role,), None)
    return turning[(turn + (rule.turn or 0)) % len(turning)]
