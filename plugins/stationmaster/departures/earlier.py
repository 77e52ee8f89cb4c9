"""The departure before: while it is on its way, or half there, the next one pins and stages nothing (F28, F67)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stationmaster.core.blockers import Blocker, blocker
from stationmaster.core.calendar import Timing, timing
from stationmaster.core.gates import Standing
from stationmaster.core.transitions import BEFORE_THE_PROMOTION, UNDER_WAY
from stationmaster.departures import gating
from stationmaster.departures.legs import deployed, legs_of
from stationmaster.ledger.records import Departure, DepartureState
from stationmaster.work.obstacles import passed, waiting

if TYPE_CHECKING:
    from stationmaster.departures.station import Station

OPEN_STATES = (*UNDER_WAY, DepartureState.PARTIAL)


def under_way(station: Station, departure: Departure) -> tuple[Departure, ...]:
    """Return the earlier departures of the train that have not ended, but those whose own window has closed."""
    found = station.ledger.departures(station.train.key, states=OPEN_STATES)
    return tuple(each for each in found if each.week < departure.week and not has_missed(station, each))


def has_missed(station: Station, departure: Departure) -> bool:
    """Return whether the window of a promotion has closed before anything of it began (F12, F37)."""
    if departure.state not in BEFORE_THE_PROMOTION:
        return False
    return timing(gating.times_of(station, departure.id, "promote"), station.now()) is Timing.MISSED


def standing(station: Station, departure: str) -> Standing:
    """Return whether an earlier departure of the train is in the way; it changes nothing.

    One that is half in production is, whatever the train's policy. With ``supersede`` the first task of the cut ends
    the earlier ones: what it has not ended is in the way.
    """
    found = station.ledger.departure(departure)
    earlier = under_way(station, found) if found is not None else ()
    half = next((each for each in earlier if each.state is DepartureState.PARTIAL), None)
    if half is not None:
        return waiting("previous", _half_there(station, half))
    if not earlier or station.train.previous_departure == "parallel":
        return passed("previous")
    first, who = earlier[0], (station.conductor.id,)
    return waiting("previous", blocker("PREVIOUS_DEPARTURE_OPEN", since=first.opened_at, who=who, departure=first.id))


def _half_there(station: Station, departure: Departure) -> Blocker:
    """A departure that is half in production is in the way of every other, whatever the policy (F67)."""
    legs = legs_of(station, departure.id, "promote")
    there = [leg.component for leg in legs if deployed(station, leg)]
    missing = [leg.component for leg in legs if not deployed(station, leg)]
    return blocker(
        "PREVIOUS_PARTIAL",
        since=departure.changed_at,
        who=(station.conductor.id,),
        departure=departure.id,
        there=", ".join(there) or "nothing",
        missing=", ".join(missing) or "nothing",
        environment=station.train.production,
    )
