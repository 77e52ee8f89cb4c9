"""A component onto an environment: once, in its mode, followed to what the environment itself reports (C-17 … C-24)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stationmaster.core.blockers import blocker
from stationmaster.core.gates import Standing, combine
from stationmaster.core.transitions import Act, ActRefused
from stationmaster.departures import acts, electing, failing, freezing, gate_table, runs
from stationmaster.departures.answers import Choice
from stationmaster.departures.failing import Failed
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
from stationmaster.departures.resting import heed, rest, resting
from stationmaster.ledger.errors import EffectAmbiguous, EffectBusy, EffectRefused, EffectUnknown, LockLost
from stationmaster.ledger.records import DepartureState
from stationmaster.work.effects import GateClosed, Guard, Receipt, begin, perform
from stationmaster.work.obstacles import passed, waiting

if TYPE_CHECKING:
    from stationmaster.departures.station import Station
    from stationmaster.ledger.pen import Pen

__all__ = [
    "GateClosed",
    "Leg",
    "act_of",
    "advance",
    "begun",
    "counted",
    "deployed",
    "fits",
    "has_begun",
    "leg_of",
    "legs_of",
    "note_failed_run",
    "record_deployed",
    "release_locks",
    "run_standing",
    "take_lock",
]


def advance(station: Station, leg: Leg) -> Standing:
    """Take the leg as far as it goes now; PASS when nothing is left to do but to verify.

    The gates first, then the lock, then the gates again and the effect, once; what runs there is recorded as the
    rollback target when the effect begins. What waits for GitHub alone has the gate ``run``.

    :raises Failed: what failed before is the last word: a person says what follows it. Nothing was sent.
    :raises LockHeld: somebody else is at this environment.
    :raises ActRefused: the departure is in no state to be deployed.
    """
    if deployed(station, leg):
        return passed("deploy")
    failure = failing.last(station, leg)
    if failure is not None:
        failing.require_open(station, leg)
    if failure is not None and not _came_right(station, leg, failure):
        if failure.choice is Choice.VERIFY_AGAIN:
            return passed("deploy")
        raise Failed(failure)
    key = _key(station, leg)
    effect = station.ledger.effect(key)
    if effect is not None and effect.receipt:
        return _follow(station, leg, key)
    halted = _halted(station, leg, gates=effect is None)
    return halted or _attempt(station, leg, key)


def run_standing(station: Station, leg: Leg) -> Standing:
    """Return how the leg's workflow run stands; see :func:`stationmaster.departures.runs.follow`."""
    return _follow(station, leg, _key(station, leg))


def counted(station: Station, leg: Leg) -> Standing:
    """Return how the gates of a leg stand, and whether it rests.

    While GitHub asks to be left alone, the ledger alone is asked: whatever else is in the way is told all the same.
    """
    rests = resting(station, leg)
    how = gate_table.How.LOOK if rests is None else gate_table.How.LEDGER
    standing = gate_table.standing(station, leg.departure, act_of(station, leg), how=how, leg=leg)
    if rests is not None:
        return combine([standing, waiting("rest", rests)])
    heed(station, leg, standing)
    return standing


def act_of(station: Station, leg: Leg) -> Act:
    """Return what a deploy of a leg does to its departure: the first attempt, or one that a person has asked for."""
    if failing.licence(station, leg) is not None:
        return failing.act_again(leg)
    return Act.STAGE if leg.stop == "cut" else Act.PROMOTE


def note_failed_run(station: Station, leg: Leg, standing: Standing) -> failing.Failure:
    """Keep that the present attempt failed, once, and return the failure."""
    key = _key(station, leg)
    value = {"key": key, "why": standing.blockers[0].model_dump(mode="json")}
    fact = station.ledger.record_once(
        leg.departure, failing.RUN, leg.key, value, station.now(), "stationmaster", key=f"{failing.RUN}/{key}"
    )
    return next(each for each in failing.failures(station, leg) if each.fact.seq == fact.seq)


def has_begun(station: Station, leg: Leg) -> bool:
    """Return whether a deploy of the leg has passed its gates."""
    return station.ledger.fact(leg.departure, TARGET, leg.subject) is not None


def begun(station: Station, leg: Leg) -> bool:
    """Return whether this departure has, or may have, changed the environment. What GitHub refused has not."""
    seen = station.ledger.facts(leg.departure, kind="deployed", subject=leg.subject)
    if any(fact.value["sha"] == leg.sha for fact in seen):
        return True
    if station.ledger.facts(leg.departure, kind="manual", subject=leg.key):
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
    """The guard of a deploy: when it begins, what ran there until then is written down, for a way back (C-18, F45).

    Another attempt is done in the name of whoever asked for it, and only as long as the departure may begin again.
    """

    _running: str | None = None

    def ask(self) -> None:
        """Ask the state and every gate, and look at what runs there."""
        if self.leg is not None and self.act is failing.act_again(self.leg):
            failing.require_open(self.station, self.leg)
        super().ask()
        if self.leg is not None:
            self._running = electing.running_sha(self.station, self.leg.component, self.leg.environment)

    def require(self, pen: Pen) -> None:
        """Compare, do the act to the state, and keep what ran there."""
        from stationmaster.ledger.facts import add_fact

        if self.leg is not None and self.act is failing.act_again(self.leg):
            failing.require_again(pen.session, self.leg)
        super().require(pen)
        if self.leg is not None:
            value = {"sha": self._running, "repository": self.leg.repository, "for": self.leg.sha}
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
    acts.require(station, leg.departure, act_of(station, leg))
    if gates:
        standing = counted(station, leg)
        if not standing.opens:
            release_lock(station, leg)
        return None if standing.opens else standing
    found = resting(station, leg)
    return waiting("deploy", found) if found else None


def _guard(station: Station, leg: Leg, fence: int) -> _DeployGuard:
    asked = failing.licence(station, leg)
    if asked is not None and asked.answer is not None:
        act, by, why = failing.act_again(leg), asked.answer.by, str(asked.answer.value["reason"])
        return _DeployGuard(station, leg.departure, act, by=by, why=why, leg=leg, fence=fence)
    manifest = station.ledger.manifest_of(leg.departure)
    by = next(iter(conducted_by(station)), "stationmaster")
    why = f"deploying manifest {manifest.short if manifest else ''}"
    return _DeployGuard(station, leg.departure, act_of(station, leg), by=by, why=why, leg=leg, fence=fence)


def _act(station: Station, leg: Leg, key: str, guard: Guard) -> Standing:
    deploy = station.train.component(leg.component).deploy(leg.environment)
    if failing.licence(station, leg) is None and there_already(station, leg, deploy):
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
    """Return the key of the attempt that counts; of a failed one that came right before another was sent (F53)."""
    key = f"{leg.key}/{failing.attempt(station, leg)}"
    asked = failing.licence(station, leg)
    if asked is not None and station.ledger.effect(key) is None and _came_right(station, leg, asked):
        return str(asked.fact.value["key"])
    return key


def _came_right(station: Station, leg: Leg, failure: failing.Failure) -> bool:
    """Return whether the run that failed was run again on GitHub, and succeeded or is at it (F53).

    A departure that had failed for it goes on then: a person with the right to do so has deployed its pinned commit.

    :raises ActRefused: the departure has ended, or is on its way back.
    """
    if not failing.came_right(station, failure):
        return False
    failing.require_open(station, leg)
    found = station.ledger.departure(leg.departure)
    if found is not None and found.state in (DepartureState.FAILED, DepartureState.PARTIAL):
        why = f"the failed run of {leg.component} was run again on GitHub"
        station.ledger.move(leg.departure, failing.act_again(leg), station.now(), "stationmaster", why)
    return True


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
