"""A look with a name and arguments: what the triggers of handoffs, upgrades and a team's own work have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stationmaster.triggers.station_trigger import LookingTrigger

if TYPE_CHECKING:
    from stationmaster.config.team import TeamConfig
    from stationmaster.core.gates import Standing
    from stationmaster.work.context import Desk


class NamedTrigger(LookingTrigger):
    """Takes a look by its name, in place of a task that waits.

    Its arguments outlive releases and stand in Airflow's database: only optional ones may be added.

    :param team: what the looks need of the team's configuration, as JSON, so that the triggerer needs no DAG bundle.
    :param subject: where the blockers stand in the ledger.
    :param name: of the look.
    :param arguments: what that look needs.
    :param interval: seconds between two looks.
    :param question: whether a person was asked.
    :param where: what else tells which desk and which matter: arguments of the trigger by their names.
    """

    def __init__(
        self,
        *,
        team: dict[str, Any],
        subject: str,
        name: str,
        arguments: dict[str, Any],
        interval: float,
        question: bool = False,
        **where: str,
    ) -> None:
        super().__init__(subject=subject, interval=interval, question=question)
        self.team = team
        self.name = name
        self.arguments = arguments
        self.where = where

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Return the class path and the arguments."""
        return (
            f"{type(self).__module__}.{type(self).__qualname__}",
            {
                "team": self.team,
                **self.where,
                "subject": self.subject,
                "name": self.name,
                "arguments": self.arguments,
                "interval": self.interval,
                "question": self.question,
            },
        )

    def standing(self, team: TeamConfig) -> tuple[Desk, Standing]:
        """Take the look with fresh connections; return the desk that it was taken with, too."""
        raise NotImplementedError

    def look(self) -> tuple[bool, Standing]:
        """Take one look, keep the blockers, and return whether it settles."""
        from stationmaster.config.team import TeamConfig

        desk, standing = self.standing(TeamConfig.model_validate(self.team))
        if standing.blockers:
            # What it waited for stands until the task itself goes on: no waiting task is ever without a reason, and
            # a look that was under way when the task was woken by an answer brings no reason back.
            desk.ledger.renew_blockers(self.subject, standing.blockers, desk.now())
        return standing.opens, standing
