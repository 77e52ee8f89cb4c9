"""A run of an incident's DAG without Airflow: real DAG and operators, a fake task instance, stand-ins, one clock."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException, TaskDeferred

from stationmaster.assemble.incidents import incident_dags
from stationmaster.config.incident_ladder import rungs
from stationmaster.core.incidents import Story
from stationmaster.incidents import records
from stationmaster.operators.base import StepFailedForNow
from stationmaster.triggers.team_trigger import TeamTrigger
from tests.departures.week import INCLUDE
from tests.operators.runs import DAG_FILE, Outcome
from tests.operators.tries import Tries, by_airflow
from tests.work.office import Office

OPEN = "open_the_incident"


class FakeTaskInstance:
    """What the operators use of a task instance."""

    map_index = 0

    def __init__(self, scene: Scene, task_id: str) -> None:
        self.id, self.task_id, self.scene = uuid.uuid4(), task_id, scene

    def xcom_pull(self, *, task_ids: str, key: str = "return_value") -> Any:
        return self.scene.xcoms.get((task_ids, key))

    def xcom_push(self, *, key: str, value: Any) -> None:
        self.scene.xcoms[self.task_id, key] = json.loads(json.dumps(value))


@dataclass
class Scene:
    """One run; each call of a task is a process of its own, with fresh connections."""

    office: Office
    asked: list[dict[str, Any]]
    user: str | None = "amara"
    run_id: str = "manual-1"
    form: dict[str, Any] = field(default_factory=dict)
    xcoms: dict[tuple[str, str], Any] = field(default_factory=dict)
    tries: Tries = field(default_factory=Tries)

    @property
    def dag(self):
        (dag,) = incident_dags(INCLUDE, self.office.team, dag_file=DAG_FILE)
        return dag

    @property
    def params(self) -> dict[str, Any]:
        return {**{name: param.value for name, param in self.dag.params.items()}, **self.form}

    @property
    def id(self) -> str:
        return self.xcoms[OPEN, "about"]

    @property
    def story(self) -> Story:
        return records.story(self.office.desk(), self.id)

    @property
    def rungs(self) -> int:
        return len(rungs(self.office.team, self.office.team.incidents))

    def operator(self, task_id: str, rung: int | None = None):
        """A new operator, as every process of a task has one."""
        task = self.dag.get_task(task_id)
        if not task.is_mapped:
            return task
        return task.unmap({"rung": rung} if rung is not None else {"role": self.office.team.incidents.roles[0]})

    def start(self, task_id: str, rung: int | None = None) -> Outcome:
        """Begin a try."""
        return self._call(self.operator(task_id, rung), "execute")

    def wake(
        self, before: Outcome, task_id: str, event: dict[str, Any] | None = None, rung: int | None = None
    ) -> Outcome:
        """Resume in another process; without an event with that of the trigger, which must have settled."""
        event = event or self.settled(before)
        assert event is not None, f"{task_id} still waits"
        kwargs = by_airflow({**before.kwargs, "event": event})
        return self._call(self.operator(task_id, rung), "resume", **kwargs)

    def settled(self, before: Outcome) -> dict[str, Any] | None:
        """One look of the trigger, restarted from what Airflow keeps of it (F72)."""
        path, kwargs = before.trigger.serialize()
        assert path == "stationmaster.triggers.team_trigger.TeamTrigger"
        settled, standing = TeamTrigger(**json.loads(json.dumps(kwargs))).look()
        return {"settled": str(standing.verdict)} if settled else None

    def until(
        self, before: Outcome, task_id: str, *, rung: int | None = None, most: int = 400, minutes: int = 1
    ) -> Outcome:
        """Look again and again, until the task does not wait, or asks somebody."""
        outcome, asked = before, len(self.asked)
        for _ in range(most):
            if outcome.kind != "deferred" or len(self.asked) > asked:
                return outcome
            if self.settled(outcome) is None:
                self.office.clock.move(minutes=minutes)
            else:
                outcome = self.wake(outcome, task_id, rung=rung)
        raise AssertionError(f"{task_id} never ends: {outcome}")

    def opened(self) -> None:
        outcome = self.start(OPEN)
        assert outcome.kind == "done", outcome

    def blockers(self, task: str) -> list[str]:
        subject = f"{self.id}/{task}"
        return [found.code for found in self.office.ledger.blockers(subject).get(subject, ())]

    def _call(self, operator: Any, method: str, **kwargs: Any) -> Outcome:
        context = {
            "ti": FakeTaskInstance(self, operator.task_id),
            "dag_run": SimpleNamespace(run_id=self.run_id, run_type="manual", triggering_user_name=self.user),
            "params": self.params,
        }
        try:
            value = self.tries.call(operator, method, context, kwargs)
        except TaskDeferred as deferred:
            kind = "deferred" if deferred.method_name == "resume" else deferred.method_name
            return Outcome(kind, trigger=deferred.trigger, kwargs=dict(deferred.kwargs or {}))
        except AirflowSkipException as skipped:
            return Outcome("skipped", text=str(skipped))
        except AirflowFailException as failed:
            return Outcome("failed", text=str(failed))
        except StepFailedForNow as failed:
            return Outcome("retried", text=str(failed))
        self.xcoms[operator.task_id, "return_value"] = json.loads(json.dumps(value))
        return Outcome("done", value=value)
