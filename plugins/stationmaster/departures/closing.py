"""The end of a stop: what became of it, told once, whatever became of it (C-17, C-18)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stationmaster.core.calendar import StopName
from stationmaster.core.departure_ids import kind_of
from stationmaster.departures import gating, legs, telling, wording, wording_beside
from stationmaster.ledger.records import DepartureState

if TYPE_CHECKING:
    from stationmaster.departures.station import Station

_OVER = (
    DepartureState.SKIPPED,
    DepartureState.SKIPPED_EMPTY,
    DepartureState.MISSED,
    DepartureState.ROLLED_BACK,
    DepartureState.DONE,
)
_PAST_THE_CUT = (DepartureState.STAGED, DepartureState.GATED, DepartureState.PROMOTING, DepartureState.PARTIAL)
GOOD_ENDS = (
    DepartureState.STAGED,
    DepartureState.GATED,
    DepartureState.DONE,
    DepartureState.SKIPPED,
    DepartureState.SKIPPED_EMPTY,
)


def close(station: Station, departure: str, stop: StopName, *, failed: bool, why: str) -> DepartureState:
    """Settle the departure's state at the end of a run of ``stop``, tell it once, and return it.

    What the ledger saw arrive decides, not the colour of the tasks: a stop whose tasks were marked as success by hand
    has not deployed anything (F32). Whatever became of it, the stop's locks are given back.

    :param failed: whether a task of the run failed.
    :param why: what the failed tasks said, for the message to the person on call.
    """
    found = station.ledger.departure(departure)
    if found is None:
        raise LookupError(f"{departure} was never opened")
    state = _settled(station, departure, stop, found.state, failed=failed)
    if kind_of(departure).is_hotfix and state is DepartureState.PROMOTING:
        return _away_from_home(station, departure, why)
    if state != found.state:
        unfinished = "" if failed or state in GOOD_ENDS else _unfinished(station, departure, stop)
        why = why or unfinished
        station.ledger.set_state(departure, state, station.now(), "stationmaster", why or f"{stop} is over")
    legs.release_locks(station, departure, stop, why=f"{stop} is over")
    if state in GOOD_ENDS:
        _forget_blockers(station, departure, stop)
    telling.tell_again(station)
    telling.tell(
        station, departure, f"{stop}/{wording.ending_word(state)}", wording.ending(station, departure, stop, state, why)
    )
    telling.refresh_headline(station, departure)
    return state


def _settled(
    station: Station, departure: str, stop: StopName, state: DepartureState, *, failed: bool
) -> DepartureState:
    if state in _OVER or (stop == "cut" and state in _PAST_THE_CUT):
        return state
    done = station.ledger.manifest_of(departure) is not None and not _missing(station, departure, stop)
    if done and failed and kind_of(departure).is_hotfix:
        return DepartureState.PROMOTING  # it runs there, and has not come home
    if done and not failed:
        return DepartureState.STAGED if stop == "cut" else DepartureState.DONE
    if stop == "promote" and gating.half_done(station, departure, stop):
        return DepartureState.PARTIAL
    return DepartureState.FAILED


def _away_from_home(station: Station, departure: str, why: str) -> DepartureState:
    """A hotfix that runs in production, of which a task of its way home has failed: the next cut still waits for it."""
    telling.tell(station, departure, "home/failed", wording_beside.away_from_home(station, departure, why))
    telling.refresh_headline(station, departure)
    return DepartureState.PROMOTING


def _missing(station: Station, departure: str, stop: StopName) -> list[legs.Leg]:
    return [leg for leg in legs.legs_of(station, departure, stop) if not legs.deployed(station, leg)]


def _unfinished(station: Station, departure: str, stop: StopName) -> str:
    missing = ", ".join(f"{leg.component} on {leg.environment}" for leg in _missing(station, departure, stop))
    return f"the run ended, but nobody saw it arrive: {missing or 'nothing is pinned'}"


def _forget_blockers(station: Station, departure: str, stop: StopName) -> None:
    for subject in station.ledger.blockers(f"{departure}/{stop}"):
        station.ledger.set_blockers(subject, (), station.now())
