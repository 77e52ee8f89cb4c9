"""Why the dependency upgrades of a team wait, for whom and until when: the rows that the tasks wrote."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict

from stationmaster.upgrades import deciding, finding
from stationmaster.upgrades.upgrade_desk import UpgradeDesk
from stationmaster.work.reasons import Reason, reason

if TYPE_CHECKING:
    from stationmaster.config.team import TeamConfig
    from stationmaster.ledger import Ledger


class _Shape(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class UpgradeExplained(_Shape):
    """This week's upgrade of one repository; ``pull`` is its address, ``outcome`` how it ended, if it has."""

    upgrade: str
    repository: str
    pull: str | None
    outcome: str | None
    why: str | None
    blockers: tuple[Reason, ...]
    ends: datetime


class UpgradesExplanation(_Shape):
    """The answer of ``stationmaster explain <team>.dependencies``."""

    area: str
    at: datetime
    upgrades: tuple[UpgradeExplained, ...]


def explain(team: TeamConfig, ledger: Ledger) -> UpgradesExplanation:
    """Return what this week's upgrade of each repository waits for, or how it ended.

    :raises LookupError: the team names no upgrades in its file.
    """
    entries = team.upgrades.repositories if team.upgrades is not None else ()
    desks = [UpgradeDesk(team=team, repository=entry.repository, ledger=ledger) for entry in entries]
    if not desks:
        raise LookupError(f"{team.id} has no upgrades in its file")
    return UpgradesExplanation(area=desks[0].key, at=desks[0].now(), upgrades=tuple(_one(desk) for desk in desks))


def _one(desk: UpgradeDesk) -> UpgradeExplained:
    upgrade = desk.upgrade_at(desk.now())
    pull, ended = finding.known(desk, upgrade), deciding.outcome(desk, upgrade)
    return UpgradeExplained(
        upgrade=upgrade.id,
        repository=desk.repository,
        pull=str(pull.value["url"]) if pull is not None else None,
        outcome=str(ended.value["outcome"]) if ended is not None else None,
        why=str(ended.value["why"]) if ended is not None else None,
        blockers=tuple(
            reason(desk.team, subject.removeprefix(f"{upgrade.id}/"), why)
            for subject, blockers in desk.ledger.blockers(upgrade.id).items()
            for why in blockers
        ),
        ends=upgrade.end,
    )
