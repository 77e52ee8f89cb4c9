"""A team's chores written by a test, with the team's desk and stand-ins, and its DAG runs without Airflow."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass, field
from datetime import datetime
from types import SimpleNamespace
from typing import Any

from airflow.sdk import DAG
from airflow.sdk.definitions.mappedoperator import MappedOperator
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException, TaskDeferred

from stationmaster.assemble.chores import chore_dags
from stationmaster.config.chores import ChoresFile, ChoresHead
from stationmaster.operators.base import StepFailedForNow
from stationmaster.triggers.team_trigger import TeamTrigger
from tests.operators.runs import DAG_FILE, Outcome, texts
from tests.operators.tries import Tries, by_airflow
from tests.work.office import INCLUDE, Office


def write(office: Office, chores: dict[str, Any], **head: Any) -> None:
    """Give the office's team these chores, as its file would."""
    found = ChoresFile.model_validate({"team": office.team.id, "chores": chores, **head})
    said = ChoresHead.model_validate(found.model_dump(exclude={"chores"}))
    office.edit(chores=found.chores, chores_head=said)


class FakeTaskInstance:
    """What the operators use of a task instance."""

    def __init__(self, task_id: str, xcoms: dict[tuple[str, str], Any]) -> None:
        self.id = uuid.uuid5(uuid.NAMESPACE_OID, f"{id(xcoms)} {task_id}")
        self.task_id, self.xcoms = task_id, xcoms

    def xcom_pull(self, *, task_ids: str, key: str = "return_value") -> Any:
        return self.xcoms.get((task_ids, key))

    def xcom_push(self, *, key: str, value: Any) -> None:
        self.xcoms[self.task_id, key] = json.loads(json.dumps(value))


@dataclass
class ChoreRun:
    """One DAG run of a chore; every process of its tasks sees the same stand-ins, ledger and clock."""

    office: Office
    chore: str
    asked: list[dict[str, Any]]
    due: datetime | None = None
    run_id: str = "scheduled__1"
    user: str | None = None
    params: dict[str, Any] = field(default_factory=dict)
    xcoms: dict[tuple[str, str], Any] = field(default_factory=dict)
    tries: Tries = field(default_factory=Tries)
    said: list[str] = field(default_factory=list)

    @property
    def dag(self) -> DAG:
        only = f"{self.office.team.id}.chores.{self.chore}"
        (dag,) = chore_dags(INCLUDE, self.office.team, dag_file=DAG_FILE, only=only)
        return dag

    @property
    def about(self) -> str:
        return self.xcoms["open_the_chore", "about"]

    def operator(self, task_id: str) -> Any:
        """A new operator, as every process of a task has one."""
        task = self.dag.get_task(task_id)
        role = self.office.team.chores[self.chore].role
        return task.unmap({"role": role}) if isinstance(task, MappedOperator) else task

    def start(self, task_id: str) -> Outcome:
        """Begin a try."""
        return self._call(self.operator(task_id), "execute")

    def wake(self, before: Outcome, task_id: str, event: dict[str, Any] | None = None) -> Outcome:
        """Resume in another process; without an event with that of the trigger, which must have settled."""
        event = event or self.settled(before)
        assert event is not None, f"{task_id} still waits"
        kwargs = by_airflow({**before.kwargs, "event": event})
        return self._call(self.operator(task_id), "resume", **kwargs)

    def settled(self, before: Outcome) -> dict[str, Any] | None:
        """One look of the trigger, restarted from what Airflow keeps of it (F72)."""
        path, kwargs = before.trigger.serialize()
        assert path == "stationmaster.triggers.team_trigger.TeamTrigger"
        self.said += [*texts(kwargs), *texts(before.kwargs)]
        settled, standing = TeamTrigger(**json.loads(json.dumps(kwargs))).look()
        return {"settled": str(standing.verdict)} if settled else None

    def blockers(self, task_id: str) -> list[str]:
        subject = f"{self.about}/{task_id}"
        return [found.code for found in self.office.ledger.blockers(subject).get(subject, ())]

    def _call(self, operator: Any, method: str, **kwargs: Any) -> Outcome:
        kind = "manual" if self.due is None else "scheduled"
        run = SimpleNamespace(run_id=self.run_id, run_type=kind, logical_date=self.due, triggering_user_name=self.user)
        context = {"ti": FakeTaskInstance(operator.task_id, self.xcoms), "dag_run": run, "params": self.params}
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
        return Outcome("done", value=json.loads(json.dumps(value)))


def put_off(deferred: TaskDeferred) -> Outcome:
    """Every wait of a chore is one trigger's, and ends in one method."""
    assert deferred.method_name == "resume"
    assert isinstance(deferred.trigger, TeamTrigger)
    return Outcome("deferred", trigger=deferred.trigger, kwargs=dict(deferred.kwargs or {}))
