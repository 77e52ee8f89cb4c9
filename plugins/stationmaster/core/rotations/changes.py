"""What changes a schedule without changing its plan: overrides, accepted swaps, temporary schedules, known answers.

Each is about one role of a rotation; a schedule of its own needs no name for it.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from itertools import combinations
from typing import NamedTuple

from pydantic import Field, model_validator

from stationmaster.core.instants import Instant
from stationmaster.core.rotations.intervals import Intervals
from stationmaster.core.rotations.members import Slot
from stationmaster.core.value import Value

_EVER = ""


class OverrideType(StrEnum):
    """What an override does to whoever is on call."""

    SET = "set"
    """Replaces everybody (R24)."""
    REPLACE = "replace"
    """One person by another, where the first is on call (R25)."""
    ADD = "add"
    """One more (R26)."""
    REMOVE = "remove"
    """One less (R26)."""


class Override(Value):
    """A change for half-open ``[start, end)``: `set`, then `replace` and `remove`, then `add` (R24 … R28).

    :param people: who comes on call; none for `remove`.
    :param remove: who goes; for `replace` and `remove` only.
    :param priority: of two that contradict each other the higher one counts; then the newer; then the greater id.
    """

    id: str = ""
    role: str = ""
    type: OverrideType
    people: Slot = ()
    remove: str | None = None
    start: Instant
    end: Instant
    priority: int = 0
    created_at: Instant | None = None

    @model_validator(mode="after")
    def _complete(self) -> Override:
        if self.end <= self.start:
            raise ValueError("an override ends after it starts")
        leaves = self.type in (OverrideType.REPLACE, OverrideType.REMOVE)
        if bool(self.people) == (self.type is OverrideType.REMOVE):
            wrong = "takes nobody in: name only who goes" if self.people else "needs somebody who comes"
            raise ValueError(f"{self.type} {wrong}")
        if (self.remove is not None) != leaves:
            wrong = "needs somebody who goes" if leaves else "takes nobody out: name only who comes"
            raise ValueError(f"{self.type} {wrong}")
        return self

    @property
    def strength(self) -> tuple[int, str, str]:
        """What decides between two that contradict each other: the greater counts."""
        return self.priority, self.created_at.isoformat() if self.created_at else _EVER, self.id

    @property
    def subject(self) -> tuple[str, str]:
        """What it decides about: everybody, one person's leaving, or one person's coming."""
        if self.type is OverrideType.SET:
            return "everybody", ""
        if self.remove is not None:
            return "leaves", self.remove
        return "comes", "\x1f".join(self.people)


class Cover(Value):
    """An accepted swap: one person stands in for another where that one is on call in ``[start, end)`` (R30 … R32)."""

    id: str = ""
    role: str = ""
    giver: str
    taker: str
    start: Instant
    end: Instant
    created_at: Instant | None = None

    @property
    def strength(self) -> tuple[str, str]:
        """Of two covers for one person at one time the newer counts."""
        return self.created_at.isoformat() if self.created_at else _EVER, self.id


class Stint(Value):
    """People who are on call together in ``[start, end)`` of a temporary schedule."""

    people: Slot = Field(min_length=1)
    start: Instant
    end: Instant


class Temporary(Value):
    """A fixed schedule that replaces everything in its span: layers, swaps, overrides, and its own gaps too (R29)."""

    id: str = ""
    role: str = ""
    start: Instant
    end: Instant
    stints: tuple[Stint, ...] = ()
    created_at: Instant | None = None

    @property
    def strength(self) -> tuple[str, str]:
        """Of two at one time the newer counts."""
        return self.created_at.isoformat() if self.created_at else _EVER, self.id


class Known(Value):
    """Whom a source that decides names for one role: its answers in place of the plan's turns (R43).

    Where no answer reaches, nobody is on call: the plan is no substitute for a source that was not read. Swaps,
    overrides and hours change an answer as they change a plan.

    :param answers: of two at one time the newer counts.
    """

    role: str
    answers: tuple[Temporary, ...] = ()

    def people_at(self, instant: datetime) -> Slot:
        """Return whom the newest answer for an instant (UTC) names."""
        return tuple(dict.fromkeys(person for stint in self._stints_at(instant) for person in stint.people))

    def since(self, instant: datetime) -> datetime | None:
        """Return when the stint of an instant (UTC) began, None where nobody is named."""
        return max((stint.start for stint in self._stints_at(instant)), default=None)

    def edges(self, start: datetime, end: datetime) -> Iterator[datetime]:
        """Yield the instants at which its people may change."""
        yield from self._answers.edges(start, end)
        for answer in self.answers:
            for stint in answer.stints:
                yield from (stint.start, stint.end)

    def handoffs(self, start: datetime, end: datetime) -> Iterator[datetime]:
        """Yield where a stint of the newest answer begins within ``[start, end)``: a handoff, be it to oneself."""
        for answer in self.answers:
            for stint in answer.stints:
                if start <= stint.start < end and self._answers.at(stint.start)[:1] == (answer,):
                    yield stint.start

    def _stints_at(self, instant: datetime) -> tuple[Stint, ...]:
        newest = self._answers.at(instant)[:1]
        return tuple(stint for answer in newest for stint in answer.stints if stint.start <= instant < stint.end)

    @cached_property
    def _answers(self) -> Intervals[Temporary]:
        return Intervals(sorted(self.answers, key=lambda each: each.strength, reverse=True))


class Changes(Value):
    """All changes of one rotation; each says which role it is about."""

    overrides: tuple[Override, ...] = ()
    covers: tuple[Cover, ...] = ()
    temporary: tuple[Temporary, ...] = ()
    known: tuple[Known, ...] = ()

    def joined(self, other: Changes) -> Changes:
        """Return these and others together."""
        return Changes(
            overrides=self.overrides + other.overrides,
            covers=self.covers + other.covers,
            temporary=self.temporary + other.temporary,
            known=self.known + other.known,
        )


class Contradiction(NamedTuple):
    """Two overrides of equal rank that say different things about one subject at one time (R27)."""

    winner: Override
    loser: Override
    start: datetime
    end: datetime


def contradictions(overrides: tuple[Override, ...]) -> tuple[Contradiction, ...]:
    """Return the overrides of equal priority that overlap and disagree: one of them is not obeyed (R27)."""
    found = []
    by_subject: dict[tuple[str, tuple[str, str], int], list[Override]] = {}
    for override in overrides:
        by_subject.setdefault((override.role, override.subject, override.priority), []).append(override)
    for several in by_subject.values():
        for one, other in combinations(sorted(several, key=lambda each: (each.start, each.id)), 2):
            start, end = max(one.start, other.start), min(one.end, other.end)
            if start < end and (one.type, one.people) != (other.type, other.people):
                loser, winner = sorted((one, other), key=lambda each: each.strength)
                found.append(Contradiction(winner, loser, start, end))
    return tuple(sorted(found, key=lambda each: each.start))
