"""A failed promotion goes back to what prod ran before, in reverse order; no gate stops it (C-18, F34, F45)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stationmaster.core.blockers import Blocker, blocker
from stationmaster.core.gates import Standing, Verdict, combine
from stationmaster.core.transitions import Act
from stationmaster.departures import arriving, freezing, runs, telling, wording
from stationmaster.departures.deploying import begun
from stationmaster.departures.legs import Leg, deployed, legs_of, release_lock, take_lock
from stationmaster.ledger.errors import EffectAmbiguous, EffectBusy, EffectUnknown
from stationmaster.ledger.records import DepartureState
from stationmaster.work.effects import FREE
from stationmaster.work.obstacles import StepImpossible, passed, waiting

CHOSEN = "rollback_chosen"
"""The fact that says where a person wants production to go back to."""

if TYPE_CHECKING:
    from stationmaster.departures.station import Station


def legs_to_undo(station: Station, departure: str) -> tuple[Leg, ...]:
    """Return the legs that this departure began on production, the newest first; of a chosen way only what it names."""
    chosen = station.ledger.fact(departure, CHOSEN)
    return tuple(
        leg
        for leg in reversed(legs_of(station, departure, "promote"))
        if begun(station, leg) and (chosen is None or leg.component in chosen.value["ways"])
    )


def advance(station: Station, departure: str) -> Standing:
    """Take every component back as far as it goes now; PASS when production reports the recorded targets again.

    A component whose workflow is still running is stopped first, so that it cannot deploy afterwards (F47). A promotion
    that never came to production leaves nothing to take back, and its manifest may be tried again.

    :raises StepImpossible: a target is unknown, or the way back needs a person.
    """
    found = station.ledger.departure(departure)
    if found is not None and found.state is DepartureState.ROLLED_BACK:
        return passed("rollback")
    legs = legs_to_undo(station, departure)
    if legs:
        chosen = station.ledger.fact(departure, CHOSEN)
        act, by = (Act.COMPENSATE, "stationmaster") if chosen is None else (Act.TAKE_BACK, chosen.by)
        why = "its promotion failed" if chosen is None else str(chosen.value["reason"])
        station.ledger.move(departure, act, station.now(), by, why)
        freezing.note_exemption(station, departure)
    standings = []
    for leg in legs:
        standing = _undo(station, leg)
        standings.append(standing)
        if standing.verdict is not Verdict.PASS:
            return combine(standings)
    for leg in legs:
        release_lock(station, leg)
    if any(_was_there(station, leg) for leg in legs):
        _close(station, departure, legs)
    elif legs:
        why = "nothing of it had come to production"
        station.ledger.move(departure, Act.FIND_NOTHING_TO_TAKE_BACK, station.now(), "stationmaster", why)
    return passed("rollback")


def watch(station: Station, departure: str) -> Standing:
    """Return how the way back stands, deploying nothing: PASS when a worker can take the next step."""
    for leg in legs_to_undo(station, departure):
        ending = _stop_runs(station, leg)
        if ending is not None:
            return ending
        back = _back(station, leg)
        asked = station.ledger.effect(_key(back)) if back else None
        if back is None or asked is None:
            return passed("rollback")
        standing = runs.follow(station, back, _key(back))
        if standing.verdict is Verdict.WAIT:
            return standing
        running = station.forge.deployed_sha(back.repository, back.environment)
        if standing.opens and asked.receipt and (running is None or running.sha != back.sha):
            return waiting("rollback", _not_back_yet(station, back, running.sha if running else "nothing"))
    return passed("rollback")


def _undo(station: Station, leg: Leg) -> Standing:
    back = _back(station, leg)
    if back is None:
        raise StepImpossible(_by_hand(station, leg, "unknown"))
    take_lock(station, leg)
    ending = _stop_runs(station, leg)
    if ending is not None:
        return ending
    running = station.forge.deployed_sha(leg.repository, leg.environment)
    there = running is not None and running.sha == back.sha
    key = _key(back)
    if there and station.ledger.effect(key) is None:
        return passed("rollback")
    _note_arrival(station, leg)
    deploy = station.train.component(leg.component).deploy(leg.environment)
    if deploy.mode not in ("workflow", "on_merge") or deploy.workflow is None:
        raise StepImpossible(_by_hand(station, leg, back.sha))
    try:
        runs.ask(station, back, key, guard=FREE, back=True)
    except EffectBusy as busy:
        return waiting("rollback", blocker("EFFECT_BUSY", effect=busy.key))
    except (EffectUnknown, EffectAmbiguous):
        return runs.follow(station, back, key)
    standing = runs.follow(station, back, key)
    if standing.verdict is Verdict.DENY:
        raise StepImpossible(_by_hand(station, leg, back.sha))
    if standing.opens and not there:
        return waiting("rollback", _not_back_yet(station, back, running.sha if running else "nothing"))
    return standing


def _key(back: Leg) -> str:
    return f"{back.departure}/rollback/{back.component}/{back.environment}/{back.sha}/1"


def _back(station: Station, leg: Leg) -> Leg | None:
    """Return the way to the target; None where nothing is known that ran there. What a person chose comes first."""
    chosen = station.ledger.fact(leg.departure, CHOSEN)
    if chosen is not None and leg.component in chosen.value["ways"]:
        return leg.model_copy(update={"sha": str(chosen.value["ways"][leg.component])})
    sha = _last_healthy(station, leg) if station.train.rollback.target == "last_healthy" else None
    if sha is None:
        facts = station.ledger.facts(leg.departure, kind="rollback_target", subject=leg.subject)
        sha = str(facts[0].value["sha"]) if facts and facts[0].value["sha"] else None
    return leg.model_copy(update={"sha": sha}) if sha else None


def _last_healthy(station: Station, leg: Leg) -> str | None:
    """Return the newest commit that an earlier departure verified there and that was not rejected since (F45)."""
    known = arriving.arrivals(station)
    own = next((at for found, at in known if found.id == leg.departure), None)
    for found, at in known:
        manifest = station.ledger.manifest_of(found.id)
        later = found.id == leg.departure or (own is not None and at > own)
        if later or manifest is None or station.ledger.rejection(manifest.hash):
            continue
        facts = station.ledger.facts(found.id, kind="deployed", subject=leg.subject)
        if facts:
            return str(facts[-1].value["sha"])
    return None


def _by_hand(station: Station, leg: Leg, target: str) -> Blocker:
    return blocker(
        "ROLLBACK_BY_HAND",
        who=(station.conductor.id,),
        component=leg.component,
        environment=leg.environment,
        target=target[:12],
    )


def _not_back_yet(station: Station, back: Leg, found: str) -> Blocker:
    component, environment, who = back.component, back.environment, (station.conductor.id,)
    return blocker(
        "NOT_DEPLOYED", who=who, component=component, environment=environment, found=found[:12], sha=back.sha[:12]
    )


def _stop_runs(station: Station, leg: Leg) -> Standing | None:
    """Stop what still runs for the leg; return what to wait for, None when all has come to its end."""
    for effect in station.ledger.effects(leg.key):
        if "workflow" not in effect.receipt:
            continue
        run = runs.run_of(station, leg, effect.receipt)
        if run is None or not runs.stop(station, leg, run, f"{effect.key}/cancel"):
            code = blocker("RUN_NOT_FOUND", component=leg.component)
            return waiting(
                "rollback",
                blocker("RUN_IN_PROGRESS", since=run.created_at, component=leg.component, run=run.url) if run else code,
            )
    return None


def _note_arrival(station: Station, leg: Leg) -> None:
    value = {"sha": leg.sha}
    station.ledger.record_once(leg.departure, "taken_back", leg.subject, value, station.now(), "stationmaster")


def _was_there(station: Station, leg: Leg) -> bool:
    taken = station.ledger.facts(leg.departure, kind="taken_back", subject=leg.subject)
    return bool(taken) or deployed(station, leg)


def _close(station: Station, departure: str, legs: tuple[Leg, ...]) -> None:
    manifest = station.ledger.manifest_of(departure)
    chosen = station.ledger.fact(departure, CHOSEN)
    reason = f"{departure} was rolled back" + (f": {chosen.value['reason']}" if chosen is not None else "")
    if manifest is not None and station.ledger.rejection(manifest.hash) is None:
        station.ledger.reject(manifest.hash, reason, station.now(), "stationmaster")
    station.ledger.move(departure, Act.END_WAY_BACK, station.now(), "stationmaster", reason)
    back = {leg.component: found.sha for leg in legs if (found := _back(station, leg)) is not None}
    for leg in legs:
        value = {"sha": back[leg.component]}
        station.ledger.record_once(departure, arriving.GONE_BACK, leg.subject, value, station.now(), "stationmaster")
    telling.tell(station, departure, "promote/rolled-back", wording.rolled_back(station, back))
