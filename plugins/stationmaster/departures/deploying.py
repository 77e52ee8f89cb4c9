"""A component onto an environment: once, in its mode, followed to what the environment itself reports (C-17 … C-24)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict

from stationmaster.core.blockers import Blocker, blocker
from stationmaster.core.calendar import StopName
from stationmaster.core.gates import Standing, Verdict
from stationmaster.departures import gating
from stationmaster.departures.acting import DISCOVERY_WINDOW, Receipt, perform
from stationmaster.departures.obstacles import StepImpossible, passed, waiting

if TYPE_CHECKING:
    from stationmaster.config.components import Component, Deploy
    from stationmaster.departures.station import Station
    from stationmaster.hooks.forge_models import Run


class Leg(BaseModel):
    """One component's way onto one environment in one departure; ``sha`` is pinned."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    departure: str
    stop: StopName
    component: str
    environment: str
    repository: str
    sha: str

    @property
    def key(self) -> str:
        """The ledger's key, without the attempt."""
        return f"{self.departure}/{self.stop}/{self.component}/{self.environment}/{self.sha}"

    @property
    def subject(self) -> str:
        """The subject of the facts about it."""
        return f"{self.component}/{self.environment}"

    @property
    def lock(self) -> str:
        """The name of the lock on what it changes."""
        return f"{self.repository}/{self.environment}"


class RunFailed(StepImpossible):
    """A deploy workflow ended without success; only a person who clears the task starts another attempt."""


def leg_of(station: Station, departure: str, stop: StopName, component: str) -> Leg | None:
    """Return the leg of ``component`` at ``stop``, None when it is not aboard or not deployed there."""
    manifest = station.ledger.manifest_of(departure)
    environment = station.train.staging if stop == "cut" else station.train.production
    found = station.train.component(component)
    if manifest is None or found.deploy(environment).mode == "none":
        return None
    for passenger in manifest.passengers:
        if passenger.component == component:
            return Leg(
                departure=departure,
                stop=stop,
                component=component,
                environment=environment,
                repository=passenger.repository,
                sha=passenger.sha,
            )
    return None


def deployed(station: Station, leg: Leg) -> bool:
    """Return whether this departure has already seen the leg's commit run there."""
    facts = station.ledger.facts(leg.departure, kind="deployed", subject=leg.subject)
    return any(fact.value["sha"] == leg.sha for fact in facts)


def advance(
    station: Station, leg: Leg, *, generation: int, before_effect: Callable[[], None] = lambda: None
) -> Standing:
    """Take the leg as far as it goes now; PASS when nothing is left to do but to verify.

    Gates first, then the lock, then what prod runs is recorded as the rollback target, then the effect, once.

    :param before_effect: called once the gates are open and the lock is held, before anything is changed.
    :param generation: grows when a person clears the task; only then may a failed run be started anew.
    :raises RunFailed: the workflow ended without success.
    :raises LockHeld: somebody else is at this environment.
    """
    if deployed(station, leg):
        return passed("deploy")
    standing = gating.stop_standing(station, leg.departure, leg.stop)
    begun = _current_run(station, leg) is not None
    if not standing.opens and not begun:
        return standing
    if not begun:
        fit = fits(station, leg)
        if fit is not None:
            return fit
        take_lock(station, leg)
        _record_target(station, leg)
        before_effect()
    deploy = station.train.component(leg.component).deploy(leg.environment)
    if deploy.branch is not None:
        _move_branch(station, leg, deploy.branch)
    if deploy.mode == "workflow":
        _dispatch(station, leg, deploy, generation)
        return run_standing(station, leg)
    if deploy.mode == "manual" and not station.ledger.facts(leg.departure, kind="manual", subject=leg.key):
        return waiting(
            "deploy",
            blocker(
                "MANUAL_DEPLOY_OPEN",
                who=(station.conductor.id,),
                component=leg.component,
                environment=leg.environment,
            ),
        )
    return passed("deploy")


def take_lock(station: Station, leg: Leg) -> int:
    """Take the environment's lock for this stop and return its fence; the same stop may take it again."""
    held = station.ledger.acquire(
        leg.lock, f"{leg.departure}/{leg.stop}", f"{leg.stop} of {leg.departure}", station.now()
    )
    return held.fence


def release_lock(station: Station, leg: Leg) -> None:
    """Give the environment's lock back, if this stop still holds it."""
    held = station.ledger.lock(leg.lock)
    if held is not None and held.holder == f"{leg.departure}/{leg.stop}":
        station.ledger.release(leg.lock, held.fence, station.now(), "stationmaster", f"{leg.stop} is done")


def run_standing(station: Station, leg: Leg) -> Standing:
    """Return how the leg's workflow run stands, without changing anything.

    A cancelled run is told apart from a failed one (F52); a green re-run of the same run by a person counts (F53).
    """
    receipt = _current_run(station, leg)
    if receipt is None:
        return waiting("run", blocker("RUN_NOT_FOUND", component=leg.component))
    if receipt.get("run_id") is None:
        return _unseen(station, leg, receipt)
    run = station.forge.run(leg.repository, int(receipt["run_id"]))
    if not run.finished:
        return waiting("run", _running(leg, run))
    if run.conclusion == "success":
        return passed("run")
    return waiting("run", _ended(station, leg, run), verdict=Verdict.DENY)


def fail_run(station: Station, leg: Leg, standing: Standing, *, generation: int) -> None:
    """Record that the present attempt failed, once, and raise.

    :raises RunFailed: always.
    """
    attempt = _attempt(station, leg)
    station.ledger.record_once(
        leg.departure,
        "run_failed",
        f"{leg.key}/{attempt}",
        {"generation": generation, "attempt": attempt},
        station.now(),
        "stationmaster",
    )
    raise RunFailed(*standing.blockers)


def record_deployed(station: Station, leg: Leg, *, at: datetime, how: str) -> None:
    """Record that the environment reported the leg's commit, and give the lock back."""
    station.ledger.record_once(
        leg.departure, "deployed", leg.subject, {"sha": leg.sha, "how": how}, at, "stationmaster"
    )
    release_lock(station, leg)


def begun(station: Station, leg: Leg) -> bool:
    """Return whether this departure has started to change the environment."""
    return bool(station.ledger.effects(leg.key)) or bool(
        station.ledger.facts(leg.departure, kind="manual", subject=leg.key)
    )


def _running(leg: Leg, run: Run) -> Blocker:
    return blocker("RUN_IN_PROGRESS", since=run.created_at, component=leg.component, run=run.url)


def _ended(station: Station, leg: Leg, run: Run) -> Blocker:
    who = (station.conductor.id,)
    if run.superseded:
        return blocker("RUN_SUPERSEDED", since=run.updated_at, who=who, component=leg.component, run=run.url)
    return blocker(
        "RUN_FAILED",
        since=run.updated_at,
        who=who,
        component=leg.component,
        run=run.url,
        conclusion=str(run.conclusion),
    )


def _unseen(station: Station, leg: Leg, receipt: Receipt) -> Standing:
    """The server gave no run id: look for the run by its key (F51)."""
    since = datetime.fromisoformat(receipt["since"])
    runs = station.forge.find_runs(leg.repository, receipt["workflow"], receipt["key"], since)
    if runs:
        return waiting("run", _running(leg, runs[0]))
    return waiting("run", blocker("RUN_NOT_FOUND", since=since, component=leg.component))


def fits(station: Station, leg: Leg) -> Standing | None:
    """Refuse to go back unnoticed: what runs must be an ancestor of what comes (F17, F18)."""
    if leg.stop == "cut":
        return None
    running = station.forge.deployed_sha(leg.repository, leg.environment)
    if running is None:
        return None
    status = station.forge.compare(leg.repository, running.sha, leg.sha).status
    if status in ("ahead", "identical"):
        return None
    who, found, sha = (station.conductor.id,), running.sha[:12], leg.sha[:12]
    component, environment = leg.component, leg.environment
    why = (
        blocker("WOULD_DOWNGRADE", who=who, component=component, environment=environment, found=found, sha=sha)
        if status == "behind"
        else blocker("DRIFT", who=who, component=component, environment=environment, found=found, expected=sha)
    )
    return waiting("deploy", why, verdict=Verdict.DENY)


def _record_target(station: Station, leg: Leg) -> None:
    running = station.forge.deployed_sha(leg.repository, leg.environment)
    value = {"sha": running.sha if running else None, "repository": leg.repository}
    station.ledger.record_once(leg.departure, "rollback_target", leg.subject, value, station.now(), "stationmaster")


def _move_branch(station: Station, leg: Leg, branch: str) -> None:
    def act() -> Receipt:
        moved = station.forge.move_branch(leg.repository, branch, leg.sha)
        return {"ref": moved.ref, "sha": moved.sha}

    def look_up() -> Receipt | None:
        from stationmaster.hooks.errors import ForgeNotFound

        try:
            there = station.forge.head(leg.repository, branch)
        except ForgeNotFound:
            return None
        return {"ref": branch, "sha": there} if there == leg.sha else None

    perform(
        station,
        f"{leg.key}/branch",
        intent={"repository": leg.repository, "branch": branch, "sha": leg.sha},
        act=act,
        look_up=look_up,
    )


def _attempt(station: Station, leg: Leg) -> int:
    failed = _failures(station, leg)
    return len(failed) + 1


def _failures(station: Station, leg: Leg) -> list[int]:
    facts = station.ledger.facts(leg.departure, kind="run_failed")
    return [int(fact.value["generation"]) for fact in facts if fact.subject.startswith(f"{leg.key}/")]


def _current_run(station: Station, leg: Leg) -> Receipt | None:
    effect = station.ledger.effect(f"{leg.key}/{_attempt(station, leg)}")
    return effect.receipt if effect is not None and effect.receipt else None


def _dispatch(station: Station, leg: Leg, deploy: Deploy, generation: int) -> None:
    failures = _failures(station, leg)
    if failures and failures[-1] >= generation:
        raise RunFailed(
            blocker(
                "RUN_FAILED",
                who=(station.conductor.id,),
                component=leg.component,
                run=f"attempt {len(failures)}",
                conclusion="failure",
            )
        )
    start_run(station, leg, deploy, f"{leg.key}/{len(failures) + 1}", ref=None)


def start_run(station: Station, leg: Leg, deploy: Deploy, key: str, *, ref: str | None) -> Receipt:
    """Dispatch the deploy workflow once under ``key``, and return the receipt with the run's id if it is known.

    The key travels as an input and stands in the run's name, so that a lost answer is found again (F02, F51).
    """
    component: Component = station.train.component(leg.component)
    workflow = str(deploy.workflow)
    at_ref = ref or deploy.ref or deploy.branch or component.branch
    inputs = {**deploy.inputs, "sha": leg.sha, "environment": leg.environment, "key": key}
    since = station.now()

    def act() -> Receipt:
        run = station.forge.dispatch(leg.repository, workflow, at_ref, inputs, key)
        return {"run_id": run.id, "workflow": workflow, "key": key, "since": since.isoformat()}

    def look_up() -> Receipt | None:
        effect = station.ledger.effect(key)
        earliest = effect.intended_at if effect else since
        runs = station.forge.find_runs(leg.repository, workflow, key, earliest)
        if not runs:
            return None
        return {"run_id": runs[0].id, "workflow": workflow, "key": key, "since": earliest.isoformat()}

    return perform(
        station,
        key,
        intent={"repository": leg.repository, "workflow": workflow, "ref": at_ref, "inputs": inputs},
        act=act,
        look_up=look_up,
        settles_after=DISCOVERY_WINDOW,
    )
