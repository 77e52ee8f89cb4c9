"""A component onto an environment: once, in its mode, followed to what the environment itself reports (C-17 … C-24)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from stationmaster.core.blockers import Blocker, blocker
from stationmaster.core.gates import Standing
from stationmaster.departures import electing, freezing, gating, runs
from stationmaster.departures.fitting import fits, record_target, there_already
from stationmaster.departures.legs import (
    Leg,
    deployed,
    leg_of,
    legs_of,
    record_deployed,
    release_lock,
    release_locks,
    take_lock,
)
from stationmaster.departures.resting import rest, resting
from stationmaster.ledger.errors import EffectAmbiguous, EffectBusy, EffectRefused, EffectUnknown, LockLost
from stationmaster.work.effects import Receipt, perform
from stationmaster.work.obstacles import StepImpossible, passed, waiting

if TYPE_CHECKING:
    from stationmaster.departures.station import Station

__all__ = [
    "Leg",
    "RunFailed",
    "advance",
    "begun",
    "deployed",
    "fail_run",
    "fits",
    "leg_of",
    "legs_of",
    "record_deployed",
    "release_locks",
    "run_standing",
    "take_lock",
]


class RunFailed(StepImpossible):
    """A deploy workflow ended without success; only a person who clears the task starts another attempt."""


class GateClosed(EffectRefused):
    """The recount immediately before the effect found a gate closed: nothing was sent (F10, F32)."""

    def __init__(self, standing: Standing) -> None:
        super().__init__("; ".join(found.sentence for found in standing.blockers) or str(standing.verdict))
        self.standing = standing


def advance(
    station: Station, leg: Leg, *, generation: int, before_effect: Callable[[], None] = lambda: None
) -> Standing:
    """Take the leg as far as it goes now; PASS when nothing is left to do but to verify.

    The gates first, then the lock, then what runs there is recorded as the rollback target, then the gates again and
    the effect, once. What waits for GitHub alone has the gate ``run``.

    :param generation: grows when a person clears the task; only then may a failed run be started anew.
    :param before_effect: called once the gates are open and the lock is held, before anything is changed.
    :raises RunFailed: the workflow ended without success.
    :raises LockHeld: somebody else is at this environment.
    """
    if deployed(station, leg):
        return passed("deploy")
    key = _key(station, leg)
    effect = station.ledger.effect(key)
    if effect is not None and effect.receipt:
        return _follow(station, leg, key)
    if effect is None:
        _refuse_second_try(station, leg, generation)
    halted = _halted(station, leg, gates=effect is None)
    return halted or _attempt(station, leg, key, before_effect)


def run_standing(station: Station, leg: Leg) -> Standing:
    """Return how the leg's workflow run stands; see :func:`stationmaster.departures.runs.follow`."""
    return _follow(station, leg, _key(station, leg))


def fail_run(station: Station, leg: Leg, standing: Standing, *, generation: int) -> None:
    """Record that the present attempt failed, once, and raise.

    :raises RunFailed: always.
    """
    key = _key(station, leg)
    value = {"generation": generation, "key": key, "why": standing.blockers[0].model_dump(mode="json")}
    station.ledger.record_once(
        leg.departure, "run_failed", leg.key, value, station.now(), "stationmaster", key=f"run_failed/{key}"
    )
    raise RunFailed(*standing.blockers)


def begun(station: Station, leg: Leg) -> bool:
    """Return whether this departure has, or may have, changed the environment. What GitHub refused has not."""
    if deployed(station, leg) or station.ledger.facts(leg.departure, kind="manual", subject=leg.key):
        return True
    for effect in station.ledger.effects(leg.key):
        if effect.receipt:
            return True
        if effect.attempts and "workflow" in effect.intent:
            workflow = str(effect.intent["workflow"])
            if station.forge.find_runs(leg.repository, workflow, effect.key, effect.intended_at):
                return True
    return False


def _attempt(station: Station, leg: Leg, key: str, before_effect: Callable[[], None]) -> Standing:
    fence = take_lock(station, leg)
    record_target(station, leg)

    def guard() -> None:
        _recount(station, leg, fence)
        freezing.note_use(station, leg.departure, leg.stop)
        before_effect()

    try:
        return _act(station, leg, key, guard)
    except GateClosed as closed:
        release_lock(station, leg)
        return closed.standing
    except EffectBusy as busy:
        return waiting("run", blocker("EFFECT_BUSY", effect=busy.key))
    except EffectAmbiguous:
        return _follow(station, leg, key)
    except EffectUnknown as unknown:
        asked = station.ledger.effect(key)
        if asked is not None and electing.by_proposal(station, leg.component, leg.environment):
            raise  # looked for again by a worker, as soon as it may show
        return _follow(station, leg, key) if asked is not None else rest(station, leg, unknown)
    except EffectRefused as refused:
        return rest(station, leg, refused)


def _halted(station: Station, leg: Leg, *, gates: bool) -> Standing | None:
    """What may have happened is looked for whatever the gates say; they are counted before it is repeated."""
    if gates:
        standing = gating.stop_standing(station, leg.departure, leg.stop)
        if not standing.opens:
            return standing
        fit = fits(station, leg)
        if fit is not None:
            return fit
    found = resting(station, leg)
    return waiting("deploy", found) if found else None


def _recount(station: Station, leg: Leg, fence: int) -> None:
    standing = gating.stop_standing(station, leg.departure, leg.stop)
    fit = fits(station, leg) if standing.opens else None
    if not standing.opens or fit is not None:
        raise GateClosed(fit or standing)
    try:
        station.ledger.check(leg.lock, fence)
    except LockLost as lost:
        raise EffectRefused(str(lost)) from lost


def _act(station: Station, leg: Leg, key: str, guard: Callable[[], None]) -> Standing:
    deploy = station.train.component(leg.component).deploy(leg.environment)
    if there_already(station, leg, deploy):
        guard()
        return passed("deploy")
    if deploy.mode == electing.MODE:
        electing.ask(station, leg, key, guard=guard)
        return electing.follow(station, leg, key)
    if deploy.branch is not None:
        _move_branch(station, leg, deploy.branch, guard)
    if deploy.workflow is not None and deploy.mode in ("workflow", "on_merge"):
        runs.ask(station, leg, key, guard=guard)
        return runs.follow(station, leg, key)
    if deploy.branch is None:
        guard()
    if deploy.mode == "manual" and not station.ledger.facts(leg.departure, kind="manual", subject=leg.key):
        who, environment = (station.conductor.id,), leg.environment
        return waiting(
            "deploy", blocker("MANUAL_DEPLOY_OPEN", who=who, component=leg.component, environment=environment)
        )
    return passed("deploy")


def _follow(station: Station, leg: Leg, key: str) -> Standing:
    """Return how what was asked for stands: a workflow's run, or an election."""
    if electing.by_proposal(station, leg.component, leg.environment):
        return electing.follow(station, leg, key)
    return runs.follow(station, leg, key)


def _key(station: Station, leg: Leg) -> str:
    """Return the key of the attempt that counts: the next one, or a failed one that has come right since (F53)."""
    failed = _failures(station, leg)
    elected = electing.by_proposal(station, leg.component, leg.environment)
    following = f"{leg.key}/{len(failed) + 1}"
    if (
        failed
        and not elected
        and station.ledger.effect(following) is None
        and runs.came_right(station, leg, failed[-1][1])
    ):
        return failed[-1][1]
    return following


def _failures(station: Station, leg: Leg) -> list[tuple[int, str]]:
    facts = station.ledger.facts(leg.departure, kind="run_failed", subject=leg.key)
    return [(int(fact.value["generation"]), str(fact.value["key"])) for fact in facts]


def _refuse_second_try(station: Station, leg: Leg, generation: int) -> None:
    facts = station.ledger.facts(leg.departure, kind="run_failed", subject=leg.key)
    if facts and int(facts[-1].value["generation"]) >= generation:
        raise RunFailed(Blocker.model_validate(facts[-1].value["why"]))


def _move_branch(station: Station, leg: Leg, branch: str, guard: Callable[[], None]) -> None:
    def act() -> Receipt:
        guard()
        moved = station.forge.move_branch(leg.repository, branch, leg.sha)
        return {"ref": moved.ref, "sha": moved.sha}

    def look_up() -> Receipt | None:
        there = station.forge.find_branch(leg.repository, branch)
        return {"ref": branch, "sha": there} if there == leg.sha else None

    perform(
        station,
        f"{leg.key}/branch",
        intent={"repository": leg.repository, "branch": branch, "sha": leg.sha},
        act=act,
        look_up=look_up,
    )
