"""What the world says of a batch that is under way: votes, versions, alerts. It reads, and never proposes."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from stationmaster.core.rollouts.progress import Look, Progress, quiet_since
from stationmaster.hooks.proposals import Status
from stationmaster.rollouts import records
from stationmaster.rollouts.planning import rollout_of

if TYPE_CHECKING:
    from stationmaster.core.rollouts.plan import Batch, Way
    from stationmaster.departures.station import Station
    from stationmaster.rollouts.records import Reached, RolloutRecord

_LOST = {Status.REJECTED: "its proposal was rejected", Status.FAILED: "its proposal failed when it was carried out"}


def observe(station: Station, record: RolloutRecord, batch: Batch) -> dict[str, Reached]:
    """Ask about each target of a batch that is neither planned nor over, keep what is new, and return how far all are.

    :raises GovernanceError: something could not be read; nothing of it counts as a yes.
    """
    found = records.reached(station.ledger, record)
    for way in batch.ways:
        if found[way.target].progress is Progress.PROPOSED:
            _vote(station, record, way, found[way.target])
    found = records.reached(station.ledger, record)
    for way in batch.ways:
        if found[way.target].progress is Progress.ACCEPTED:
            _version(station, record, way, found[way.target])
    found = records.reached(station.ledger, record)
    running = [way for way in batch.ways if found[way.target].progress is Progress.RUNNING]
    if running:
        _quiet(station, record, running, found)
    return records.reached(station.ledger, record)


def quiet_from(station: Station, record: RolloutRecord, target: str) -> datetime | None:
    """Return since when nothing fires on a target as far as anybody looked, None: something does, or nobody did."""
    facts = station.ledger.facts(record.departure, kind=records.LOOK, subject=target)
    return quiet_since([Look(fact.at, bool(fact.value["firing"])) for fact in facts], _gap(station))


def firing_on(station: Station, record: RolloutRecord, target: str) -> tuple[str, ...]:
    """Return the alerts that fired on a target at the last look."""
    fact = station.ledger.fact(record.departure, records.LOOK, target)
    return tuple(fact.value["firing"]) if fact is not None else ()


def _vote(station: Station, record: RolloutRecord, way: Way, reached: Reached) -> None:
    if reached.proposal:
        status = station.proposals.read(reached.proposal).status
        if status in _LOST:
            _keep(station, record, way, reached, Progress.FAILED, why=_LOST[status])
        elif status.accepted:
            _keep(station, record, way, reached, Progress.ACCEPTED)


def _version(station: Station, record: RolloutRecord, way: Way, reached: Reached) -> None:
    if station.proposals.running(way.target) == way.version:
        _keep(station, record, way, reached, Progress.RUNNING)
    elif reached.proposal and station.proposals.read(reached.proposal).status is Status.FAILED:
        _keep(station, record, way, reached, Progress.FAILED, why=_LOST[Status.FAILED])


def _quiet(station: Station, record: RolloutRecord, ways: list[Way], found: dict[str, Reached]) -> None:
    rollout, now = rollout_of(station), station.now()
    # Asked first: a target that has lost its version since is not healthy, however quiet it is.
    right = {way.target: station.proposals.running(way.target) == way.version for way in ways}
    firing = station.alerts.firing(rollout.alerts.label, [way.target for way in ways])
    for way in ways:
        names = [*firing[way.target], *(() if right[way.target] else ("another version runs there",))]
        last = station.ledger.fact(record.departure, records.LOOK, way.target)
        changed = last is None or list(last.value["firing"]) != names
        if changed or (last is not None and now - last.at >= _gap(station) / 2):
            station.ledger.record(record.departure, records.LOOK, way.target, {"firing": names}, now, "stationmaster")
        since = quiet_from(station, record, way.target)
        arrived = found[way.target].since or now
        if since is not None and not names and now >= max(since, arrived) + rollout.alerts.quiet:
            _keep(station, record, way, found[way.target], Progress.DONE)


def _gap(station: Station) -> timedelta:
    """Looks are kept twice in this time; between two that are further apart nobody knows what was firing."""
    rollout = rollout_of(station)
    return max(rollout.alerts.quiet / 2, 3 * rollout.poll)


def _keep(station: Station, record: RolloutRecord, way: Way, reached: Reached, progress: Progress, **more: str) -> None:
    known = {"proposal": reached.proposal, **more}
    records.write_step(station.ledger, record, way, reached.attempt, progress, station.now(), **known)
