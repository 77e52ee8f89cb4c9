"""What every task of a handoff has in common: one step, taken once, waiting without a worker, over with the shift."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from airflow.sdk import BaseOperator
from airflow.sdk.exceptions import AirflowException, AirflowSkipException

from stationmaster import clock
from stationmaster.operators.base import Result

if TYPE_CHECKING:
    from collections.abc import Sequence

    from airflow.sdk import Context

    from stationmaster.config.people import Person
    from stationmaster.config.team import TeamConfig
    from stationmaster.core.blockers import Blocker
    from stationmaster.handoffs.shift_desk import Handoff, ShiftDesk

HANDOFF_KEY = "handoff"
"""The XCom key under which the first task of a run names the handoff."""
OPEN_SHIFT = "open_shift"
POLL = timedelta(seconds=30)


class Pausing(NamedTuple):
    """A step that waits: a look of :data:`stationmaster.handoffs.waiting.LOOKS`, and what it needs."""

    name: str
    arguments: dict[str, Any]


class HandoffOperator(BaseOperator):
    """Base of the tasks of a handoff.

    A step is taken again after a retry or a clear, and finds in the ledger what it has done already (F01). Nothing that
    is out of order fails a shift: the task waits with its blockers, which stand in the ledger under
    ``<handoff>/handoff/<task>``, until it may go on or the shift is over; then it is skipped.

    :param include: path of ``include/``, best relative to the DAG's file (fact 27).
    :param team: id of the team.
    :param rotation: id of the rotation within the team.
    """

    def __init__(self, *, include: str, team: str, rotation: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.include = include
        self.team = team
        self.rotation = rotation

    @property
    def label(self) -> str:
        """What tells this task instance from its mapped siblings; empty where it has none."""
        return ""

    @property
    def include_dir(self) -> Path:
        """Where ``include/`` is in the bundle that this task runs from."""
        return Path(self.dag.fileloc).parent / self.include

    @property
    def team_config(self) -> TeamConfig:
        """The team as its files say at this moment."""
        from stationmaster.config.loader import load

        return load(self.include_dir, teams=[self.team]).team(self.team)

    def desk(self) -> ShiftDesk:
        """Return a desk with fresh connections."""
        from stationmaster.handoffs.shift_desk import ShiftDesk

        return ShiftDesk(team=self.team_config, rotation=self.rotation)

    def step(self, desk: ShiftDesk, handoff: Handoff, context: Context, event: Result | None) -> Result | Pausing:
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

    def handoff(self, desk: ShiftDesk, ti: Any, dag_run: Any) -> Handoff:
        """Return the handoff of this run, from XCom or, if that is gone, from the calendar (F71)."""
        named = ti.xcom_pull(task_ids=OPEN_SHIFT, key=HANDOFF_KEY)
        return desk.handoff(named) if isinstance(named, str) else desk.handoff_at(self.due(dag_run))

    def due(self, dag_run: Any) -> datetime:
        """Return the instant that this run stands for: its handoff on the calendar, or now if a person started it."""
        if dag_run.run_type == "scheduled" and dag_run.logical_date is not None:
            return dag_run.logical_date  # type: ignore[no-any-return]
        return clock.now()

    def is_over(self, desk: ShiftDesk, handoff: Handoff) -> bool:
        """Return whether there is nothing left to do for this handoff: its shift is over."""
        return desk.now() >= handoff.end

    def subject(self, handoff: Handoff) -> str:
        """Return where this task's blockers stand in the ledger."""
        name = f"{handoff.id}/handoff/{self.task_id}"
        return f"{name}/{self.label}" if self.label else name

    def again(self, desk: ShiftDesk, handoff: Handoff, blockers: Sequence[Blocker]) -> Pausing:
        """Return the wait for an obstacle that may pass."""
        from stationmaster.handoffs import waiting

        return Pausing(waiting.AGAIN, waiting.pause(desk, self.subject(handoff), blockers))

    def _take(self, context: Context, event: Result | None) -> Any:
        desk = self.desk()
        handoff = self.handoff(desk, context["ti"], context["dag_run"])
        try:
            if self.is_over(desk, handoff):
                raise AirflowSkipException(f"the shift that began with {handoff.id} is over")
            if handoff.shifts and self.label and self.label not in handoff.shifts:
                raise AirflowSkipException(f"nobody is {self.label} in this shift")
            outcome = self._guarded(desk, handoff, context, event) if handoff.shifts else self._unread(desk, handoff)
        except AirflowSkipException:
            desk.ledger.set_blockers(self.subject(handoff), (), desk.now())
            raise
        if isinstance(outcome, Pausing):
            return self._wait(desk, handoff, outcome)
        desk.ledger.set_blockers(self.subject(handoff), (), desk.now())
        return outcome

    def _unread(self, desk: ShiftDesk, handoff: Handoff) -> Pausing:
        from stationmaster.core.blockers import blocker

        what = "the source" if desk.entry.source is None else desk.entry.source.what
        who = tuple(manager.id for manager in desk.managers)
        return self.again(desk, handoff, [blocker("SOURCE_UNREAD", who=who, rotation=desk.entry.title, source=what)])

    def _guarded(self, desk: ShiftDesk, handoff: Handoff, context: Context, event: Result | None) -> Result | Pausing:
        from stationmaster.departures.obstacles import hindrance

        try:
            return self.step(desk, handoff, context, event)
        except AirflowException:
            raise
        except Exception as error:
            found = hindrance(desk, error, tuple(manager.id for manager in desk.managers))
            if found is None:
                raise
            return self.again(desk, handoff, [found])

    def _wait(self, desk: ShiftDesk, handoff: Handoff, pausing: Pausing) -> None:
        from stationmaster import settings
        from stationmaster.handoffs import waiting
        from stationmaster.triggers.handoff_trigger import HandoffTrigger

        standing = waiting.look(desk, pausing.name, handoff.id, pausing.arguments)
        desk.ledger.set_blockers(self.subject(handoff), standing.blockers, desk.now())
        for found in standing.blockers:
            self.log.info("Waiting: %s: %s %s", found.code, found.sentence, found.how)
        self.defer(
            trigger=HandoffTrigger(
                team=desk.files.model_dump(mode="json"),
                rotation=self.rotation,
                handoff=handoff.id,
                subject=self.subject(handoff),
                name=pausing.name,
                arguments=pausing.arguments,
                interval=settings.poll_interval(POLL).total_seconds(),
            ),
            method_name="resume",
            kwargs={"asked": pausing.arguments},
        )


class RoleOperator(HandoffOperator):
    """Base of the tasks about one role: mapped, and named in the grid by whoever comes on call in it."""

    def __init__(self, *, role: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.role = role

    @property
    def label(self) -> str:
        """The role."""
        return self.role

    def named(self, ti: Any, dag_run: Any) -> str:
        """Return the name in the grid: Airflow renders ``map_index_template`` with it."""
        desk = self.desk()
        handoff = self.handoff(desk, ti, dag_run)
        return desk.person(handoff, self.role).name if self.role in handoff.shifts else f"nobody is {self.role}"

    def tagged(self, person: Person) -> Result:
        """Return the role and the person as a task's XCom names them."""
        return {"role": self.role, "person": person.id, "name": person.name}
