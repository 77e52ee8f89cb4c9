"""The run of the upgrade workflow: asked for once, found by its key, followed (D-24, F02, F51)."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from stationmaster.core.blockers import blocker
from stationmaster.core.gates import Standing
from stationmaster.work import halting
from stationmaster.work.effects import DISCOVERY_WINDOW, CountedGuard, GateClosed, Receipt, perform
from stationmaster.work.obstacles import passed, waiting

if TYPE_CHECKING:
    from stationmaster.hooks.forge_models import Run
    from stationmaster.upgrades.upgrade_desk import Upgrade, UpgradeDesk

MOST_DISPATCHES = 2
"""A dispatch whose answer was lost is repeated once; after that a person decides."""


def dispatch_key(upgrade: Upgrade) -> str:
    """Return the key of the dispatch: it is the workflow's input ``key``, and stands in the run's name."""
    return f"{upgrade.id}/dispatch"


def start(desk: UpgradeDesk, upgrade: Upgrade) -> Receipt:
    """Dispatch the workflow once a week, and return ``{"workflow", "run_id", "since"}``; the id where GitHub tells it.

    :raises GateClosed: somebody has stopped the upgrades: nothing was sent.
    :raises EffectRefused, EffectUnknown, EffectBusy, EffectAmbiguous: as of ``perform``.
    """
    key, entry = dispatch_key(upgrade), desk.entry
    before = desk.ledger.effect(key)

    def act() -> Receipt:
        since = desk.now()
        run = desk.forge.dispatch(entry.repository, entry.workflow, entry.ref, {}, key)
        return {"workflow": entry.workflow, "run_id": run.id, "since": since.isoformat()}

    def look_up() -> Receipt | None:
        sent = desk.ledger.effect(key)
        if sent is None or sent.attempts == 0:
            return None
        runs = desk.forge.find_runs(entry.repository, entry.workflow, key, sent.intended_at)
        if not runs:
            return None
        return {"workflow": entry.workflow, "run_id": runs[0].id, "since": sent.intended_at.isoformat()}

    return perform(
        desk,
        key,
        guard=CountedGuard(desk, upgrade.id, lambda: _require_going(desk), beside=(desk.key,)),
        intent={"repository": entry.repository, "workflow": entry.workflow, "ref": entry.ref},
        act=act,
        look_up=look_up,
        settles_after=DISCOVERY_WINDOW,
        repeatable=before is None or before.attempts < MOST_DISPATCHES,
    )


def _require_going(desk: UpgradeDesk) -> None:
    standing = halted(desk)
    if not standing.opens:
        raise GateClosed(standing)


def halted(desk: UpgradeDesk) -> Standing:
    """Return whether somebody has stopped the team's upgrades (``stationmaster halt <team>.dependencies``)."""
    found = halting.current(desk.ledger, desk.key)
    if found is None:
        return passed("halt")
    name = desk.team.people[found.by].name if found.by in desk.team.people else found.by
    why = found.why.rstrip(".")
    return waiting("halt", blocker("UPGRADES_HALTED", since=found.since, who=(found.by,), by=name, why=why))


def run_of(desk: UpgradeDesk, upgrade: Upgrade) -> Run | None:
    """Return the run, by its id or by its key; None while it does not show, or was never asked for."""
    effect = desk.ledger.effect(dispatch_key(upgrade))
    if effect is None or not effect.receipt:
        return None
    receipt = effect.receipt
    if receipt.get("run_id") is not None:
        return desk.forge.run(desk.repository, int(receipt["run_id"]))
    since = datetime.fromisoformat(receipt["since"])
    runs = desk.forge.find_runs(desk.repository, str(receipt["workflow"]), effect.key, since)
    return runs[0] if runs else None


def started_at(desk: UpgradeDesk, upgrade: Upgrade) -> datetime:
    """Return when the workflow was asked for; the upgrade's own beginning where the ledger does not know."""
    effect = desk.ledger.effect(dispatch_key(upgrade))
    if effect is None or not effect.receipt:
        return upgrade.start
    return datetime.fromisoformat(effect.receipt["since"])
