"""What every task of a team's own work has in common: one step, taken once, waiting without a worker.

Chores, incidents and watches are made of it. It is the same recipe as a departure's
(:mod:`stationmaster.operators.base`), for work that belongs to the team and to no train.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from airflow.sdk import BaseOperator
from airflow.sdk.exceptions import AirflowException, AirflowFailException, AirflowSkipException

from stationmaster.operators.base import Result

if TYPE_CHECKING:
    from airflow.sdk import Context

    from stationmaster.config.team import TeamConfig
    from stationmaster.core.blockers import Blocker
    from stationmaster.departures.desk import Desk

ABOUT_KEY = "about"
"""The XCom key under which the first task of a run says what the run is about."""
POLL = timedelta(seconds=30)


class Pausing(NamedTuple):
    """A step that waits: a look of the area, and what it needs."""

    name: str
    arguments: dict[str, Any]


class TeamOperator(BaseOperator):
    """Base of the tasks of chores, incidents and watches.

    A step is taken again after a retry or a clear, and finds in the ledger what it has done already (F01). While it
    waits, its blockers stand in the ledger under ``<about>/<task>`` and a trigger looks in its place.

    :param include: path of ``include/``, best relative to the DAG's file (fact 27).
    :param team: id of the team.
    """

    template_fields: Sequence[str] = ()
    area: ClassVar[str]
    """A name of :data:`stationmaster.triggers.team_trigger.AREAS`."""
    first_task: ClassVar[str]
    """The task that names what the run is about."""
    poll: ClassVar[timedelta] = POLL
    """How long the trigger rests between two looks."""

    def __init__(self, *, include: str, team: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.include = include
        self.team = team

    @property
    def label(self) -> str:
        """What tells this task instance from its mapped siblings; empty where it has none."""
        return ""

    @property
    def include_dir(self) -> Path:
        """Where ``include/`` is in the bundle that this task runs from."""
        return Path(self.dag.fileloc).parent / self.include

    @property
    def entries(self) -> dict[str, tuple[str, ...]]:
        """Which chores and watches the task reads, as :func:`stationmaster.config.loader.load` takes them: none."""
        return {"chores": (), "watches": ()}

    @property
    def team_config(self) -> TeamConfig:
        """The team as its files say at this moment, without its trains: a mistake in one of them stops no chore."""
        from stationmaster.config.loader import load

        found = load(self.include_dir, teams=[self.team], trains=(), entries=self.entries)
        return found.team(self.team)

    def desk(self) -> Desk:
        """Return a desk with fresh connections."""
        from stationmaster.departures.desk import Desk

        return Desk(team=self.team_config)

    def about(self, desk: Desk, context: Context) -> str:
        """Return what this run is about. The first task's word holds for the whole run (F71)."""
        raise NotImplementedError

    def is_over(self, desk: Desk, about: str) -> str:
        """Return why there is nothing left to do, empty while there is: then the task is skipped."""
        return ""

    def step(self, desk: Desk, about: str, context: Context, event: Result | None) -> Result | Pausing:
        """Take the step, or say why it has to wait.

        :param event: None at the start of a try; what woke the task after a wait, with what it had ``asked`` for.
        """
        raise NotImplementedError

    def carried(self, files: TeamConfig) -> TeamConfig:
        """Return what the looks need of the team's files: it stands in Airflow's database with each trigger."""
        return files.model_copy(update={"trains": {}, "chores": {}, "watches": {}})

    def execute(self, context: Context) -> Any:
        """Take the step for the first time in this try."""
        return self._take(context, None)

    def resume(self, context: Context, event: Result | None = None, asked: Result | None = None) -> Any:
        """Take the step again after a wait.

        :param asked: the arguments of the look that was waited for.
        """
        return self._take(context, {**(event or {}), "asked": asked or {}})

    def subject(self, about: str) -> str:
        """Return where this task's blockers stand in the ledger."""
        name = f"{about}/{self.task_id}"
        return f"{name}/{self.label}" if self.label else name

    def again(self, desk: Desk, about: str, blockers: Sequence[Blocker], event: Result | None = None) -> Pausing:
        """Return the wait for an obstacle that may pass; what the task knows of its try is kept."""
        from stationmaster.duty import waiting

        left_out = ("until", "blockers")
        kept = {name: value for name, value in ((event or {}).get("asked") or {}).items() if name not in left_out}
        return Pausing(waiting.AGAIN, waiting.pause(desk, self.subject(about), blockers, kept))

    def _about(self, desk: Desk, context: Context) -> str:
        ti: Any = context["ti"]
        known = ti.xcom_pull(task_ids=self.first_task, key=ABOUT_KEY)
        if isinstance(known, str):
            return known
        if self.task_id != self.first_task:
            raise AirflowFailException(f"{self.first_task} has not said what this run is about: clear it first")
        found = self.about(desk, context)
        ti.xcom_push(key=ABOUT_KEY, value=found)
        return found

    def _take(self, context: Context, event: Result | None) -> Any:
        desk = self.desk()
        about = self._about(desk, context)
        try:
            over = self.is_over(desk, about)
            if over:
                raise AirflowSkipException(over)
            outcome = self._guarded(desk, about, context, event)
        except AirflowSkipException:
            desk.ledger.set_blockers(self.subject(about), (), desk.now())
            raise
        if isinstance(outcome, Pausing):
            return self._wait(desk, about, outcome)
        desk.ledger.set_blockers(self.subject(about), (), desk.now())
        return outcome

    def _guarded(self, desk: Desk, about: str, context: Context, event: Result | None) -> Result | Pausing:
        from stationmaster.departures.obstacles import StepImpossible, hindrance

        try:
            return self.step(desk, about, context, event)
        except StepImpossible as impossible:
            desk.ledger.set_blockers(self.subject(about), impossible.blockers, desk.now())
            raise AirflowFailException(str(impossible)) from impossible
        except AirflowException:
            raise
        except Exception as error:
            found = hindrance(desk, error, ())
            if found is None:
                raise
            # What a person must mend is tried again, too, once it is mended: nobody clears a chore at night.
            return self.again(desk, about, [found], event)

    def _wait(self, desk: Desk, about: str, pausing: Pausing) -> None:
        from stationmaster import settings
        from stationmaster.triggers.team_trigger import TeamTrigger, look

        standing = look(self.area, desk, pausing.name, about, pausing.arguments)
        desk.ledger.set_blockers(self.subject(about), standing.blockers, desk.now())
        for found in standing.blockers:
            self.log.info("Waiting: %s: %s %s", found.code, found.sentence, found.how)
        self.defer(
            trigger=TeamTrigger(
                team=self.carried(desk.files).model_dump(mode="json"),
                area=self.area,
                about=about,
                subject=self.subject(about),
                name=pausing.name,
                arguments=pausing.arguments,
                interval=settings.poll_interval(self.poll).total_seconds(),
            ),
            method_name="resume",
            kwargs={"asked": pausing.arguments},
        )
