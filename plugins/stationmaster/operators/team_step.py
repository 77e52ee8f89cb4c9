"""The tasks of a team's own work: chores, incidents, watches."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from airflow.sdk.exceptions import AirflowFailException

from stationmaster.operators.looking import LookingOperator, Pausing

if TYPE_CHECKING:
    from airflow.sdk import Context

    from stationmaster.config.team import TeamConfig
    from stationmaster.core.gates import Standing
    from stationmaster.triggers.station_trigger import LookingTrigger
    from stationmaster.work.context import Desk

__all__ = ["ABOUT_KEY", "Pausing", "TeamOperator"]

ABOUT_KEY = "about"
"""The XCom key under which the first task of a run says what the run is about."""


class TeamOperator(LookingOperator["Desk", str]):
    """Base of the tasks of chores, incidents and watches: blockers stand under ``<about>/<task>``."""

    area: ClassVar[str]
    """A name of :data:`stationmaster.triggers.team_trigger.AREAS`."""
    first_task: ClassVar[str]
    """The task that names what the run is about."""
    keeps = ("place", "last", "role", "armed")

    @property
    def label(self) -> str:
        """What tells this task instance from its mapped siblings; empty where it has none."""
        return ""

    @property
    def entries(self) -> dict[str, tuple[str, ...]]:
        """Which chores and watches the task reads, as :func:`stationmaster.config.loader.load` takes them: none."""
        return {"chores": (), "watches": ()}

    @property
    def reads(self) -> dict[str, Any]:
        """The team without its trains: a mistake in one of them stops no chore."""
        return {"trains": (), "entries": self.entries}

    def carried(self, files: TeamConfig) -> TeamConfig:
        """Return what the looks need of the team's files: it stands in Airflow's database with each trigger."""
        return files.model_copy(update={"trains": {}, "chores": {}, "watches": {}})

    def desk(self) -> Desk:
        """Return a desk with fresh connections."""
        from stationmaster.work.context import Desk

        return Desk(team=self.team_config)

    def about(self, desk: Desk, context: Context) -> str:
        """Return what the first task's run is about; its word holds for the whole run (F71)."""
        raise NotImplementedError

    def matter(self, desk: Desk, context: Context) -> str:
        """Return what the run is bound to; its first task binds it."""
        known = self.bound(desk, context)
        if self.task_id != self.first_task:
            if known is None:
                raise AirflowFailException(f"{self.first_task} has not said what this run is about: clear it first")
            return known
        found = self.bind(desk, context, known or self.about(desk, context))
        context["ti"].xcom_push(key=ABOUT_KEY, value=found)
        return found

    def subject(self, about: str) -> str:
        """Return where this task's blockers stand in the ledger."""
        name = f"{about}/{self.task_id}"
        return f"{name}/{self.label}" if self.label else name

    def look(self, desk: Desk, about: str, pausing: Pausing) -> Standing:
        """Take a look of the area."""
        from stationmaster.triggers.team_trigger import look

        return look(self.area, desk, pausing.name, about, pausing.arguments)

    def trigger(self, desk: Desk, about: str, pausing: Pausing, interval: float) -> LookingTrigger:
        """Return the trigger of the area."""
        from stationmaster.triggers.team_trigger import TeamTrigger

        return TeamTrigger(
            team=self.carried(desk.files).model_dump(mode="json"),
            area=self.area,
            about=about,
            subject=self.subject(about),
            name=pausing.name,
            arguments=pausing.arguments,
            interval=interval,
        )
