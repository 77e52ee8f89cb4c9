"""A rollback that a person asks for: to what was healthy in production before, never past what cannot be undone.

It is never kept from happening by a freeze or a gate; it rejects the manifest that it takes back when it begins, so
that no train brings it again before people say so (F34, F44 … F48).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stationmaster.core import escaping
from stationmaster.core.changelog import Change
from stationmaster.core.departure_ids import DepartureId
from stationmaster.core.transitions import Act
from stationmaster.core.value import Value
from stationmaster.departures import arriving, electing, rolling_back, train_log
from stationmaster.departures.acts import DepartureGuard
from stationmaster.departures.deploying import begun
from stationmaster.departures.fitting import TARGET
from stationmaster.departures.legs import deployed, legs_of
from stationmaster.departures.mandates import CHOSEN, Mandate, mandates, present
from stationmaster.departures.ways import aboard, before, healthy, stays
from stationmaster.ledger.errors import CountOutdated
from stationmaster.ledger.records import DepartureState
from stationmaster.work.effects import begin

if TYPE_CHECKING:
    from stationmaster.departures.legs import Leg
    from stationmaster.departures.station import Station
    from stationmaster.ledger.pen import Pen
    from stationmaster.ledger.records import Departure

_CAME_TO_PRODUCTION = (
    DepartureState.DONE,
    DepartureState.PARTIAL,
    DepartureState.FAILED,
    DepartureState.PROMOTING,
    DepartureState.ROLLING_BACK,
)


_UNDER_WAY = (DepartureState.PROMOTING, DepartureState.ROLLING_BACK)
"""The states in which what was sent may still arrive: it is taken back wherever production stands now."""


class RollbackRefused(ValueError):
    """A rollback that would go nowhere, or to something that was not healthy, or while another is under way."""


class Way(Value):
    """One component's way back: from what runs there now."""

    component: str
    environment: str
    running: str
    target: str


class RollbackPlan(Value):
    """What a rollback would do: ``departure`` is taken back to what ``target`` had brought.

    :param named: whether a person has named the target: only then what has come since goes back, too.
    :param staying: what has come since, and stays: ``<component> … <commit>`` in words.
    """

    departure: str
    target: str
    ways: tuple[Way, ...]
    irreversible: tuple[str, ...] = ()
    named: bool = False
    staying: tuple[str, ...] = ()

    @property
    def sentences(self) -> tuple[str, ...]:
        """What will happen, in words."""
        said = [
            f"{way.component} on {way.environment} goes from {way.running[:12]} back to {way.target[:12]}"
            if way.running != way.target
            else f"{way.component} on {way.environment} runs {way.target[:12]} already"
            for way in self.ways
        ]
        said += list(self.staying)
        said.append(f"{self.departure} becomes ROLLED_BACK, and its manifest is rejected")
        said += [f"cannot be undone by going back: {title}" for title in self.irreversible]
        return tuple(said)


def plan(station: Station, to: str | None = None) -> RollbackPlan:
    """Return what a rollback would do now.

    :param to: the week of the departure to go back to, such as ``2026-W33`` (or ``2026-W33.hotfix-1``); None: of each
        component what was healthy before, or what production ran before if nothing was. What has come since stays.
    :raises RollbackRefused: production runs nothing of this train, or there is no such healthy departure.
    """
    running = _running(station)
    if running is None:
        environment = station.train.production
        raise RollbackRefused(f"{environment} runs nothing that a departure of {station.train.key} brought.")
    choices = [each for each in healthy(station) if each.id in _before_it(station, running)]
    named = _named(station, running, choices, to)
    going = running.state in _UNDER_WAY
    ways, staying, sources = [], [], set()
    shas = aboard(station, named) if named is not None else {}
    for leg in reversed(legs_of(station, running.id, "promote")):
        if not begun(station, leg):
            continue
        found = before(station, leg, last_healthy=True) if named is None else None
        sha = shas.get(leg.component) if named is not None else (found.sha if found is not None else None)
        now = electing.running_sha(station, leg.component, leg.environment) or leg.sha
        left = stays(station, leg, sha or "") if named is None else ""
        if left:
            staying.append(_stays(leg, left))
        elif sha and (going or sha not in (leg.sha, now)):
            ways.append(Way(component=leg.component, environment=leg.environment, running=now, target=sha))
            sources.add(found.departure if found is not None else "")
    name = _name(station, running, named, sources)
    if not ways:
        told = f" {' '.join(staying)}." if staying else ""
        raise RollbackRefused(f"{station.train.production} runs {name} already: there is nothing to take back.{told}")
    target = named or station.ledger.departure(name)
    return RollbackPlan(
        departure=running.id,
        target=name,
        ways=tuple(ways),
        irreversible=_irreversible(station, target, running),
        named=named is not None,
        staying=tuple(staying),
    )


def choose(
    station: Station, found: RollbackPlan, *, reason: str, by: str, accept_irreversible: bool, run: str = ""
) -> Mandate:
    """Begin the rollback: from here on nothing of the departure goes out, and what is aboard is rejected.

    A second choice takes the place of the first, as long as nothing of that is on its way.
    :func:`stationmaster.departures.rolling_back.advance` does what is chosen.

    :param run: the run of the form that asks, as ``<DAG>/<run id>``: it chooses once.
    :raises RollbackRefused: no reason is given, something cannot be undone and nobody accepts that (F48), or another
        rollback is under way.
    :raises ActRefused: the departure is in no state to be taken back.
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
        "named": found.named,
        "ways": {way.component: way.target for way in found.ways},
        "reason": escaping.one_line(reason.strip()),
        "run": run,
    }
    begin(station, _ChoiceGuard(station, found.departure, value, by=by))
    mandate = present(station, found.departure)
    if mandate is None:
        raise LookupError(f"the choice of {by} about {found.departure} is not in the ledger")
    train_log.note_rollback(station, found.departure, mandate)
    return mandate


def chosen_by(station: Station, departure: str, run: str) -> Mandate | None:
    """Return what a run of the form has chosen, None before."""
    return next((each for each in mandates(station, departure) if each.run and each.run == run), None)


class _ChoiceGuard(DepartureGuard):
    """The guard of a choice: the state allows it, and nothing of an earlier attempt is on its way to production."""

    def __init__(self, station: Station, departure: str, value: dict[str, Any], *, by: str) -> None:
        super().__init__(station, departure, Act.TAKE_BACK, by=by, why=str(value["reason"]))
        self.value = value
        self.manifest = station.ledger.manifest_of(departure)
        self._sent: list[tuple[str, int, str]] | None = None

    def ask(self) -> None:
        """Ask the state, and what is under way."""
        self._sent = self._attempts()
        super().ask()
        moving = rolling_back.under_way(self.station, self.subject)
        before_it = present(self.station, self.subject)
        if moving and before_it is not None:
            raise RollbackRefused(
                f"{self.subject} is on its way back already, as {before_it.by} asked ({before_it.told}): {moving}. "
                "Wait until that has ended, or cancel it on GitHub; then choose again."
            )

    def require(self, pen: Pen) -> None:
        """Compare, move the state, keep the choice and reject what is aboard: all of it, or nothing."""
        from stationmaster.ledger.departures import rejected
        from stationmaster.ledger.facts import add_fact

        super().require(pen)
        if self._attempts(pen) != self._sent:
            raise CountOutdated(f"{self.subject} has begun to go back meanwhile")
        now, run = self.station.now(), str(self.value["run"])
        once = f"{CHOSEN}/{run}" if run else None
        add_fact(pen, self.subject, CHOSEN, "rollback", self.value, now, self.by, once=once)
        if self.manifest is not None:
            rejected(pen, self.manifest.hash, f"{self.subject} was rolled back: {self.why}", now, self.by)

    def _attempts(self, pen: Pen | None = None) -> list[tuple[str, int, str]]:
        """Return what was sent of earlier attempts: it is no part of the departure's version."""
        from stationmaster.ledger.effects import effects_below

        prefix = f"{self.subject}/rollback"
        found = self.station.ledger.effects(prefix) if pen is None else effects_below(pen.session, prefix)
        return [(effect.key, effect.attempts, str(effect.state)) for effect in found]


def _running(station: Station) -> Departure | None:
    """Return what changed production last and was not taken back."""
    since = _placed(station)
    found = station.ledger.departures(station.train.key, states=_CAME_TO_PRODUCTION, kinds=arriving.TO_PRODUCTION)
    for departure in sorted(found, key=lambda each: (since.get(each.id, 0), each.changed_at), reverse=True):
        legs = [leg for leg in legs_of(station, departure.id, "promote") if begun(station, leg)]
        if legs and (departure.state in _UNDER_WAY or any(_was_there(station, leg) for leg in legs)):
            return departure
    return None


def _was_there(station: Station, leg: Leg) -> bool:
    """Return whether a leg's commit came to production, or runs there although nobody has seen it arrive."""
    return deployed(station, leg) or electing.running_sha(station, leg.component, leg.environment) == leg.sha


def _placed(station: Station) -> dict[str, int]:
    """Return, by departure, the place in the ledger at which it last changed production."""
    production = station.train.production
    found: dict[str, int] = {}
    for departure in station.ledger.departures(station.train.key, kinds=arriving.TO_PRODUCTION):
        for kind in (arriving.DEPLOYED, TARGET):
            for fact in station.ledger.facts(departure.id, kind=kind):
                if fact.subject.endswith(f"/{production}"):
                    found[departure.id] = max(fact.seq, found.get(departure.id, 0))
    return found


def _before_it(station: Station, running: Departure) -> tuple[str, ...]:
    """Return the ids of what came to production before a departure last changed it, the newest first."""
    ids = [departure.id for departure, _ in arriving.arrivals(station)]
    placed = _placed(station)
    last = placed.get(running.id)
    return tuple(name for name in ids if name != running.id and (last is None or placed.get(name, 0) < last))


def _named(station: Station, running: Departure, choices: list[Departure], to: str | None) -> Departure | None:
    """Return the departure that a person names; None: they name none."""
    if to is None:
        return None
    known = ", ".join(each.id.rpartition("/")[2] for each in choices) or "none"
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


def _name(station: Station, running: Departure, named: Departure | None, sources: set[str]) -> str:
    """Return what the components go back to, in words: a departure, the newest of several, or what ran before."""
    if named is not None:
        return named.id
    if not sources or "" in sources:
        return f"what ran before {running.id}"
    placed = _placed(station)
    return max(sources, key=lambda name: placed.get(name, 0))


def _stays(leg: Leg, running: str) -> str:
    return (
        f"{leg.component} on {leg.environment} runs {running[:12]}, which has come since: it stays, unless you name "
        "the week to go back to"
    )


def _irreversible(station: Station, target: Departure | None, running: Departure) -> tuple[str, ...]:
    """Return the titles of changes after the target that bear a label of what cannot be undone (F48)."""
    marks = set(station.train.rollback.irreversible)
    before_it = _before_it(station, running)
    since = before_it[: before_it.index(target.id)] if target is not None and target.id in before_it else ()
    found: list[str] = []
    for name in (running.id, *since):
        manifest = station.ledger.manifest_of(name)
        facts = station.ledger.facts(name, kind="changes", subject=manifest.hash) if manifest is not None else ()
        for fact in facts:
            changes = (Change.model_validate(value) for value in fact.value["changes"])
            found += [change.title for change in changes if marks & set(change.labels)]
    return tuple(dict.fromkeys(found))
