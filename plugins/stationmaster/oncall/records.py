"""Overrides and swaps as the ledger keeps them: facts of their rotation, the newest for each id (R24 … R33)."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, TypeVar

from stationmaster.core.instants import Instant
from stationmaster.core.rotations.changes import Cover, Override
from stationmaster.core.rotations.windows import Span
from stationmaster.core.value import Value

if TYPE_CHECKING:
    from stationmaster.ledger import Ledger

OVERRIDE = "override"
SWAP = "swap"


class OverrideRecord(Value):
    """An override that somebody made. ``version`` counts its changes; ``asked_in`` is the run of the form, if any."""

    id: str
    rotation: str
    override: Override
    reason: str
    asked_by: str
    asked_at: Instant
    withdrawn_by: str | None = None
    asked_in: str = ""
    version: int = 1

    @property
    def in_force(self) -> bool:
        """Whether it has not been withdrawn."""
        return self.withdrawn_by is None


class SwapStatus(StrEnum):
    """How far a swap has come. Only an accepted one changes who is on call."""

    REQUESTED = "requested"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    """Nobody answered before the shift began."""
    STALE = "stale"
    """The plan changed, and the giver is not on call then any more (R33)."""


class SwapRecord(Value):
    """A swap: ``giver`` gives ``[start, end)`` to ``taker``, who may give a part of their own shifts in return.

    :param back_start, back_end: what the giver takes in return; both or neither. The two change hands together (R31).
    :param shift_start: when the giver's shift begins by the plan: what the swap is bound to (R33).
    :param version: counts its changes: two answers at once cannot both be taken.
    """

    id: str
    rotation: str
    role: str
    giver: str
    taker: str
    start: Instant
    end: Instant
    back_start: Instant | None = None
    back_end: Instant | None = None
    shift_start: Instant
    status: SwapStatus = SwapStatus.REQUESTED
    reason: str = ""
    asked_by: str
    asked_at: Instant
    answered_by: str | None = None
    answered_at: Instant | None = None
    asked_in: str = ""
    version: int = 1

    @property
    def spans(self) -> tuple[tuple[Span, str, str], ...]:
        """Each span that changes hands, with who gives it and who takes it."""
        there = (Span(self.start, self.end), self.giver, self.taker)
        if self.back_start is None or self.back_end is None:
            return (there,)
        return there, (Span(self.back_start, self.back_end), self.taker, self.giver)

    @property
    def covers(self) -> tuple[Cover, ...]:
        """What it changes once it is accepted."""
        return tuple(
            Cover(
                id=f"{self.id}/{place}",
                role=self.role,
                giver=giver,
                taker=taker,
                start=span.start,
                end=span.end,
                created_at=self.answered_at,
            )
            for place, (span, giver, taker) in enumerate(self.spans)
        )


Record = TypeVar("Record", OverrideRecord, SwapRecord)


def overrides_of(ledger: Ledger, key: str) -> tuple[OverrideRecord, ...]:
    """Return the overrides of a rotation, in the order in which they were made.

    :param key: ``<team>.<rotation>``.
    """
    return tuple(OverrideRecord.model_validate(value) for value in _newest(ledger, key, OVERRIDE))


def swaps_of(ledger: Ledger, key: str) -> tuple[SwapRecord, ...]:
    """Return the swaps of a rotation, as they were left; see `swapping.status_of` for what they are now."""
    return tuple(SwapRecord.model_validate(value) for value in _newest(ledger, key, SWAP))


def write(ledger: Ledger, key: str, record: Record, at: datetime, by: str) -> bool:
    """Keep a version of an override or swap; False: somebody wrote another one first."""
    kind = OVERRIDE if isinstance(record, OverrideRecord) else SWAP
    value = record.model_dump(mode="json")
    kept = ledger.record_once(key, kind, record.id, value, at, by, key=f"{kind}/{record.id}/{record.version}")
    return kept.value == value and kept.by == by


def _newest(ledger: Ledger, key: str, kind: str) -> list[dict[str, Any]]:
    newest: dict[str, dict[str, Any]] = {}
    for fact in ledger.facts(key, kind):
        newest[fact.subject] = fact.value
    return list(newest.values())
