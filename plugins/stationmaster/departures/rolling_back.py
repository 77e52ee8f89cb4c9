"""A failed promotion goes back to what prod ran before, in reverse order; no gate and no freeze stops it (C-18, F34, F45)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stationmaster.core.blockers import Blocker, blocker
from stationmaster.core.gates import Standing, Verdict, combine
from stationmaster.departures import deploying, telling, wording
from stationmaster.departures.acting import Receipt, perform
from stationmaster.departures.deploying import Leg
from stationmaster.departures.obstacles import StepImpossible, passed, waiting
from stationmaster.hooks.errors import ForgeConflict
from stationmaster.ledger.records import DepartureState

if TYPE_CHECKING:
    from stationmaster.departures.station import Station


def legs_to_undo(station: Station, departure: str) -> tuple[Leg, ...]:
    """Return the legs that this departure began on production, the newest first."""
    legs = (
        deploying.leg_of(station, departure, "promote", component.id)
        for component in reversed(station.train.components)
    )
    return tuple(leg for leg in legs if leg is not None and deploying.begun(station, leg))


def advance(station: Station, departure: str) -> Standing:
    """Take every component back as far as it goes now; PASS when production reports the recorded targets again.

    A component whose workflow is still running is cancelled first, so that it cannot deploy afterwards (F47).

    :raises StepImpossible: a target is unknown, or the way back needs a person.
    """
    legs = legs_to_undo(station, departure)
    standings = []
    for leg in legs:
        standing = _undo(station, leg)
        standings.append(standing)
        if standing.verdict is not Verdict.PASS:
            break
    standing = combine(standings) if standings else passed("rollback")
    if standing.verdict is Verdict.PASS and legs:
        _close(station, departure, legs)
    return standing


def _undo(station: Station, leg: Leg) -> Standing:
    target = _target(station, leg)
    stopped = _stop_run(station, leg)
    if stopped is not None:
        return stopped
    running = station.forge.deployed_sha(leg.repository, leg.environment)
    back = leg.model_copy(update={"sha": target})
    if running is not None and running.sha == target and not station.ledger.effect(_key(leg, target)):
        return passed("rollback")
    deploy = station.train.component(leg.component).deploy(leg.environment)
    if deploy.mode in ("workflow", "on_merge"):
        if deploy.workflow is None:
            raise StepImpossible(_by_hand(station, leg, target))
        tag = f"stationmaster-rollback-{target[:12]}"
        _tag(station, leg, tag, target)
        receipt = deploying.start_run(station, back, deploy, _key(leg, target), ref=tag)
        return _follow(station, leg, receipt, target)
    raise StepImpossible(_by_hand(station, leg, target))


def _key(leg: Leg, target: str) -> str:
    return f"{leg.departure}/rollback/{leg.component}/{leg.environment}/{target}/1"


def _target(station: Station, leg: Leg) -> str:
    facts = station.ledger.facts(leg.departure, kind="rollback_target", subject=leg.subject)
    if not facts or not facts[0].value["sha"]:
        raise StepImpossible(_by_hand(station, leg, "unknown"))
    return str(facts[0].value["sha"])


def _by_hand(station: Station, leg: Leg, target: str) -> Blocker:
    return blocker(
        "ROLLBACK_BY_HAND",
        who=(station.conductor.id,),
        component=leg.component,
        environment=leg.environment,
        target=target[:12],
    )


def _stop_run(station: Station, leg: Leg) -> Standing | None:
    for effect in station.ledger.effects(leg.key):
        run_id = effect.receipt.get("run_id")
        if run_id is None:
            continue
        run = station.forge.run(leg.repository, int(run_id))
        if not run.finished:
            try:
                station.forge.cancel_run(leg.repository, run.id)
            except ForgeConflict:
                continue  # it finished between the question and the request
            return waiting(
                "rollback",
                blocker("RUN_IN_PROGRESS", component=leg.component, run=run.url),
            )
    return None


def _tag(station: Station, leg: Leg, tag: str, target: str) -> None:
    def act() -> Receipt:
        made = station.forge.create_tag(leg.repository, tag, target)
        return {"ref": made.ref, "sha": made.sha}

    def look_up() -> Receipt | None:
        found = station.forge.find_tag(leg.repository, tag)
        return {"ref": tag, "sha": found} if found == target else None

    perform(
        station,
        f"{leg.departure}/rollback/{leg.component}/tag/{target}",
        intent={"repository": leg.repository, "tag": tag, "sha": target},
        act=act,
        look_up=look_up,
    )


def _follow(station: Station, leg: Leg, receipt: Receipt, target: str) -> Standing:
    run_id = receipt.get("run_id")
    if run_id is None:
        return waiting("rollback", blocker("RUN_NOT_FOUND", component=leg.component))
    run = station.forge.run(leg.repository, int(run_id))
    if run.finished and run.conclusion != "success":
        raise StepImpossible(_by_hand(station, leg, target))
    running = station.forge.deployed_sha(leg.repository, leg.environment)
    if run.finished and running is not None and running.sha == target:
        return passed("rollback")
    return waiting(
        "rollback",
        blocker(
            "RUN_IN_PROGRESS",
            since=run.created_at,
            component=leg.component,
            run=run.url,
        ),
    )


def _close(station: Station, departure: str, legs: tuple[Leg, ...]) -> None:
    manifest = station.ledger.manifest_of(departure)
    reason = f"{departure} was rolled back"
    if manifest is not None and station.ledger.rejection(manifest.hash) is None:
        station.ledger.reject(manifest.hash, reason, station.now(), "stationmaster")
    station.ledger.set_state(departure, DepartureState.ROLLED_BACK, station.now(), "stationmaster", reason)
    telling.tell(station, departure, "promote/rolled-back", wording.rolled_back(station, departure, legs))


def watch(station: Station, departure: str) -> Standing:
    """Return how the way back stands, without changing anything: PASS when a worker can take the next step."""
    for leg in legs_to_undo(station, departure):
        going = [effect for effect in station.ledger.effects(leg.key) if effect.receipt.get("run_id")]
        going += [
            effect
            for effect in station.ledger.effects(f"{departure}/rollback/{leg.component}/{leg.environment}")
            if effect.receipt.get("run_id")
        ]
        for effect in going:
            run = station.forge.run(leg.repository, int(effect.receipt["run_id"]))
            if not run.finished:
                return waiting("rollback", blocker("RUN_IN_PROGRESS", component=leg.component, run=run.url))
    return passed("rollback")
