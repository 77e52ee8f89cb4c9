"""The plan of a rotation: who has which turn in which role, and what that was before the plan was changed."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from datetime import datetime
from functools import cached_property
from itertools import pairwise
from typing import Literal

from pydantic import Field, model_validator

from stationmaster.core.instants import Instant, utc
from stationmaster.core.rotations.members import Members, Slot
from stationmaster.core.rotations.roles import Casting, RoleRule
from stationmaster.core.rotations.turns import Cadence, Turn
from stationmaster.core.value import Value

_KEPT = 4096


class UnknownRole(LookupError):
    """The rotation has no such role."""

    def __init__(self, rotation: str, role: str, known: tuple[str, ...]) -> None:
        """Keep what was asked and what there is."""
        super().__init__(rotation, role, known)
        self.rotation, self.role, self.known = rotation, role, known

    def __str__(self) -> str:
        """Name the role and those that exist."""
        return f"rotation {self.rotation} has no role {self.role!r}. Use one of: {', '.join(self.known)}."


class Revision(Value):
    """A rotation as it was written at one time. It is never edited: a change is a new revision (R67, R68).

    :param effective_from: from when it counts; None for the first.
    :param takes_over: at once, or at the next handoff of the revision before: who is on call then stays until it.
    :param experience: of each person, for roles that ask for it.
    """

    effective_from: Instant | None = None
    takes_over: Literal["at_once", "at_handoff"] = "at_once"
    cadence: Cadence
    members: Members
    roles: dict[str, RoleRule] = Field(min_length=1)
    experience: dict[str, int] = Field(default_factory=dict)

    def people(self, role: str, turn: Turn) -> Slot:
        """Return who holds a role in a turn.

        :raises RoleImpossible: the plan has nobody for it.
        """
        if turn.off:
            return ()
        known = self._holders
        found = known.get(turn.number)
        if found is None:
            if len(known) >= _KEPT:
                known.clear()
            found = known[turn.number] = self._casting.holders(turn.number)
        return found[role]

    @cached_property
    def _casting(self) -> Casting:
        return Casting(self.members, self.roles, self.experience)

    @cached_property
    def _holders(self) -> dict[int, dict[str, Slot]]:
        return {}


class Plan(Value):
    """Revisions in the order in which they take effect. The past is what the earlier ones say."""

    id: str = Field(min_length=1)
    revisions: tuple[Revision, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _in_order(self) -> Plan:
        since = [revision.effective_from for revision in self.revisions]
        if since[0] is not None or None in since[1:]:
            raise ValueError("the first revision counts from the beginning, every later one from an instant")
        later = [at for at in since if at is not None]
        if later != sorted(set(later)):
            raise ValueError("revisions stand in the order in which they take effect, each at an instant of its own")
        return self

    def people_at(self, role: str, at: datetime) -> Slot:
        """Return who holds a role at an instant; nobody on a day off, in an empty slot, and before the role existed.

        :raises UnknownRole: no revision has one of that name.
        :raises RoleImpossible: the plan has nobody for it.
        """
        instant = utc(at)
        starts, found = self._known.setdefault(role, ([], []))
        place = bisect_right(starts, instant) - 1
        if place >= 0 and instant < found[place][0]:
            return found[place][1]
        turn = self._begun.get(instant) or self.turn_at(instant)
        people = self._people(role, turn, instant)
        if len(starts) >= _KEPT:
            starts.clear()
            found.clear()
            place = -1
        starts.insert(place + 1, turn.start)
        found.insert(place + 1, (turn.end, people))
        return people

    def _people(self, role: str, turn: Turn, instant: datetime) -> Slot:
        revision = self.revisions[bisect_right(self.takes_over_at, instant)]
        if role not in revision.roles:
            if any(role in each.roles for each in self.revisions):
                return ()
            raise UnknownRole(self.id, role, tuple(revision.roles))
        return revision.people(role, turn)

    def turn_at(self, at: datetime) -> Turn:
        """Return the turn at an instant, cut where a revision takes over."""
        instant = utc(at)
        place = bisect_right(self.takes_over_at, instant)
        turn = self.revisions[place].cadence.turn_at(instant)
        begins = max(turn.start, self.takes_over_at[place - 1]) if place else turn.start
        ends = min(turn.end, self.takes_over_at[place]) if place < len(self.takes_over_at) else turn.end
        return turn._replace(start=begins, end=ends)

    def turns(self, start: datetime, end: datetime) -> Iterator[Turn]:
        """Yield the turns, and the days off between them, that touch ``[start, end)``."""
        if len(self.revisions) == 1:
            begun = self._begun
            if len(begun) > _KEPT:
                begun.clear()
            for turn in self.newest.cadence.turns(start, end):
                begun[turn.start] = turn  # whoever walks along turns asks next who has them
                yield turn
            return
        last = utc(end)
        turn = self.turn_at(start)
        while turn.start < last:
            yield turn
            turn = self.turn_at(turn.end)

    @property
    def newest(self) -> Revision:
        """The revision that was written last."""
        return self.revisions[-1]

    @cached_property
    def _begun(self) -> dict[datetime, Turn]:
        return {}

    @cached_property
    def _known(self) -> dict[str, tuple[list[datetime], list[tuple[datetime, Slot]]]]:
        """The turns that were asked for, by role: their starts in order, and beside them their ends and people."""
        return {}

    @cached_property
    def takes_over_at(self) -> list[datetime]:
        """When each revision but the first takes over: at its instant, or at the handoff that follows it."""
        starts: list[datetime] = []
        for before, revision in pairwise(self.revisions):
            at = utc(revision.effective_from) if revision.effective_from is not None else None
            if at is None:
                continue
            if revision.takes_over == "at_handoff":
                turn = before.cadence.turn_at(at)
                at = at if turn.start == at else turn.end
            starts.append(max(at, starts[-1]) if starts else at)
        return starts
