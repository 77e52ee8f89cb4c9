"""The trigger of chores, incidents and watches: looks in place of a task that waits, until it may go on."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from stationmaster.triggers.named_trigger import NamedTrigger

if TYPE_CHECKING:
    from stationmaster.config.team import TeamConfig
    from stationmaster.core.gates import Standing
    from stationmaster.work.context import Desk

AREAS = {
    "chores": "stationmaster.chores.waiting",
    "incidents": "stationmaster.incidents.waiting",
    "measures": "stationmaster.departures.weekly_message",
    "watches": "stationmaster.watches.waiting",
}
"""The module of each area, which has ``look(desk, name, about, arguments) -> Standing``. A contract (F69)."""


class UnknownArea(LookupError):
    """A trigger names an area that this release does not have."""


def look(area: str, desk: Desk, name: str, about: str, arguments: dict[str, Any]) -> Standing:
    """Take a look of an area.

    :raises UnknownArea: the area is of another release; its module raises for a look of another.
    """
    if area not in AREAS:
        raise UnknownArea(f"{area!r} is not one of {', '.join(AREAS)}")
    standing: Standing = import_module(AREAS[area]).look(desk, name, about, arguments)
    return standing


class TeamTrigger(NamedTrigger):
    """Waits, without a worker, on behalf of a task of a team's own work.

    :param area: one of :data:`AREAS`.
    :param about: what the run is about, such as ``cellxgene.incident/2026-08-21.1``.
    :param rest: as of :class:`NamedTrigger`; the look is one of the area's.
    """

    def __init__(self, *, area: str, about: str, **rest: Any) -> None:
        super().__init__(area=area, about=about, **rest)
        self.area = area
        self.about = about

    def standing(self, team: TeamConfig) -> tuple[Desk, Standing]:
        """Take the look."""
        from stationmaster.work.context import Desk

        desk = Desk(team=team)
        return desk, look(self.area, desk, self.name, self.about, self.arguments)
