"""What every task of an upgrade has in common: one step, taken once, waiting without a worker, over with the week."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from airflow.sdk import BaseOperator
from airflow.sdk.exceptions import AirflowException, AirflowSkipException

from stationmaster import clock
from stationmaster.operators.base import Result

if TYPE_CHECKING:
    from airflow.sdk import Context

    from stationmaster.config.team import TeamConfig
    from stationmaster.core.blockers import Blocker
    from stationmaster.upgrades.upgrade_desk import Upgrade, UpgradeDesk

UPGRADE_KEY = "upgrade"
"""The XCom key under which the first task names the upgrade."""
START_TASK = "start_the_upgrade"
POLL = timedelta(minutes=1)


class Pausing(NamedTuple):
    """A step that waits: a look of :data:`stationmaster.upgrades.waiting.LOOKS`, and what it needs."""

    name: str
    arguments: dict[str, Any]


class UpgradeOperator(BaseOperator):
    """Base of the tasks of an upgrade.

    A step is taken again after a retry or a clear, and finds in the ledger what it has done already (F01). While it
    waits, its blockers stand in the ledger under ``<upgrade>/<task>`` and a trigger looks in its place. When the next
    upgrade begins, an older one is over: its task is skipped.

    :param include: path of ``include/``, best relative to the DAG's file (fact 27).
    :param team: id of the team.
    :param repository: ``owner/name``; the tasks are mapped over it as a group, so that it is rendered. Nothing else is.
    """

    template_fields: Sequence[str] = ("repository",)

    def __init__(self, *, include: str, team: str, repository: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.include = include
        self.team = team
        self.repository = repository

    @property
    def include_dir(self) -> Path:
        """Where ``include/`` is in the bundle that this task runs from."""
        return Path(self.dag.fileloc).parent / self.include

    @property
    def team_config(self) -> TeamConfig:
        """The team as its files say at this moment."""
        from stationmaster.config.loader import load

        return load(self.include_dir, teams=[self.team]).team(self.team)

    @property
    def task_name(self) -> str:
        """The task's id without that of its group."""
        return str(self.task_id).rpartition(".")[2]

    @property
    def named(self) -> str:
        """The name in the grid: Airflow renders ``map_index_template`` with it."""
        return self.repository

    def desk(self) -> UpgradeDesk:
        """Return a desk with fresh connections.

        :raises AirflowSkipException: the team's file does not name the repository any more.
        """
        from stationmaster.upgrades.upgrade_desk import NotUpgraded, UpgradeDesk

        try:
            return UpgradeDesk(team=self.team_config, repository=self.repository)
        except NotUpgraded as gone:
            raise AirflowSkipException(str(gone)) from gone

    def step(self, desk: UpgradeDesk, upgrade: Upgrade, context: Context, event: Result | None) -> Result | Pausing:
        """Take the step, or say why it has to wait.

        :param event: None at the start of a try; what woke the task after a wait, with what it had ``asked`` for.
        """
        raise NotImplementedError

    def execute(self, context: Context) -> Any:
        """Take the step for the first time in this try."""
        return self._take(context, None)

    def resume(self, context: Context, event: Result | None = None, asked: Result | None = None) -> Any:
        """Take the step again after a wait.

        :param asked: the arguments of the look that was waited for.
        """
        return self._take(context, {**(event or {}), "asked": asked or {}})

    def upgrade(self, desk: UpgradeDesk, dag_run: Any) -> Upgrade:
        """Return the upgrade of this run: that of the week it is due in; started by hand, that of this week (F38)."""
        return desk.upgrade_at(self.due(dag_run))

    def due(self, dag_run: Any) -> datetime:
        """Return the instant that this run stands for: the same for each of its tasks, however late one runs (F71)."""
        if dag_run.run_type == "scheduled" and dag_run.logical_date is not None:
            return dag_run.logical_date  # type: ignore[no-any-return]
        return clock.now()

    def is_over(self, desk: UpgradeDesk, upgrade: Upgrade) -> bool:
        """Return whether the next upgrade has begun."""
        return desk.now() >= upgrade.end

    def subject(self, upgrade: Upgrade) -> str:
        """Return where this task's blockers stand in the ledger."""
        return f"{upgrade.id}/{self.task_name}"

    def again(
        self, desk: UpgradeDesk, upgrade: Upgrade, blockers: Sequence[Blocker], event: Result | None = None
    ) -> Pausing:
        """Return the wait for an obstacle that may pass; what the task knows of its try is kept."""
        from stationmaster.duty import waiting

        kept = {name: value for name, value in ((event or {}).get("asked") or {}).items() if name == "armed"}
        return Pausing(waiting.AGAIN, waiting.pause(desk, self.subject(upgrade), blockers, kept))

    def _take(self, context: Context, event: Result | None) -> Any:
        desk = self.desk()
        upgrade = self._this_upgrade(desk, context)
        try:
            if self.is_over(desk, upgrade):
                raise AirflowSkipException(f"{upgrade.id} is over: the next upgrade has begun")
            outcome = self._guarded(desk, upgrade, context, event)
        except AirflowSkipException:
            desk.ledger.set_blockers(self.subject(upgrade), (), desk.now())
            raise
        if isinstance(outcome, Pausing):
            return self._wait(desk, upgrade, outcome)
        desk.ledger.set_blockers(self.subject(upgrade), (), desk.now())
        return outcome

    def _this_upgrade(self, desk: UpgradeDesk, context: Context) -> Upgrade:
        """Return this run's upgrade. A run by hand keeps the week in which its first task began."""
        from stationmaster.upgrades.upgrade_desk import NotAnUpgrade

        ti: Any = context["ti"]
        first = f"{str(self.task_id).removesuffix(self.task_name)}{START_TASK}"
        named = ti.xcom_pull(task_ids=first, key=UPGRADE_KEY, map_indexes=ti.map_index)
        try:
            return desk.upgrade(named) if isinstance(named, str) else self.upgrade(desk, context["dag_run"])
        except NotAnUpgrade:
            return self.upgrade(desk, context["dag_run"])

    def _guarded(self, desk: UpgradeDesk, upgrade: Upgrade, context: Context, event: Result | None) -> Result | Pausing:
        from stationmaster.departures.obstacles import hindrance, passes

        try:
            return self.step(desk, upgrade, context, event)
        except AirflowException:
            raise
        except Exception as error:
            found = hindrance(desk, error, self._who(desk))
            if found is None:
                raise
            if not passes(error):
                self._complain(desk, upgrade, found)
            return self.again(desk, upgrade, [found], event)

    def _who(self, desk: UpgradeDesk) -> tuple[str, ...]:
        from stationmaster.core.rotations.rotation import NobodyOnCall

        try:
            return tuple(person.id for person in desk.on_call)
        except NobodyOnCall:
            return ()

    def _complain(self, desk: UpgradeDesk, upgrade: Upgrade, found: Blocker) -> None:
        """Tell whoever is on call of what waiting will not clear; it is tried again all the same, once it is mended."""
        from stationmaster.departures.obstacles import hindrance
        from stationmaster.upgrades import asking

        try:
            asking.complain(desk, upgrade, self.task_name, found)
        except Exception as error:
            if hindrance(desk, error, ()) is None:
                raise
            self.log.warning("Nobody is told of %s: %s", found.code, error)

    def _wait(self, desk: UpgradeDesk, upgrade: Upgrade, pausing: Pausing) -> None:
        from stationmaster import settings
        from stationmaster.triggers.upgrade_trigger import UpgradeTrigger
        from stationmaster.upgrades import waiting

        standing = waiting.look(desk, pausing.name, upgrade.id, pausing.arguments)
        desk.ledger.set_blockers(self.subject(upgrade), standing.blockers, desk.now())
        for found in standing.blockers:
            self.log.info("Waiting: %s: %s %s", found.code, found.sentence, found.how)
        self.defer(
            trigger=UpgradeTrigger(
                team=desk.files.model_dump(mode="json"),
                repository=self.repository,
                upgrade=upgrade.id,
                subject=self.subject(upgrade),
                name=pausing.name,
                arguments=pausing.arguments,
                interval=settings.poll_interval(POLL).total_seconds(),
            ),
            method_name="resume",
            kwargs={"asked": pausing.arguments},
        )
