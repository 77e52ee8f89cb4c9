"""What the commands about rotations write with ``--json``; docs/cli-json.md describes each."""

from __future__ import annotations

from stationmaster.cli.shapes import OnCallPerson, Shape
from stationmaster.core.instants import Instant


class Coming(Shape):
    """A role that somebody takes over at a handoff; ``until`` is the end of their shift."""

    role: str
    people: tuple[OnCallPerson, ...]
    until: Instant


class HandoffAhead(Shape):
    """The next handoff of a rotation, with the roles whose shift begins with it."""

    rotation: str
    at: Instant
    roles: tuple[Coming, ...]


class NextAnswer(Shape):
    """``next``: a handoff of each rotation, the nearest first."""

    team: str
    at: Instant
    zone: str
    handoffs: tuple[HandoffAhead, ...]


class ShiftShown(Shape):
    """A stretch of time in which the same people are on call in a role; ``instead_of`` is whom a change replaced."""

    rotation: str
    role: str
    people: tuple[str, ...]
    instead_of: tuple[str, ...]
    start: Instant
    end: Instant


class ScheduleAnswer(Shape):
    """``schedule``: the whole shifts that touch ``[start, end)``, in order."""

    team: str
    zone: str
    start: Instant
    end: Instant
    shifts: tuple[ShiftShown, ...]


class Gap(Shape):
    """A time at which something is promised and nobody is there; ``known`` says why it is left open."""

    promise: str
    start: Instant
    end: Instant
    known: str | None


class Substitute(Shape):
    """Somebody who could step in; ``distance_hours`` is how far their nearest shift is, null: they have none near."""

    person: str
    distance_hours: float | None


class AwayShift(Shape):
    """A part of a shift whose person is away, with those who could step in, the best first."""

    role: str
    person: str
    reason: str
    start: Instant
    end: Instant
    substitutes: tuple[Substitute, ...]


class GapsAnswer(Shape):
    """``gaps``: ``ok`` is false when a gap is not known, or a person is away."""

    ok: bool
    team: str
    zone: str
    start: Instant
    end: Instant
    gaps: tuple[Gap, ...]
    away: tuple[AwayShift, ...]


class Conflict(Shape):
    """Something that cannot be as it is; ``code`` is one of two_at_once, two_roles, two_teams, stale_swap, stranger."""

    code: str
    sentence: str
    start: Instant
    end: Instant


class ConflictsAnswer(Shape):
    """``conflicts``: ``ok`` is true when there are none."""

    ok: bool
    teams: tuple[str, ...]
    start: Instant
    end: Instant
    conflicts: tuple[Conflict, ...]


class LoadShown(Shape):
    """What a role asked of a person; the hours of nights, weekends and holidays overlap."""

    person: str
    shifts: int
    hours: float
    night_hours: float
    weekend_hours: float
    holiday_hours: float
    swaps_given: int
    swaps_taken: int


class FeltShown(Shape):
    """What a person said of their shifts when these were over: the mean ``load`` is from 1, quiet, to 5, too much."""

    rotation: str
    person: str
    answers: int
    load: float
    nights: int


class RoleFairness(Shape):
    """One role: its load by person, most hours first, and its quality in percent."""

    role: str
    loads: tuple[LoadShown, ...]
    total: int
    coverage: int
    balance: int
    overloaded: dict[str, int]


class FairnessAnswer(Shape):
    """``fairness``: the roles that rotate."""

    team: str
    zone: str
    start: Instant
    end: Instant
    roles: tuple[RoleFairness, ...]
    felt: tuple[FeltShown, ...] = ()


class DriftShown(Shape):
    """A span in which the files and a calendar name different people, by id."""

    start: Instant
    end: Instant
    files: tuple[str, ...]
    source: tuple[str, ...]


class DriftAnswer(Shape):
    """``drift``: ``ok`` is true when they agree."""

    ok: bool
    team: str
    role: str
    start: Instant
    end: Instant
    differences: tuple[DriftShown, ...]


class OverrideShown(Shape):
    """An override of the ledger."""

    id: str
    type: str
    role: str
    comes: tuple[str, ...]
    goes: str | None
    start: Instant
    end: Instant
    priority: int
    reason: str
    asked_by: str
    asked_at: Instant
    in_force: bool


class OverridesAnswer(Shape):
    """``override``: those that it made, changed or lists."""

    team: str
    overrides: tuple[OverrideShown, ...]


class SwapShown(Shape):
    """A swap of the ledger; ``status`` is what it is now."""

    id: str
    role: str
    giver: str
    taker: str
    start: Instant
    end: Instant
    back_start: Instant | None
    back_end: Instant | None
    status: str
    reason: str
    asked_by: str
    asked_at: Instant


class SwapsAnswer(Shape):
    """``swap``: those that it made, changed or lists."""

    team: str
    swaps: tuple[SwapShown, ...]


class SuggestAnswer(Shape):
    """``swap suggest``: who could step in, the best first."""

    team: str
    role: str
    start: Instant
    end: Instant
    substitutes: tuple[Substitute, ...]


class MoveShown(Shape):
    """A span in which a change of the files gives a role to other people."""

    role: str
    before: tuple[str, ...]
    after: tuple[str, ...]
    start: Instant
    end: Instant


class RotationLocked(Shape):
    """One rotation: ``state`` is unchanged, first, or changed; ``moves`` are those of the next weeks."""

    rotation: str
    state: str
    revisions: int
    effective_from: Instant | None
    affected: tuple[str, ...]
    moves: tuple[MoveShown, ...]


class LockAnswer(Shape):
    """``lock``: ``ok`` is false when --check finds a change that is not locked."""

    ok: bool
    written: bool
    rotations: tuple[RotationLocked, ...]


class Assigned(Shape):
    """A shift, who has it, and who would have it by ``assign``; ``person`` is null where nobody can."""

    start: Instant
    end: Instant
    present: tuple[str, ...]
    person: str | None
    moves: bool


class AssignAnswer(Shape):
    """``assign``: the shifts of a role, in order; ``applied`` says whether what moves is in force."""

    team: str
    role: str
    applied: bool
    shifts: tuple[Assigned, ...]
