"""The end of a stop: what became of it, told once, whatever became of it (C-17, C-18)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stationmaster.core.calendar import StopName
from stationmaster.departures import deploying, telling, wording
from stationmaster.ledger.records import DepartureState

if TYPE_CHECKING:
    from stationmaster.departures.station import Station

GOOD_ENDS = (
    DepartureState.STAGED,
    DepartureState.GATED,
    DepartureState.DONE,
    DepartureState.SKIPPED,
    DepartureState.SKIPPED_EMPTY,
)


def close(station: Station, departure: str, stop: StopName, *, failed: bool, why: str) -> DepartureState:
    """Settle the departure's state at the end of a run of ``stop``, tell it once, and return it.

    :param failed: whether a task of the run failed.
    :param why: what the failed tasks said, for the message to the person on call.
    """
    found = station.ledger.departure(departure)
    if found is None:
        raise LookupError(f"{departure} was never opened")
    state = _settled(station, departure, stop, found.state, failed=failed)
    if state != found.state:
        station.ledger.set_state(departure, state, station.now(), "stationmaster", why or f"{stop} is over")
    telling.tell_again(station, departure)
    telling.tell(
        station, departure, f"{stop}/{wording.ending_word(state)}", wording.ending(station, departure, stop, state, why)
    )
    telling.refresh_headline(station, departure)
    return state


def _settled(
    station: Station, departure: str, stop: StopName, state: DepartureState, *, failed: bool
) -> DepartureState:
    if state in (
        DepartureState.SKIPPED,
        DepartureState.SKIPPED_EMPTY,
        DepartureState.MISSED,
        DepartureState.ROLLED_BACK,
        DepartureState.DONE,
    ):
        return state
    if not failed:
        return DepartureState.STAGED if stop == "cut" else DepartureState.DONE
    if stop == "cut":
        return DepartureState.FAILED
    return DepartureState.PARTIAL if _some_but_not_all(station, departure) else DepartureState.FAILED


def _some_but_not_all(station: Station, departure: str) -> bool:
    legs = [deploying.leg_of(station, departure, "promote", component.id) for component in station.train.components]
    return any(leg is not None and deploying.deployed(station, leg) for leg in legs)
