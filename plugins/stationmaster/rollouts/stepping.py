"""A batch, brought as far as one of its tasks needs it: what a worker does, and what the triggerer looks at."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stationmaster.core.blockers import Blocker, blocker
from stationmaster.core.gates import Standing
from stationmaster.core.instants import local_text
from stationmaster.core.rollouts.progress import Progress
from stationmaster.departures import telling
from stationmaster.departures.obstacles import conducted_by
from stationmaster.rollouts import asking, batch_gates, observing, proposing, records, stalling, wording
from stationmaster.rollouts.planning import rollout_of
from stationmaster.work.obstacles import passed, waiting

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stationmaster.core.rollouts.plan import Batch
    from stationmaster.departures.station import Station
    from stationmaster.rollouts.records import Reached, RolloutRecord

START = "start"
_ORDER = (Progress.PLANNED, Progress.PROPOSED, Progress.ACCEPTED, Progress.RUNNING, Progress.DONE)
STAGES: dict[str, Progress] = {
    START: Progress.PLANNED,
    "proposed": Progress.PROPOSED,
    "accepted": Progress.ACCEPTED,
    "running": Progress.RUNNING,
    "quiet": Progress.DONE,
}
"""How far each target of a batch must have come before a task of it is over. The names stand in triggers (F69)."""


def act(station: Station, departure: str, number: int, batch_number: int, stage: str) -> Standing:
    """Take a batch as far as it goes now; PASS when all of it has come to ``stage``.

    :param number: of the rollout.
    :raises DepartureSkipped: the rollout was aborted.
    :raises GovernanceError, LedgerError: something cannot be told now.
    """
    record = batch_gates.record_of(station, departure, number)
    batch = record.plan.batch(batch_number)
    telling.tell_again(station)
    blockers: list[Blocker] = []
    if stage != START:
        gate, found = batch_gates.batch_standing(station, record, batch), records.reached(station.ledger, record)
        for way in batch.ways if gate.opens else ():
            if found[way.target].progress is Progress.PLANNED:
                blockers += proposing.propose(station, record, batch, way, found[way.target].attempt)
    if stage not in (START, "proposed"):
        asking.ask(station, record, batch)
    standing = _stand(station, record, batch, stage)
    extra = tuple(found for found in blockers if found not in standing.blockers)
    return (
        standing
        if standing.opens or not extra
        else standing.model_copy(update={"blockers": (*standing.blockers, *extra)})
    )


def look(station: Station, departure: str, number: int, batch_number: int, stage: str) -> Standing:
    """Return how a batch stands; nothing is proposed. PASS, too, when there is something for a worker to propose."""
    record = batch_gates.record_of(station, departure, number)
    batch = record.plan.batch(batch_number)
    standing = _stand(station, record, batch, stage)
    if standing.opens:
        return standing
    if stage != START:
        if _may_propose(station, record, batch):
            # The reasons stay until the worker has looked, so that nothing waits without one.
            return standing.model_copy(update={"verdict": passed(stage).verdict})
        asking.ask(station, record, batch)
    stalling.tell(station, record, batch, standing)
    return standing


def outcome(station: Station, record: RolloutRecord, batch_number: int) -> dict[str, Any]:
    """Return what a task of a batch leaves in XCom: how far each of its targets has come."""
    found = records.reached(station.ledger, record)
    ways = record.plan.batch(batch_number).ways
    return {"batch": batch_number, "targets": {way.target: str(found[way.target].progress) for way in ways}}


def _stand(station: Station, record: RolloutRecord, batch: Batch, stage: str) -> Standing:
    gate = batch_gates.batch_standing(station, record, batch)
    if stage == START:
        return gate
    found = observing.observe(station, record, batch)
    stop = batch_gates.stopped(station, batch, found)
    if stop is not None:
        return waiting(stage, stop)
    behind = [way.target for way in batch.ways if not _there(found[way.target], stage)]
    if not behind:
        return passed(stage)
    planned = [target for target in behind if found[target].progress is Progress.PLANNED]
    held = gate.blockers if planned and not gate.opens else ()
    asked = [target for target in behind if gate.opens or target not in planned]
    blockers = [*held, *_why(station, record, batch, asked, found)]
    # With nothing in the way, a worker is about to propose.
    return waiting(stage, *(blockers or [blocker("BATCH_NOT_DUE", batch=batch.number, at="at once")]))


def _there(reached: Reached, stage: str) -> bool:
    if reached.progress.over:
        return True
    return _ORDER.index(reached.progress) >= _ORDER.index(STAGES[stage])


def _may_propose(station: Station, record: RolloutRecord, batch: Batch) -> bool:
    found = records.reached(station.ledger, record)
    planned = [way for way in batch.ways if found[way.target].progress is Progress.PLANNED]
    if not planned or not batch_gates.batch_standing(station, record, batch).opens:
        return False
    return any(proposing.held(station, record, way) is None for way in planned)


def _why(
    station: Station, record: RolloutRecord, batch: Batch, behind: list[str], found: Mapping[str, Reached]
) -> list[Blocker]:
    by_progress: dict[Progress, list[str]] = {}
    for target in behind:
        by_progress.setdefault(found[target].progress, []).append(target)
    planned = [way for way in batch.ways if way.target in by_progress.get(Progress.PLANNED, ())]
    blockers = [held for held in (proposing.held(station, record, way) for way in planned) if held is not None]
    if proposed := by_progress.get(Progress.PROPOSED):
        names = wording.listed([f"{found[target].proposal} ({target})" for target in proposed], 8)
        blockers.append(blocker("PROPOSALS_OPEN", who=asking.asked(station), proposals=names))
    if accepted := by_progress.get(Progress.ACCEPTED):
        who = conducted_by(station)
        blockers.append(blocker("VERSION_NOT_RUNNING", who=who, targets=wording.listed(accepted, 8)))
    if running := by_progress.get(Progress.RUNNING):
        blockers += _alerting(station, record, running, found)
    return blockers


def _alerting(
    station: Station, record: RolloutRecord, running: list[str], found: Mapping[str, Reached]
) -> list[Blocker]:
    rollout = rollout_of(station)
    firing = {target: observing.firing_on(station, record, target) for target in running}
    loud = [f"{', '.join(names)} on {target}" for target, names in firing.items() if names]
    if loud:
        quiet = f"{rollout.alerts.quiet.total_seconds() / 60:g} minutes"
        return [blocker("ALERTS_FIRING", who=conducted_by(station), alerts=wording.listed(loud, 8), quiet=quiet)]
    begun = [
        max(observing.quiet_from(station, record, target) or station.now(), found[target].since or station.now())
        for target in running
    ]
    until = max(begun) + rollout.alerts.quiet
    told = local_text(until, station.train.zone)
    return [blocker("ALERTS_SETTLING", clears_at=until, targets=wording.listed(running, 8), until=told)]
