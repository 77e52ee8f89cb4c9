"""What the ledger knows of past departures, for the measures."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from stationmaster.core.changelog import Change
from stationmaster.core.measures import Trip
from stationmaster.departures.answers import ANSWER
from stationmaster.departures.freezing import USED
from stationmaster.departures.gating import staged_at, times_of
from stationmaster.departures.legs import deployed_at, legs_of
from stationmaster.ledger.records import DepartureState

if TYPE_CHECKING:
    from stationmaster.departures.station import Station
    from stationmaster.ledger.records import Departure, Entry

BY_HAND = frozenset({USED, ANSWER})
"""Facts that say that a person stepped in: used an exception, or said what follows a failure."""
_BEGINS = ("PROMOTING", "CUTTING")
_DECIDED = ("effect.settled", "departure.state")


def trips(station: Station, start: datetime, end: datetime) -> Iterator[Trip]:
    """Yield the departures of the train whose promotion was due in ``[start, end)``, the oldest first."""
    for found in sorted(station.ledger.departures(station.train.key), key=lambda each: each.week):
        due = times_of(station, found.id, "promote").target
        if start <= due < end:
            yield trip(station, found)


def trip(station: Station, found: Departure) -> Trip:
    """Return what became of one departure."""
    lines = station.ledger.audit(found.id)
    moved = {str(line.body.get("to")): line.at for line in lines if line.action == "departure.state"}
    arrived = [deployed_at(station, leg) for leg in legs_of(station, found.id, "promote")]
    whole = found.state is DepartureState.DONE and all(at is not None for at in arrived)
    return Trip(
        departure=found.id,
        state=str(found.state),
        cut_target=times_of(station, found.id, "cut").target,
        promote_target=times_of(station, found.id, "promote").target,
        opened_at=found.opened_at,
        staged_at=staged_at(station, found.id),
        began_at=moved.get(str(DepartureState.PROMOTING)),
        promoted_at=max((at for at in arrived if at is not None), default=None) if whole else None,
        restored_at=moved.get(str(DepartureState.ROLLED_BACK)),
        landed_at=tuple(_landed(station, found)),
        interventions=sum(_by_hand(station, line) for line in lines),
    )


def _landed(station: Station, found: Departure) -> Iterator[datetime]:
    manifest = station.ledger.manifest_of(found.id)
    if manifest is None:
        return
    for fact in station.ledger.facts(found.id, kind="changes", subject=manifest.hash):
        for value in fact.value["changes"]:
            landed = Change.model_validate(value).landed_at
            if landed is not None:
                yield landed


def _by_hand(station: Station, line: Entry) -> bool:
    """Return whether a person did it, beside what people do each week."""
    if line.action == "fact.recorded":
        return line.body.get("kind") in BY_HAND
    return line.in_the_name_of in station.team.people and line.action in _DECIDED and line.body.get("to") not in _BEGINS
