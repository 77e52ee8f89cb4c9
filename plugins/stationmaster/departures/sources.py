"""What a commit of ours was picked from: GitHub knows who wrote and opened that one, and nothing of a copy (F26)."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from stationmaster.core.departure_ids import DepartureKind
from stationmaster.departures.homecoming import HOTFIXES, ON_TRAIN, REPLACED, picked

if TYPE_CHECKING:
    from stationmaster.departures.station import Station
    from stationmaster.hooks.forge_models import Commit

_PICKING = (*HOTFIXES, DepartureKind.FEATURE_BUILD)


class _Pick(NamedTuple):
    """Copies of ``origins`` from ``base`` to ``sha``."""

    base: str
    sha: str
    origins: tuple[str, ...]


def before_picking(station: Station, repository: str, commits: Sequence[Commit]) -> tuple[Commit, ...]:
    """Return commits, in place of each that the ledger knows as picked those that it was picked from.

    A copy stands in no pull request, and bears no signature. What was picked from a copy is followed, too.

    :raises ForgeError: GitHub cannot tell.
    """
    origins = dict(_copies(station, repository))
    queue = list(commits)
    found: dict[str, Commit] = {}
    followed: set[str] = set()
    while queue:
        commit = queue.pop(0)
        if commit.sha in followed:
            continue
        followed.add(commit.sha)
        if commit.sha in origins:
            queue += [station.forge.commit(repository, sha) for sha in origins[commit.sha] if sha not in followed]
        else:
            found[commit.sha] = commit
    return tuple(found.values())


def _copies(station: Station, repository: str) -> Iterator[tuple[str, Collection[str]]]:
    """Yield each copy with the commits of which it may be the one."""
    for pick in _picks(station, repository):
        yield pick.sha, pick.origins
        if len(pick.origins) > 1:
            for commit in station.forge.compare(repository, pick.base, pick.sha).commits:
                yield commit.sha, pick.origins


def _picks(station: Station, repository: str) -> Iterator[_Pick]:
    for departure in station.ledger.departures(kinds=_PICKING):
        made = picked(station, departure)
        if made is None or made.repository.lower() != repository.lower():
            continue
        if made.sha not in made.origins:  # otherwise it was taken as it is
            yield _Pick(made.base, made.sha, made.origins)
        onto = station.ledger.fact(departure.id, ON_TRAIN)
        replaced = station.ledger.facts(str(onto.value["departure"]), kind=REPLACED) if onto is not None else ()
        for fact in replaced:
            if fact.value["hotfix"] == departure.id:
                yield _Pick(str(fact.value["from"]), str(fact.value["to"]), made.origins)
