"""A batch that gets no further is told again each hour, with the reason and the person on call."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stationmaster.core.rotations.rotation import NobodyOnCall
from stationmaster.departures import telling
from stationmaster.rollouts import records, wording
from stationmaster.rollouts.planning import rollout_of

if TYPE_CHECKING:
    from datetime import datetime

    from stationmaster.core.gates import Standing
    from stationmaster.core.rollouts.plan import Batch
    from stationmaster.departures.station import Station
    from stationmaster.rollouts.records import RolloutRecord

_NOT_STALLED = frozenset({"BATCH_NOT_DUE", "BATCH_BEFORE", "ROLLOUT_PAUSED", "FROZEN", "TARGETS_TOO_NEAR"})
"""What holds a batch on purpose, or is told by the batch that is to blame."""


def tell(station: Station, record: RolloutRecord, batch: Batch, standing: Standing) -> None:
    """Tell, once each ``stall``, that a batch which waits for a person or for the world gets no further."""
    why = tuple(found for found in standing.blockers if found.code not in _NOT_STALLED)
    if not why:
        return
    since, every, now = _moved_at(station, record, batch), rollout_of(station).stall, station.now()
    times = int((now - since) / every) if now > since else 0
    if times < 1:
        return
    what = f"rollout/{record.number}/batch-{batch.number}/stalled/{since:%Y%m%dT%H%M%S}/{times}"
    told = standing.model_copy(update={"blockers": why})
    try:
        telling.tell(
            station, record.departure, what, wording.stalled(station, batch, told, now - since), broadcast=True
        )
    except NobodyOnCall:
        return


def _moved_at(station: Station, record: RolloutRecord, batch: Batch) -> datetime:
    """Return when anything of a batch last got further: it began, a target took a step, a person said something."""
    targets = {way.target for way in batch.ways}
    moves = [
        fact.at
        for kind in (records.STEP, records.WORD)
        for fact in station.ledger.all_facts(record.departure, kind)
        if fact.subject in targets or fact.subject == records.WHOLE
    ]
    return max([batch.at, record.opened_at, *moves])
