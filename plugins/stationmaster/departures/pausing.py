"""A step that something passing keeps from being taken: it waits with the reason, and is taken again (F30, F56, F60).

GitHub or Slack out of reach, an outcome that cannot be told yet, a lock of somebody else: none of them is a failure of
the train. The wait ends with the window, as long as nothing of the stop has begun; what has begun is finished, however
late.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from stationmaster.core.blockers import Blocker
from stationmaster.core.gates import Standing, Verdict, combine
from stationmaster.departures import gating
from stationmaster.ledger.records import DepartureState
from stationmaster.work.obstacles import passed, waiting
from stationmaster.work.waits import AGAIN, LONGEST, SHORTEST

if TYPE_CHECKING:
    from stationmaster.core.calendar import StopName
    from stationmaster.departures.station import Station

_SOON_OVER = frozenset({"ENVIRONMENT_LOCKED", "EFFECT_BUSY"})
_WINDOW_THAT_MATTERS: dict[tuple[StopName, DepartureState], StopName] = {
    ("cut", DepartureState.OPEN): "cut",
    # A cut that has begun is finished, as long as its promotion may still come.
    ("cut", DepartureState.CUTTING): "promote",
    # A hotfix brings it to staging again while it waits for its promotion.
    ("cut", DepartureState.STAGED): "promote",
    ("cut", DepartureState.GATED): "promote",
    ("cut", DepartureState.MISSED): "promote",
    ("promote", DepartureState.STAGED): "promote",
    ("promote", DepartureState.GATED): "promote",
}


def pause(station: Station, stop: StopName, subject: str, found: Blocker) -> dict[str, Any]:
    """Return the arguments of a wait: the longer the obstacle has lasted, the longer the pause, five minutes at most.

    :param subject: where the task's blockers stand in the ledger.
    """
    now = station.now()
    lasting = [known.since for known in station.ledger.blockers(subject).get(subject, ()) if known.code == found.code]
    since = lasting[0] if lasting and lasting[0] is not None else now
    length = SHORTEST if found.code in _SOON_OVER else min(max(SHORTEST, (now - since) / 4), LONGEST)
    until = now + length
    if found.clears_at is not None and found.code not in _SOON_OVER:
        until = max(until, found.clears_at)
    return {"stop": stop, "until": until.isoformat(), "blocker": found.model_dump(mode="json")}


def standing(station: Station, departure: str, arguments: dict[str, Any]) -> Standing:
    """Return WAIT until the pause is over; then PASS, with the reason, which stays until the step was taken."""
    found = Blocker.model_validate(arguments["blocker"])
    if station.now() >= datetime.fromisoformat(arguments["until"]):
        return passed(AGAIN).model_copy(update={"blockers": (found,)})
    return while_it_matters(station, departure, arguments["stop"], waiting(AGAIN, found))


def while_it_matters(station: Station, departure: str, stop: StopName, waits: Standing) -> Standing:
    """Return ``waits``, or MISSED once the window has closed before anything of the stop has begun."""
    found = station.ledger.departure(departure)
    window = _WINDOW_THAT_MATTERS.get((stop, found.state)) if found is not None else None
    if window is None:
        return waits
    closes = gating.window_standing(station, departure, window)
    return combine([closes, waits]) if closes.verdict is Verdict.MISSED else waits
