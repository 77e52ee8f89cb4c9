"""The tasks of a rollout: the plan is checked, said, kept; then each batch is brought to its targets (D-09 … D-11)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

from stationmaster.notifiers.failure_notice import FailedAndTold
from stationmaster.operators import run_marks, wishes
from stationmaster.operators.base import DEPARTURE_KEY, Result, Waiting
from stationmaster.operators.going_back import ByHandOperator

if TYPE_CHECKING:
    from airflow.sdk import Context

    from stationmaster.departures.station import Station
    from stationmaster.rollouts.planning import Checked
    from stationmaster.rollouts.records import RolloutRecord
    from stationmaster.triggers.station_trigger import LookingTrigger

CHECK_TASK = "check_the_plan"
OPEN_TASK = "open_the_rollout"
SAY_TASK = "say_the_schedule"
_BEFORE_A_BATCH = (CHECK_TASK, SAY_TASK, OPEN_TASK)
_STAGE_WATCH = "rollout"
_SHOWN = 20
"""Targets that a refusal names; the rest is counted."""


def rows_of(record: RolloutRecord) -> list[dict[str, Any]]:
    """Return what the group of a batch is mapped over: one small row a batch, whatever the number of targets."""
    return [
        {"departure": record.departure, "rollout": record.number, "number": batch.number, "label": batch.label}
        for batch in record.plan.batches
    ]


class RolloutFormOperator(ByHandOperator):
    """Base of the tasks that read the form. A run that has opened its rollout keeps it, however late it is cleared."""

    def departure(self, station: Station, context: Context) -> str:
        """Return the departure that this run is about, or that its form means while it is about none."""
        known = self.bound(station, context)
        if known == station.train.key:
            raise AirflowFailException(
                run_marks.refusal(context, "this form was refused when it was filled in. Start a new one.")
            )
        return known or self.checked(station, context).departure

    def checked(self, station: Station, context: Context) -> Checked:
        """Return what the form means, or fail with everything that is wrong with it."""
        from stationmaster.core.instants import day_of
        from stationmaster.core.rollouts.plan import PlanInvalid
        from stationmaster.rollouts import planning, reporting
        from stationmaster.rollouts.records import RolloutRefused

        opened = self.opened(station, context)
        if opened is not None:
            return planning.Checked(opened.departure, opened.version, opened.plan)
        form = context["params"]
        about = self.bound(station, context)
        week = about.rpartition("/")[2] if about else form.get("departure") or None
        try:
            start = day_of(form["start"]) if form.get("start") else None
            return planning.check(station, week=week, text=form.get("plan") or None, start=start)
        except PlanInvalid as invalid:
            raise AirflowFailException(f"The plan cannot be used:\n{invalid}") from invalid
        except planning.NotPromoted as refused:
            reporting.tell_not_promoted(station, refused, run=self.run_key(context))
            raise AirflowFailException(str(refused)) from refused
        except (RolloutRefused, ValueError) as refused:
            raise AirflowFailException(str(refused)) from refused

    def opened(self, station: Station, context: Context) -> RolloutRecord | None:
        """Return the rollout that this run has opened, as the ledger knows it; None before."""
        return opened_by(self, station, context)


class CheckPlanOperator(RolloutFormOperator):
    """Checks the plan of the form; every mistake is told at once, and nothing else happens.

    Unless it is a dry run, the run is about that departure from here on, or about nothing if the form was refused.
    XCom ``departure``: what is rolled out; ``return_value``: ``{"departure", "version", "plan", "batches",
    "targets"}``: the plan's hash, and two numbers.
    """

    def departure(self, station: Station, context: Context) -> str:
        """Return the departure that this run is about from here on."""
        known = self.bound(station, context)
        dry_run = context["params"].get("dry_run", True)
        if known is not None or dry_run or self.opened(station, context) is not None:
            return super().departure(station, context)
        wishes.require_new(station, context)
        try:
            return self.bind(station, context, super().departure(station, context))
        except AirflowFailException:
            if self.bound(station, context) is None:
                self.bind(station, context, station.train.key)
            raise

    def step(self, station: Station, departure: str, context: Context, event: Result | None) -> Result | Waiting:
        """Say what was understood."""
        found = self.checked(station, context)
        if self.opened(station, context) is None:
            require_forward(station, context, found)
        context["ti"].xcom_push(key=DEPARTURE_KEY, value=found.departure)
        return {
            "departure": found.departure,
            "version": found.version,
            "plan": found.plan.hash,
            "batches": len(found.plan.batches),
            "targets": sum(len(batch.ways) for batch in found.plan.batches),
        }


class SayScheduleOperator(RolloutFormOperator):
    """Says the whole schedule, and changes nothing: the preview.

    XCom: ``{"departure", "batches": [label, ...]}``; the log has every target.
    """

    def step(self, station: Station, departure: str, context: Context, event: Result | None) -> Result | Waiting:
        """Write the schedule into the log."""
        from stationmaster.rollouts import planning, wording

        found = self.checked(station, context)
        for sentence in wording.schedule(found.plan, planning.rollout_of(station)):
            self.log.info("%s", sentence)
        return {"departure": departure, "batches": [batch.label for batch in found.plan.batches]}


class OpenRolloutOperator(RolloutFormOperator):
    """Keeps the plan in the ledger, unless the form asks for a dry run; from here on the plan cannot change.

    XCom: a list of ``{"departure", "rollout", "number", "label"}``, one for each batch.
    """

    def step(self, station: Station, departure: str, context: Context, event: Result | None) -> Any:
        """Open it, or find it open."""
        from stationmaster.rollouts import planning
        from stationmaster.rollouts.records import RolloutRefused

        opened = self.opened(station, context)
        if opened is not None:
            return rows_of(opened)
        if context["params"].get("dry_run", True):
            raise AirflowSkipException("a dry run: start the form again without it, and the rollout begins")
        by, run, since = self.asker(station, context), self.run_key(context), self.bound_since(station, context)
        if self.bound(station, context) is None:
            raise AirflowFailException(f"{CHECK_TASK} has not said what is rolled out. Clear it first.")
        with wishes.deciding(station, context, run, about=station.train.key, event=event, since=since):
            found = self.checked(station, context)
            accepted = require_forward(station, context, found)
            try:
                return rows_of(planning.open_rollout(station, found, by=by, run=run, accepted=accepted))
            except RolloutRefused as refused:
                raise AirflowFailException(str(refused)) from refused


class BatchOperator(ByHandOperator):
    """Brings one batch as far as ``stage``: makes what proposals it needs, then waits in the triggerer.

    XCom: ``{"batch", "targets": {target: progress}}``.

    :param batch: a row of :class:`OpenRolloutOperator`.
    :param stage: a name of :data:`stationmaster.rollouts.stepping.STAGES`.
    """

    template_fields: Sequence[str] = ("batch",)
    ends_in_triggerer: ClassVar[bool] = True

    def __init__(self, *, batch: dict[str, Any], stage: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.batch = batch
        self.stage = stage
        self._record: RolloutRecord | None = None
        self._label = ""

    @property
    def label(self) -> str:
        """The batch, as the grid and the ledger name it."""
        return self._label or str(self.batch["label"])

    def departure(self, station: Station, context: Context) -> str:
        """Return the departure of the run's rollout. Of the row only the batch's number is believed."""
        record = opened_by(self, station, context)
        if record is None:
            raise AirflowFailException(run_marks.refusal(context, "this run has opened no rollout."))
        number = self.batch.get("number")
        known = {batch.number: batch for batch in record.plan.batches}
        if not isinstance(number, int) or number not in known:
            raise AirflowFailException(
                run_marks.refusal(context, f"the plan has no batch {number!r}: its row is not what {OPEN_TASK} left.")
            )
        self._record, self._label = record, known[number].label
        return record.departure

    def record(self) -> RolloutRecord:
        """Return the rollout that the step is about, as the ledger knows it."""
        if self._record is None:
            raise LookupError("the departure of the run is asked for first")
        return self._record

    def step(self, station: Station, departure: str, context: Context, event: Result | None) -> Result | Waiting:
        """Go as far as it goes now."""
        from stationmaster.rollouts import records, stepping

        number = int(self.batch["number"])
        standing = stepping.act(station, departure, self.record().number, number, self.stage)
        if not standing.opens:
            return Waiting(standing, _STAGE_WATCH, {"stage": self.stage, "batch": number})
        record = records.newest(station.ledger, departure)
        if record is None:
            raise AirflowFailException(f"the rollout of {departure} is not in the ledger")
        return stepping.outcome(station, record, number)

    def trigger(self, station: Station, departure: str, waiting: Waiting, interval: float) -> LookingTrigger:
        """Return the look at the batch; an obstacle is waited for as in every other task."""
        from stationmaster import settings
        from stationmaster.rollouts.planning import rollout_of
        from stationmaster.triggers.rollout_trigger import RolloutTrigger

        if waiting.watch != _STAGE_WATCH:
            return super().trigger(station, departure, waiting, interval)
        return RolloutTrigger(
            team=station.files.model_dump(mode="json"),
            train=self.train,
            departure=departure,
            subject=self.subject(departure),
            rollout=self.record().number,
            batch=int(self.batch["number"]),
            stage=self.stage,
            interval=settings.poll_interval(rollout_of(station).poll).total_seconds(),
            ends=self.ends_in_triggerer,
        )

    def subject(self, departure: str) -> str:
        """Return where this task's blockers stand in the ledger."""
        return f"{super().subject(departure)}/{self.label}"

    def _forget_upstream(self, station: Station, departure: str) -> None:
        """Take back what the earlier tasks of this batch said they wait for; those of other batches still wait."""
        tail = f"/{self.label}"
        upstream = self.get_flat_relative_ids(upstream=True)
        for subject in station.ledger.blockers(f"{departure}/rollout"):
            task = subject.removeprefix(f"{departure}/rollout/").removesuffix(tail)
            if subject.endswith(tail) and task in upstream:
                station.ledger.set_blockers(subject, (), station.now())


class RequestVotesOperator(BatchOperator):
    """Asks in Slack for votes on the batch's proposals, once for each; a silent Slack is asked again later (F60).

    XCom: ``{"batch", "proposals": [id, ...]}``.
    """

    def step(self, station: Station, departure: str, context: Context, event: Result | None) -> Result | Waiting:
        """Ask."""
        from stationmaster.rollouts import asking, batch_gates

        record = batch_gates.record_of(station, departure, self.record().number)
        batch = record.plan.batch(int(self.batch["number"]))
        return {"batch": batch.number, "proposals": list(asking.ask(station, record, batch))}


class CloseRolloutOperator(ByHandOperator):
    """Says how the rollout ended; what the ledger saw decides, not the colour of the tasks (F32).

    XCom: ``{"departure", "state"}``.
    """

    def departure(self, station: Station, context: Context) -> str:
        """Return the departure of the run's rollout; a run that has opened none has nothing to close."""
        return self._opened(station, context).departure

    def step(self, station: Station, departure: str, context: Context, event: Result | None) -> Result | Waiting:
        """Settle it. What is not over fails the task, so that the run does not look as if it were."""
        from stationmaster.rollouts import reporting

        state = reporting.close(station, departure, self._opened(station, context).number)
        if state not in ("over", "aborted"):
            raise AirflowFailException(
                f"the rollout of {departure} is {state}: clear the batch that has failed, or end it with stationmaster "
                "rollout abort"
            )
        return {"departure": departure, "state": state}

    def _opened(self, station: Station, context: Context) -> RolloutRecord:
        run, record = context["dag_run"].run_id, opened_by(self, station, context)
        if record is not None:
            return record
        states = context["ti"].get_task_states(dag_id=self.dag_id, run_ids=[run]).get(run, {})
        failed = [task for task in _BEFORE_A_BATCH if str(states.get(task)) in ("failed", "upstream_failed")]
        if failed:
            # Whoever filled the form in sees what it was refused for.
            raise FailedAndTold(f"no rollout has begun: see the log of {failed[0]}")
        raise AirflowSkipException("this run has opened no rollout")


def opened_by(task: ByHandOperator, station: Station, context: Context) -> RolloutRecord | None:
    """Return the rollout that the run of a task has opened, by what the ledger knows of the run; None before.

    A run that an older release opened is bound to nothing: its rollout bears the id of the run alone (F69).
    """
    from stationmaster.rollouts import planning

    about = task.bound(station, context)
    if about is not None:
        return planning.opened_by_run(station, task.run_key(context), about)
    return planning.opened_by_run(station, str(context["dag_run"].run_id))


def require_forward(station: Station, context: Context, found: Checked) -> frozenset[str]:
    """Return the targets that the form accepts to take back, or fail if the plan takes others back (F18)."""
    from stationmaster.rollouts import ordering

    named = frozenset(str(each).strip() for each in context["params"].get("take_back") or ())
    strange = sorted(named - {way.target for batch in found.plan.batches for way in batch.ways})
    if strange:
        raise AirflowFailException(f"The plan has no target {', '.join(strange)}: write each by its whole name.")
    older = ordering.taken_back(station, found.plan, named)
    if older:
        told = "\n".join(f"{each.code}: {each.sentence}" for each in older[:_SHOWN])
        more = f"\n… and {len(older) - _SHOWN} more." if len(older) > _SHOWN else ""
        raise AirflowFailException(
            f"These targets would be taken back:\n{told}{more}\nLeave them out of the plan. If they are to go back, "
            "start the form again, and name each of them under Take back."
        )
    return named
