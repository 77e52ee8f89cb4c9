"""The moment a stop begins to change an environment: its state, and the word in the channel (C-17)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stationmaster.departures import telling, wording
from stationmaster.ledger.records import DepartureState

if TYPE_CHECKING:
    from stationmaster.core.calendar import StopName
    from stationmaster.departures.station import Station


def begin(station: Station, departure: str, stop: StopName) -> None:
    """Record that the stop's deploys begin, and announce it once. Ballots end here."""
    if stop == "promote":
        manifest = station.ledger.manifest_of(departure)
        why = f"deploying manifest {manifest.short if manifest else ''}"
        station.ledger.set_state(departure, DepartureState.PROMOTING, station.now(), station.conductor.id, why)
    telling.tell_again(station)
    telling.tell(station, departure, f"{stop}/started", wording.started(station, departure, stop))
    telling.refresh_headline(station, departure)
