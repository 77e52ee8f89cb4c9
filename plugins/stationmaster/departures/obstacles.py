"""What keeps a departure's step from going on, as a blocker for the person who conducts the train."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stationmaster.core.rotations.rotation import NobodyOnCall
from stationmaster.work.obstacles import hindrance

if TYPE_CHECKING:
    from stationmaster.core.blockers import Blocker
    from stationmaster.departures.station import Station


class DepartureSkipped(RuntimeError):
    """The departure ends here, and that is no failure: it is skipped, empty, or already done."""


def obstacle(station: Station, error: Exception) -> Blocker | None:
    """Return the blocker that ``error`` means, None for an error that is nobody's but ours."""
    return hindrance(station, error, conducted_by(station))


def conducted_by(station: Station) -> tuple[str, ...]:
    """Return the id of who conducts the train now, nothing where nobody does."""
    try:
        return (station.conductor.id,)
    except NobodyOnCall:
        return ()
