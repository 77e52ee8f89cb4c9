"""Which departure a run belongs to: opened, adopted, or refused (F28, F38)."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING

from stationmaster.core.departure_ids import week_of
from stationmaster.core.gates import Standing
from stationmaster.core.instants import IsoWeek
from stationmaster.core.transitions import BEFORE_THE_PROMOTION, Act, ActRefused
from stationmaster.departures import earlier, gating, ruling, telling, wording
from stationmaster.departures.obstacles import DepartureSkipped
from stationmaster.ledger.records import Departure, DepartureState

if TYPE_CHECKING:
    from stationmaster.core.calendar import StopName
    from stationmaster.departures.station import Station

BEFORE_THE_CUT_IS_DONE = (DepartureState.OPEN, DepartureState.CUTTING)
AFTER_THE_CUT = (DepartureState.STAGED, DepartureState.GATED, DepartureState.PROMOTING)


def departure_id(station: Station, *, at: datetime, stop: StopName) -> str:
    """Return the id of the departure that a run of ``stop`` at ``at`` belongs to, whether or not it was opened."""
    train = station.train
    week = IsoWeek.of(at, train.zone)
    if stop == "promote":
        week = train.cut_week(week)
    return f"{train.key}/{week}"


def departure_to_cut(station: Station, due: str, *, by: str) -> Departure:
    """Return the departure that is due, opened now or adopted from an earlier start in the same week.

    :param due: its id; see :func:`departure_id`.
    :param by: who started it, a person's id or ``timetable``.
    :raises DepartureSkipped: it was cut already, or has ended.
    """
    telling.tell_again(station)
    departure = station.ledger.open_departure(station.train.key, week_of(due), station.now(), by)
    if departure.state not in BEFORE_THE_CUT_IS_DONE:
        raise DepartureSkipped(f"{departure.id} is {departure.state}: its cut is over ({departure.told})")
    return departure


def departure_to_promote(station: Station, due: str) -> Departure:
    """Return the departure that is due for promotion.

    :param due: its id; see :func:`departure_id`.
    :raises DepartureSkipped: nothing was staged for this week, or it has ended.
    """
    telling.tell_again(station)
    departure = station.ledger.departure(due)
    if departure is None:
        raise DepartureSkipped(f"{due} was never cut, so there is nothing to promote this week")
    if departure.state in AFTER_THE_CUT:
        return departure
    raise DepartureSkipped(f"{departure.id} is {departure.state}: there is nothing to promote ({departure.told})")


def previous_standing(station: Station, departure: Departure) -> Standing:
    """Return whether an earlier departure of the train is in the way, by the train's policy (F28).

    ``supersede`` ends the earlier one; ``parallel`` lets both run; ``hold`` waits. One whose own window has closed
    without a promotion has missed it, and is in nobody's way (F12, F37).
    """
    _end_the_missed(station, departure)
    if station.train.previous_departure == "supersede":
        for found in earlier.under_way(station, departure):
            _superseded(station, found, departure)
    return earlier.standing(station, departure.id)


def _superseded(station: Station, found: Departure, departure: Departure) -> None:
    """End an earlier departure because this one takes its place, unless it is on its way to production."""
    with suppress(ActRefused):
        station.ledger.move(found.id, Act.SUPERSEDE, station.now(), "timetable", f"superseded by {departure.id}")


def _end_the_missed(station: Station, departure: Departure) -> None:
    for found in station.ledger.departures(station.train.key, states=BEFORE_THE_PROMOTION):
        if found.week < departure.week and earlier.has_missed(station, found):
            why = "the window of its promotion closed"
            try:
                station.ledger.move(found.id, Act.MISS, station.now(), "timetable", why)
            except ActRefused:
                continue  # it has gone on meanwhile
            told = wording.ending(station, found.id, "promote", DepartureState.MISSED, why)
            telling.tell(station, found.id, "promote/missed", told)
            telling.refresh_headline(station, found.id)


def unskip(station: Station, departure: Departure, *, by: str, reason: str) -> DepartureState:
    """Take the skipping of a departure back: it goes on from where it stood, and every gate is asked again.

    :raises NotSkipped: it is not skipped.
    :raises StepImpossible: the person who says so may not change production (T-01).
    """
    ruling.require_actor(station, by)
    if departure.state is not DepartureState.SKIPPED:
        raise NotSkipped(f"{departure.id} is {departure.state}, not skipped: there is nothing to take back.")
    staged = gating.staged_at(station, departure.id) is not None or departure.kind.is_hotfix
    pinned = station.ledger.manifest_of(departure.id) is not None
    state = DepartureState.STAGED if pinned and staged else DepartureState.CUTTING if pinned else DepartureState.OPEN
    station.ledger.move(departure.id, Act.UNSKIP, station.now(), by, reason, to=state)
    return state


class NotSkipped(ValueError):
    """A departure that nobody has skipped."""


def skip(station: Station, departure: Departure, *, by: str, reason: str) -> None:
    """End a departure because a person says so, with the reason they gave.

    :raises ActRefused: its promotion has begun, or it has ended.
    :raises StepImpossible: the person who says so may not change production (T-01).
    """
    ruling.require_actor(station, by)
    station.ledger.move(departure.id, Act.SKIP, station.now(), by, reason)
