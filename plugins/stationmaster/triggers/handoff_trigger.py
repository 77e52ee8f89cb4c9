"""The trigger of the handoffs: looks in place of a task that waits, until it may go on or the shift is over."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stationmaster.triggers.named_trigger import NamedTrigger

if TYPE_CHECKING:
    from stationmaster.config.team import TeamConfig
    from stationmaster.core.gates import Standing
    from stationmaster.work.context import Desk


class HandoffTrigger(NamedTrigger):
    """Waits, without a worker, for a person's answer or for the end of an obstacle.

    :param rotation: the rotation's id within the team.
    :param handoff: such as ``cellxgene.oncall/2021-10-25T16:00Z``.
    :param rest: as of :class:`NamedTrigger`; the look is one of :data:`stationmaster.handoffs.waiting.LOOKS`.
    """

    def __init__(self, *, rotation: str, handoff: str, **rest: Any) -> None:
        super().__init__(rotation=rotation, handoff=handoff, **rest)
        self.rotation = rotation
        self.handoff = handoff

    def standing(self, team: TeamConfig) -> tuple[Desk, Standing]:
        """Take the look."""
        from stationmaster.handoffs.shift_desk import ShiftDesk
        from stationmaster.handoffs.waiting import look

        desk = ShiftDesk(team=team, rotation=self.rotation)
        return desk, look(desk, self.name, self.handoff, self.arguments)
