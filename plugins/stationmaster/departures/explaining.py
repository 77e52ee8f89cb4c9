"""Why a train waits, for whom and until when: the same answer for the CLI, Slack and the log."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, ConfigDict

from stationmaster.core.blockers import Blocker
from stationmaster.core.calendar import next_departure
from stationmaster.core.departure_ids import DepartureKind
from stationmaster.core.rotations.rotation import NobodyOnCall
from stationmaster.core.transitions import Act
from stationmaster.departures import gate_table
from stationmaster.departures.earlier import OPEN_STATES
from stationmaster.departures.opening import BEFORE_THE_CUT_IS_DONE
from stationmaster.ledger.records import DepartureState
from stationmaster.work.reasons import Helper, Reason, reason

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stationmaster.departures.station import Station
    from stationmaster.ledger.records import Departure


ROLLOUT = "rollout"
"""Below which part of a departure the blockers of its rollout stand."""
_DEPARTURES_BACK = 8


class _Shape(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class DepartureExplained(_Shape):
    """One departure that is under way."""

    departure: str
    state: str
    why: str
    manifest: dict[str, str]
    blockers: tuple[Reason, ...]


class NextStop(_Shape):
    """When a stop of the train opens next; ``on_call`` is who conducts it then."""

    stop: Literal["cut", "promote"]
    opens_at: datetime
    on_call: Helper | None


class Explanation(_Shape):
    """The answer of ``stationmaster explain``: all departures under way, and the next openings."""

    train: str
    at: datetime
    departures: tuple[DepartureExplained, ...]
    next: tuple[NextStop, ...]


def explain(station: Station) -> Explanation:
    """Return why each departure of the train that is under way waits now."""
    train, now = station.train, station.now()
    under_way = (*OPEN_STATES, DepartureState.FAILED)
    open_departures = station.ledger.departures(train.key, states=under_way, kinds=tuple(DepartureKind))
    open_departures += _rolling_out(station)
    return Explanation(
        train=train.key,
        at=now,
        departures=tuple(_explained(station, found) for found in open_departures),
        next=tuple(_next(station, stop, now) for stop in ("cut", "promote")),
    )


def _rolling_out(station: Station) -> tuple[Departure, ...]:
    """Return departures that are on production and whose rollout waits for something."""
    if station.train.rollout is None:
        return ()
    done = station.ledger.departures(station.train.key, states=[DepartureState.DONE], limit=_DEPARTURES_BACK)
    return tuple(found for found in done if station.ledger.blockers(f"{found.id}/{ROLLOUT}"))


def _explained(station: Station, found: Departure) -> DepartureExplained:
    """Between two runs no task waits; then the gates themselves say what the departure waits for."""
    departure = found.id
    manifest = station.ledger.manifest_of(departure)
    waits = dict(station.ledger.blockers(departure))
    if not waits and found.state in (DepartureState.STAGED, DepartureState.GATED):
        waits = {
            f"{departure}/promote": gate_table.standing(
                station, departure, Act.PROMOTE, how=gate_table.How.LEDGER
            ).blockers
        }
    waits |= _held(station, found, waits)
    return DepartureExplained(
        departure=departure,
        state=str(found.state),
        why=found.why,
        manifest={passenger.repository: passenger.sha for passenger in manifest.passengers} if manifest else {},
        blockers=tuple(
            reason(station.team, subject.removeprefix(f"{departure}/"), why)
            for subject, blockers in waits.items()
            for why in blockers
        ),
    )


def _held(
    station: Station, found: Departure, waits: Mapping[str, tuple[Blocker, ...]]
) -> dict[str, tuple[Blocker, ...]]:
    """Return what holds the train and what no task has met yet: a freeze, or a person who stopped it."""
    stop: Literal["cut", "promote"] = "cut" if found.state in BEFORE_THE_CUT_IS_DONE else "promote"
    if found.state not in OPEN_STATES:
        return {}
    said = {blocker.code for several in waits.values() for blocker in several}
    held = gate_table.frozen(station, found.id, Act.STAGE if stop == "cut" else Act.PROMOTE)
    new = tuple(each for each in held.blockers if each.code not in said) if not held.opens else ()
    return {f"{found.id}/{stop}": new} if new else {}


def _next(station: Station, stop: Literal["cut", "promote"], now: datetime) -> NextStop:
    opens = next_departure(station.train.stop(stop), now)
    try:
        conductor = station.team.on_call_person(station.train.on_call, opens)
    except NobodyOnCall:
        return NextStop(stop=stop, opens_at=opens, on_call=None)
    return NextStop(stop=stop, opens_at=opens, on_call=Helper(id=conductor.id, name=conductor.name))
