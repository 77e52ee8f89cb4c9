"""A component onto an environment: once, in its mode, followed to what the environment itself reports (C-17 … C-24)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stationmaster.core.blockers import Blocker, blocker
from stationmaster.core.gates import Standing
from stationmaster.core.transitions import Act, ActRefused
from stationmaster.departures import acts, electing, freezing, gate_table, runs
from stationmaster.departures.fitting import TARGET, fits, there_already
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
from stationmaster.departures.obstacles import conducted_by
from stationmaster.departures.resting import rest, resting
from stationmaster.ledger.errors import EffectAmbiguous, EffectBusy, EffectRefused, EffectUnknown, LockLost
from stationmaster.work.effects import GateClosed, Guard, Receipt, begin, perform
from stationmaster.work.obstacles import StepImpossible, passed, waiting

if TYPE_CHECKING:
    from stationmaster.departures.station import Station
    from stationmaster.ledger.pen import Pen

__all__ = [
    "GateClosed",
    "Leg",
    "RunFailed",
    "act_of",
    "advance",
    "begun",
    "deployed",
    "fail_run",
    "fits",
    "has_begun",
    "leg_of",
    "legs_of",
    "record_deployed",
    "release_locks",
    "run_standing",
    "take_lock",
]


class RunFailed(StepImpossible):
    """A deploy workflow ended without success; only a person who clears the task starts another attempt."""


def advance(station: Station, leg: Leg, *, generation: int) -> Standing:
    """Take the leg as far as it goes now; PASS when nothing is left to do but to verify.

    The gates first, then the lock, then the gates again and the effect, once; what runs there is recorded as the
    rollback target when the effect begins. What waits for GitHub alone has the gate ``run``.

    :param generation: grows when a person clears the task; only then may a failed run be started anew.
    :raises RunFailed: the workflow ended without success.
    :raises LockHeld: somebody else is at this environment.
    :raises ActRefused: the departure is in no state to be deployed.
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
    return halted or _attempt(station, leg, key)


def run_standing(station: Station, leg: Leg) -> Standing:
    """Return how the leg's workflow run stands; see :func:`stationmaster.departures.runs.follow`."""
    return _follow(station, leg, _key(station, leg))


def act_of(leg: Leg) -> Act:
    """Return what a deploy of a leg does to its departure."""
    return Act.STAGE if leg.stop == "cut" else Act.PROMOTE


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


def has_begun(station: Station, leg: Leg) -> bool:
    """Return whether a deploy of the leg has passed its gates."""
    return station.ledger.fact(leg.departure, TARGET, leg.subject) is not None


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


class _DeployGuard(acts.DepartureGuard):
    """The guard of a deploy: when it begins, what ran there until then is written down, for a way back (C-18, F45)."""

    _running: str | None = None

    def ask(self) -> None:
        """Ask the state and every gate, and look at what runs there."""
        super().ask()
        if self.leg is not None:
            self._running = electing.running_sha(self.station, self.leg.component, self.leg.environment)

    def require(self, pen: Pen) -> None:
        """Compare, do the act to the state, and keep what ran there."""
        from stationmaster.ledger.facts import add_fact

        super().require(pen)
        if self.leg is not None:
            value = {"sha": self._running, "repository": self.leg.repository}
            now = self.station.now()
            add_fact(pen, self.subject, TARGET, self.leg.subject, value, now, "stationmaster")
            freezing.note_use(self.station, pen, self.subject, self.leg.stop)


def _attempt(station: Station, leg: Leg, key: str) -> Standing:
    fence = take_lock(station, leg)
    guard = _guard(station, leg, fence)
    try:
        return _act(station, leg, key, guard)
    except GateClosed as closed:
        release_lock(station, leg)
        return closed.standing
    except ActRefused:
        release_lock(station, leg)
        raise
    except LockLost as lost:
        raise EffectRefused(str(lost)) from lost
    except EffectBusy as busy:
        return waiting("run", blocker("EFFECT_BUSY", effect=busy.key))
    except EffectAmbiguous:
        return _follow(station, leg, key)
    except EffectUnknown as unknown:
        asked = station.ledger.effect(key)
        if asked is not None and electing.by_proposal(station, leg.component, leg.environment):
            raise  # looked for again by a worker, as soon as it may show
        if asked is not None:
            return _follow(station, leg, key)
        release_lock(station, leg)
        return rest(station, leg, unknown)
    except EffectRefused as refused:
        # Nothing was sent: whoever comes meanwhile finds no lock, and a gate that closes meanwhile leaves none.
        release_lock(station, leg)
        return rest(station, leg, refused)


def _halted(station: Station, leg: Leg, *, gates: bool) -> Standing | None:
    """What may have happened is looked for whatever the gates say; they are counted before it is repeated."""
    acts.require(station, leg.departure, act_of(leg))
    if gates:
        standing = gate_table.standing(station, leg.departure, act_of(leg), leg=leg)
        if not standing.opens:
            release_lock(station, leg)
            return standing
    found = resting(station, leg)
    return waiting("deploy", found) if found else None


def _guard(station: Station, leg: Leg, fence: int) -> _DeployGuard:
    manifest = station.ledger.manifest_of(leg.departure)
    by = next(iter(conducted_by(station)), "stationmaster")
    why = f"deploying manifest {manifest.short if manifest else ''}"
    return _DeployGuard(station, leg.departure, act_of(leg), by=by, why=why, leg=leg, fence=fence)


def _act(station: Station, leg: Leg, key: str, guard: Guard) -> Standing:
    deploy = station.train.component(leg.component).deploy(leg.environment)
    if there_already(station, leg, deploy):
        begin(station, guard)
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
        begin(station, guard)
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


def _move_branch(station: Station, leg: Leg, branch: str, guard: Guard) -> None:
    def act() -> Receipt:
        moved = station.forge.move_branch(leg.repository, branch, leg.sha)
        return {"ref": moved.ref, "sha": moved.sha}

    def look_up() -> Receipt | None:
        there = station.forge.find_branch(leg.repository, branch)
        return {"ref": branch, "sha": there} if there == leg.sha else None

    perform(
        station,
        f"{leg.key}/branch",
        guard=guard,
        intent={"repository": leg.repository, "branch": branch, "sha": leg.sha},
        act=act,
        look_up=look_up,
    )
