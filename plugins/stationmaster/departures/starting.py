"""The word in the channel that a stop changes an environment (C-17)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stationmaster.departures import telling, wording

if TYPE_CHECKING:
    from stationmaster.core.calendar import StopName
    from stationmaster.departures.station import Station


def announce(station: Station, departure: str, stop: StopName) -> None:
    """Say once that the stop's deploys have begun."""
    telling.tell_again(station)
    telling.tell(station, departure, f"{stop}/started", wording.started(station, departure, stop))
    telling.refresh_headline(station, departure)
