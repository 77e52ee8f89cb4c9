"""What was taken back does not come again by itself, in whichever later manifest it is (F46)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stationmaster.core.blockers import blocker
from stationmaster.core.gates import Standing
from stationmaster.departures.arriving import TO_PRODUCTION
from stationmaster.departures.obstacles import conducted_by
from stationmaster.ledger.records import DepartureState
from stationmaster.work.obstacles import passed, waiting

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stationmaster.core.blockers import Blocker
    from stationmaster.core.manifest import Manifest
    from stationmaster.departures.station import Station


def standing(station: Station, departure: str) -> Standing:
    """Return whether a departure carries a commit that was taken back from production, and whose rejection stands.

    Nobody can tell from outside whether a later commit is its fix; a person says so, by lifting the rejection.

    :raises ForgeError: GitHub cannot tell what contains what.
    """
    manifest = station.ledger.manifest_of(departure)
    found = list(_taken_back(station, departure, manifest)) if manifest is not None else []
    return waiting("rejection", *found) if found else passed("rejection")


def _taken_back(station: Station, departure: str, manifest: Manifest) -> Iterator[Blocker]:
    aboard = {passenger.component: passenger for passenger in manifest.passengers}
    rolled_back = station.ledger.departures(station.train.key, (DepartureState.ROLLED_BACK,), kinds=TO_PRODUCTION)
    for earlier in rolled_back:
        rejected = station.ledger.manifest_of(earlier.id)
        rejection = station.ledger.rejection(rejected.hash) if rejected is not None else None
        if rejected is None or rejection is None or earlier.id == departure or rejected.hash == manifest.hash:
            continue
        for passenger in rejected.passengers:
            present = aboard.get(passenger.component)
            if present is not None and _contains(station, passenger.repository, present.sha, passenger.sha):
                yield blocker(
                    "REJECTED_ABOARD",
                    since=rejection.at,
                    who=conducted_by(station),
                    subject=f"{passenger.component} of {earlier.id}",
                    component=passenger.component,
                    sha=passenger.sha[:12],
                    manifest=rejected.short,
                    reason=rejection.reason,
                )


def _contains(station: Station, repository: str, sha: str, older: str) -> bool:
    return sha == older or station.forge.compare(repository, older, sha).status == "ahead"
