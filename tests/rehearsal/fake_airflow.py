"""A make-believe Airflow behind the real client: runs whose tasks are in whatever state a test says."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from stationmaster.rehearsal.airflow_api import AirflowApi

CHAIN = {"first": (["second"], "all_success"), "second": ([], "all_success")}
"""Task id -> what follows it, and its own rule."""


class FakeAirflow(AirflowApi):
    """Answers from ``tasks``: (dag, run) -> task label -> state; counts the requests."""

    def __init__(self, shape: Mapping[str, tuple[list[str], str]] = CHAIN) -> None:
        super().__init__(base_url="http://127.0.0.1:9", user="admin", password="-")
        self.shape = shape
        self.tasks: dict[tuple[str, str], dict[str, str | None]] = {}
        self.run_states: dict[tuple[str, str], str] = {}
        self.expands: set[str] = set()
        """Tasks that are mapped themselves; others with map indices are in a mapped group."""
        self.questions: list[dict[str, Any]] = []
        self.requests: list[str] = []
        self.before: Callable[[str], None] = lambda _: None
        """Called before each look, so that a test can let the world go on."""

    def put(self, dag: str, run: str, state: str = "running", **tasks: str | None) -> None:
        self.tasks[dag, run] = dict(tasks)
        self.run_states[dag, run] = state

    def _call(self, method: str, path: str, *, query=None, body=None, login=True) -> Any:  # type: ignore[no-untyped-def]
        self.requests.append(f"{method} {path}")
        if path.endswith("/taskInstances/list"):
            self.before("look")
            rows = [
                _task(dag, run, label, state)
                for (dag, run), tasks in self.tasks.items()
                if dag in body["dag_ids"] and run in body["dag_run_ids"]
                for label, state in tasks.items()
            ]
            start = body["page_offset"]
            return {"task_instances": rows[start : start + body["page_limit"]]}
        if path.endswith("/hitlDetails"):
            return {"hitl_details": self.questions}
        parts = path.strip("/").split("/")
        if method == "POST" and parts[2] == "dagRuns":
            self.put(parts[1], body["dag_run_id"], "queued", **dict.fromkeys(self.shape, None))
            return self._run(parts[1], body["dag_run_id"])
        if parts[-1] == "tasks":
            return {
                "tasks": [
                    {
                        "task_id": task,
                        "downstream_task_ids": after,
                        "trigger_rule": rule,
                        "is_mapped": task in self.expands,
                    }
                    for task, (after, rule) in self.shape.items()
                ]
            }
        return self._run(parts[1], parts[3])

    def _run(self, dag: str, run: str) -> dict[str, Any]:
        empty = dict.fromkeys(("logical_date", "start_date", "end_date", "conf", "note", "triggering_user_name"))
        return {**empty, "dag_id": dag, "dag_run_id": run, "state": self.run_states[dag, run]}


def _task(dag: str, run: str, label: str, state: str | None) -> dict[str, Any]:
    task, _, index = label.partition("__")
    return {
        "id": f"{dag}/{run}/{label}",
        "dag_id": dag,
        "dag_run_id": run,
        "task_id": task,
        "map_index": int(index) if index else -1,
        "rendered_map_index": None,
        "state": state,
        "try_number": 1,
    }
