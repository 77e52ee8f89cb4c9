"""A rollback that a person asks for: to what was healthy in production before, never past what cannot be undone.

It is never kept from happening by a freeze or a gate; it rejects the manifest that it takes back, so that no train
brings it again before a person says so (F34, F44 … F48).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from stationmaster.core.changelog import Change
from stationmaster.core.departure_ids import DepartureId
from stationmaster.core.value import Value
from stationmaster.departures import arriving
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
    DepartureState.ROLLING_BACK,
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
    """Return what production can go back to, the newest arrival first: whole, verified, never rejected (F45).

    A hotfix is whole once it runs there, whether or not it has come home since.
    """
    found = []
    for departure, _ in arriving.arrivals(station):
        manifest = station.ledger.manifest_of(departure.id)
        if manifest is None or station.ledger.rejection(manifest.hash) is not None:
            continue
        if departure.state is not DepartureState.DONE and not departure.kind.is_hotfix:
            continue
        if all(deployed(station, leg) for leg in legs_of(station, departure.id, "promote")):
            found.append(departure)
    return tuple(found)


def plan(station: Station, to: str | None = None) -> RollbackPlan:
    """Return what a rollback would do now.

    :param to: the week of the departure to go back to, such as ``2026-W33`` (or ``2026-W33.hotfix-1``); None: the
        newest healthy one before, or what production ran before if there was none.
    :raises RollbackRefused: production runs nothing of this train, or there is no such healthy departure.
    """
    running = _running(station)
    if running is None:
        environment = station.train.production
        raise RollbackRefused(f"{environment} runs nothing that a departure of {station.train.key} brought.")
    before = _before_it(station, running)
    choices = [each for each in healthy(station) if each.id in before]
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
    """Return what changed production last and was not taken back."""
    since = {departure.id: at for departure, at in arriving.arrivals(station)}
    found = station.ledger.departures(station.train.key, states=_CAME_TO_PRODUCTION, kinds=arriving.TO_PRODUCTION)
    for departure in sorted(found, key=lambda each: since.get(each.id, each.changed_at), reverse=True):
        if any(begun(station, leg) for leg in legs_of(station, departure.id, "promote")):
            return departure
    return None


def _before_it(station: Station, running: Departure) -> tuple[str, ...]:
    """Return the ids of what came to production before a departure, the newest first."""
    ids = [departure.id for departure, _ in arriving.arrivals(station)]
    return tuple(ids[ids.index(running.id) + 1 :] if running.id in ids else ids)


def _aboard(station: Station, target: Departure) -> dict[str, str]:
    """Return what production ran once a departure had come: of what it did not bring, what came before it."""
    whole = {departure.id for departure in healthy(station)}
    found: dict[str, str] = {}
    for name in reversed((target.id, *_before_it(station, target))):
        manifest = station.ledger.manifest_of(name) if name in whole else None
        found |= {passenger.component: passenger.sha for passenger in manifest.passengers} if manifest else {}
    return found


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
    known = ", ".join(each.id.rpartition("/")[2] for each in choices) or "none"
    if to is None:
        return choices[0] if choices else None
    name = str(DepartureId.parse(f"{station.train.key}/{to}"))
    for each in choices:
        if each.id == name:
            return each
    if name == running.id:
        raise RollbackRefused(f"{running.id} is what runs now. Healthy before it: {known}.")
    raise RollbackRefused(
        f"{station.train.key}/{to} was never whole and healthy in {station.train.production}, or was rejected since. "
        f"Healthy before {running.id}: {known}."
    )


def _irreversible(station: Station, target: Departure | None, running: Departure) -> tuple[str, ...]:
    """Return the titles of changes after the target that bear a label of what cannot be undone (F48)."""
    marks = set(station.train.rollback.irreversible)
    before = _before_it(station, running)
    since = before[: before.index(target.id)] if target is not None and target.id in before else ()
    found: list[str] = []
    for name in (running.id, *since):
        manifest = station.ledger.manifest_of(name)
        facts = station.ledger.facts(name, kind="changes", subject=manifest.hash) if manifest is not None else ()
        for fact in facts:
            changes = (Change.model_validate(value) for value in fact.value["changes"])
            found += [change.title for change in changes if marks & set(change.labels)]
    return tuple(dict.fromkeys(found))
