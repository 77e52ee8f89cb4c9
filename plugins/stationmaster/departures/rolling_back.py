"""Production goes back to what it ran before, in reverse order, for a person or because a promotion failed (C-18).

No gate stops it (F34, F45). What stops it is that nobody has asked and nothing has failed: each step passes a guard
that asks for the state, the attempt that holds, and the lock. First what still deploys is stopped, then all that was
sent goes back. The lock is given back at the end, and before that of what stays, of what a person brings back by hand,
and of what was refused.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from stationmaster.core.blockers import Blocker, blocker
from stationmaster.core.gates import Standing, Verdict
from stationmaster.core.transitions import Act
from stationmaster.departures import (
    acts,
    arriving,
    electing,
    freezing,
    last_word,
    runs,
    stopping,
    telling,
    train_log,
    wording,
)
from stationmaster.departures.deploying import begun
from stationmaster.departures.fitting import TARGET
from stationmaster.departures.last_word import COMPENSATED
from stationmaster.departures.legs import Leg, deployed, legs_of, release_way_back, take_way_back
from stationmaster.departures.mandates import CHOSEN, Mandate, Replaced, WayBackGuard, mandates, present
from stationmaster.departures.ways import Way, aboard, before, keep, known_good, stays, ways_of
from stationmaster.ledger.errors import EffectAmbiguous, EffectBusy, EffectUnknown, UnknownDeparture
from stationmaster.ledger.records import DepartureState
from stationmaster.work.effects import GateClosed, begin
from stationmaster.work.obstacles import StepImpossible, passed, waiting

if TYPE_CHECKING:
    from stationmaster.core.manifest import Manifest
    from stationmaster.departures.station import Station
    from stationmaster.ledger.pen import Pen
    from stationmaster.ledger.records import Fact

__all__ = ["CHOSEN", "COMPENSATED", "NothingFailed", "Replaced", "advance", "legs_to_undo", "watch"]

WAY_FAILED = "way_back_failed"
"""The fact that a workflow of a way back ended without success: subject the leg's, value ``{"attempt", "key"}``."""


class NothingFailed(RuntimeError):
    """Nobody has asked for a way back, and the ledger knows of no failure that would be its cause."""


def legs_to_undo(station: Station, departure: str) -> tuple[Leg, ...]:
    """Return the legs of which this departure sent something to production, the newest first, and those chosen.

    A component that is chosen and not aboard has a leg of what it runs: that goes.
    """
    mandate = _holding(station, departure)
    if mandate is None:
        legs = reversed(legs_of(station, departure, "promote"))
        return tuple(leg for leg in legs if was_sent(station, leg))
    return tuple(
        leg
        for leg in reversed(_legs_back(station, departure, mandate))
        if leg.component in mandate.ways or was_sent(station, leg)
    )


def _legs_back(station: Station, departure: str, mandate: Mandate | None) -> tuple[Leg, ...]:
    """Return the legs of a departure, and one for each other component that goes back with it, as they are deployed."""
    aboard_it = {leg.component: leg for leg in legs_of(station, departure, "promote")}
    beside = {
        name: Leg(
            departure=departure,
            stop="promote",
            component=name,
            environment=station.train.production,
            repository=station.train.component(name).repository,
            sha=sha,
        )
        for name, sha in (mandate.beside.items() if mandate is not None else ())
    }
    every = {**beside, **aboard_it}
    return tuple(every[each.id] for each in station.train.components if each.id in every)


def was_sent(station: Station, leg: Leg) -> bool:
    """Return whether this departure has, or may have, brought a leg's commit; not where it ran there before."""
    if not begun(station, leg):
        return False
    found = station.ledger.facts(leg.departure, kind=TARGET, subject=leg.subject)
    there_before = bool(found) and all(fact.value["sha"] == leg.sha for fact in found)
    by_hand = station.ledger.facts(leg.departure, kind="manual", subject=leg.key)
    return not there_before or bool(station.ledger.effects(leg.key)) or bool(by_hand)


def advance(station: Station, departure: str) -> Standing:
    """Take every component back as far as it goes now; PASS when production reports the targets again.

    Where nobody has asked for it, the failure that is the last word of the promotion is the cause.

    :raises ActRefused: the departure is in no state to be taken back.
    :raises NothingFailed: nobody has asked for it, and nothing has failed.
    :raises Replaced: another choice has taken the place of this attempt meanwhile.
    :raises StepImpossible: a target is unknown, or the way back needs a person.
    """
    last = present(station, departure)
    if _state(station, departure) is DepartureState.ROLLED_BACK:
        _tell_the_end(station, departure, last)
        return passed("rollback")
    if _state(station, departure) is DepartureState.DONE and last is not None and last.restores:
        return passed("rollback")  # what was deployed over it is gone already
    mandate = _holding(station, departure) or _compensate(station, departure)
    if mandate is None:
        return passed("rollback")
    freezing.note_exemption(station, departure)
    train_log.note_rollback(station, departure, mandate)
    telling.tell(
        station,
        departure,
        f"promote/going-back/{mandate.number}",
        wording.going_back(station, mandate.by, mandate.told, restores=departure if mandate.restores else ""),
    )
    _take_over(station, departure, mandate)
    ending = stopping.stop_all(station, departure, mandate)
    if ending is not None:
        return ending
    back: dict[Leg, str] = {}
    for leg in legs_to_undo(station, departure):
        standing, back[leg] = _undo(station, leg, mandate)
        if standing.verdict is not Verdict.PASS:
            return standing
    _end(station, departure, mandate, back)
    return passed("rollback")


def watch(station: Station, departure: str) -> Standing:
    """Return how the way back stands, deploying nothing: PASS when a worker can take the next step."""
    mandate = _holding(station, departure)
    if mandate is None:
        return passed("rollback")
    ending = stopping.stop_all(station, departure, mandate)
    if ending is not None:
        return ending
    for leg in legs_to_undo(station, departure):
        way = next((each for each in ways_of(station, leg) if each.attempt == mandate.number), None)
        asked = station.ledger.effect(key_of(leg, way)) if way is not None else None
        if way is None:
            return passed("rollback")
        if way.stays:
            continue
        if asked is None and electing.running_sha(station, leg.component, leg.environment) == way.sha:
            continue  # it ran that before
        if asked is None:
            return passed("rollback")
        back = leg.model_copy(update={"sha": way.sha})
        standing = runs.follow(station, back, asked.key)
        if standing.verdict is Verdict.WAIT:
            return standing
        running = electing.running_sha(station, leg.component, leg.environment)
        if standing.opens and asked.receipt and running != back.sha:
            return waiting("rollback", _not_back_yet(station, back, running))
    return passed("rollback")


def key_of(leg: Leg, way: Way) -> str:
    """Return the key of what is sent for one component in one attempt: each attempt has its own."""
    return f"{leg.departure}/rollback/{leg.component}/{leg.environment}/{way.sha}/{way.attempt}"


def under_way(station: Station, departure: str) -> str:
    """Return what of an attempt is on its way to production now, in words; empty where nothing is."""
    for leg in _legs_back(station, departure, present(station, departure)):
        for way in ways_of(station, leg):
            effect = station.ledger.effect(key_of(leg, way)) if way.sha else None
            if effect is None or effect.attempts == 0:
                continue
            back = leg.model_copy(update={"sha": way.sha})
            run = runs.run_of(station, back, effect.receipt) if effect.receipt else None
            if run is None and runs.follow(station, back, effect.key).verdict is Verdict.WAIT:
                return f"{leg.component} is being asked to go back to {way.sha[:12]}, and no run of it shows yet"
            if run is not None and not run.finished:
                return f"{leg.component} goes back to {way.sha[:12]}: {run.url}"
    return ""


def _holding(station: Station, departure: str) -> Mandate | None:
    """Return the attempt that holds, None for a departure that is not on its way back."""
    going = _state(station, departure) is DepartureState.ROLLING_BACK
    return present(station, departure) if going else None


def _state(station: Station, departure: str) -> DepartureState:
    found = station.ledger.departure(departure)
    if found is None:
        raise UnknownDeparture(f"there is no departure {departure!r}: nothing of it can be taken back.")
    return found.state


def _compensate(station: Station, departure: str) -> Mandate | None:
    """Begin to take a departure back because it failed; None where nothing of it was sent, or that was seen to."""
    acts.require(station, departure, Act.COMPENSATE)
    if not legs_to_undo(station, departure):
        return None
    failure = last_word.cause(station, departure)
    if failure is None:
        if _seen_to(station, departure):
            return None
        asked = last_word.still_asked(station, departure)
        if asked:
            raise NothingFailed(
                f"{departure} is not taken back yet: {asked}. Clear the task that asks, and answer *Roll back* there, "
                "or use the form of the rollback."
            )
        raise NothingFailed(
            f"{departure} is not taken back: the ledger knows of no failure that would be the cause, or the promotion "
            "has gone on since. A person takes it back by the form of the rollback."
        )
    manifest = station.ledger.manifest_of(departure)
    arrived = any(deployed(station, leg) for leg in legs_to_undo(station, departure))
    why = f"its promotion failed: {last_word.why(failure)}"
    value = {"failure": failure.seq, "kind": failure.kind, "why": why}

    def write(pen: Pen) -> None:
        from stationmaster.ledger.departures import rejected
        from stationmaster.ledger.facts import add_fact

        now, once = station.now(), f"{COMPENSATED}/{failure.seq}"
        add_fact(pen, departure, COMPENSATED, "rollback", value, now, "stationmaster", once=once)
        if manifest is not None and arrived:
            rejected(pen, manifest.hash, _rejection(departure, why), now, "stationmaster")

    number = len(mandates(station, departure)) + 1
    mandate = Mandate(number, Act.COMPENSATE, "stationmaster", why, {}, "", "", 0)
    try:
        begin(station, _Begin(station, departure, mandate, failure, write=write))
    except NothingFailed:
        if _holding(station, departure) is None:
            raise  # else another worker has just begun it
    return _holding(station, departure)


class _Begin(WayBackGuard):
    """The guard of a way back that nobody asked for: its failure is still the last word."""

    def __init__(self, station: Station, departure: str, mandate: Mandate, failure: Fact, **kwargs: object) -> None:
        super().__init__(station, departure, mandate, **kwargs)  # type: ignore[arg-type]
        self.failure = failure

    def ask(self) -> None:
        """Ask the state, and for the failure."""
        acts.DepartureGuard.ask(self)
        found = last_word.cause(self.station, self.subject)
        if found is None or found.seq != self.failure.seq:
            raise NothingFailed(f"{self.subject} is not taken back: its promotion has gone on since it failed.")


def _seen_to(station: Station, departure: str) -> bool:
    """Return whether what failed has led to a way back already, which found nothing to take back."""
    found = mandates(station, departure)
    return bool(found) and _state(station, departure) is DepartureState.FAILED


def _rejection(departure: str, why: str) -> str:
    return f"{departure} was rolled back: {why}"


def _take_over(station: Station, departure: str, mandate: Mandate) -> None:
    """Take the locks that the promotion still holds: what it has counted before is refused when it is sent (F47)."""
    for leg in legs_of(station, departure, "promote"):
        held = station.ledger.lock(leg.lock)
        if held is not None and held.holder == leg.holder:
            take_way_back(station, leg, by=mandate.by)


def _undo(station: Station, leg: Leg, mandate: Mandate) -> tuple[Standing, str]:
    """Take one component back as far as it goes now, and return what it is to run, or runs."""
    way = _way(station, leg, mandate)
    if way.stays:
        release_way_back(station, leg, why=f"{way.stays[:12]} has come since, and stays")
        return passed("rollback"), way.stays
    running = electing.running_sha(station, leg.component, leg.environment)
    if running is not None and running == way.sha and _is_over(station, leg, way):
        return passed("rollback"), way.sha
    deploy = station.train.component(leg.component).deploy(leg.environment)
    able = deploy.mode in ("workflow", "on_merge") and deploy.workflow is not None
    if not able or not way.sha:
        return _by_hand(station, leg, way, running)
    fence = take_way_back(station, leg, by=mandate.by)
    try:
        return _send(station, leg, way, mandate, fence, running), way.sha
    except _NeedsAPerson:
        return _by_hand(station, leg, way, running)
    except EffectBusy as busy:
        return waiting("rollback", blocker("EFFECT_BUSY", effect=busy.key)), way.sha
    except (EffectUnknown, EffectAmbiguous):
        return runs.follow(station, leg.model_copy(update={"sha": way.sha}), key_of(leg, way)), way.sha
    except GateClosed as closed:
        return closed.standing, way.sha
    except Replaced:
        raise  # the lock is of the attempt that has taken its place
    except Exception:
        # Whatever refused it: others need not wait for what does not go on by itself (F30).
        release_way_back(station, leg, why="the way back was refused")
        raise


class _NeedsAPerson(Exception):
    """The workflow of a way back ended without success."""


def _send(station: Station, leg: Leg, way: Way, mandate: Mandate, fence: int, running: str | None) -> Standing:
    back, key = leg.model_copy(update={"sha": way.sha}), key_of(leg, way)
    manifest = station.ledger.manifest_of(leg.departure)

    def write(pen: Pen) -> None:
        from stationmaster.ledger.departures import rejected
        from stationmaster.ledger.facts import add_fact

        if mandate.restores:
            return
        now, once = station.now(), f"taken_back/{leg.subject}"
        add_fact(pen, leg.departure, "taken_back", leg.subject, {"sha": leg.sha}, now, "stationmaster", once=once)
        if manifest is not None:
            rejected(pen, manifest.hash, _rejection(leg.departure, mandate.why), now, mandate.by)

    guard = WayBackGuard(station, leg.departure, mandate, leg=back, fence=fence, write=write)
    runs.ask(station, back, key, guard=guard, back=True)
    standing = runs.follow(station, back, key)
    if standing.verdict is Verdict.DENY:
        value = {"attempt": way.attempt, "key": key, "why": standing.blockers[0].model_dump(mode="json")}
        once = f"{WAY_FAILED}/{key}"
        station.ledger.record_once(
            leg.departure, WAY_FAILED, leg.subject, value, station.now(), "stationmaster", key=once
        )
        raise _NeedsAPerson
    if standing.opens and running != back.sha:
        return waiting("rollback", _not_back_yet(station, back, running))
    return standing


def _way(station: Station, leg: Leg, mandate: Mandate) -> Way:
    """Return where an attempt takes a leg, worked out when it is first needed, and kept."""
    known = next((way for way in ways_of(station, leg) if way.attempt == mandate.number), None)
    if known is not None:
        return known
    sha = mandate.ways.get(leg.component, "")
    if not sha and mandate.named:
        named = station.ledger.departure(mandate.named)
        sha = aboard(station, named).get(leg.component, "") if named is not None else ""
    if not sha:
        last = mandate.act is Act.TAKE_BACK or station.train.rollback.target == "last_healthy"
        found = before(station, leg, last_healthy=last)
        sha = found.sha if found is not None else ""
    left = "" if mandate.named else stays(station, leg, sha)
    return keep(station, leg, Way(attempt=mandate.number, sha=sha, stays=left))


def _is_over(station: Station, leg: Leg, way: Way) -> bool:
    """Return whether nothing that an attempt has sent for a leg is still at work."""
    effect = station.ledger.effect(key_of(leg, way))
    if effect is None or effect.attempts == 0:
        return True
    back = leg.model_copy(update={"sha": way.sha})
    run = runs.run_of(station, back, effect.receipt) if effect.receipt else None
    return run is not None and run.finished


def _by_hand(station: Station, leg: Leg, way: Way, running: str | None) -> tuple[Standing, str]:
    """Return that a person has brought production back, or ask them to; others may work there meanwhile."""
    release_way_back(station, leg, why="it goes back by hand")
    if running is not None and (running == way.sha or known_good(station, leg, running)):
        return passed("rollback"), running
    raise StepImpossible(
        blocker(
            "ROLLBACK_BY_HAND",
            who=(station.conductor.id,),
            component=leg.component,
            environment=leg.environment,
            target=way.sha[:12] or "unknown",
        )
    )


def _not_back_yet(station: Station, back: Leg, found: str | None) -> Blocker:
    component, environment, who = back.component, back.environment, (station.conductor.id,)
    return blocker(
        "NOT_DEPLOYED",
        who=who,
        component=component,
        environment=environment,
        found=(found or "nothing")[:12],
        sha=back.sha[:12],
    )


def _end(station: Station, departure: str, mandate: Mandate, back: dict[Leg, str]) -> None:
    """End the way back: what production runs again is kept with the state, in one transaction."""
    if mandate.act is Act.COMPENSATE and not any(_was_there(station, leg) for leg in back):
        why = "nothing of it had come to production"
        station.ledger.move(departure, Act.FIND_NOTHING_TO_TAKE_BACK, station.now(), "stationmaster", why)
    else:
        manifest = station.ledger.manifest_of(departure)
        with station.ledger.writing() as pen:
            _write_end(station, pen, departure, mandate, back, manifest)
    for leg in _legs_back(station, departure, mandate):
        release_way_back(station, leg, why="the way back is over")
    if mandate.restores:
        text = wording.restored(station, departure, {leg.component: sha for leg, sha in back.items()})
        telling.tell(station, departure, f"promote/restored/{mandate.number}", text)
    elif _state(station, departure) is DepartureState.ROLLED_BACK:
        _tell_the_end(station, departure, mandate)


def _write_end(
    station: Station, pen: Pen, departure: str, mandate: Mandate, back: dict[Leg, str], manifest: Manifest | None
) -> None:
    from stationmaster.ledger.departures import moved, rejected
    from stationmaster.ledger.facts import add_fact

    now = station.now()
    if mandate.restores:
        moved(pen, departure, Act.END_RESTORING, now, "stationmaster", f"{mandate.by} brought it back: {mandate.why}")
        return
    reason = _rejection(departure, mandate.why)
    moved(pen, departure, Act.END_WAY_BACK, now, "stationmaster", reason)
    if manifest is not None:
        rejected(pen, manifest.hash, reason, now, mandate.by)
    for leg, sha in back.items():
        once = f"{arriving.GONE_BACK}/{leg.subject}"
        add_fact(pen, departure, arriving.GONE_BACK, leg.subject, {"sha": sha}, now, "stationmaster", once=once)


def _was_there(station: Station, leg: Leg) -> bool:
    taken = station.ledger.facts(leg.departure, kind="taken_back", subject=leg.subject)
    return bool(taken) or deployed(station, leg)


def _tell_the_end(station: Station, departure: str, mandate: Mandate | None) -> None:
    facts = station.ledger.facts(departure, kind=arriving.GONE_BACK)
    back = {fact.subject.rpartition("/")[0]: str(fact.value["sha"]) for fact in facts}
    newest = {
        leg.component: ways[-1] for leg in _legs_back(station, departure, mandate) if (ways := ways_of(station, leg))
    }
    staying = frozenset(name for name, way in newest.items() if way.stays)
    deployed_there = (each for each in station.train.components if each.deploy(station.train.production).mode != "none")
    named = mandate.named if mandate is not None else ""
    left = tuple(each.id for each in deployed_there if named and each.id not in back)
    text = wording.rolled_back(station, back, staying, named=named, left=left)
    telling.tell(station, departure, "promote/rolled-back", text)
