"""A wave of chores is led to its end and counted; no number is judged here."""

from __future__ import annotations

import ast
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from stationmaster.assemble.chores import chore_dags
from stationmaster.rehearsal import bench_chore_runs
from stationmaster.rehearsal.bench_chore_runs import _FILE, IDLE_CHORE, wave
from stationmaster.rehearsal.bench_runs import RunFailed
from tests.chores.teams import INCLUDE, team_of

START = datetime(2026, 1, 1, tzinfo=UTC)


class FakeStation:
    """Every run asks once, and ends when it was answered."""

    def __init__(self, state: str = "success") -> None:
        self.api, self.state = self, state
        self.answers: list[tuple[str, str, str]] = []
        self.started: list[str] = []

    def client(self, user: str) -> FakeStation:
        self.user = user
        return self

    def trigger(self, dag_id: str) -> SimpleNamespace:
        self.started.append(dag_id)
        return self.run(dag_id, f"run-{len(self.started)}")

    def run(self, dag_id: str, run_id: str) -> SimpleNamespace:
        done = run_id in {answer[0] for answer in self.answers}
        return SimpleNamespace(
            dag_id=dag_id,
            dag_run_id=run_id,
            ended=done,
            state=self.state if done else "running",
            start_date=START,
            end_date=START + timedelta(seconds=12) if done else None,
        )

    def required_actions(self):
        answered = {answer[0] for answer in self.answers}
        for number, dag_id in enumerate(self.started, 1):
            if f"run-{number}" not in answered:
                task = SimpleNamespace(
                    dag_id=dag_id, dag_run_id=f"run-{number}", task_id="do_it", label="do_it", try_number=1, map_index=0
                )
                option = "Yes" if dag_id == IDLE_CHORE else "Done"
                users = () if dag_id == IDLE_CHORE else (SimpleNamespace(id="emil"),)
                yield SimpleNamespace(task_instance=task, options=(option,), assigned_users=users)

    def answer(self, dag_id, run_id, task_id, chosen, *, params, map_index):
        self.answers.append((run_id, self.user, chosen[0]))

    def task_instances(self, dag_id, run_id):
        states = ("success", "success", "skipped", "skipped", "success")
        starts = (START, START, START, None, START)
        return [SimpleNamespace(state=state, start_date=at) for state, at in zip(states, starts, strict=True)]


@pytest.fixture(autouse=True)
def _without_waiting(monkeypatch):
    monkeypatch.setattr(bench_chore_runs, "BREATH", 0.0)
    monkeypatch.setattr(bench_chore_runs, "LOOK_EVERY", 0.0)


def test_a_wave_answers_every_run_and_counts_what_ran():
    station = FakeStation()
    found = wave(station, ["team.chores.a", "team.chores.b", IDLE_CHORE])
    assert (found.tasks, found.seconds, found.each, found.a_minute) == (12, 12.0, 1.0, 60.0)
    assert sorted(station.answers) == [("run-1", "emil", "Done"), ("run-2", "emil", "Done"), ("run-3", "admin", "Yes")]


def test_a_run_that_ends_badly_says_nothing_of_speed():
    with pytest.raises(RunFailed, match="ended as failed"):
        wave(FakeStation("failed"), ["team.chores.a"])


def test_the_dag_that_does_nothing_has_the_tasks_of_a_chore_in_their_order():
    tree = ast.parse(_FILE)
    named = [
        keyword.value.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        for keyword in node.keywords
        if keyword.arg == "task_id"
    ]
    (dag,) = chore_dags(INCLUDE, team_of("dre"), only="dre.chores.dependency-review")
    assert sorted(named) == sorted(dag.task_ids)
