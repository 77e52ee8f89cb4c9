"""The trigger of the handoffs: looks in place of a task that waits, until it may go on or the shift is over."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stationmaster.triggers.station_trigger import LookingTrigger

if TYPE_CHECKING:
    from stationmaster.core.gates import Standing


class HandoffTrigger(LookingTrigger):
    """Waits, without a worker, for a person's answer or for the end of an obstacle.

    Its arguments outlive releases and stand in Airflow's database: only optional ones may be added.

    :param team: the team's configuration as JSON, so that the triggerer needs no DAG bundle.
    :param rotation: the rotation's id within the team.
    :param handoff: such as ``cellxgene.oncall/2021-10-25T16:00Z``.
    :param subject: where the blockers stand in the ledger.
    :param name: a name of :data:`stationmaster.handoffs.waiting.LOOKS`.
    :param arguments: what that look needs.
    :param interval: seconds between two looks.
    """

    def __init__(
        self,
        *,
        team: dict[str, Any],
        rotation: str,
        handoff: str,
        subject: str,
        name: str,
        arguments: dict[str, Any],
        interval: float,
    ) -> None:
        super().__init__(subject=subject, interval=interval)
        self.team = team
        self.rotation = rotation
        self.handoff = handoff
        self.name = name
        self.arguments = arguments

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Return the class path and the arguments."""
        return (
            "stationmaster.triggers.handoff_trigger.HandoffTrigger",
            {
                "team": self.team,
                "rotation": self.rotation,
                "handoff": self.handoff,
                "subject": self.subject,
                "name": self.name,
                "arguments": self.arguments,
                "interval": self.interval,
            },
        )

    def look(self) -> tuple[bool, Standing]:
        """Take one look with fresh connections, keep the blockers, and return whether it settles."""
        from stationmaster.config.team import TeamConfig
        from stationmaster.handoffs.shift_desk import ShiftDesk
        from stationmaster.handoffs.waiting import look

        desk = ShiftDesk(team=TeamConfig.model_validate(self.team), rotation=self.rotation)
        standing = look(desk, self.name, self.handoff, self.arguments)
        if standing.blockers:
            # What it waited for stands until the task itself goes on: no waiting task is ever without a reason, and
            # a look that was under way when the task was woken by an answer brings no reason back.
            desk.ledger.renew_blockers(self.subject, standing.blockers, desk.now())
        return standing.opens, standing
