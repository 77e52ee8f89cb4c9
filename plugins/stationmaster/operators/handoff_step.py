"""What every task of a handoff has in common: one step, taken once, waiting without a worker, over with the shift."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, cast

from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

from stationmaster import clock
from stationmaster.operators.base import Result
from stationmaster.operators.looking import LookingOperator, Pausing

if TYPE_CHECKING:
    from airflow.sdk import Context

    from stationmaster.config.people import Person
    from stationmaster.core.gates import Standing
    from stationmaster.handoffs.shift_desk import Handoff, ShiftDesk
    from stationmaster.triggers.station_trigger import LookingTrigger

__all__ = ["HANDOFF_KEY", "OPEN_SHIFT", "HandoffOperator", "Pausing", "RoleOperator"]

HANDOFF_KEY = "handoff"
"""The XCom key under which the first task of a run names the handoff."""
OPEN_SHIFT = "open_shift"


class HandoffOperator(LookingOperator["ShiftDesk", "Handoff"]):
    """Base of the tasks of a handoff: blockers stand under ``<handoff>/handoff/<task>``.

    Nothing that is out of order fails a shift: the task waits with its reason until it may go on or the shift is over;
    then it is skipped.

    :param rotation: id of the rotation within the team.
    """

    def __init__(self, *, rotation: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.rotation = rotation

    @property
    def label(self) -> str:
        """What tells this task instance from its mapped siblings; empty where it has none."""
        return ""

    def desk(self) -> ShiftDesk:
        """Return a desk with fresh connections."""
        from stationmaster.handoffs.shift_desk import ShiftDesk

        return ShiftDesk(team=self.team_config, rotation=self.rotation)

    def handoff(self, desk: ShiftDesk, ti: Any, dag_run: Any) -> Handoff:
        """Return the handoff of this run, as the ledger knows it; of a scheduled run the calendar tells, too (F71)."""
        named = self.bound_handoff(desk, ti, dag_run)
        if named is not None:
            return desk.handoff(named)
        if dag_run.run_type != "scheduled":
            raise AirflowFailException(f"this run has opened no shift yet: clear {OPEN_SHIFT} first")
        return desk.handoff_at(self.due(dag_run))

    def bound_handoff(self, desk: ShiftDesk, ti: Any, dag_run: Any, *, part: str = "") -> str | None:
        """Return the handoff that this run, or a part of it, is bound to; None where it is bound to none."""
        return self.bound(desk, cast("Context", {"ti": ti, "dag_run": dag_run}), part=part)

    def due(self, dag_run: Any) -> datetime:
        """Return the instant that this run stands for: its handoff on the calendar, or now if a person started it."""
        if dag_run.run_type == "scheduled" and dag_run.logical_date is not None:
            return dag_run.logical_date  # type: ignore[no-any-return]
        return clock.now()

    def matter(self, desk: ShiftDesk, context: Context) -> Handoff:
        """Return the handoff of this run."""
        return self.handoff(desk, context["ti"], context["dag_run"])

    def is_over(self, desk: ShiftDesk, about: Handoff) -> str:
        """Return that there is nothing left to do for this handoff, once its shift is over."""
        return f"the shift that began with {about.id} is over" if desk.now() >= about.end else ""

    def subject(self, about: Handoff) -> str:
        """Return where this task's blockers stand in the ledger."""
        name = f"{about.id}/handoff/{self.task_id}"
        return f"{name}/{self.label}" if self.label else name

    def blamed(self, desk: ShiftDesk) -> tuple[str, ...]:
        """Return the managers."""
        return tuple(manager.id for manager in desk.managers)

    def taken(self, desk: ShiftDesk, about: Handoff, context: Context, event: Result | None) -> Result | Pausing:
        """Take the step, unless nobody has the role, or nobody can tell who has."""
        if about.shifts and self.label and self.label not in about.shifts:
            raise AirflowSkipException(f"nobody is {self.label} in this shift")
        return super().taken(desk, about, context, event) if about.shifts else self._unread(desk, about)

    def look(self, desk: ShiftDesk, about: Handoff, pausing: Pausing) -> Standing:
        """Take a look of :data:`stationmaster.handoffs.waiting.LOOKS`."""
        from stationmaster.handoffs import waiting

        return waiting.look(desk, pausing.name, about.id, pausing.arguments)

    def trigger(self, desk: ShiftDesk, about: Handoff, pausing: Pausing, interval: float) -> LookingTrigger:
        """Return the trigger of the handoffs."""
        from stationmaster.triggers.handoff_trigger import HandoffTrigger

        return HandoffTrigger(
            team=desk.files.model_dump(mode="json"),
            rotation=self.rotation,
            handoff=about.id,
            subject=self.subject(about),
            name=pausing.name,
            arguments=pausing.arguments,
            interval=interval,
        )

    def _unread(self, desk: ShiftDesk, handoff: Handoff) -> Pausing:
        from stationmaster.core.blockers import blocker

        what = "the source" if desk.entry.source is None else desk.entry.source.what
        who = self.blamed(desk)
        return self.again(desk, handoff, [blocker("SOURCE_UNREAD", who=who, rotation=desk.entry.title, source=what)])


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
        desk = self.at_hand(self.desk)
        handoff = self.handoff(desk, ti, dag_run)
        return desk.person(handoff, self.role).name if self.role in handoff.shifts else f"nobody is {self.role}"

    def tagged(self, person: Person) -> Result:
        """Return the role and the person as a task's XCom names them."""
        return {"role": self.role, "person": person.id, "name": person.name}
