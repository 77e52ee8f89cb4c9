"""What came to production, in the order in which it came, and what should run there now (F17, F45, F50)."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from stationmaster.core.departure_ids import DepartureKind
from stationmaster.ledger.records import DepartureState

if TYPE_CHECKING:
    from stationmaster.departures.station import Station
    from stationmaster.ledger.records import Departure, Fact

DEPLOYED = "deployed"
GONE_BACK = "gone_back"
"""The fact that a rollback brought a component back to a commit."""
ADOPTED = "adopted"
"""The fact, of the train, that a person said what is to be thought of what somebody else deployed."""
TO_PRODUCTION = (DepartureKind.TRAIN, DepartureKind.HOTFIX, DepartureKind.SECURITY_HOTFIX)
_UNDER_WAY = (DepartureState.PROMOTING, DepartureState.ROLLING_BACK, DepartureState.PARTIAL, DepartureState.FAILED)


class Arrival(NamedTuple):
    """A departure that production has seen, and when it first did."""

    departure: Departure
    at: datetime


class Adoption(NamedTuple):
    """What a person said of a commit that no departure brought: ``over`` lets the next one replace it unseen."""

    sha: str
    over: bool


def arrivals(station: Station) -> tuple[Arrival, ...]:
    """Return what came to production, the newest arrival first; hotfixes are among them."""
    found = []
    for departure in station.ledger.departures(station.train.key, kinds=TO_PRODUCTION):
        facts = _on_production(station, station.ledger.facts(departure.id, kind=DEPLOYED))
        if facts:
            found.append(Arrival(departure, facts[0].at))
    return tuple(sorted(found, key=lambda each: each.at, reverse=True))


def expected(station: Station, component: str) -> str | None:
    """Return the commit that the ledger last saw in production, by a departure, a rollback or an adoption."""
    subject = f"{component}/{station.train.production}"
    facts: list[Fact] = list(station.ledger.facts(station.train.key, kind=ADOPTED, subject=subject))
    for departure in station.ledger.departures(station.train.key, kinds=TO_PRODUCTION):
        for kind in (DEPLOYED, GONE_BACK):
            facts += station.ledger.facts(departure.id, kind=kind, subject=subject)
    return str(max(facts, key=lambda fact: (fact.at, fact.seq)).value["sha"]) if facts else None


def adoption(station: Station, component: str, sha: str) -> Adoption | None:
    """Return what a person last said of a commit that runs in production, None if nobody did."""
    subject = f"{component}/{station.train.production}"
    facts = station.ledger.facts(station.train.key, kind=ADOPTED, subject=subject)
    if not facts or facts[-1].value["sha"] != sha:
        return None
    return Adoption(sha=sha, over=bool(facts[-1].value["over"]))


def drifted(station: Station, component: str, running: str) -> str | None:
    """Return the commit that should run in production if another does; None where all is well or nothing is known.

    What a departure is just bringing there is no drift.
    """
    wanted = expected(station, component)
    if wanted is None or wanted == running:
        return None
    for departure in station.ledger.departures(station.train.key, _UNDER_WAY, kinds=TO_PRODUCTION):
        manifest = station.ledger.manifest_of(departure.id)
        aboard = manifest.passengers if manifest is not None else ()
        if any((passenger.component, passenger.sha) == (component, running) for passenger in aboard):
            return None
    return wanted


def adopt(station: Station, component: str, sha: str, *, over: bool, why: str, by: str) -> None:
    """Write down what a person says of a commit that no departure brought.

    :param over: the next departure may replace it, whether or not it contains it.
    """
    subject = f"{component}/{station.train.production}"
    value = {"sha": sha, "over": over, "why": why}
    station.ledger.record(station.train.key, ADOPTED, subject, value, station.now(), by)


def _on_production(station: Station, facts: tuple[Fact, ...]) -> list[Fact]:
    return [fact for fact in facts if fact.subject.endswith(f"/{station.train.production}")]
