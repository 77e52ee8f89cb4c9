"""A leg that GitHub declined for now rests as long as GitHub asks; what only a person can mend is raised (F56)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from stationmaster.core.blockers import Blocker, blocker
from stationmaster.core.gates import Standing
from stationmaster.departures.obstacles import obstacle
from stationmaster.ledger.errors import EffectUnknown
from stationmaster.work.obstacles import StepImpossible, waiting

if TYPE_CHECKING:
    from stationmaster.departures.legs import Leg
    from stationmaster.departures.station import Station
    from stationmaster.ledger.errors import EffectRefused

BREATH = timedelta(seconds=30)
"""How long a refused request rests where GitHub does not say how long."""


def resting(station: Station, leg: Leg) -> Blocker | None:
    """Return why GitHub is not asked just now, None when it may be."""
    facts = station.ledger.facts(leg.departure, kind="resting", subject=leg.key)
    if not facts or station.now() >= datetime.fromisoformat(facts[-1].value["until"]):
        return None
    return Blocker.model_validate(facts[-1].value["blocker"])


def rest(station: Station, leg: Leg, error: EffectRefused | EffectUnknown) -> Standing:
    """Return that the leg waits, until GitHub says or for a breath.

    :raises StepImpossible: a ref stands elsewhere (F07).
    :raises EffectRefused: waiting will not help.
    """
    from stationmaster.hooks.errors import ForgeConflict, ForgeError

    cause = error.__cause__
    if isinstance(cause, ForgeConflict):
        raise StepImpossible(_moved(station, leg)) from error
    found = obstacle(station, error)
    passing = isinstance(error, EffectUnknown) or (isinstance(cause, ForgeError) and cause.transient)
    if found is None or not passing:
        raise error
    _keep(station, leg, found, found.clears_at or station.now() + BREATH)
    return waiting("deploy", found)


def heed(station: Station, leg: Leg, standing: Standing) -> None:
    """Let a leg rest whose gates met a GitHub that says when it may be asked again."""
    asked = [each for each in standing.blockers if each.code == "GITHUB_UNREACHABLE" and each.clears_at is not None]
    found = max(asked, key=lambda each: each.clears_at or station.now(), default=None)
    if found is not None and found.clears_at is not None:
        _keep(station, leg, found, found.clears_at)


def _keep(station: Station, leg: Leg, found: Blocker, until: datetime) -> None:
    value = {"until": until.isoformat(), "blocker": found.model_dump(mode="json")}
    station.ledger.record(leg.departure, "resting", leg.key, value, station.now(), "stationmaster")


def _moved(station: Station, leg: Leg) -> Blocker:
    deploy = station.train.component(leg.component).deploy(leg.environment)
    branch = deploy.branch or "the tag of the commit"
    there = station.forge.find_branch(leg.repository, branch) if deploy.branch else None
    return blocker(
        "HEAD_MOVED",
        who=(station.conductor.id,),
        component=leg.component,
        branch=branch,
        expected=leg.sha[:12],
        found=(there or "another commit")[:16],
    )
