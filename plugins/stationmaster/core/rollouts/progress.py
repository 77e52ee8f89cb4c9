"""What lets a batch go on: those before it, how many of a batch may fail, targets that stay apart, quiet alerts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from pydantic import Field

from stationmaster.core.rollouts.plan import Batch, RolloutPlan, Separation
from stationmaster.core.value import Value


class Progress(StrEnum):
    """How far a target has come. LEFT: a person took it out of this rollout."""

    PLANNED = "planned"
    PROPOSED = "proposed"
    ACCEPTED = "accepted"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    LEFT = "left"

    @property
    def over(self) -> bool:
        """Whether nothing more is waited for."""
        return self in (Progress.DONE, Progress.FAILED, Progress.LEFT)


class Tolerance(Value):
    """How many targets of one batch may fail before the rollout stops: a number, or a share of the batch."""

    number: int = Field(default=0, ge=0)
    share: float | None = Field(default=None, ge=0, lt=1)

    def allows(self, failed: int, of: int) -> bool:
        """Return whether ``failed`` targets of a batch of ``of`` do not stop the rollout."""
        return failed <= (self.number if self.share is None else int(self.share * of))


class Before(NamedTuple):
    """What of the batches before one keeps it from going: the first of them that does, and its targets."""

    batch: Batch
    open: tuple[str, ...]
    failed: tuple[str, ...]


class Look(NamedTuple):
    """One look at the alerts of a target."""

    at: datetime
    firing: bool


def failed_of(batch: Batch, progress: Mapping[str, Progress]) -> tuple[str, ...]:
    """Return the targets of a batch that have failed."""
    return tuple(way.target for way in batch.ways if progress.get(way.target) is Progress.FAILED)


def stopped_by(batch: Batch, progress: Mapping[str, Progress], tolerance: Tolerance) -> tuple[str, ...]:
    """Return the failed targets of a batch if they are more than it may have, else none."""
    failed = failed_of(batch, progress)
    return () if tolerance.allows(len(failed), len(batch.ways)) else failed


def held_by(plan: RolloutPlan, number: int, progress: Mapping[str, Progress], tolerance: Tolerance) -> Before | None:
    """Return the first batch before ``number`` that is not over, or in which too much has failed; None: none is."""
    for batch in plan.batches:
        if batch.number >= number:
            return None
        waiting = tuple(way.target for way in batch.ways if not progress.get(way.target, Progress.PLANNED).over)
        failed = stopped_by(batch, progress, tolerance)
        if waiting or failed:
            return Before(batch, waiting, failed)
    return None


def apart(
    target: str, begun: Mapping[str, datetime], separations: Iterable[Separation], now: datetime
) -> tuple[str, datetime] | None:
    """Return which other target still keeps ``target`` from going, and until when; None: nothing does.

    :param begun: when each target last began to change, as it was in fact and not as it was planned.
    """
    found = [
        (other, begun[other] + rule.by)
        for rule in separations
        if target in rule.targets
        for other in sorted(rule.targets - {target})
        if other in begun and now < begun[other] + rule.by
    ]
    return max(found, key=lambda each: each[1]) if found else None


def quiet_since(looks: Sequence[Look], gap: timedelta) -> datetime | None:
    """Return since when nothing was firing, None if something is, or nobody has looked.

    :param looks: in the order of time. Between two that are further apart than ``gap`` nobody knows what was firing.
    """
    since: datetime | None = None
    before: datetime | None = None
    for look in looks:
        broken = before is not None and look.at - before > gap
        if look.firing:
            since = None
        elif since is None or broken:
            since = look.at
        before = look.at
    return since
