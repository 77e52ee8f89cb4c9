"""A plan as somebody wrote it: texts with the lines on which they stand, before anything is checked."""

from __future__ import annotations

from stationmaster.core.rollouts.plan import PlanMistake
from stationmaster.core.value import Value


class WrittenWay(Value):
    """A target, or the beginning of its name; ``version`` if it gets another one than the rest."""

    line: int
    target: str
    version: str | None = None


class WrittenBatch(Value):
    """A time of day, such as ``9:00``, and what goes then."""

    line: int
    time: str
    ways: tuple[WrittenWay, ...]


class WrittenDay(Value):
    """A day, such as ``Monday next week``, and its batches."""

    line: int
    day: str
    batches: tuple[WrittenBatch, ...]


class WrittenPlan(Value):
    """A whole text. ``mistakes`` are those of its form; what has none of them is checked all the same."""

    zone: str | None = None
    zone_line: int = 1
    days: tuple[WrittenDay, ...] = ()
    mistakes: tuple[PlanMistake, ...] = ()
