"""A DAG of the same shape as another one, whose tasks do nothing: what plain Airflow needs for it.

The same tasks, edges, trigger rules, retries and mapped counts, each in a process of its own. Where the other DAG waits
for people, this one asks Airflow's own required action.
"""

from __future__ import annotations

import pprint
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

IDLE_DAG = "bench.idle"
VOTERS_TASK = "ask_for_votes"
ASKING = frozenset({"ballot", "wait_for_the_quorum", "confirm_the_promotion"})
"""Tasks that wait for people; so do those whose name begins with ``test_``."""

_FILE = '''"""An Airflow DAG of the shape of a promotion whose tasks do nothing."""

from datetime import timedelta

from airflow.providers.standard.operators.hitl import HITLOperator
from airflow.sdk import DAG, BaseOperator

SHAPE = {shape}
VOTERS = {voters}


class Nothing(BaseOperator):
    def execute(self, context):
        return None


class Names(BaseOperator):
    def execute(self, context):
        return VOTERS


again = {{"retries": 5, "retry_delay": timedelta(seconds=5)}}
with DAG({dag_id!r}, schedule=None, max_active_runs=1, default_args=again) as dag:
    tasks = {{}}
    names = Names(task_id={names!r})
    for task_id, (kind, rule, _) in SHAPE.items():
        options = {{"task_id": task_id, "trigger_rule": rule}}
        if kind == "names":
            tasks[task_id] = names
        elif kind == "nothing":
            tasks[task_id] = Nothing(**options)
        elif kind == "asks":
            tasks[task_id] = HITLOperator(**options, subject=task_id, options=["Yes", "No"])
        else:
            subjects = names.output if kind == "asks everybody" else ["one"]
            tasks[task_id] = HITLOperator.partial(**options, options=["Yes", "No"]).expand(subject=subjects)
    for task_id, (_, _, followers) in SHAPE.items():
        for follower in followers:
            if follower not in tasks[task_id].downstream_task_ids:
                tasks[task_id] >> tasks[follower]
'''


class Task(NamedTuple):
    """What the shape keeps of a task."""

    kind: str
    """``names``, ``nothing``, ``asks``, ``asks one`` (mapped over one person) or ``asks everybody``."""
    rule: str
    followers: tuple[str, ...]


def shape_of(tasks: Iterable[Mapping[str, Any]]) -> dict[str, Task]:
    """Return the shape of a promotion, from what Airflow's API tells of its tasks."""
    found = {}
    for task in tasks:
        name, waits = str(task["task_id"]), asks(str(task["task_id"]))
        kind = "names" if name == VOTERS_TASK else "asks" if waits else "nothing"
        if waits and task["is_mapped"]:
            kind = "asks everybody" if name == "ballot" else "asks one"
        followers = tuple(sorted(_flat(follower) for follower in task["downstream_task_ids"] or ()))
        found[_flat(task["task_id"])] = Task(kind, str(task["trigger_rule"]), followers)
    return dict(sorted(found.items()))


def asks(task_id: str) -> bool:
    """Return whether a task of a promotion waits for people."""
    name = task_id.replace("__", ".").rpartition(".")[2]
    return name in ASKING or name.startswith("test_")


def source_of(shape: Mapping[str, Task], voters: Iterable[str]) -> str:
    """Return the DAG file."""
    written = pprint.pformat({name: tuple(task) for name, task in shape.items()}, width=110)
    return _FILE.format(shape=written, voters=repr(sorted(voters)), dag_id=IDLE_DAG, names=VOTERS_TASK)


def _flat(task_id: str) -> str:
    """A task of a group, told apart without the group."""
    return task_id.replace(".", "__")
