"""Whether a hotfix has come home: to its branch, and to the train under way (F39, F40, F42, F43).

A hotfix is another commit than the one it was picked from. It is in a history if its own commit is, or each commit that
it was picked from is, or for each of its changes a commit that changes the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from stationmaster.core.departure_ids import DepartureKind
from stationmaster.core.value import Value
from stationmaster.departures.electing import running_sha
from stationmaster.ledger.records import DepartureState

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stationmaster.departures.electing import running_sha
    from stationmaster.departures.station import Station
from stationmaster.ledger.records import Departure

PICKED = "picked"
"""The fact that names a hotfix's commit, and what it was made of."""
ON_TRAIN = "train_under_way"
"""The fact, of a hotfix, that names the departure which gets it, and the commit that it is put upon there."""
REPLACED = "replaced"
"""The fact, of a departure under way, that a component's commit was replaced by one with a hotfix."""
CARRIED = "carried"
"""The fact that a commit was found to have a hotfix."""
HOTFIXES = (DepartureKind.HOTFIX, DepartureKind.SECURITY_HOTFIX)
_NEVER_RAN = (DepartureState.OPEN, DepartureState.SKIPPED, DepartureState.SKIPPED_EMPTY)
_LOOKED_AT = 100
"""Commits of a history that are looked at for equal changes, the newest first."""


class Hotfixed(Value):
    """A hotfix that ran in production: ``sha`` on top of ``base``, made of ``origins`` from ``branch``."""

    departure: str
    component: str
    repository: str
    base: str
    sha: str
    origins: tuple[str, ...]
    branch: str


def hotfixes(station: Station, component: str) -> tuple[Hotfixed, ...]:
    """Return the hotfixes of a component that came to production and were not taken back, the newest first."""
    found = []
    for departure in station.ledger.departures(station.train.key, kinds=HOTFIXES):
        hotfix = picked(station, departure)
        if hotfix is not None and hotfix.component == component and _runs_or_ran(station, departure, hotfix):
            found.append(hotfix)
    return tuple(found)


def picked(station: Station, departure: Departure) -> Hotfixed | None:
    """Return what a hotfix is made of, None before its commits were picked."""
    fact = station.ledger.fact(departure.id, PICKED)
    return None if fact is None else Hotfixed(departure=departure.id, **fact.value)


def pull_key(hotfix: Hotfixed) -> str:
    """Return the key of the effect that opens the pull request which brings a hotfix home."""
    return f"{hotfix.departure}/home/{hotfix.component}"


def carries(station: Station, sha: str, hotfix: Hotfixed) -> bool:
    """Return whether a commit has a hotfix, in whichever shape; what it was built upon in other hotfixes included.

    :raises ForgeError: GitHub cannot tell.
    """
    if any(fact.subject == sha for fact in station.ledger.facts(hotfix.departure, kind=CARRIED)):
        return True
    before = next((each for each in hotfixes(station, hotfix.component) if each.sha == hotfix.base), None)
    found = _has(station, sha, hotfix) and (before is None or carries(station, sha, before))
    if found:
        at, once = station.now(), f"{CARRIED}/{sha}"
        station.ledger.record_once(hotfix.departure, CARRIED, sha, {}, at, "stationmaster", key=once)
    return found


def missing(station: Station, component: str, sha: str) -> Iterator[Hotfixed]:
    """Yield each hotfix that production has and a commit lacks, the newest first.

    What was deployed over on purpose is nobody's debt.

    :raises ForgeError: GitHub cannot tell.
    """
    known = hotfixes(station, component)
    running = running_sha(station, component, station.train.production) if known else None
    if running is None:
        return
    for hotfix in known:
        if not carries(station, running, hotfix):
            continue
        if not carries(station, sha, hotfix):
            yield hotfix
        if all(running != each.sha for each in known):
            return  # a train has brought it since, and whatever came before it


def _runs_or_ran(station: Station, departure: Departure, hotfix: Hotfixed) -> bool:
    if departure.state in (*_NEVER_RAN, DepartureState.ROLLED_BACK):
        return False
    facts = station.ledger.facts(
        departure.id, kind="deployed", subject=f"{hotfix.component}/{station.train.production}"
    )
    return any(fact.value["sha"] == hotfix.sha for fact in facts)


def _has(station: Station, sha: str, hotfix: Hotfixed) -> bool:
    repository = hotfix.repository
    if _contains(station, repository, sha, hotfix.sha):
        return True
    if all(_contains(station, repository, sha, origin) for origin in hotfix.origins):
        return True
    mine = {station.forge.patch_id(repository, each) for each in own_commits(station, hotfix)}
    since = station.forge.compare(repository, hotfix.base, sha).commits
    recent = [commit.sha for commit in since[-_LOOKED_AT:]]
    theirs = {station.forge.patch_id(repository, each) for each in recent}
    return (bool(mine) and mine <= theirs) or _squashed(station, hotfix, recent)


def _squashed(station: Station, hotfix: Hotfixed, recent: list[str]) -> bool:
    """Return whether one of some commits is what our pull request became: a squash changes all at once."""
    effect = station.ledger.effect(pull_key(hotfix))
    if effect is None or not effect.receipt:
        return False
    number = int(effect.receipt["number"])
    if not station.forge.pull(hotfix.repository, number).merged:
        return False
    brought = (pull for each in reversed(recent) for pull in station.forge.pulls_of(hotfix.repository, each))
    return any(pull.number == number and pull.merged for pull in brought)


def own_commits(station: Station, hotfix: Hotfixed) -> tuple[str, ...]:
    """Return the commits of a hotfix that are not in what it was put upon."""
    between = station.forge.compare(hotfix.repository, hotfix.base, hotfix.sha).commits
    return tuple(commit.sha for commit in between)


def _contains(station: Station, repository: str, sha: str, older: str) -> bool:
    return sha == older or station.forge.compare(repository, older, sha).status in ("ahead", "identical")
