"""What was taken back does not come again by itself, in whichever later manifest it is, or whichever shape (F46)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stationmaster.core.blockers import blocker
from stationmaster.core.departure_ids import kind_of
from stationmaster.core.gates import Standing
from stationmaster.departures import arriving, homecoming
from stationmaster.departures.obstacles import conducted_by
from stationmaster.work import secrecy
from stationmaster.work.obstacles import passed, waiting

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stationmaster.core.blockers import Blocker
    from stationmaster.core.manifest import Manifest, Passenger
    from stationmaster.departures.station import Station

CARRIES = "carries_rejected"
"""The fact, of a hotfix, whether it carries a commit that was taken back: subject both commits, value ``{"found"}``."""
_LOOKED_AT = 100
"""Commits of what was taken back that are looked at for equal changes, the newest first."""


def standing(station: Station, departure: str) -> Standing:
    """Return whether a departure carries a commit that was taken back from production, and whose rejection stands.

    Nobody can tell from outside whether a later commit is its fix; people say so, by lifting the rejection. A hotfix
    carries it as well if it is picked from what was taken back, or changes the same as one of those commits.

    :raises ForgeError: GitHub cannot tell what contains what.
    """
    manifest = station.ledger.manifest_of(departure)
    found = list(_taken_back(station, departure, manifest)) if manifest is not None else []
    return waiting("rejection", *found) if found else passed("rejection")


def _taken_back(station: Station, departure: str, manifest: Manifest) -> Iterator[Blocker]:
    aboard = {passenger.component: passenger for passenger in manifest.passengers}
    for earlier, rejection in station.ledger.rejected_rounds(station.train.key):
        if earlier.manifest.hash == manifest.hash or kind_of(earlier.departure) not in arriving.TO_PRODUCTION:
            continue
        for passenger in earlier.manifest.passengers:
            present = aboard.get(passenger.component)
            if present is None or not _carries(station, departure, present, earlier.departure, passenger):
                continue
            yield blocker(
                "REJECTED_ABOARD",
                since=rejection.at,
                who=conducted_by(station),
                subject=f"{passenger.component} of {secrecy.named(station, earlier.departure)}",
                component=passenger.component,
                sha=passenger.sha[:12],
                manifest=earlier.manifest.short,
                reason=secrecy.reason(station, earlier.departure, rejection.reason),
            )


def _carries(station: Station, departure: str, present: Passenger, earlier: str, rejected: Passenger) -> bool:
    if present.sha == rejected.sha:
        return True
    if station.forge.relation(rejected.repository, rejected.sha, present.sha) in ("ahead", "identical"):
        return True
    return kind_of(departure).is_hotfix and _picked_from(station, departure, present, earlier, rejected)


def _picked_from(station: Station, departure: str, present: Passenger, earlier: str, rejected: Passenger) -> bool:
    """Return whether a hotfix brings one of the commits that were taken back, in its own shape or another; kept."""
    found = station.ledger.departure(departure)
    hotfix = homecoming.picked(station, found) if found is not None else None
    base = _before(station, earlier, rejected)
    if hotfix is None or hotfix.sha != present.sha or base is None:
        return False
    subject = f"{present.sha}/{rejected.sha}"
    known = station.ledger.fact(departure, CARRIES, subject)
    if known is None:
        value = {"found": _shares(station, hotfix, base, rejected)}
        known = station.ledger.record_once(departure, CARRIES, subject, value, station.now(), "stationmaster")
    return bool(known.value["found"])


def _shares(station: Station, hotfix: homecoming.Hotfixed, base: str, rejected: Passenger) -> bool:
    """Return whether what is picked is among the commits from ``base`` to the rejected one, or changes the same."""
    repository = rejected.repository
    taken_back = [commit.sha for commit in station.forge.compare(repository, base, rejected.sha).commits]
    if set(hotfix.origins) & set(taken_back):
        return True
    mine = {station.forge.patch_id(repository, sha) for sha in homecoming.own_commits(station, hotfix)}
    return any(station.forge.patch_id(repository, sha) in mine for sha in reversed(taken_back[-_LOOKED_AT:]))


def _before(station: Station, departure: str, rejected: Passenger) -> str | None:
    """Return what ran there before a rejected commit came: from there on everything was taken back."""
    subject = f"{rejected.component}/{station.train.production}"
    back = station.ledger.facts(departure, kind=arriving.GONE_BACK, subject=subject)
    sent = station.ledger.facts(departure, kind="rollback_target", subject=subject)
    found = [str(fact.value["sha"]) for fact in (*sent, *back) if fact.value["sha"] not in (None, rejected.sha)]
    return found[-1] if found else None
