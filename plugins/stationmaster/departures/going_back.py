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

    Where both are the same, what somebody else deployed over it goes, and the departure itself stays as it is.

    :param named: whether a person has named the target: then every component of the train runs what it had brought.
    :param staying: what has come since, and stays: ``<component> … <commit>`` in words.
    :param passed: other departures of which something goes back, too.
    """

    departure: str
    target: str
    ways: tuple[Way, ...]
    irreversible: tuple[str, ...] = ()
    named: bool = False
    staying: tuple[str, ...] = ()
    passed: tuple[str, ...] = ()

    @property
    def restores(self) -> bool:
        """Whether only what was deployed over the departure goes, and nothing of the departure itself."""
        return self.named and self.departure == self.target

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
        if self.restores:
            said.append(f"{self.departure} stays as it is, and so does its manifest")
        else:
            said.append(f"{self.departure} becomes ROLLED_BACK, and its manifest is rejected")
        said += [f"the manifest of {name} is rejected, too" for name in self.passed]
        said += [f"cannot be undone by going back: {title}" for title in self.irreversible]
        return tuple(said)


def plan(station: Station, to: str | None = None) -> RollbackPlan:
    """Return what a rollback would do now.

    :param to: the week that production is to run, such as ``2026-W33`` (or ``2026-W33.hotfix-1``): every component
        then runs what that departure had brought, or had found there. None: of each component that the newest departure
        brought what was healthy before, or what production ran before if nothing was. What has come since stays.
    :raises RollbackRefused: production runs nothing of this train, there is no such healthy departure, or a component
        runs what no departure has brought, and no week is named.
    """
    running = _running(station)
    if running is None:
        environment = station.train.production
        raise RollbackRefused(f"{environment} runs nothing that a departure of {station.train.key} brought.")
    choices = [each for each in healthy(station) if each.id in _before_it(station, running)]
    named = _named(station, running, choices, to)
    if named is not None:
        return _plan_named(station, running, named)
    going = running.state in _UNDER_WAY
    ways, staying, sources = [], [], set()
    _refuse_drift(station, running)
    for leg in reversed(legs_of(station, running.id, "promote")):
        if not begun(station, leg):
            continue
        found = before(station, leg, last_healthy=True)
        sha = found.sha if found is not None else None
        now = electing.running_sha(station, leg.component, leg.environment) or leg.sha
        left = stays(station, leg, sha or "")
        if left:
            staying.append(_stays(leg, left))
        elif sha and (going or sha not in (leg.sha, now)):
            ways.append(Way(component=leg.component, environment=leg.environment, running=now, target=sha))
            sources.add(found.departure if found is not None else "")
    name = _name(station, running, sources)
    if not ways:
        told = f" {' '.join(staying)}." if staying else ""
        raise RollbackRefused(f"{station.train.production} runs {name} already: there is nothing to take back.{told}")
    return RollbackPlan(
        departure=running.id,
        target=name,
        ways=tuple(ways),
        irreversible=_irreversible(station, station.ledger.departure(name), running),
        staying=tuple(staying),
    )


def _plan_named(station: Station, running: Departure, named: Departure) -> RollbackPlan:
    """Return the plan that lets every component run what a departure had brought: each stands in it, from → to."""
    environment, wanted = station.train.production, aboard(station, named)
    begun_legs = {leg.component for leg in legs_of(station, running.id, "promote") if begun(station, leg)}
    ways, staying, passed = [], [], set()
    for component in reversed(station.train.components):
        if component.deploy(environment).mode == "none":
            continue
        sha, now = wanted.get(component.id), electing.running_sha(station, component.id, environment)
        if not sha:
            runs = now[:12] if now else "nothing that it reports"
            staying.append(
                f"{component.id} on {environment} stays on {runs}: neither {named.id} nor anything before brought it"
            )
            continue
        ways.append(Way(component=component.id, environment=environment, running=now or sha, target=sha))
        if now not in (None, sha) and component.id not in begun_legs:
            passed |= _brought_by(station, component.id, str(now)) - {running.id, named.id}
    going = running.state in _UNDER_WAY and running.id != named.id
    if not any(way.running != way.target for way in ways) and not going:
        told = f" {' '.join(staying)}." if staying else ""
        raise RollbackRefused(f"{environment} runs {named.id} already: there is nothing to take back.{told}")
    return RollbackPlan(
        departure=running.id,
        target=named.id,
        ways=tuple(ways),
        irreversible=_irreversible(station, named, running) if running.id != named.id else (),
        named=True,
        staying=tuple(staying),
        passed=tuple(sorted(passed)),
    )


def _brought_by(station: Station, component: str, sha: str) -> set[str]:
    """Return the departures that have brought a commit to production."""
    subject = f"{component}/{station.train.production}"
    return {
        departure.id
        for departure in station.ledger.departures(station.train.key, kinds=arriving.TO_PRODUCTION)
        for fact in station.ledger.facts(departure.id, kind=arriving.DEPLOYED, subject=subject)
        if fact.value["sha"] == sha
    }


def _drifted(station: Station, running: Departure) -> list[tuple[str, str, str]]:
    """Return what production runs that neither a departure nor a way back brought: component, commit, the right one."""
    environment = station.train.production
    legs = {leg.component: leg for leg in legs_of(station, running.id, "promote")}
    found = []
    for component in station.train.components:
        leg = legs.get(component.id)
        now = electing.running_sha(station, component.id, environment)
        if component.deploy(environment).mode == "none" or now is None:
            continue
        known = before(station, leg, last_healthy=True) if leg is not None else None
        if leg is not None and not stays(station, leg, known.sha if known is not None else ""):
            continue
        right = arriving.drifted(station, component.id, now)
        if right is not None:
            found.append((component.id, now, right))
    return found


def _refuse_drift(station: Station, running: Departure) -> None:
    """Refuse to guess what is ill where somebody has deployed past the train: the week says what is to run (F50).

    :raises RollbackRefused: a component runs what no departure has brought.
    """
    found = _drifted(station, running)
    if found:
        environment, week = station.train.production, running.id.rpartition("/")[2]
        told = " ".join(
            f"{component} on {environment} runs {now[:12]}, which no departure has brought; {right[:12]} should run "
            "there."
            for component, now, right in found
        )
        raise RollbackRefused(
            f"{told} Name the week that is to run: {week} to bring back what was deployed over it and nothing else, or "
            "an earlier one to take all components back to it."
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
    aboard_it = {leg.component for leg in legs_of(station, found.departure, "promote")}
    beside = {way.component: way.running for way in found.ways if way.component not in aboard_it}
    value |= {"beside": beside} if beside else {}
    begin(station, _ChoiceGuard(station, found, value, by=by))
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

    def __init__(self, station: Station, found: RollbackPlan, value: dict[str, Any], *, by: str) -> None:
        super().__init__(station, found.departure, Act.TAKE_BACK, by=by, why=str(value["reason"]))
        self.value = value
        rejected = (*(() if found.restores else (found.departure,)), *found.passed)
        aboard_them = ((name, station.ledger.manifest_of(name)) for name in rejected)
        self.rejected = [(name, manifest.hash) for name, manifest in aboard_them if manifest is not None]
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
        for name, manifest in self.rejected:
            rejected(pen, manifest, f"{name} was rolled back: {self.why}", now, self.by)

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
        if _restorable(station, running):
            return running
        raise RollbackRefused(f"{running.id} is what runs now. Healthy before it: {known}.")
    raise RollbackRefused(
        f"{station.train.key}/{to} was never whole and healthy in {station.train.production}, or was rejected since. "
        f"Healthy before {running.id}: {known}."
    )


def _restorable(station: Station, running: Departure) -> bool:
    """Return whether what should run has something else deployed over it, or is being brought back already."""
    present_one = present(station, running.id)
    if running.state is DepartureState.ROLLING_BACK:
        return present_one is not None and present_one.restores
    whole = any(each.id == running.id for each in healthy(station))
    return whole and bool(_drifted(station, running))


def _name(station: Station, running: Departure, sources: set[str]) -> str:
    """Return what the components go back to, in words: a departure, the newest of several, or what ran before."""
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
