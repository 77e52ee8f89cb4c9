"""A leg: one component's way onto one environment in one departure, its facts and its lock."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict

from stationmaster.core.calendar import StopName
from stationmaster.core.transitions import Act, ActRefused, DepartureState
from stationmaster.departures.answers import Choice, again_since
from stationmaster.departures.beside import environment_of

if TYPE_CHECKING:
    from stationmaster.departures.station import Station


TAKEN_BACK = frozenset({DepartureState.ROLLING_BACK, DepartureState.ROLLED_BACK})
"""The states of a departure whose promotion is over because it goes back, or went."""


class Leg(BaseModel):
    """One component's way onto one environment in one departure; ``sha`` is pinned."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    departure: str
    stop: StopName
    component: str
    environment: str
    repository: str
    sha: str

    @property
    def key(self) -> str:
        """The ledger's key, without the attempt: named by component and commit, never by a map index (F70)."""
        return f"{self.departure}/{self.stop}/{self.component}/{self.environment}/{self.sha}"

    @property
    def subject(self) -> str:
        """The subject of the facts about it."""
        return f"{self.component}/{self.environment}"

    @property
    def lock(self) -> str:
        """The name of the lock on what it changes."""
        return f"{self.repository}/{self.environment}"

    @property
    def holder(self) -> str:
        """Who holds that lock: the stop, whichever of its tasks works."""
        return f"{self.departure}/{self.stop}"


def leg_of(station: Station, departure: str, stop: StopName, component: str) -> Leg | None:
    """Return the leg of ``component`` at ``stop``, None when it is not aboard or not deployed there."""
    manifest = station.ledger.manifest_of(departure)
    environment = environment_of(station, departure, stop)
    found = station.train.component(component)
    if manifest is None or found.deploy(environment).mode == "none":
        return None
    for passenger in manifest.passengers:
        if passenger.component == component:
            return Leg(
                departure=departure,
                stop=stop,
                component=component,
                environment=environment,
                repository=passenger.repository,
                sha=passenger.sha,
            )
    return None


def legs_of(station: Station, departure: str, stop: StopName) -> tuple[Leg, ...]:
    """Return every leg of ``stop``, in the order in which they are deployed."""
    found = (leg_of(station, departure, stop, component.id) for component in station.train.components)
    return tuple(leg for leg in found if leg is not None)


def deployed(station: Station, leg: Leg) -> bool:
    """Return whether this departure has already seen the leg's commit run there, by the attempt that counts.

    What an attempt brought no longer counts once a person has asked for another one.
    """
    facts = station.ledger.facts(leg.departure, kind="deployed", subject=leg.subject)
    seen = [fact.seq for fact in facts if fact.value["sha"] == leg.sha]
    return bool(seen) and max(seen) > again_since(station, leg.departure, leg.subject, Choice.DEPLOY_AGAIN)


def deployed_at(station: Station, leg: Leg) -> datetime | None:
    """Return when this departure first saw the leg's commit run there, None before."""
    facts = station.ledger.facts(leg.departure, kind="deployed", subject=leg.subject)
    return next((fact.at for fact in facts if fact.value["sha"] == leg.sha), None)


def record_deployed(station: Station, leg: Leg, *, at: datetime, how: str) -> None:
    """Record that the environment reported the leg's commit, once for each attempt, and give the lock back.

    :raises ActRefused: the departure is on its way back, or was taken back: nothing of it arrives any more.
    """
    found = station.ledger.departure(leg.departure)
    if found is not None and leg.stop == "promote" and found.state in TAKEN_BACK:
        raise ActRefused(leg.departure, found.state, Act.PROMOTE, f"by {found.changed_by}: {found.told}")
    again = again_since(station, leg.departure, leg.subject, Choice.DEPLOY_AGAIN)
    key = f"deployed/{leg.subject}/{leg.sha}"
    station.ledger.record_once(
        leg.departure,
        "deployed",
        leg.subject,
        {"sha": leg.sha, "how": how},
        at,
        "stationmaster",
        key=f"{key}/{again}" if again else key,
    )
    release_lock(station, leg)


def take_lock(station: Station, leg: Leg) -> int:
    """Take the environment's lock for this stop and return its fence; the same stop may take it again.

    :raises LockHeld: somebody else is at this environment.
    """
    reason = f"{leg.stop} of {leg.departure}"
    return station.ledger.acquire(leg.lock, leg.holder, reason, station.now()).fence


def release_lock(station: Station, leg: Leg) -> None:
    """Give the environment's lock back, if this stop still holds it."""
    held = station.ledger.lock(leg.lock)
    if held is not None and held.holder == leg.holder:
        station.ledger.release(leg.lock, held.fence, station.now(), "stationmaster", f"{leg.stop} is done")


def take_way_back(station: Station, leg: Leg, *, by: str) -> int:
    """Take the environment's lock for the way back, from the promotion if that holds it, and return the new fence.

    Whatever still carries the promotion's fence can do nothing from then on (F47).

    :raises LockHeld: another departure is at this environment.
    """
    reason, now = f"the way back of {leg.departure}", station.now()
    held = station.ledger.lock(leg.lock)
    if held is not None and held.holder == leg.holder:
        why = f"{leg.departure} is taken back"
        return station.ledger.take_over(leg.lock, held.fence, way_back_holder(leg), reason, now, by, why).fence
    return station.ledger.acquire(leg.lock, way_back_holder(leg), reason, now).fence


def release_way_back(station: Station, leg: Leg, *, why: str) -> None:
    """Give the environment's lock back, if the way back holds it."""
    held = station.ledger.lock(leg.lock)
    if held is not None and held.holder == way_back_holder(leg):
        station.ledger.release(leg.lock, held.fence, station.now(), "stationmaster", why)


def way_back_holder(leg: Leg) -> str:
    """Return who holds the lock while a departure goes back: not the promotion, whose end must not release it."""
    return f"{leg.departure}/rollback"


def release_locks(station: Station, departure: str, stop: StopName, *, why: str) -> None:
    """Give back every lock that ``stop`` still holds, whatever became of it."""
    for held in station.ledger.locks():
        if held.holder == f"{departure}/{stop}":
            station.ledger.release(held.name, held.fence, station.now(), "stationmaster", why)
