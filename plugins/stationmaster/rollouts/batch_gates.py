"""What must hold before a proposal is made, counted again each time from the ledger and the world (F32)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stationmaster.core import escaping
from stationmaster.core.blockers import Blocker, blocker
from stationmaster.core.gates import Standing, combine
from stationmaster.core.instants import local_text
from stationmaster.core.rollouts.progress import apart, held_by, stopped_by
from stationmaster.departures import freezing
from stationmaster.departures.obstacles import DepartureSkipped, conducted_by
from stationmaster.rollouts import records, wording
from stationmaster.rollouts.planning import rollout_of
from stationmaster.work import halting
from stationmaster.work.obstacles import passed, waiting

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stationmaster.core.rollouts.plan import Batch, Way
    from stationmaster.departures.station import Station
    from stationmaster.rollouts.records import Reached, RolloutRecord

_DEPARTURES_BACK = 3
"""Departures whose targets still count for the separation."""


def record_of(station: Station, departure: str, number: int) -> RolloutRecord:
    """Return the rollout that a task belongs to.

    :raises DepartureSkipped: it was aborted, or another one has taken its place.
    """
    record = records.newest(station.ledger, departure)
    if record is None:
        raise DepartureSkipped(f"no rollout of {departure} was ever opened")
    if record.number != number:
        raise DepartureSkipped(f"rollout {number} of {departure} was aborted; rollout {record.number} has begun")
    said = records.aborted(station.ledger, record)
    if said is not None:
        raise DepartureSkipped(f"{said.by} has aborted the rollout: {escaping.said(said.why)}")
    return record


def batch_standing(station: Station, record: RolloutRecord, batch: Batch) -> Standing:
    """Return whether a batch may go: its time, nobody's stop or pause, no freeze, the batches before it."""
    return combine(
        [
            _due(station, record, batch),
            halting.standing(station, station.train.key),
            freezing.standing(station, record.departure, "promote"),
            _paused(station, record),
            _before(station, record, batch),
        ]
    )


def target_blocker(station: Station, way: Way) -> Blocker | None:
    """Return which other target keeps one from going now (separation), None: none does."""
    rules = [rule for rule in rollout_of(station).separations if way.target in rule.targets]
    if not rules:
        return None
    recent = [found.id for found in station.ledger.departures(station.train.key, limit=_DEPARTURES_BACK)]
    changed = records.changed_at(station.ledger, recent)
    near = apart(way.target, changed, rules, station.now())
    if near is None:
        return None
    until = local_text(near[1], station.train.zone)
    return blocker(
        "TARGETS_TOO_NEAR", clears_at=near[1], subject=way.target, target=way.target, other=near[0], until=until
    )


def stopped(station: Station, batch: Batch, found: Mapping[str, Reached]) -> Blocker | None:
    """Return that more of a batch has failed than is tolerated, None while that is not so."""
    progress = {target: each.progress for target, each in found.items()}
    failed = stopped_by(batch, progress, rollout_of(station).tolerance.rule)
    if not failed:
        return None
    told = wording.listed([f"{target} ({found[target].why})" for target in failed], 5)
    return blocker("ROLLOUT_STOPPED", who=conducted_by(station), batch=batch.number, targets=told)


def _due(station: Station, record: RolloutRecord, batch: Batch) -> Standing:
    if station.now() >= batch.at:
        return passed("due")
    at = local_text(batch.at, record.plan.zone)
    return waiting("due", blocker("BATCH_NOT_DUE", clears_at=batch.at, batch=batch.number, at=at))


def _paused(station: Station, record: RolloutRecord) -> Standing:
    said = records.paused(station.ledger, record)
    if said is None:
        return passed("pause")
    name = station.team.people[said.by].name if said.by in station.team.people else said.by
    return waiting("pause", blocker("ROLLOUT_PAUSED", since=said.at, who=(said.by,), by=name, why=said.why.rstrip(".")))


def _before(station: Station, record: RolloutRecord, batch: Batch) -> Standing:
    found = records.reached(station.ledger, record)
    progress = {target: each.progress for target, each in found.items()}
    held = held_by(record.plan, batch.number, progress, rollout_of(station).tolerance.rule)
    if held is None:
        return passed("before")
    if held.failed and (stop := stopped(station, held.batch, found)) is not None:
        return waiting("before", stop)
    targets = wording.listed([f"{target} is {progress[target]}" for target in held.open], 5)
    return waiting("before", blocker("BATCH_BEFORE", batch=batch.number, before=held.batch.number, targets=targets))
