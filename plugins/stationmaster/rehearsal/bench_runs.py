"""Leads one run of the bench: a script answers every question as soon as it is asked, in both DAGs alike."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from itertools import pairwise
from statistics import median
from typing import NamedTuple

import httpx

from stationmaster.rehearsal import bench_rollout
from stationmaster.rehearsal.airflow_answers import RequiredAction, TaskInstance
from stationmaster.rehearsal.airflow_api import AirflowApi, AirflowConflict
from stationmaster.rehearsal.airflow_look import ENDED
from stationmaster.rehearsal.bench_shape import IDLE_DAG, asks
from stationmaster.rehearsal.bench_station import BenchStation

YES = ("LGTM", "Go", "All passed", "Yes")
NOT_TICKED = ("slack_is_out",)
"""Fields whose tick says that something is wrong."""
BREATH = 1.2
"""Real seconds between a question and its answer: an answer within about a second of it fails that try (fact 3)."""
STANDING = 5.0
"""Real seconds that a gate has stood open before the deciding vote: real ones stand for hours."""
LOOK_EVERY = 0.25
WITHIN = 240.0
NEXT_TASK = "confirm_the_promotion"
QUORUM_TASK = "wait_for_the_quorum"


class RunFailed(RuntimeError):
    """A run of the bench did not end well, so that nothing can be said of its speed."""


class Measured(NamedTuple):
    """One run: real seconds from its start to its end, in its tasks, and from a task's end to the next one's start."""

    whole: float
    in_tasks: Mapping[str, float]
    """By task, with ``__`` for the group; those that wait for somebody are left out."""
    handover: float
    decided_to_next: float | None = None
    """From the deciding vote to the start of the next task."""
    decided_to_gate: float | None = None
    """From the deciding vote to the end of the task that waits for the quorum."""


class Script:
    """Answers the questions of one run.

    :param departure: None for the DAG that does nothing.
    :param deciding: how the vote is given that decides, ``airflow`` or ``slack``, once the others are counted; None
        answers every ballot at once.
    """

    def __init__(
        self, station: BenchStation, dag_id: str, run_id: str, *, departure: str | None, deciding: str | None
    ) -> None:
        self._station = station
        self._departure = departure
        self._dag_id = dag_id
        self._run_id = run_id
        self._deciding = deciding
        self._needed = station.train.gates.quorum.needed
        self._seen: dict[tuple[str, int], float] = {}
        self._answered: set[tuple[str, int]] = set()
        self._ballots: set[str] = set()
        self.decided_at: datetime | None = None

    @property
    def ballots(self) -> int:
        """How many ballots were answered."""
        return len(self._ballots)

    def act(self) -> None:
        """Answer what has been asked for long enough; a try that failed over its answer asks again."""
        for action in self._station.api.required_actions(dag_id=self._dag_id, run_id=self._run_id):
            task = action.task_instance
            name = (task.label, task.try_number)
            asked = self._seen.setdefault(name, time.monotonic())
            ready = action.waits and time.monotonic() >= asked + BREATH
            if ready and name not in self._answered and self._wanted(task):
                self._answer(action)

    def _wanted(self, task: TaskInstance) -> bool:
        if task.task_id == QUORUM_TASK:
            return self.ballots >= self._needed  # the idle DAG's gate opens where the real one's does
        if task.task_id != "ballot" or self._deciding is None or self.ballots < self._needed - 1:
            return True
        if task.label in self._ballots:
            return True  # its answer came too early and failed that try: without it the others are never counted
        return self._deciding == "airflow" and self.ballots < self._needed and self._others_are_counted()

    def _others_are_counted(self) -> bool:
        stands_since = min(self._seen.values(), default=time.monotonic())
        if time.monotonic() < stands_since + STANDING:
            return False
        return len(self._station.ledger.ballots(str(self._departure))) >= self._needed - 1

    def _answer(self, action: RequiredAction) -> None:
        task = action.task_instance
        option = next(word for word in YES if word in action.options)
        form = {name: _tick(field) for name, field in action.params.items() if name not in NOT_TICKED}
        user = action.assigned_users[0].id if action.assigned_users else "admin"
        first_time = task.task_id == "ballot" and task.label not in self._ballots
        last = first_time and self.ballots == self._needed - 1 and self.decided_at is None
        deciding = last or task.task_id == QUORUM_TASK
        at = datetime.now(UTC)
        try:
            client: AirflowApi = self._station.client(user)
            client.answer(task.dag_id, task.dag_run_id, task.task_id, [option], params=form, map_index=task.map_index)
        except AirflowConflict:
            return  # it has just ended by itself
        self._answered.add((task.label, task.try_number))
        if task.task_id == "ballot":
            self._ballots.add(task.label)
        if deciding:
            self.decided_at = at

    def vote_in_slack(self) -> None:
        """Let somebody who has not voted react to the question, once the others are counted: the deciding vote."""
        effect = self._station.ledger.effect(f"{self._departure}/tell/promote/round-1")
        if self._deciding != "slack" or self.decided_at or effect is None or not self._others_are_counted():
            return
        voted = {ballot.voter for ballot in self._station.ledger.ballots(str(self._departure))}
        team, train = self._station.team, self._station.train
        electors = [elector.person for elector in team.electorate(train) if elector.active]
        person = team.people[next(name for name in electors if name not in voted)]
        body = {"channel": effect.receipt["channel"], "ts": effect.receipt["ts"], "user": person.slack[0]}
        body["name"] = train.gates.quorum.approve_emoji[0]
        self.decided_at = datetime.now(UTC)
        url = f"{self._station.airflow.station.slack_url}/_control/react"
        httpx.post(url, json=body, trust_env=False, timeout=10).raise_for_status()


def real_run(station: BenchStation, *, deciding: str | None = None) -> Measured:
    """Run the promotion of a departure."""
    departure = station.next_departure()
    return _lead(station, station.promote_dag, departure, deciding)


def idle_run(station: BenchStation) -> Measured:
    """Run the DAG of the same shape that does nothing."""
    return _lead(station, IDLE_DAG, None, None)


def idle_batch(station: BenchStation) -> float:
    """Run the DAG of the shape of one batch of a rollout that does nothing, and return its real seconds."""
    return _lead(station, bench_rollout.IDLE_DAG, None, None).whole


def _lead(station: BenchStation, dag_id: str, departure: str | None, deciding: str | None) -> Measured:
    run = station.api.trigger(dag_id)
    script = Script(station, dag_id, run.dag_run_id, departure=departure, deciding=deciding)
    deadline = time.monotonic() + WITHIN
    next_start: datetime | None = None
    while not run.ended:
        if time.monotonic() > deadline:
            raise RunFailed(f"{dag_id} {run.dag_run_id} has not ended after {WITHIN:g} s")
        station.airflow.require_running()
        script.act()
        if departure is not None:
            script.vote_in_slack()
        if next_start is None and script.decided_at is not None:
            next_start = _start_of(station, dag_id, run.dag_run_id, NEXT_TASK)
        time.sleep(LOOK_EVERY)
        run = station.api.run(dag_id, run.dag_run_id)
    tasks = station.api.task_instances(dag_id, run.dag_run_id)
    if run.state != "success" or run.start_date is None or run.end_date is None:
        states = ", ".join(f"{task.label}={task.state}" for task in tasks if task.state not in ("success", "skipped"))
        raise RunFailed(f"{dag_id} {run.dag_run_id} ended as {run.state}: {states}")
    gate = next((task.end_date for task in tasks if task.task_id == QUORUM_TASK), None)
    return Measured(
        whole=(run.end_date - run.start_date).total_seconds(),
        in_tasks=in_tasks_of(tasks),
        handover=handover_of(tasks),
        decided_to_next=_between(script.decided_at, next_start),
        decided_to_gate=_between(script.decided_at, gate),
    )


def _start_of(station: BenchStation, dag_id: str, run_id: str, task_id: str) -> datetime | None:
    found = station.api.task_instances(dag_id, run_id, task_id=task_id)
    return next((task.start_date for task in found if task.start_date is not None), None)


def in_tasks_of(tasks: Sequence[TaskInstance]) -> dict[str, float]:
    """Return the seconds from start to end of each task that waits for nobody."""
    return {
        task.label.replace(".", "__"): (task.end_date - task.start_date).total_seconds()
        for task in tasks
        if task.start_date and task.end_date and task.state in ENDED and not asks(task.task_id)
    }


def handover_of(tasks: Sequence[TaskInstance]) -> float:
    """Return the median of the seconds from the end of a deploy or a verification to the start of the next one."""
    row = sorted(
        (task for task in tasks if task.task_id.replace(".", "__").rpartition("__")[2][:6] in ("deploy", "verify")),
        key=lambda task: task.start_date or datetime.max.replace(tzinfo=UTC),
    )
    gaps = [
        (after.start_date - before.end_date).total_seconds()
        for before, after in pairwise(row)
        if before.end_date and after.start_date
    ]
    return median(gaps) if gaps else 0.0


def _between(start: datetime | None, end: datetime | None) -> float | None:
    return None if start is None or end is None else (end - start).total_seconds()


def _tick(field: object) -> object:
    default = field.get("value") if isinstance(field, dict) else field
    return True if default is False else default
