"""Whether a target would be taken back: what runs there came later than what it is to get (F18)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stationmaster.core.blockers import Blocker, blocker
from stationmaster.departures import arriving
from stationmaster.departures.legs import leg_of
from stationmaster.departures.obstacles import conducted_by
from stationmaster.hooks.errors import ForgeNotFound
from stationmaster.rollouts.planning import rollout_of

if TYPE_CHECKING:
    from stationmaster.core.rollouts.plan import RolloutPlan, Way
    from stationmaster.departures.station import Station


class Versions:
    """The order of versions, as the ledger, the elections and the history tell it; what was read is read once."""

    def __init__(self, station: Station) -> None:
        self.station = station
        self._known: dict[tuple[str, str], bool] = {}
        self._brought: dict[str, int] | None = None

    def goes_back(self, running: str, wanted: str) -> bool:
        """Return whether getting ``wanted`` takes back what runs: that came later, or contains it, or nobody can tell.

        :raises GovernanceError, ForgeError: it cannot be asked.
        """
        if running == wanted:
            return False
        pair = (running, wanted)
        if pair not in self._known:
            self._known[pair] = self._goes_back(running, wanted)
        return self._known[pair]

    def _goes_back(self, running: str, wanted: str) -> bool:
        brought = self._by_departure()
        if running in brought and wanted in brought:
            return brought[running] > brought[wanted]
        first, second = (self.station.proposals.newest("elect", version=each) for each in (running, wanted))
        if first is not None and second is not None and first.created_at != second.created_at:
            return first.created_at > second.created_at
        component = self.station.train.component(rollout_of(self.station).component)
        try:
            return self.station.forge.relation(component.repository, running, wanted) != "ahead"
        except ForgeNotFound:
            return True  # a version that GitHub does not show may be newer than anything it shows

    def _by_departure(self) -> dict[str, int]:
        """Return the place of each version in the order in which departures first brought them to production."""
        if self._brought is None:
            component = rollout_of(self.station).component
            found: dict[str, int] = {}
            for arrival in reversed(arriving.arrivals(self.station)):
                leg = leg_of(self.station, arrival.departure.id, "promote", component)
                if leg is not None:
                    found.setdefault(leg.sha, len(found))
            self._brought = found
        return self._brought


def taken_back(station: Station, plan: RolloutPlan, accepted: frozenset[str]) -> tuple[Blocker, ...]:
    """Return each target of a plan that would be taken back, and that nobody has accepted by its name.

    :raises GovernanceError, ForgeError: it cannot be told.
    """
    versions = Versions(station)
    ways = (way for batch in plan.batches for way in batch.ways if way.target not in accepted)
    found = (downgrade(station, way, versions) for way in ways)
    return tuple(each for each in found if each is not None)


def downgrade(station: Station, way: Way, versions: Versions | None = None) -> Blocker | None:
    """Return that a target runs something newer than what it is to get, None where it does not.

    :raises GovernanceError, ForgeError: it cannot be told.
    """
    running = station.proposals.running(way.target)
    if not (versions or Versions(station)).goes_back(running, way.version):
        return None
    return blocker(
        "WOULD_DOWNGRADE",
        who=conducted_by(station),
        subject=way.target,
        component=rollout_of(station).component,
        environment=way.target,
        found=running[:12],
        sha=way.version[:12],
    )
