"""Tasks a minute: chores that run side by side among many others, beside DAGs of their shape that do nothing."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple, Protocol

from stationmaster.core.chores import AREA
from stationmaster.rehearsal.airflow_answers import DagRun, RequiredAction, TaskInstance
from stationmaster.rehearsal.airflow_api import AirflowApi, AirflowConflict
from stationmaster.rehearsal.airflow_look import ENDED
from stationmaster.rehearsal.bench_chores import write_copies
from stationmaster.rehearsal.bench_runs import BREATH, LOOK_EVERY, RunFailed

IDLE_CHORE = "bench.idle_chore"
WAVE = 6
"""Runs at once."""
WITHIN = 600.0
PARSED_WITHIN = 900.0
MOST = 1.5
"""How many times what a task that does nothing takes, with all that Airflow does around it, one of a chore may take."""
_ANSWERS = {"Done": {"link": "https://example.org/bench"}, "Yes": {}}
_FILE = f'''"""An Airflow DAG of the shape of a chore whose tasks do nothing."""

from datetime import timedelta

from airflow.providers.standard.operators.hitl import HITLOperator
from airflow.sdk import DAG, BaseOperator
from airflow.sdk.exceptions import AirflowSkipException


class Nothing(BaseOperator):
    def execute(self, context):
        return None


class Skips(BaseOperator):
    def execute(self, context):
        raise AirflowSkipException("nobody else is asked")


again = {{"retries": 5, "retry_delay": timedelta(seconds=5)}}
with DAG({IDLE_CHORE!r}, schedule=None, max_active_runs=16, default_args=again) as dag:
    opened = Nothing(task_id="open_the_chore")
    asked = HITLOperator.partial(task_id="do_it", options=["Yes", "No"]).expand(subject=["one"])
    following = Skips(task_id="ask_the_next_shift")
    last = Skips(task_id="ask_the_shift_after")
    closed = Nothing(task_id="close_the_chore", trigger_rule="none_failed")
    opened >> asked >> following >> last >> closed
'''


class Station(Protocol):
    """What is needed of the station of the bench."""

    api: AirflowApi

    def client(self, user: str) -> AirflowApi:
        """Return a client that stays logged in as ``user``."""


class Wave(NamedTuple):
    """So many tasks ran in so many seconds, from the first start of a run to the last end."""

    tasks: int
    seconds: float

    @property
    def each(self) -> float:
        """Seconds a task."""
        return self.seconds / self.tasks

    @property
    def a_minute(self) -> float:
        """Tasks a minute."""
        return 60 * self.tasks / self.seconds


def measure(
    station: Station, include: Path, team: str, counts: Sequence[int], rounds: int, tell: Callable[[str], None]
) -> list[tuple[int, list[Wave], list[Wave]]]:
    """Return, for each count of chores, the waves of chores and those of the DAG that does nothing, taken in turn.

    :param include: of the station's bundle.
    """
    api = station.api
    (include.parent / "dags" / "idle_chore.py").write_text(_FILE, encoding="utf-8")
    api.wait_parsed([IDLE_CHORE], timeout=PARSED_WITHIN)
    found = []
    for count in counts:
        last = write_copies(include, team, max(count, WAVE))
        api.parse_again(next(dag.dag_id for dag in api.dags() if dag.dag_id.startswith(f"{team}.{AREA}.")))
        ours = [f"{last.rpartition('-')[0]}-{number:04}" for number in range(max(count, WAVE) - WAVE, max(count, WAVE))]
        api.wait_parsed(ours, timeout=PARSED_WITHIN)
        tell(f"{count} chores are parsed")
        wave(station, ours)  # the first run of each pays for what every later one finds
        pairs = [(wave(station, ours), wave(station, [IDLE_CHORE] * WAVE)) for _ in range(rounds)]
        found.append((count, [pair[0] for pair in pairs], [pair[1] for pair in pairs]))
    return found


def wave(station: Station, dag_ids: Sequence[str]) -> Wave:
    """Start a run of each DAG at once, answer every question as soon as it may be, and wait for the end of all.

    :raises RunFailed: one does not end, or ends badly.
    """
    runs = [station.api.trigger(dag_id) for dag_id in dag_ids]
    deadline, seen = time.monotonic() + WITHIN, dict[tuple[str, str, str, int], float]()
    while not all(run.ended for run in runs):
        if time.monotonic() > deadline:
            left = ", ".join(f"{run.dag_id} {run.dag_run_id}" for run in runs if not run.ended)
            raise RunFailed(f"{left} did not end within {WITHIN:g} s")
        wanted = {(run.dag_id, run.dag_run_id) for run in runs}
        for action in station.api.required_actions():
            task = action.task_instance
            name = (task.dag_id, task.dag_run_id, task.label, task.try_number)
            if (task.dag_id, task.dag_run_id) in wanted and time.monotonic() >= seen.setdefault(
                name, time.monotonic() + BREATH
            ):
                _answer(station, action)
        time.sleep(LOOK_EVERY)
        runs = [run if run.ended else station.api.run(run.dag_id, run.dag_run_id) for run in runs]
    return _counted(station, runs)


def _answer(station: Station, action: RequiredAction) -> None:
    task = action.task_instance
    option = next(word for word in _ANSWERS if word in action.options)
    user = action.assigned_users[0].id if action.assigned_users else "admin"
    try:
        station.client(user).answer(
            task.dag_id,
            task.dag_run_id,
            task.task_id,
            [option],
            params=dict(_ANSWERS[option]),
            map_index=task.map_index,
        )
    except AirflowConflict:
        return  # it has just been answered, or has ended


def _counted(station: Station, runs: Sequence[DagRun]) -> Wave:
    tasks: list[TaskInstance] = []
    for run in runs:
        if run.state != "success" or run.start_date is None or run.end_date is None:
            raise RunFailed(f"{run.dag_id} {run.dag_run_id} ended as {run.state}")
        tasks += station.api.task_instances(run.dag_id, run.dag_run_id)
    ran = [task for task in tasks if task.start_date is not None and task.state in ENDED]
    begins = min(run.start_date for run in runs if run.start_date is not None)
    ends = max(run.end_date for run in runs if run.end_date is not None)
    return Wave(len(ran), (ends - begins).total_seconds())
