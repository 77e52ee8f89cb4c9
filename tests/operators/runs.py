"""A DAG run without Airflow: real DAGs and operators, a fake task instance, the stand-ins, a clock moved by hand."""

from __future__ import annotations

import asyncio
import copy
import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from itertools import count
from types import SimpleNamespace
from typing import Any

from airflow.sdk import DAG
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException, TaskDeferred

from stationmaster import clock
from stationmaster.assemble.include import dags_of
from stationmaster.assemble.trains import train_dags
from stationmaster.core.blockers import Blocker
from stationmaster.departures import holding
from stationmaster.operators.base import StationOperator, StepFailedForNow
from stationmaster.triggers.station_trigger import StationTrigger
from tests.departures.week import INCLUDE, Week
from tests.operators.tries import Tries, by_airflow

OPENING = "open_departure"
DAG_FILE = INCLUDE.parent / "dags" / "trains.py"


STOPS = ("cut", "promote", "rollback", "exception", "hotfix", "security_hotfix")


@cache
def dags() -> dict[str, DAG]:
    """The DAGs of the cellxgene train, by stop."""
    found = {dag.dag_id: dag for dag in dags_of(INCLUDE, dag_file=DAG_FILE)}
    return {stop: found[f"cellxgene.weekly.{stop}"] for stop in STOPS}


@dataclass
class Outcome:
    """How one call of a task ended."""

    kind: str
    """done, skipped, deferred, failed (for good) or retried."""
    value: Any = None
    text: str = ""
    trigger: StationTrigger | None = None
    kwargs: dict[str, Any] = field(default_factory=dict)

    @property
    def watch(self) -> str:
        assert self.trigger is not None, self
        return self.trigger.watch

    @property
    def arguments(self) -> dict[str, Any]:
        assert self.trigger is not None, self
        return self.trigger.arguments


class FakeTaskInstance:
    """What our operators use of a task instance."""

    def __init__(self, run: Run, task_id: str, max_tries: int) -> None:
        self.id = uuid.uuid5(run.nonce, task_id)
        self.max_tries, self.try_number = max_tries, 1
        self.task_id = task_id
        self._run = run

    def xcom_pull(self, *, task_ids: str, key: str = "return_value") -> Any:
        return self._run.xcoms.get((task_ids, key))

    def xcom_push(self, *, key: str, value: Any) -> None:
        self._run.xcoms[self.task_id, key] = json.loads(json.dumps(value))

    def get_task_states(self, *, dag_id: str, run_ids: list[str]) -> dict[str, dict[str, str]]:
        assert dag_id == self._run.dag.dag_id
        return {self._run.id: self._run.states} if self._run.id in run_ids else {}


_runs = count(1)


@dataclass
class Run:
    """One run of the cut or of the promotion. Its XComs and states are Airflow's side of the world."""

    week: Week
    stop: str
    asked: list[dict[str, Any]]
    params: dict[str, Any] = field(default_factory=dict)
    user: str | None = None
    xcoms: dict[tuple[str, str], Any] = field(default_factory=dict)
    states: dict[str, str] = field(default_factory=dict)
    max_tries: int = 5
    id: str = field(default_factory=lambda: f"run-{next(_runs)}")
    nonce: uuid.UUID = field(default_factory=uuid.uuid4)
    """Airflow's own id of the run: one that is made again under its name has another."""
    kind: str = ""
    """How it was started: by the timetable, or by ``user``, unless it says something else."""
    due: datetime | None = None
    made: DAG | None = None
    tries: Tries = field(default_factory=Tries)

    @property
    def dag(self) -> DAG:
        return self.made or dags()[self.stop]

    def assemble(self) -> None:
        """Make the DAG anew from the week's team, which the test has changed."""
        train = self.week.team.trains["weekly"]
        only = f"{train.key}.{self.stop}"
        (self.made,) = train_dags(INCLUDE, self.week.team, train, dag_file=DAG_FILE, only=only)

    def operator(self, task_id: str, **mapped: str) -> StationOperator:
        """A new operator, as every process of a task has one."""
        task = self.dag.get_task(task_id)
        # What a process keeps of its task dies with it; the DAG is shared by all tests.
        return task.unmap(mapped) if mapped else copy.copy(task)

    def context(self, task_id: str) -> dict[str, Any]:
        self.due = self.due or self.week.clock()
        kind = self.kind or ("manual" if self.user else "scheduled")
        return {
            "ti": FakeTaskInstance(self, task_id, self.max_tries),
            "dag_run": SimpleNamespace(
                run_id=self.id, run_type=kind, logical_date=self.due, triggering_user_name=self.user
            ),
            "params": {"skip_reason": None, "exclude": [], **self.params},
        }

    def start(self, task_id: str, **mapped: str) -> Outcome:
        """Begin a try."""
        return self._call(self.operator(task_id, **mapped), "execute")

    def wake(self, before: Outcome, task_id: str, event: dict[str, Any] | None = None, **mapped: str) -> Outcome:
        """Resume in another process; without an event with that of the trigger, which must have settled."""
        event = event if event is not None else self.settled(before)
        assert event is not None, f"{task_id} still waits: {before.trigger}"
        kwargs = by_airflow({**before.kwargs, "event": event})
        return self._call(self.operator(task_id, **mapped), "resume", **kwargs)

    def settled(self, before: Outcome) -> dict[str, Any] | None:
        """One look of the trigger, restarted from what Airflow keeps of it (F72): the event, None if it waits on."""
        assert before.trigger is not None
        settled, standing = again(before.trigger).look()
        return {"settled": str(standing.verdict)} if settled else None

    def drive(self, task_id: str, *, most: int = 200, step: float = 30, **mapped: str) -> Outcome:
        """Begin a try and follow it to its end, as the trigger does, thirty seconds a look."""
        outcome = self.start(task_id, **mapped)
        for _ in range(most):
            if outcome.kind != "deferred":
                return outcome
            event = self.settled(outcome)
            if event is None:
                self.week.clock.move(seconds=step)
            else:
                outcome = self.wake(outcome, task_id, event, **mapped)
        raise AssertionError(f"{task_id} never ends: {outcome}")

    def _call(self, operator: StationOperator, method: str, **kwargs: Any) -> Outcome:
        context = self.context(operator.task_id)
        try:
            value = self.tries.call(operator, method, context, kwargs)
        except TaskDeferred as deferred:
            return put_off(deferred)
        except AirflowSkipException as skipped:
            return Outcome("skipped", text=str(skipped))
        except AirflowFailException as failed:
            return Outcome("failed", text=str(failed))
        except StepFailedForNow as failed:
            return Outcome("retried", text=str(failed))
        self.xcoms[operator.task_id, "return_value"] = json.loads(json.dumps(value))
        return Outcome("done", value=value)

    # The ledger's side.

    def blockers(self, task_id: str) -> list[str]:
        return [found.code for found in self.why(task_id)]

    def why(self, task_id: str) -> tuple[Blocker, ...]:
        subject = f"{self.week.departure}/{self.stop}/{task_id}"
        return self.week.ledger.blockers(subject).get(subject, ())


def board_now(run: Run) -> None:
    """The person on call has said whom to wait for before the cut: nobody."""
    holding.answer(run.week.station(), run.week.departure, choice=holding.BOARD_NOW, by="ben")


def put_off(deferred: TaskDeferred) -> Outcome:
    """Every wait of ours is the one trigger's, and ends in the one method."""
    assert deferred.method_name == "resume"
    assert isinstance(deferred.trigger, StationTrigger)
    return Outcome("deferred", trigger=deferred.trigger, kwargs=dict(deferred.kwargs or {}))


def again(trigger: StationTrigger) -> StationTrigger:
    """The trigger as another triggerer makes it from Airflow's database."""
    path, kwargs = trigger.serialize()
    assert path == "stationmaster.triggers.station_trigger.StationTrigger"
    return StationTrigger(**json.loads(json.dumps(kwargs)))


def fire(trigger: StationTrigger) -> Any:
    """Run a trigger in an event loop of its own until it fires."""

    async def first() -> Any:
        async for event in trigger.run():
            return event.payload
        return None

    return asyncio.run(first())


_answers = count()


def answer(choice: str, by: str | None, **fields: Any) -> dict[str, Any]:
    """The event of a required action that is answered now; no two of them at one instant."""
    return {
        "chosen_options": [choice],
        "params_input": fields,
        "responded_by_user": {"id": by, "name": by} if by else None,
        "responded_at": clock.now() + timedelta(microseconds=next(_answers)),
        "timedout": by is None,
    }


def texts(value: Any) -> Iterator[str]:
    """Every string in a structure."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, item in value.items():
            yield str(name)
            yield from texts(item)
    elif isinstance(value, list | tuple | set | frozenset):
        for item in value:
            yield from texts(item)
