"""The trigger of chores, incidents and watches: looks in place of a task that waits, until it may go on."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from stationmaster.triggers.station_trigger import LookingTrigger

if TYPE_CHECKING:
    from stationmaster.core.gates import Standing
    from stationmaster.departures.desk import Desk

AREAS = {
    "chores": "stationmaster.chores.waiting",
    "incidents": "stationmaster.incidents.waiting",
    "measures": "stationmaster.duty.measures",
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


class TeamTrigger(LookingTrigger):
    """Waits, without a worker, on behalf of a task of a team's own work.

    Its arguments outlive releases and stand in Airflow's database: only optional ones may be added.

    :param team: what the looks need of the team's configuration, as JSON, so that the triggerer needs no DAG bundle.
    :param area: one of :data:`AREAS`.
    :param about: what the run is about, such as ``cellxgene.incident/2026-08-21.1``.
    :param subject: where the blockers stand in the ledger.
    :param name: a look of the area.
    :param arguments: what that look needs.
    :param interval: seconds between two looks.
    """

    def __init__(
        self,
        *,
        team: dict[str, Any],
        area: str,
        about: str,
        subject: str,
        name: str,
        arguments: dict[str, Any],
        interval: float,
    ) -> None:
        super().__init__(subject=subject, interval=interval)
        self.team = team
        self.area = area
        self.about = about
        self.name = name
        self.arguments = arguments

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Return the class path and the arguments."""
        return (
            "stationmaster.triggers.team_trigger.TeamTrigger",
            {
                "team": self.team,
                "area": self.area,
                "about": self.about,
                "subject": self.subject,
                "name": self.name,
                "arguments": self.arguments,
                "interval": self.interval,
            },
        )

    def look(self) -> tuple[bool, Standing]:
        """Take one look with fresh connections, keep the blockers, and return whether it settles."""
        from stationmaster.config.team import TeamConfig
        from stationmaster.departures.desk import Desk

        desk = Desk(team=TeamConfig.model_validate(self.team))
        standing = look(self.area, desk, self.name, self.about, self.arguments)
        if standing.blockers:
            # What it waited for stands until the task itself goes on: no waiting task is ever without a reason.
            desk.ledger.renew_blockers(self.subject, standing.blockers, desk.now())
        return standing.opens, standing
