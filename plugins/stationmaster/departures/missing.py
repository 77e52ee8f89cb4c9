"""A window that closes: the departure is over, and silence means what the train's file says. It never means yes."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from stationmaster.core.gates import Standing
from stationmaster.core.transitions import Act, ActRefused

if TYPE_CHECKING:
    from stationmaster.departures.station import Station

log = logging.getLogger(__name__)

CLOSED = "MISSED_WINDOW"


def miss(station: Station, departure: str, standing: Standing) -> None:
    """Write down that the window closed, unless the departure has gone on meanwhile (F12, F37).

    Where the file says ``on_silence: reject`` for a vote or a confirmation that did not come, the manifest is rejected,
    so that the same commits do not come up for promotion again by themselves.
    """
    why = "; ".join(found.sentence for found in standing.blockers if found.code == CLOSED)
    now = station.now()
    try:
        station.ledger.move(departure, Act.MISS, now, "timetable", why)
    except ActRefused as refused:
        log.info("The departure stays as it is: %s", refused)
        return
    silent = [found.sentence for found in standing.blockers if found.code in _rejecting(station)]
    manifest = station.ledger.manifest_of(departure)
    if silent and manifest is not None:
        station.ledger.reject(manifest.hash, f"{departure}: the window closed. {' '.join(silent)}", now, "timetable")


def _rejecting(station: Station) -> frozenset[str]:
    """Return the codes of the blockers whose silence rejects."""
    gates = station.train.gates
    confirm = gates.confirm
    return frozenset({"QUORUM_MISSING"} if gates.quorum.on_silence == "reject" else ()) | frozenset(
        {"CONFIRMATION_MISSING"} if confirm is not None and confirm.on_silence == "reject" else ()
    )
