"""The trigger of the upgrades: looks in place of a task that waits, until it may go on or the upgrade is over."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stationmaster.triggers.named_trigger import NamedTrigger

if TYPE_CHECKING:
    from stationmaster.config.team import TeamConfig
    from stationmaster.core.gates import Standing
    from stationmaster.work.context import Desk


class UpgradeTrigger(NamedTrigger):
    """Waits, without a worker, for a run, for checks, for the end of a freeze, or for a person's answer.

    :param repository: ``owner/name``.
    :param upgrade: such as ``dre.dependencies/dfinity/dre/2026-W34``.
    :param rest: as of :class:`NamedTrigger`; the look is one of :data:`stationmaster.upgrades.waiting.LOOKS`.
    """

    def __init__(self, *, repository: str, upgrade: str, **rest: Any) -> None:
        super().__init__(repository=repository, upgrade=upgrade, **rest)
        self.repository = repository
        self.upgrade = upgrade

    def standing(self, team: TeamConfig) -> tuple[Desk, Standing]:
        """Take the look."""
        from stationmaster.upgrades.upgrade_desk import UpgradeDesk
        from stationmaster.upgrades.waiting import look

        desk = UpgradeDesk(team=team, repository=self.repository)
        return desk, look(desk, self.name, self.upgrade, self.arguments)
