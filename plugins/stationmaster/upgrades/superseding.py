"""Older pull requests of the same workflow are closed when a newer one is there; a person's never is (D-24)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stationmaster.ledger.errors import EffectRefused
from stationmaster.upgrades import finding
from stationmaster.work.effects import FREE, Receipt, perform

if TYPE_CHECKING:
    from stationmaster.hooks.forge_models import PullRequest
    from stationmaster.upgrades.upgrade_desk import Upgrade, UpgradeDesk


class SomebodysWork(EffectRefused):
    """A pull request that is not the workflow's alone: it is never closed."""


def supersede(desk: UpgradeDesk, upgrade: Upgrade, newest: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Close what the pull request ``newest`` takes the place of, each with a comment, each once.

    :returns: the numbers that were closed for it, and of those that were left because a person has work in them.
    :raises EffectRefused, EffectUnknown, EffectBusy: GitHub refuses, or does not answer.
    """
    left = []
    for pull in finding.own_pulls(desk):
        if pull.number >= newest:
            continue
        try:
            if finding.strangers(desk, pull):
                raise SomebodysWork(f"{desk.repository}#{pull.number} has somebody's commits aboard")
            _close(desk, upgrade, pull, newest)
        except SomebodysWork:
            left.append(pull.number)
    return _closed(desk, upgrade), tuple(left)


def _close(desk: UpgradeDesk, upgrade: Upgrade, pull: PullRequest, newest: int) -> None:
    key = f"{upgrade.id}/supersede/{pull.number}"
    repository, number = desk.repository, pull.number

    def comment() -> Receipt:
        desk.forge.comment(repository, number, f"#{newest} takes the place of this upgrade.", f"{key}/comment")
        return {"number": number}

    def has_comment() -> Receipt | None:
        return {"number": number} if desk.forge.has_comment(repository, number, f"{key}/comment") else None

    def close() -> Receipt:
        present = desk.forge.pull(repository, number)
        if not finding.is_own(desk, present) or finding.strangers(desk, present):
            raise SomebodysWork(f"{repository}#{number} is somebody's work by now: it is left open")
        return {"number": desk.forge.close_pull(repository, number).number}

    def is_closed() -> Receipt | None:
        return {"number": number} if desk.forge.pull(repository, number).state == "closed" else None

    intent = {"repository": repository, "number": number, "newest": newest}
    perform(desk, f"{key}/comment", guard=FREE, intent=intent, act=comment, look_up=has_comment)
    perform(desk, key, guard=FREE, intent=intent, act=close, look_up=is_closed)


def _closed(desk: UpgradeDesk, upgrade: Upgrade) -> tuple[int, ...]:
    """Return what this upgrade has closed, in whichever try."""
    prefix = f"{upgrade.id}/supersede"
    found = {int(effect.receipt["number"]) for effect in desk.ledger.effects(prefix) if effect.receipt}
    done = (number for number in found if (effect := desk.ledger.effect(f"{prefix}/{number}")) and effect.receipt)
    return tuple(sorted(done))
