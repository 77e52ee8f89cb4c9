"""The bench of a rollout: the plan is a real one, every batch arrives, and the figures are those of the middle."""

from __future__ import annotations

import shutil

import pytest
from starlette.applications import Starlette
from starlette.routing import Mount

from stationmaster import clock
from stationmaster.config.loader import load
from stationmaster.ledger import Ledger
from stationmaster.rehearsal import bench_rollout
from stationmaster.rehearsal.bench_rollout import IDLE_DAG, IDLE_SOURCE, RolloutBench, Spent, growth, measure
from stationmaster.rehearsal.governance.furnishing import with_rollout_services
from stationmaster.rehearsal.serving import serve
from stationmaster.rehearsal.slack import standin as slack_standin
from stationmaster.rehearsal.standins import slack_world
from tests.rehearsal.good_week import INCLUDE


@pytest.fixture
def include(tmp_path):
    shutil.copytree(INCLUDE, tmp_path / "include")
    return tmp_path / "include"


def test_a_thousand_targets_in_thirty_batches_are_a_plan_without_a_mistake(include):
    bench_rollout.write_rollout(include)
    found = load(include, ["dre"])
    assert found.errors == ()
    rollout = found.team("dre").train("weekly").rollout
    assert len(rollout.targets) == 1000
    assert rollout.plan.count("[") == 30


def test_every_target_arrives_and_what_does_nothing_runs_in_between(include, tmp_path, monkeypatch):
    bench_rollout.write_rollout(include, targets=13, batches=6)
    file = tmp_path / "clock.json"
    clock.set_virtual(file, bench_rollout._MONDAY)
    monkeypatch.setenv(clock.CLOCK_FILE_VARIABLE, str(file))
    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    Ledger.at(url).migrate(bench_rollout._MONDAY)
    found = load(include, ["dre"])
    slack = slack_standin.create_app(slack_world(found))
    services = with_rollout_services(Starlette(routes=[Mount("/slack", app=slack)]), found)
    with serve(services) as base:
        bench = RolloutBench(bench_rollout.Place(include, url, f"{base}/slack", base, file))
        spent, idle = measure(bench, lambda: 7.0)
        assert bench.over
        bench.close()
    assert [(one.targets, one.tasks > 0, one.looks > 0) for one in spent] == [(2, True, True)]
    assert idle == [7.0]


def test_growth_is_computing_of_the_last_third_beside_the_first():
    spent = [Spent(99, 99, computed, 2) for computed in (2.0, 4.0, 2.0, 8.0, 9.0, 20.0)]
    assert growth(spent) == (7.25, 1.5)


def test_the_dag_that_does_nothing_has_a_task_for_each_of_a_batch():
    names: dict[str, object] = {}
    exec(compile(IDLE_SOURCE, "idle_batch.py", "exec"), names)
    dag = names["dag"]
    assert (dag.dag_id, len(dag.tasks)) == (IDLE_DAG, bench_rollout.TASKS)
