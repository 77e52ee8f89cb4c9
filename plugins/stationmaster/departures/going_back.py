"""A rollback that a person asks for: to what was healthy in production before, never past what cannot be undone.

It is never kept from happening by a freeze or a gate; it rejects the manifest that it takes back, so that no train
brings it again before a person says so (F34, F44 … F48).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from stationmaster.core.changelog import Change
from stationmaster.core.instants import IsoWeek
from stationmaster.core.value import Value
from stationmaster.departures.deploying import begun
from stationmaster.departures.legs import deployed, legs_of
from stationmaster.departures.rolling_back import CHOSEN
from stationmaster.ledger.records import DepartureState

if TYPE_CHECKING:
    from stationmaster.departures.station import Station
    from stationmaster.ledger.records import Departure

_CAME_TO_PRODUCTION = (
    DepartureState.DONE,
    DepartureState.PARTIAL,
    DepartureState.FAILED,
    DepartureState.PROMOTING,
)


class RollbackRefused(ValueError):
    """A rollback that would go nowhere, or to something that was not healthy."""


class Way(Value):
    """One component's way back."""

    component: str
    environment: str
    running: str
    target: str


class RollbackPlan(Value):
    """What a rollback would do: ``departure`` is taken back to what ``target`` had brought."""

    departure: str
    target: str
    ways: tuple[Way, ...]
    irreversible: tuple[str, ...] = ()

    @property
    def sentences(self) -> tuple[str, ...]:
        """What will happen, in words."""
        said = [
            f"{way.component} on {way.environment} goes from {way.running[:12]} back to {way.target[:12]}"
            for way in self.ways
        ]
        said.append(f"{self.departure} becomes ROLLED_BACK, and its manifest is rejected")
        said += [f"cannot be undone by going back: {title}" for title in self.irreversible]
        return tuple(said)


def healthy(station: Station) -> tuple[Departure, ...]:
    """Return the departures that production can go back to, the newest first: whole, verified, never rejected (F45)."""
    found = []
    for departure in station.ledger.departures(station.train.key, states=(DepartureState.DONE,)):
        manifest = station.ledger.manifest_of(departure.id)
        if manifest is None or station.ledger.rejection(manifest.hash) is not None:
            continue
        if all(deployed(station, leg) for leg in legs_of(station, departure.id, "promote")):
            found.append(departure)
    return tuple(sorted(found, key=lambda each: each.week, reverse=True))


def plan(station: Station, to: str | None = None) -> RollbackPlan:
    """Return what a rollback would do now.

    :param to: the week of the departure to go back to, such as ``2026-W33``; None: the newest healthy one before, or
        what production ran before if there was none.
    :raises RollbackRefused: production runs nothing of this train, or there is no such healthy departure.
    """
    running = _running(station)
    if running is None:
        environment = station.train.production
        raise RollbackRefused(f"{environment} runs nothing that a departure of {station.train.key} brought.")
    choices = [each for each in healthy(station) if each.week < running.week]
    target = _chosen(station, running, choices, to)
    shas = _before(station, running) if target is None else _aboard(station, target)
    ways = tuple(
        Way(component=leg.component, environment=leg.environment, running=leg.sha, target=shas[leg.component])
        for leg in reversed(legs_of(station, running.id, "promote"))
        if leg.component in shas and shas[leg.component] != leg.sha and begun(station, leg)
    )
    name = target.id if target is not None else f"what ran before {running.id}"
    if not ways:
        raise RollbackRefused(f"{station.train.production} runs {name} already: there is nothing to take back.")
    irreversible = _irreversible(station, target, running)
    return RollbackPlan(departure=running.id, target=name, ways=ways, irreversible=irreversible)


def choose(station: Station, found: RollbackPlan, *, reason: str, by: str, accept_irreversible: bool) -> None:
    """Write down, once, that the rollback is wanted; :func:`stationmaster.departures.rolling_back.advance` does it.

    :raises RollbackRefused: no reason is given, or something cannot be undone and nobody accepts that (F48).
    """
    if not reason.strip():
        raise RollbackRefused("Why? A rollback is asked for with its reason: it stands in the message and the audit.")
    if found.irreversible and not accept_irreversible:
        raise RollbackRefused(
            f"{'; '.join(found.irreversible)}: going back does not undo that. Ask whoever wrote it, then tick that you "
            "accept it."
        )
    value = {
        "target": found.target,
        "ways": {way.component: way.target for way in found.ways},
        "reason": reason.strip(),
    }
    station.ledger.record_once(found.departure, CHOSEN, "rollback", value, station.now(), by)


def _running(station: Station) -> Departure | None:
    """Return the newest departure that changed production and was not taken back."""
    found = station.ledger.departures(station.train.key, states=_CAME_TO_PRODUCTION)
    for departure in sorted(found, key=lambda each: each.week, reverse=True):
        if any(begun(station, leg) for leg in legs_of(station, departure.id, "promote")):
            return departure
    return None


def _aboard(station: Station, departure: Departure) -> dict[str, str]:
    manifest = station.ledger.manifest_of(departure.id)
    return {passenger.component: passenger.sha for passenger in manifest.passengers} if manifest else {}


def _before(station: Station, running: Departure) -> dict[str, str]:
    """Return what production ran, as the promotion found it: the way back where no departure was before."""
    found = {}
    for leg in legs_of(station, running.id, "promote"):
        facts = station.ledger.facts(running.id, kind="rollback_target", subject=leg.subject)
        if facts and facts[0].value["sha"]:
            found[leg.component] = str(facts[0].value["sha"])
    return found


def _chosen(station: Station, running: Departure, choices: list[Departure], to: str | None) -> Departure | None:
    """Return the departure to go back to; None: none was before, and what ran before this one is meant."""
    known = ", ".join(str(each.week) for each in choices) or "none"
    if to is None:
        return choices[0] if choices else None
    week = IsoWeek.parse(to)
    for each in choices:
        if each.week == week:
            return each
    if week == running.week:
        raise RollbackRefused(f"{running.id} is what runs now. Healthy before it: {known}.")
    raise RollbackRefused(
        f"{station.train.key}/{to} was never whole and healthy in {station.train.production}, or was rejected since. "
        f"Healthy before {running.id}: {known}."
    )


def _irreversible(station: Station, target: Departure | None, running: Departure) -> tuple[str, ...]:
    """Return the titles of changes after the target that bear a label of what cannot be undone (F48)."""
    marks = set(station.train.rollback.irreversible)
    found: list[str] = []
    for departure in station.ledger.departures(station.train.key):
        manifest = station.ledger.manifest_of(departure.id)
        since = running.week.plus(-1) if target is None else target.week
        if not since < departure.week <= running.week or manifest is None:
            continue
        for fact in station.ledger.facts(departure.id, kind="changes", subject=manifest.hash):
            changes = (Change.model_validate(value) for value in fact.value["changes"])
            found += [change.title for change in changes if marks & set(change.labels)]
    return tuple(dict.fromkeys(found))
