"""What every task of an upgrade has in common: one step, taken once, waiting without a worker, over with the week."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

from stationmaster import clock
from stationmaster.operators import wishes
from stationmaster.operators.looking import LookingOperator, Pausing
from stationmaster.operators.question import COMMIT

if TYPE_CHECKING:
    from airflow.sdk import Context

    from stationmaster.core.blockers import Blocker
    from stationmaster.core.gates import Standing
    from stationmaster.triggers.station_trigger import LookingTrigger
    from stationmaster.upgrades.upgrade_desk import Upgrade, UpgradeDesk

__all__ = ["START_TASK", "UPGRADE_KEY", "Pausing", "UpgradeOperator"]

UPGRADE_KEY = "upgrade"
"""The XCom key under which the first task names the upgrade."""
START_TASK = "start_the_upgrade"


class UpgradeOperator(LookingOperator["UpgradeDesk", "Upgrade"]):
    """Base of the tasks of an upgrade: blockers stand under ``<upgrade>/<task>``.

    When the next upgrade begins, an older one is over: its task is skipped.

    :param repository: ``owner/name``; the tasks are mapped over it as a group, so that it is rendered. Nothing else is.
    """

    template_fields: Sequence[str] = ("repository",)
    poll = timedelta(minutes=1)
    keeps = ("armed", COMMIT)

    def __init__(self, *, repository: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.repository = repository

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

    def upgrade(self, desk: UpgradeDesk, dag_run: Any) -> Upgrade:
        """Return the upgrade of this run: that of the week it is due in; started by hand, that of this week (F38)."""
        return desk.upgrade_at(self.due(dag_run))

    def due(self, dag_run: Any) -> datetime:
        """Return the instant that this run stands for: the same for each of its tasks, however late one runs (F71)."""
        if dag_run.run_type == "scheduled" and dag_run.logical_date is not None:
            return dag_run.logical_date  # type: ignore[no-any-return]
        return clock.now()

    def matter(self, desk: UpgradeDesk, context: Context) -> Upgrade:
        """Return this run's upgrade. A run by hand keeps the week in which its first task began."""
        named = self.bound(desk, context, part=self.repository)
        if named is None and self.task_name == START_TASK:
            if context["dag_run"].run_type != "scheduled":
                wishes.require_new(desk, context)
            named = self.bind(desk, context, self.upgrade(desk, context["dag_run"]).id, part=self.repository)
        if named is not None:
            return desk.upgrade(named)
        if context["dag_run"].run_type != "scheduled":
            raise AirflowFailException(f"this run has started no upgrade yet: clear {START_TASK} first")
        return self.upgrade(desk, context["dag_run"])

    def is_over(self, desk: UpgradeDesk, about: Upgrade) -> str:
        """Return that the next upgrade has begun, once it has."""
        return f"{about.id} is over: the next upgrade has begun" if desk.now() >= about.end else ""

    def subject(self, about: Upgrade) -> str:
        """Return where this task's blockers stand in the ledger."""
        return f"{about.id}/{self.task_name}"

    def blamed(self, desk: UpgradeDesk) -> tuple[str, ...]:
        """Return whoever is on call."""
        from stationmaster.core.rotations.rotation import NobodyOnCall

        try:
            return tuple(person.id for person in desk.on_call)
        except NobodyOnCall:
            return ()

    def complain(self, desk: UpgradeDesk, about: Upgrade, found: Blocker) -> None:
        """Tell whoever is on call of what waiting will not clear."""
        from stationmaster.upgrades import asking

        asking.complain(desk, about, self.task_name, found)

    def look(self, desk: UpgradeDesk, about: Upgrade, pausing: Pausing) -> Standing:
        """Take a look of :data:`stationmaster.upgrades.waiting.LOOKS`."""
        from stationmaster.upgrades import waiting

        return waiting.look(desk, pausing.name, about.id, pausing.arguments)

    def trigger(self, desk: UpgradeDesk, about: Upgrade, pausing: Pausing, interval: float) -> LookingTrigger:
        """Return the trigger of the upgrades."""
        from stationmaster.triggers.upgrade_trigger import UpgradeTrigger

        return UpgradeTrigger(
            team=desk.files.model_dump(mode="json"),
            repository=self.repository,
            upgrade=about.id,
            subject=self.subject(about),
            name=pausing.name,
            arguments=pausing.arguments,
            interval=interval,
        )
