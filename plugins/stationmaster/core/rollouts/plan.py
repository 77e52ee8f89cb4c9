"""A rollout's plan: batches in time, each with its targets, and the mistakes that keep a text from being one."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from datetime import timedelta
from typing import Annotated

from pydantic import AfterValidator, Field

from stationmaster.core.instants import Instant, ZoneName
from stationmaster.core.manifest import valid_sha
from stationmaster.core.value import Value

DEFAULT_SEPARATION = timedelta(hours=24)
_SHOWN = 3
"""Targets that a batch's label names; the grid has little room."""

Version = Annotated[str, AfterValidator(valid_sha)]


class UnknownBatch(LookupError):
    """A batch that the plan does not have."""


class PlanMistake(Value):
    """One thing wrong in a plan; ``line`` counts from 1 within the plan's text."""

    line: int = Field(ge=1)
    message: str
    remedy: str

    def __str__(self) -> str:
        """Return the sentence that the author reads."""
        return f"line {self.line}: {self.message}. {self.remedy}"


class PlanInvalid(ValueError):
    """A plan holds mistakes; the message has one line for each, in the order of the text."""

    def __init__(self, mistakes: Iterable[PlanMistake]) -> None:
        self.mistakes = tuple(sorted(mistakes, key=lambda mistake: mistake.line))
        super().__init__("\n".join(str(mistake) for mistake in self.mistakes))


class Separation(Value):
    """Targets of which no two may get a version within ``by`` of each other."""

    targets: frozenset[str]
    by: timedelta = DEFAULT_SEPARATION


class Way(Value):
    """One target and the version that it gets."""

    target: str
    version: Version


class Batch(Value):
    """What goes together. ``number`` counts from 1; nothing of it begins before ``at``."""

    number: int = Field(ge=1)
    at: Instant
    ways: tuple[Way, ...] = Field(min_length=1)

    @property
    def label(self) -> str:
        """Return how the grid names it: ``batch 3 · io67a, shefu and 4 more``."""
        names = ", ".join(way.target for way in self.ways[:_SHOWN])
        more = len(self.ways) - _SHOWN
        return f"batch {self.number} · {names}" + (f" and {more} more" if more > 0 else "")


class RolloutPlan(Value):
    """A checked plan: batches in the order of time, each target once. ``zone`` is the one that it was written in."""

    zone: ZoneName
    batches: tuple[Batch, ...] = Field(min_length=1)

    @property
    def hash(self) -> str:
        """Return what tells this plan from any other."""
        text = json.dumps(self.model_dump(mode="json"), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()

    def batch(self, number: int) -> Batch:
        """Return a batch by its number.

        :raises UnknownBatch: the plan has fewer.
        """
        for batch in self.batches:
            if batch.number == number:
                return batch
        raise UnknownBatch(f"the plan has {len(self.batches)} batches, and no batch {number}")
