"""Commits put on top of another commit, and the branch of ours that holds the result (D-14, F42)."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

from stationmaster.core.departure_ids import week_of
from stationmaster.work.effects import Receipt, perform

if TYPE_CHECKING:
    from stationmaster.departures.station import Station
    from stationmaster.work.effects import Guard

_SCRATCH = "stationmaster/picking"


def put_on_top(
    station: Station, key: str, *, repository: str, base: str, shas: Sequence[str], branch: str, guard: Guard
) -> str:
    """Put commits on top of a commit and a branch of ours on the result, once; return the result's sha.

    :param guard: whether what they are picked for still wants them.
    :raises PickConflict: by way of EffectRefused.
    """

    def act() -> Receipt:
        scratch = f"{_SCRATCH}-{hashlib.sha256(key.encode()).hexdigest()[:12]}"
        made = station.forge.pick(repository, base, shas, scratch=scratch)
        if not made.empty:
            station.forge.move_branch(repository, branch, made.sha)
        return {"sha": made.sha, "branch": branch}

    intent = {"repository": repository, "base": base, "commits": list(shas), "branch": branch}
    # What was picked before is picked again as the same commit, and its branch is adopted: looking is doing.
    receipt = perform(station, key, guard=guard, intent=intent, act=act, look_up=lambda: None)
    return str(receipt["sha"])


def branch_of(departure: str) -> str:
    """Return the name of a hotfix's own branch; it does not tell what kind of hotfix it is (D-15)."""
    digest = hashlib.sha256(departure.encode()).hexdigest()[:8]
    return f"hotfix/{week_of(departure)}-{digest}"
