"""One look at Airflow: which runs have ended, what waits, and whether anything is under way.

A task without a state is under way as soon as the tasks before it leave the scheduler something to decide; so a slow
scheduler is never taken for one that stands still.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from stationmaster.rehearsal.airflow_answers import WAITING, DagRun, TaskInstance
from stationmaster.rehearsal.airflow_api import PAGE, AirflowApi

RunName = tuple[str, str]
"""DAG id and run id."""

BUSY = frozenset({"queued", "running", "scheduled", "restarting", "up_for_retry", "up_for_reschedule"})
FAILED = frozenset({"failed", "upstream_failed"})
ENDED = FAILED | {"success", "skipped", "removed"}

_LISTINGS = 5
"""How often the pages are read when task instances move meanwhile; a later look sees what this one did not."""
_ENOUGH: Mapping[str, frozenset[str]] = {
    "all_success": FAILED | {"skipped"},
    "none_failed": FAILED,
    "none_failed_min_one_success": FAILED,
    "one_failed": FAILED,
    "one_success": frozenset({"success"}),
    "one_done": FAILED | {"success"},
}
"""Trigger rule -> states of one task before that let the scheduler decide at once, without waiting for the others."""


class Upstream(NamedTuple):
    """What stands directly before a task, and the rule by which it starts.

    ``expands``: the task itself is mapped; one that is not, and has map indices, is in a mapped group.
    """

    tasks: frozenset[str]
    rule: str
    expands: bool = False

    def leaves_a_decision(self, states: Mapping[str, Sequence[str | None]]) -> bool:
        """Return whether the scheduler has something to do for the task.

        :param states: task id -> the states of its instances.
        """
        before = [state for task in self.tasks for state in states.get(task, ())]
        enough = _ENOUGH.get(self.rule, frozenset())
        return all(state in ENDED for state in before) or any(state in enough for state in before)


Shape = Mapping[str, Upstream]
"""Task id -> what stands before it."""


class Look(NamedTuple):
    """What was seen at one moment. Two looks that are equal saw no difference."""

    ended: tuple[DagRun, ...]
    waiting: tuple[TaskInstance, ...]
    busy: bool
    picture: tuple[tuple[str, str, str | None, int], ...]


class Lookout:
    """Looks at runs with one request for all of them, and one more for each that seems to have ended."""

    def __init__(self, api: AirflowApi) -> None:
        self._api = api
        self._shapes: dict[str, Shape] = {}

    def look(self, runs: Sequence[RunName]) -> Look:
        """Look at ``runs``, which are in the order in which they started."""
        tasks = self.task_instances(runs)
        of_run: dict[RunName, list[TaskInstance]] = defaultdict(list)
        for task in tasks:
            of_run[task.dag_id, task.dag_run_id].append(task)
        ended: list[DagRun] = []
        busy = False
        at_work: set[str] = set()
        for name in runs:
            found = of_run[name]
            if found and all(task.state in ENDED for task in found):
                run = self._api.run(*name)
                # Between its last task and its end lies one loop of the scheduler.
                ended, busy = ([*ended, run], busy) if run.ended else (ended, True)
                continue
            # A run that is queued behind another one of its DAG starts when that one ends, and not before.
            busy = busy or (name[0] not in at_work and self._is_busy(name[0], found))
            at_work.add(name[0])
        return Look(
            ended=tuple(ended),
            waiting=tuple(task for task in tasks if task.state in WAITING),
            busy=busy,
            picture=tuple(
                sorted((task.dag_run_id, f"{task.dag_id} {task.label}", task.state, task.try_number) for task in tasks)
            ),
        )

    def task_instances(self, runs: Sequence[RunName]) -> tuple[TaskInstance, ...]:
        """Return the task instances of all these runs, each once.

        A new try gives its task instance another id, so that it moves to the last page while the pages are read, and
        the one behind it is passed over: then all of them are read again.
        """
        wanted = set(runs)
        found: dict[tuple[str, str, str, int], TaskInstance] = {}
        for _ in range(_LISTINGS):
            rows = self._rows(wanted)
            found = {(task.dag_id, task.dag_run_id, task.task_id, task.map_index): task for task in rows}
            if len(found) == len(rows):
                break
        return tuple(found.values())

    def _rows(self, wanted: set[RunName]) -> list[TaskInstance]:
        body = {"dag_ids": sorted({dag for dag, _ in wanted}), "dag_run_ids": sorted({run for _, run in wanted})}
        rows: list[Any] = []
        while wanted:
            page = {**body, "page_limit": PAGE, "page_offset": len(rows), "order_by": "id"}
            answer = self._api._call("POST", "/dags/~/dagRuns/~/taskInstances/list", body=page)
            rows += answer["task_instances"]
            if len(answer["task_instances"]) < PAGE:
                break
        found = (TaskInstance.model_validate(row) for row in rows)
        return [task for task in found if (task.dag_id, task.dag_run_id) in wanted]

    def _is_busy(self, dag_id: str, tasks: Iterable[TaskInstance]) -> bool:
        found = list(tasks)
        if not found or any(task.state in BUSY for task in found):
            return True
        shape = self._shape(dag_id)
        return any(task.state is None and self._may_start(task, found, shape) for task in found)

    @staticmethod
    def _may_start(task: TaskInstance, every: Iterable[TaskInstance], shape: Shape) -> bool:
        """Return whether the scheduler has something to do for a task; in a mapped group each row goes on alone."""
        states: dict[str, list[str | None]] = defaultdict(list)
        for other in every:
            in_a_group = task.map_index >= 0 and not shape[task.task_id].expands and not shape[other.task_id].expands
            if not in_a_group or other.map_index in (-1, task.map_index):
                states[other.task_id].append(other.state)
        return shape[task.task_id].leaves_a_decision(states)

    def _shape(self, dag_id: str) -> Shape:
        if dag_id not in self._shapes:
            rows = self._api._call("GET", f"/dags/{dag_id}/tasks")["tasks"]
            before: dict[str, set[str]] = defaultdict(set)
            for row in rows:
                for follower in row["downstream_task_ids"] or ():
                    before[follower].add(row["task_id"])
            self._shapes[dag_id] = {
                row["task_id"]: Upstream(
                    frozenset(before[row["task_id"]]), str(row["trigger_rule"]), bool(row.get("is_mapped"))
                )
                for row in rows
            }
        return self._shapes[dag_id]
