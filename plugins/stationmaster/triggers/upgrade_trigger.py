"""The trigger of the upgrades: looks in place of a task that waits, until it may go on or the upgrade is over."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stationmaster.triggers.station_trigger import LookingTrigger

if TYPE_CHECKING:
    from stationmaster.core.gates import Standing


class UpgradeTrigger(LookingTrigger):
    """Waits, without a worker, for a run, for checks, for the end of a freeze, or for a person's answer.

    Its arguments outlive releases and stand in Airflow's database: only optional ones may be added.

    :param team: the team's configuration as JSON, so that the triggerer needs no DAG bundle.
    :param repository: ``owner/name``.
    :param upgrade: such as ``dre.dependencies/dfinity/dre/2026-W34``.
    :param subject: where the blockers stand in the ledger.
    :param name: a name of :data:`stationmaster.upgrades.waiting.LOOKS`.
    :param arguments: what that look needs.
    :param interval: seconds between two looks.
    """

    def __init__(
        self,
        *,
        team: dict[str, Any],
        repository: str,
        upgrade: str,
        subject: str,
        name: str,
        arguments: dict[str, Any],
        interval: float,
    ) -> None:
        super().__init__(subject=subject, interval=interval)
        self.team = team
        self.repository = repository
        self.upgrade = upgrade
        self.name = name
        self.arguments = arguments

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Return the class path and the arguments."""
        return (
            "stationmaster.triggers.upgrade_trigger.UpgradeTrigger",
            {
                "team": self.team,
                "repository": self.repository,
                "upgrade": self.upgrade,
                "subject": self.subject,
                "name": self.name,
                "arguments": self.arguments,
                "interval": self.interval,
            },
        )

    def look(self) -> tuple[bool, Standing]:
        """Take one look with fresh connections, keep the blockers, and return whether it settles."""
        from stationmaster.config.team import TeamConfig
        from stationmaster.upgrades.upgrade_desk import UpgradeDesk
        from stationmaster.upgrades.waiting import look

        desk = UpgradeDesk(team=TeamConfig.model_validate(self.team), repository=self.repository)
        standing = look(desk, self.name, self.upgrade, self.arguments)
        if standing.blockers:
            # What it waited for stands until the task itself goes on: no waiting task is ever without a reason.
            desk.ledger.renew_blockers(self.subject, standing.blockers, desk.now())
        return standing.opens, standing
