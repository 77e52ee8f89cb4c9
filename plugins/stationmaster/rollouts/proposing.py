"""One proposal for one target: only if the newest one is not ours, and exactly once (D-11, F01 … F03)."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from stationmaster.core.blockers import Blocker, blocker
from stationmaster.core.rollouts.progress import Progress
from stationmaster.core.transitions import Act
from stationmaster.departures import freezing
from stationmaster.departures.acts import DepartureGuard
from stationmaster.departures.obstacles import conducted_by
from stationmaster.rollouts import batch_gates, ordering, records
from stationmaster.work import halting
from stationmaster.work.effects import GateClosed, Receipt, perform
from stationmaster.work.obstacles import waiting

if TYPE_CHECKING:
    from stationmaster.core.gates import Standing
    from stationmaster.core.rollouts.plan import Batch, Way
    from stationmaster.departures.station import Station
    from stationmaster.hooks.proposals import Proposal
    from stationmaster.ledger.pen import Pen
    from stationmaster.rollouts.records import RolloutRecord

SETTLES_AFTER = timedelta(seconds=30)
"""How long the proposal system may take to list a proposal whose answer was lost."""


def key_of(record: RolloutRecord, way: Way, attempt: int) -> str:
    """Return the ledger's key of a target's proposal: ``<departure>/rollout/<target>/<sha>/proposal``."""
    key = f"{record.departure}/rollout/{way.target}/{way.version}/proposal"
    return key if attempt == 1 else f"{key}/{attempt}"


def propose(station: Station, record: RolloutRecord, batch: Batch, way: Way, attempt: int) -> tuple[Blocker, ...]:
    """Make the proposal that a target needs, or see that it needs none; return what keeps it from being made.

    A target that runs its version needs none, whoever brought it there; a proposal for that version that is not lost
    is ours, whoever made it. The gates are counted immediately before it is sent.

    :raises GovernanceError, EffectUnknown, EffectBusy, EffectAmbiguous: it cannot be told, or not now.
    """
    key = key_of(record, way, attempt)
    known = station.ledger.effect(key)
    if known is None:
        if station.proposals.running(way.target) == way.version:
            _keep(station, record, way, attempt, Progress.RUNNING, proposal="")
            return ()
        found = station.proposals.newest("update", target=way.target)
        if found is not None and found.version == way.version and not found.status.lost:
            _keep(station, record, way, attempt, Progress.PROPOSED, proposal=found.id)
            return ()
        obstacle = _held(station, record, way, found)
        if obstacle is not None:
            return (obstacle,)
    try:
        receipt = _make(station, record, batch, way, key)
    except GateClosed as closed:
        return closed.standing.blockers
    _keep(station, record, way, attempt, Progress.PROPOSED, proposal=str(receipt["proposal"]))
    return ()


def held(station: Station, record: RolloutRecord, way: Way) -> Blocker | None:
    """Return what keeps a target's proposal from being made besides the gates of its batch, None: nothing does.

    :raises GovernanceError: it cannot be told.
    """
    return _held(station, record, way, station.proposals.newest("update", target=way.target))


class _ProposalGuard(DepartureGuard):
    """The guard of a proposal: the rollout goes on, its batch may go, and nothing keeps its target."""

    def __init__(self, station: Station, record: RolloutRecord, batch: Batch, way: Way) -> None:
        # Of a thousand targets each writes facts of its own: they are nobody else's.
        kinds = (records.OPENED, records.WORD, halting.KIND, freezing.KIND, freezing.USED)
        super().__init__(station, record.departure, Act.ROLL_OUT, kinds=kinds)
        self.record, self.batch, self.way = record, batch, way

    def ask(self) -> None:
        """Ask the state, the batch and the target."""
        super().ask()
        standing = _recount(self.station, self.record, self.batch, self.way)
        if not standing.opens:
            raise GateClosed(standing)

    def require(self, pen: Pen) -> None:
        """Compare, and use up the exceptions that this needs."""
        super().require(pen)
        freezing.note_use(self.station, pen, self.subject, "promote")


def _make(station: Station, record: RolloutRecord, batch: Batch, way: Way, key: str) -> Receipt:
    intent: dict[str, Any] = {"kind": "update", "target": way.target, "version": way.version}

    def act() -> Receipt:
        title = f"Update {way.target} to {way.version[:8]} ({record.departure})"
        made = station.proposals.create("update", target=way.target, version=way.version, title=title, key=key)
        return {"proposal": made.id, "url": made.url}

    def look_up() -> Receipt | None:
        found = station.proposals.with_key(key)
        return None if found is None else {"proposal": found.id, "url": found.url}

    guard = _ProposalGuard(station, record, batch, way)
    return perform(station, key, guard=guard, intent=intent, act=act, look_up=look_up, settles_after=SETTLES_AFTER)


def _recount(station: Station, record: RolloutRecord, batch: Batch, way: Way) -> Standing:
    batch_gates.record_of(station, record.departure, record.number)
    standing = batch_gates.batch_standing(station, record, batch)
    if not standing.opens:
        return standing
    found = held(station, record, way)
    return waiting("target", found) if found is not None else standing


def _held(station: Station, record: RolloutRecord, way: Way, newest: Proposal | None) -> Blocker | None:
    if newest is not None and newest.version != way.version and newest.status in ("open", "adopted"):
        return blocker(
            "OTHER_PROPOSAL_OPEN",
            since=newest.created_at,
            who=conducted_by(station),
            subject=way.target,
            proposal=newest.id,
            target=way.target,
        )
    if way.target not in records.accepted(station.ledger, record):
        older = ordering.downgrade(station, way)
        if older is not None:
            return older
    return batch_gates.target_blocker(station, way) or _elected(station, way)


def _elected(station: Station, way: Way) -> Blocker | None:
    if station.proposals.elected(way.version):
        return None
    return blocker("NOT_ELECTED", who=conducted_by(station), subject=way.version[:12], version=way.version[:12])


def _keep(
    station: Station, record: RolloutRecord, way: Way, attempt: int, progress: Progress, *, proposal: str
) -> None:
    records.write_step(station.ledger, record, way, attempt, progress, station.now(), proposal=proposal)
