"""A departure that ended because a task could not do its work goes on when that task is cleared (F32, F58).

What failed out there, such as a run, a verification or a test list, is followed by a person's recorded answer alone.
Where nothing failed there, clearing attempts nothing anew: what GitHub refused, what a missing connection or a *No go*
held back, was never sent. So the departure is again what it was, and every gate is asked as for the first time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from stationmaster.core.transitions import Act
from stationmaster.departures import failing, telling
from stationmaster.departures.legs import legs_of
from stationmaster.ledger.errors import CountOutdated
from stationmaster.ledger.records import DepartureState

if TYPE_CHECKING:
    from stationmaster.core.calendar import StopName
    from stationmaster.departures.legs import Leg
    from stationmaster.departures.station import Station

_ENDED = (DepartureState.FAILED, DepartureState.PARTIAL)


def take_up(station: Station, departure: str, stop: StopName) -> bool:
    """Let a departure that ended badly at a stop go on there, if nothing has failed; return whether it does.

    It does not where a failure of a component is the last word, where it ended by another act than the end of this
    stop's run, or where a later departure of its train is open. What a person has asked to deploy again goes on in that
    person's name, once its gates are open.
    """
    found = station.ledger.departure(departure)
    if found is None or found.state not in _ENDED:
        return False
    version = station.ledger.version(departure)
    if any(_keeps(station, leg) for leg in legs_of(station, departure, stop)):
        return False
    acts = (Act.FAIL_CUT,) if stop == "cut" else (Act.FAIL, Act.LEAVE_PARTIAL)
    why = "nothing of it has failed, and a task of its run was cleared"
    try:
        taken = station.ledger.take_up(departure, acts, station.now(), "stationmaster", why, version=version)
    except CountOutdated:
        return False  # the task meets what has come, and says so
    if taken is None:
        return False
    telling.refresh_headline(station, departure)
    return True


def _keeps(station: Station, leg: Leg) -> bool:
    """Return whether a failure of a leg, or what was asked for because of it, keeps its departure where it is."""
    if failing.last(station, leg) is not None:
        return failing.gone_on(station, leg) is None
    asked = failing.licence(station, leg)
    return asked is not None and station.ledger.effect(f"{leg.key}/{asked.attempt + 1}") is None
