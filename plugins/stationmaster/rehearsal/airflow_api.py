"""A small typed client of Airflow's public REST API: all that a rehearsal, a test or a person's script needs.

One client is one logged-in user. Answers are read strictly for the fields that are named here; Airflow may add others.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar
from urllib.parse import quote

from stationmaster.rehearsal.airflow_answers import (
    Dag,
    DagRun,
    DagVersion,
    Health,
    ImportFault,
    RequiredAction,
    TaskInstance,
)
from stationmaster.rehearsal.airflow_wire import PAGE as PAGE
from stationmaster.rehearsal.airflow_wire import AirflowApiError as AirflowApiError
from stationmaster.rehearsal.airflow_wire import AirflowConflict as AirflowConflict
from stationmaster.rehearsal.airflow_wire import AirflowForbidden as AirflowForbidden
from stationmaster.rehearsal.airflow_wire import AirflowNotFound as AirflowNotFound
from stationmaster.rehearsal.airflow_wire import AirflowUnreachable as AirflowUnreachable
from stationmaster.rehearsal.airflow_wire import AirflowWire

Found = TypeVar("Found")


class NotReady(TimeoutError):
    """What was waited for did not come in time."""


class AirflowApi(AirflowWire):
    """Airflow as one user sees it. Not thread-safe: one client a thread."""

    def health(self) -> Health:
        """Return the state of each component; needs no login."""
        return Health.model_validate(self._call("GET", "/monitor/health", login=False))

    def version(self) -> str:
        """Return Airflow's version."""
        return str(self._call("GET", "/version", login=False)["version"])

    def wait_ready(self, *, timeout: float, check: Callable[[], None] = lambda: None) -> Health:
        """Return when every component has reported that it is healthy.

        :param check: called between two looks; it raises to give up at once.
        :raises NotReady: some component is not healthy after ``timeout`` seconds.
        """
        seen: list[str] = ["Airflow does not answer"]

        def healthy() -> Health | None:
            check()
            try:
                health = self.health()
            except AirflowApiError as error:
                seen[:] = [str(error)]
                return None
            seen[:] = [f"not healthy: {', '.join(health.unhealthy)}"]
            return None if health.unhealthy else health

        return _wait(healthy, timeout=timeout, what=lambda: f"Airflow is not ready after {timeout:g} s ({seen[0]})")

    def wait_parsed(
        self, dag_ids: Collection[str], *, timeout: float, check: Callable[[], None] = lambda: None
    ) -> None:
        """Return when all these DAGs are there and fresh.

        :raises NotReady: after ``timeout`` seconds; it names the DAGs that are missing and the import errors.
        """

        def there() -> bool:
            check()
            return not self._missing(dag_ids)

        def sentence() -> str:
            faults = "; ".join(f"{fault.filename}: {fault.last_line}" for fault in self.import_errors())
            return f"these DAGs are not there after {timeout:g} s: {', '.join(self._missing(dag_ids))}. {faults}"

        _wait(there, timeout=timeout, what=sentence)

    def _missing(self, dag_ids: Collection[str]) -> list[str]:
        return sorted(set(dag_ids) - {dag.dag_id for dag in self.dags()})

    def dags(self) -> tuple[Dag, ...]:
        """Return every DAG that is not stale."""
        return tuple(Dag.model_validate(row) for row in self._rows("/dags", "dags"))

    def dag(self, dag_id: str) -> Dag:
        """Return one DAG; raises AirflowNotFound."""
        return Dag.model_validate(self._call("GET", f"/dags/{_part(dag_id)}"))

    def dag_versions(self, dag_id: str) -> tuple[DagVersion, ...]:
        """Return the versions of a DAG, as Airflow counts them."""
        rows = self._rows(f"/dags/{_part(dag_id)}/dagVersions", "dag_versions")
        return tuple(DagVersion.model_validate(row) for row in rows)

    def set_paused(self, dag_id: str, *, paused: bool) -> None:
        """Pause or unpause a DAG."""
        self._call("PATCH", f"/dags/{_part(dag_id)}", body={"is_paused": paused}, query={"update_mask": "is_paused"})

    def unpause(self, dag_id: str) -> None:
        """Let a DAG's runs start."""
        self.set_paused(dag_id, paused=False)

    def parse_again(self, dag_id: str) -> None:
        """Ask the DAG processor to parse the DAG's file soon."""
        self._call("PUT", f"/parseDagFile/{_part(self.dag(dag_id).file_token)}")

    def import_errors(self) -> tuple[ImportFault, ...]:
        """Return the files that could not be parsed, and why."""
        return tuple(ImportFault.model_validate(row) for row in self._rows("/importErrors", "import_errors"))

    def plugin_errors(self) -> tuple[str, ...]:
        """Return what went wrong while plugins were loaded: "<source>: <reason>"."""
        rows = self._call("GET", "/plugins/importErrors")["import_errors"]
        return tuple(f"{row['source']}: {row['error']}" for row in rows)

    def trigger(
        self,
        dag_id: str,
        *,
        conf: Mapping[str, Any] | None = None,
        logical_date: datetime | None = None,
        run_id: str | None = None,
        note: str | None = None,
    ) -> DagRun:
        """Start a run.

        :param conf: the values of the DAG's form.
        :param logical_date: aware; None leaves it out, and there may be several such runs.
        :raises AirflowConflict: a run with this id or this logical date is there already.
        """
        body: dict[str, Any] = {"logical_date": None if logical_date is None else logical_date.isoformat()}
        body |= {
            name: value for name, value in (("conf", conf), ("dag_run_id", run_id), ("note", note)) if value is not None
        }
        return DagRun.model_validate(self._call("POST", f"/dags/{_part(dag_id)}/dagRuns", body=body))

    def run(self, dag_id: str, run_id: str) -> DagRun:
        """Return one run; raises AirflowNotFound."""
        return DagRun.model_validate(self._call("GET", _run(dag_id, run_id)))

    def runs(self, dag_id: str) -> tuple[DagRun, ...]:
        """Return the runs of a DAG, oldest first; the id ``~`` asks for those of all DAGs."""
        rows = self._rows(f"/dags/{_part(dag_id)}/dagRuns", "dag_runs", order_by="id")
        return tuple(DagRun.model_validate(row) for row in rows)

    def wait_run(
        self, dag_id: str, run_id: str, *, timeout: float, check: Callable[[], None] = lambda: None, every: float = 0.5
    ) -> DagRun:
        """Return the run when it has ended, whatever the end.

        :raises NotReady: it still runs after ``timeout`` seconds; the message names the states of its tasks.
        """

        def ended() -> DagRun | None:
            check()
            run = self.run(dag_id, run_id)
            return run if run.ended else None

        def sentence() -> str:
            states = ", ".join(f"{task.label}={task.state}" for task in self.task_instances(dag_id, run_id))
            return f"the run {run_id} of {dag_id} has not ended after {timeout:g} s: {states}"

        return _wait(ended, timeout=timeout, what=sentence, every=every)

    def task_instances(self, dag_id: str, run_id: str, *, task_id: str | None = None) -> tuple[TaskInstance, ...]:
        """Return the task instances of a run (all pages), or those of one task."""
        query = {} if task_id is None else {"task_id": task_id}
        rows = self._rows(f"{_run(dag_id, run_id)}/taskInstances", "task_instances", **query)
        return tuple(TaskInstance.model_validate(row) for row in rows)

    def set_state(self, dag_id: str, run_id: str, task_id: str, state: str, *, map_index: int = -1) -> None:
        """Set the state of a task instance by hand, as the button "mark as success" does (F32).

        :param state: "success", "failed" or "skipped".
        """
        self._call("PATCH", _task(dag_id, run_id, task_id, map_index), body={"new_state": state})

    def mark_success(self, dag_id: str, run_id: str, task_id: str, *, map_index: int = -1) -> None:
        """Mark a task instance as success by hand (F32)."""
        self.set_state(dag_id, run_id, task_id, "success", map_index=map_index)

    def clear(
        self,
        dag_id: str,
        run_id: str,
        task_ids: Sequence[str | tuple[str, int]],
        *,
        downstream: bool = False,
        only_failed: bool = False,
    ) -> tuple[TaskInstance, ...]:
        """Clear task instances so that they run again, and return those that were cleared."""
        body = {
            "dry_run": False,
            "dag_run_id": run_id,
            "task_ids": [list(task) if isinstance(task, tuple) else task for task in task_ids],
            "include_downstream": downstream,
            "only_failed": only_failed,
            "reset_dag_runs": True,
        }
        answer = self._call("POST", f"/dags/{_part(dag_id)}/clearTaskInstances", body=body)
        return tuple(TaskInstance.model_validate(row) for row in answer["task_instances"])

    def xcom(self, dag_id: str, run_id: str, task_id: str, *, key: str = "return_value", map_index: int = -1) -> Any:
        """Return the value of an XCom; raises AirflowNotFound."""
        path = f"{_run(dag_id, run_id)}/taskInstances/{_part(task_id)}/xcomEntries/{_part(key)}"
        return self._call("GET", path, query={"map_index": map_index, "deserialize": False, "stringify": False})[
            "value"
        ]

    def write_xcom(self, dag_id: str, run_id: str, task_id: str, key: str, value: Any, *, map_index: int = -1) -> None:
        """Write an XCom over what stands there, as an editor of runs may."""
        path = f"{_run(dag_id, run_id)}/taskInstances/{_part(task_id)}/xcomEntries"
        try:
            self._call("POST", path, body={"key": key, "value": value, "map_index": map_index})
        except AirflowConflict:
            self._call("PATCH", f"{path}/{_part(key)}", body={"value": value, "map_index": map_index})

    def delete_run(self, dag_id: str, run_id: str) -> None:
        """End a run, since one under way is not deleted, and delete it with its tasks: its id is free then."""
        self._call("PATCH", _run(dag_id, run_id), body={"state": "failed"})
        self._call("DELETE", _run(dag_id, run_id))

    def log(self, dag_id: str, run_id: str, task_id: str, *, try_number: int = 1, map_index: int = -1) -> str:
        """Return the log of one try as text."""
        path = f"{_run(dag_id, run_id)}/taskInstances/{_part(task_id)}/logs/{try_number}"
        answer = self._call("GET", path, query={"map_index": map_index, "full_content": True})
        return "\n".join(line if isinstance(line, str) else str(line.get("event", line)) for line in answer["content"])

    def required_actions(
        self, *, dag_id: str = "~", run_id: str = "~", open_only: bool = True
    ) -> tuple[RequiredAction, ...]:
        """Return what people are asked (all pages).

        :param open_only: only what still waits for its answer. Airflow keeps a question whose task has ended otherwise,
            and even takes an answer to it, which nobody reads.
        """
        query = {"response_received": False} if open_only else {}
        rows = self._rows(f"{_run(dag_id, run_id)}/hitlDetails", "hitl_details", **query)
        found = tuple(RequiredAction.model_validate(row) for row in rows)
        return tuple(action for action in found if action.waits) if open_only else found

    def required_action(self, dag_id: str, run_id: str, task_id: str, *, map_index: int = -1) -> RequiredAction:
        """Return one question; raises AirflowNotFound."""
        path = f"{_task(dag_id, run_id, task_id, map_index, always_index=True)}/hitlDetails"
        return RequiredAction.model_validate(self._call("GET", path))

    def answer(
        self,
        dag_id: str,
        run_id: str,
        task_id: str,
        options: Sequence[str],
        *,
        params: Mapping[str, Any] | None = None,
        map_index: int = -1,
    ) -> None:
        """Answer a question as this user.

        :raises AirflowForbidden: it is assigned to somebody else.
        :raises AirflowConflict: it is answered already, or its task no longer waits.
        """
        path = f"{_task(dag_id, run_id, task_id, map_index, always_index=True)}/hitlDetails"
        self._call("PATCH", path, body={"chosen_options": list(options), "params_input": dict(params or {})})


def _wait(look: Callable[[], Found | None], *, timeout: float, what: Callable[[], str], every: float = 0.2) -> Found:
    deadline = time.monotonic() + timeout
    while not (found := look()):
        if time.monotonic() > deadline:
            raise NotReady(what())
        time.sleep(every)
    return found


def _part(value: str) -> str:
    return quote(value, safe="~")


def _run(dag_id: str, run_id: str) -> str:
    return f"/dags/{_part(dag_id)}/dagRuns/{_part(run_id)}"


def _task(dag_id: str, run_id: str, task_id: str, map_index: int, *, always_index: bool = False) -> str:
    path = f"{_run(dag_id, run_id)}/taskInstances/{_part(task_id)}"
    return f"{path}/{map_index}" if always_index or map_index >= 0 else path
