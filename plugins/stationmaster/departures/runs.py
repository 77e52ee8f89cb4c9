"""The run of one deploy workflow: asked for once, found by its key, held to its commit, followed (F02, F51 … F54).

A workflow runs the code of a branch or tag, never of a bare commit. Where the train's file names no ``ref``, a tag
``stationmaster-<sha>`` is put on the pinned commit and the workflow runs there: its ``head_sha`` must be the pin. Where
the file names a ``ref``, only the workflow's own code comes from there, and the workflow checks out the input ``sha``:
the ``head_sha`` must contain the pin. A run at any other commit is cancelled and fails (F54).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from stationmaster.core.blockers import Blocker, blocker
from stationmaster.core.gates import Standing, Verdict
from stationmaster.ledger.records import EffectState
from stationmaster.work.effects import DISCOVERY_WINDOW, FREE, Receipt, look, perform
from stationmaster.work.obstacles import passed, waiting

if TYPE_CHECKING:
    from stationmaster.config.components import Deploy
    from stationmaster.departures.legs import Leg
    from stationmaster.departures.station import Station
    from stationmaster.hooks.forge_models import Run
    from stationmaster.ledger.records import Effect
    from stationmaster.work.effects import Guard

STUBBORN_AFTER = timedelta(minutes=5)
"""How long a run may take to stop before it is stopped by force."""
MOST_DISPATCHES = 2
"""A dispatch whose answer was lost is repeated once; after that a person decides."""


def ask(station: Station, leg: Leg, key: str, *, guard: Guard, back: bool = False) -> Receipt:
    """Dispatch the deploy workflow once under ``key``, and return the receipt, with the run's id if it is known.

    The key travels as an input and stands in the run's name, so that a lost answer is found again.

    :param guard: what must hold when it is sent.
    :param back: the way back: a branch cannot go there, so the workflow runs at a tag.
    """
    deploy = station.train.component(leg.component).deploy(leg.environment)
    workflow = str(deploy.workflow)
    ref, exact = _ref(station, leg, deploy, back=back)
    inputs = {**deploy.inputs, "sha": leg.sha, "environment": leg.environment}
    known: Receipt = {"workflow": workflow, "key": key, "exact": exact}
    before = station.ledger.effect(key)

    def act() -> Receipt:
        since = station.now()
        run = station.forge.dispatch(leg.repository, workflow, ref, inputs, key)
        return {**known, "run_id": run.id, "since": since.isoformat()}

    def look_up() -> Receipt | None:
        return _sent(station, leg, key, known)

    return perform(
        station,
        key,
        guard=guard,
        intent={"repository": leg.repository, "workflow": workflow, "ref": ref, "inputs": inputs},
        act=act,
        look_up=look_up,
        settles_after=DISCOVERY_WINDOW,
        repeatable=before is None or before.attempts < MOST_DISPATCHES,
    )


def settle(station: Station, leg: Leg, key: str) -> None:
    """Look whether a dispatch whose answer is not known was taken, and do nothing for it.

    :raises EffectBusy: a worker is at it. :raises EffectUnknown: it may still come to show.
    """
    sent = station.ledger.effect(key)
    if sent is None or sent.receipt or "workflow" not in sent.intent or sent.state is EffectState.AMBIGUOUS:
        return
    deploy = station.train.component(leg.component).deploy(leg.environment)
    # What the ref of a lost dispatch was, its intent tells: a branch or tag of the commit itself is exact.
    known = {"workflow": str(sent.intent["workflow"]), "key": key, "exact": deploy.ref is None}
    look(station, key, look_up=lambda: _sent(station, leg, key, known), settles_after=DISCOVERY_WINDOW)


def _sent(station: Station, leg: Leg, key: str, known: Receipt) -> Receipt | None:
    """Return the receipt of a dispatch whose run shows, by its key, None where none does."""
    sent = station.ledger.effect(key)
    if sent is None or sent.attempts == 0:
        return None
    runs = station.forge.find_runs(leg.repository, str(known["workflow"]), key, sent.intended_at)
    return {**known, "run_id": runs[0].id, "since": sent.intended_at.isoformat()} if runs else None


def tag_of(sha: str) -> str:
    """Return the name of the tag on a pinned commit."""
    return f"stationmaster-{sha[:12]}"


def tag_key(departure: str, component: str, sha: str) -> str:
    """Return the key of the effect that puts the tag there, once for all stops of a departure."""
    return f"{departure}/tag/{component}/{sha}"


def follow(station: Station, leg: Leg, key: str) -> Standing:
    """Return how the run under ``key`` stands: PASS when it succeeded, DENY when it will not.

    Nothing is deployed here, but what may not go on is stopped: a second run of the same dispatch (F03), and a run at a
    commit that nobody approved (F54). Cancelled is told apart from failed (F52); a run that a person ran again is the
    same run (F53).
    """
    effect = station.ledger.effect(key)
    if effect is None or not effect.receipt:
        return _unfinished(station, leg, effect)
    run = run_of(station, leg, effect.receipt)
    if run is None:
        return waiting("run", _unseen(station, leg, datetime.fromisoformat(effect.receipt["since"])))
    _stop_doubles(station, leg, key, effect.receipt, run)
    if not _is_right(station, leg, effect.receipt, run):
        stop(station, leg, run, f"{key}/cancel")
        return waiting("run", _elsewhere(station, leg, run), verdict=Verdict.DENY)
    if not run.finished:
        return waiting("run", _running(leg, run))
    if run.conclusion == "success":
        return passed("run")
    return waiting("run", _ended(station, leg, run), verdict=Verdict.DENY)


def run_of(station: Station, leg: Leg, receipt: Receipt) -> Run | None:
    """Return the run of a dispatch, by its id or, where the server gave none, by its key (F51); None while unseen."""
    if receipt.get("run_id") is not None:
        return station.forge.run(leg.repository, int(receipt["run_id"]))
    runs = _carriers(station, leg, receipt)
    return runs[0] if runs else None


def came_right(station: Station, leg: Leg, key: str) -> bool:
    """Return whether a run that had failed was run again by a person and succeeded, or is at it (F53)."""
    effect = station.ledger.effect(key)
    run = run_of(station, leg, effect.receipt) if effect is not None and effect.receipt else None
    if run is None or effect is None or not _is_right(station, leg, effect.receipt, run):
        return False
    return not run.finished or run.conclusion == "success"


def stop(station: Station, leg: Leg, run: Run, key: str, *, guard: Guard = FREE) -> bool:
    """Ask a run to stop, by force if it does not; return whether it has come to its end (F47).

    :param guard: of who stops it; free for what may not go on in any case.
    """
    if run.finished:
        for asked in (key, f"{key}/force"):
            look(station, asked, look_up=lambda: {"run_id": run.id})  # the answer to a request may have been lost
        return True
    force = _unheard(station, key)
    _cancel(station, leg, run, f"{key}/force" if force else key, force=force, guard=guard)
    return False


def will_not_stop(station: Station, key: str) -> bool:
    """Return whether a run was asked to stop, and then stopped by force, each long enough ago: it does not."""
    return _unheard(station, f"{key}/force")


def _unheard(station: Station, key: str) -> bool:
    asked = station.ledger.effect(key)
    return asked is not None and bool(asked.receipt) and station.now() - asked.changed_at >= STUBBORN_AFTER


def _cancel(station: Station, leg: Leg, run: Run, key: str, *, force: bool, guard: Guard) -> None:
    def act() -> Receipt:
        return {"run_id": run.id, "stopped": station.forge.cancel_run(leg.repository, run.id, force=force)}

    def look_up() -> Receipt | None:
        return {"run_id": run.id} if station.forge.run(leg.repository, run.id).finished else None

    perform(station, key, guard=guard, intent={"repository": leg.repository, "run": run.id}, act=act, look_up=look_up)


def _ref(station: Station, leg: Leg, deploy: Deploy, *, back: bool) -> tuple[str, bool]:
    """Return the ref that the workflow runs at, and whether that ref must stand at exactly the pinned commit."""
    if deploy.ref is not None:
        return deploy.ref, False
    if deploy.branch is not None and not back:
        return deploy.branch, True
    tag = tag_of(leg.sha)

    def act() -> Receipt:
        made = station.forge.create_tag(leg.repository, tag, leg.sha)
        return {"ref": made.ref, "sha": made.sha}

    def look_up() -> Receipt | None:
        return {"ref": tag, "sha": leg.sha} if station.forge.find_tag(leg.repository, tag) == leg.sha else None

    perform(
        station,
        tag_key(leg.departure, leg.component, leg.sha),
        guard=FREE,
        intent={"repository": leg.repository, "tag": tag, "sha": leg.sha},
        act=act,
        look_up=look_up,
    )
    return tag, True


def _carriers(station: Station, leg: Leg, receipt: Receipt) -> list[Run]:
    since = datetime.fromisoformat(receipt["since"])
    return station.forge.find_runs(leg.repository, receipt["workflow"], receipt["key"], since)


def _stop_doubles(station: Station, leg: Leg, key: str, receipt: Receipt, kept: Run) -> None:
    if kept.finished:
        return
    for double in _carriers(station, leg, receipt):
        if double.id == kept.id:
            continue
        value = {"run": double.url, "kept": kept.url}
        once = f"double_run/{key}/{double.id}"
        station.ledger.record_once(
            leg.departure, "double_run", leg.subject, value, station.now(), "stationmaster", key=once
        )
        stop(station, leg, double, f"{key}/double/{double.id}")


def _is_right(station: Station, leg: Leg, receipt: Receipt, run: Run) -> bool:
    if run.head_sha == leg.sha:
        return True
    if receipt["exact"]:
        return False
    return station.forge.compare(leg.repository, leg.sha, run.head_sha).status == "ahead"


def _unfinished(station: Station, leg: Leg, effect: Effect | None) -> Standing:
    """The dispatch has no receipt: look until it shows, or until a worker may send it again."""
    if effect is None:
        return passed("run")  # nothing was asked for yet: that is a worker's to do
    who = (station.conductor.id,)
    if effect.state is EffectState.AMBIGUOUS:
        return waiting("run", blocker("AMBIGUOUS_EFFECT", since=effect.changed_at, who=who, effect=effect.key))
    shows_by = effect.changed_at + DISCOVERY_WINDOW
    workflow, found = str(effect.intent["workflow"]), []
    if effect.attempts:
        found = station.forge.find_runs(leg.repository, workflow, effect.key, effect.intended_at)
    if found or station.now() >= shows_by:
        return passed("run")
    return waiting(
        "run",
        blocker("RUN_NOT_FOUND", since=effect.changed_at, clears_at=shows_by, who=who, component=leg.component),
    )


def _unseen(station: Station, leg: Leg, since: datetime) -> Blocker:
    # The server took the request, so it is never sent again; after the window a person had better look.
    who = (station.conductor.id,) if station.now() - since >= DISCOVERY_WINDOW else ()
    return blocker("RUN_NOT_FOUND", since=since, who=who, component=leg.component)


def _running(leg: Leg, run: Run) -> Blocker:
    return blocker("RUN_IN_PROGRESS", since=run.created_at, component=leg.component, run=run.url)


def _elsewhere(station: Station, leg: Leg, run: Run) -> Blocker:
    return blocker(
        "HEAD_MOVED",
        since=run.created_at,
        who=(station.conductor.id,),
        component=leg.component,
        branch=run.head_branch or "the ref of the run",
        expected=leg.sha[:12],
        found=run.head_sha[:12],
    )


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
