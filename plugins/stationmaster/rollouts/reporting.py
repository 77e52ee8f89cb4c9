"""Plan against fact, batch by batch, and the end of a rollout (D-09)."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict

from stationmaster.core import escaping
from stationmaster.core.rollouts.progress import Progress
from stationmaster.departures import telling
from stationmaster.rollouts import records, wording

if TYPE_CHECKING:
    from stationmaster.departures.station import Station
    from stationmaster.rollouts.planning import NotPromoted
    from stationmaster.rollouts.records import RolloutRecord


class _Shape(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class TargetReport(_Shape):
    """One target: its version, how far it has come since when (UTC), its proposal's id, why it failed or was left."""

    target: str
    version: str
    progress: str
    since: datetime | None
    proposal: str
    why: str


class BatchReport(_Shape):
    """One batch: planned and actual begin and end (UTC), and how much later than planned it began, in seconds."""

    number: int
    planned_at: datetime
    began_at: datetime | None
    ended_at: datetime | None
    late_seconds: float | None
    targets: tuple[TargetReport, ...]


class RolloutReport(_Shape):
    """The answer of ``stationmaster rollout status``."""

    departure: str
    number: int
    state: str
    version: str
    opened_at: datetime
    opened_by: str
    batches: tuple[BatchReport, ...]


def report(station: Station, record: RolloutRecord) -> RolloutReport:
    """Return how a rollout stands, from the ledger alone."""
    found = records.reached(station.ledger, record)
    steps: dict[str, list[tuple[str, datetime]]] = {}
    for fact in station.ledger.facts(record.departure, kind=records.STEP):
        steps.setdefault(fact.subject, []).append((str(fact.value["step"]), fact.at))
    batches = []
    for batch in record.plan.batches:
        moves = [at for way in batch.ways for _, at in steps.get(way.target, ())]
        began = min(moves, default=None)
        over = all(found[way.target].progress.over for way in batch.ways)
        ends = [found[way.target].since for way in batch.ways]
        batches.append(
            BatchReport(
                number=batch.number,
                planned_at=batch.at,
                began_at=began,
                ended_at=max((at for at in ends if at is not None), default=None) if over else None,
                late_seconds=(began - batch.at).total_seconds() if began is not None else None,
                targets=tuple(
                    TargetReport(
                        target=way.target,
                        version=way.version,
                        progress=str(found[way.target].progress),
                        since=found[way.target].since,
                        proposal=found[way.target].proposal,
                        why=found[way.target].why,
                    )
                    for way in batch.ways
                ),
            )
        )
    return RolloutReport(
        departure=record.departure,
        number=record.number,
        state=state_of(station, record),
        version=record.version,
        opened_at=record.opened_at,
        opened_by=record.opened_by,
        batches=tuple(batches),
    )


def state_of(station: Station, record: RolloutRecord) -> str:
    """Return ``open``, ``paused``, ``aborted`` or ``over``."""
    if records.aborted(station.ledger, record) is not None:
        return "aborted"
    if not records.is_open(station.ledger, record):
        return "over"
    return "paused" if records.paused(station.ledger, record) is not None else "open"


def close(station: Station, departure: str, number: int) -> str:
    """Settle and tell how a rollout ended, once; return its state. What is not over stays open.

    What the ledger saw decides, not the colour of the tasks (F32).
    """
    record = records.newest(station.ledger, departure)
    if record is None or record.number != number:
        return "aborted"
    found = records.reached(station.ledger, record)
    over = all(each.progress.over for each in found.values())
    stopped = records.aborted(station.ledger, record)
    if stopped is None and not over:
        return state_of(station, record)
    if stopped is None:
        done = [target for target, each in found.items() if each.progress is Progress.DONE]
        records.write_closed(station.ledger, record, {"done": len(done), "of": len(found)}, station.now())
    telling.tell_again(station)
    why = "is over" if stopped is None else "was aborted"
    telling.tell(station, departure, f"rollout/{number}/ended", wording.ended(record, found, why), broadcast=True)
    return state_of(station, record)


def tell_not_promoted(station: Station, refused: NotPromoted, *, run: str) -> None:
    """Tell the person on call, once for each run, that a rollout was started of what is not promoted."""
    text = f":no_entry: {station.conductor.mention}: nothing is rolled out. {escaping.slack(str(refused))}"
    telling.tell_publicly(station, refused.departure, f"rollout/not-promoted/{run}", text)
