"""A promotion that gets halfway: under which files it may, and how somebody brings the rest (F67)."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from stationmaster.config.loader import load
from stationmaster.rehearsal.halfway import NothingFailed, bring_the_rest, files_for
from stationmaster.rehearsal.placing import Place
from tests.rehearsal.fake_airflow import FakeAirflow
from tests.rehearsal.good_week import INCLUDE, PROMOTE

PLACE = Place("partial", "threefold.weekly", PROMOTE, "sdk", "threefold.weekly/2021-W43", PROMOTE)
DAG = "threefold.weekly.promote"


def test_without_such_a_place_the_files_are_those_that_were_given(tmp_path: Path) -> None:
    assert files_for(INCLUDE, None, tmp_path) == INCLUDE
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["threefold", "cellxgene"])
def test_what_would_be_taken_back_is_left_to_a_person_in_a_copy(tmp_path: Path, name: str) -> None:
    """One of the files names the policy, the other leaves it to the default."""
    before = load(INCLUDE, teams=[name]).team(name).trains["weekly"]
    assert before.on_partial_failure == "compensate"
    found = files_for(INCLUDE, PLACE._replace(train=f"{name}.weekly"), tmp_path)
    assert found != INCLUDE
    after = load(found, teams=[name]).team(name).trains["weekly"]
    assert after.on_partial_failure == "stop"
    changed = {"on_partial_failure"}
    assert after.model_dump(exclude=changed) == before.model_dump(exclude=changed)
    assert (found.parent / "dags").is_dir()
    assert (found.parent / ".airflowignore").is_file()


def test_a_train_whose_file_leaves_it_to_a_person_needs_no_copy(tmp_path: Path) -> None:
    assert files_for(INCLUDE, PLACE._replace(train="dre.weekly"), tmp_path) == INCLUDE


def test_the_copy_stays_away_from_the_files_that_were_given(tmp_path: Path) -> None:
    root = tmp_path / "mine"
    shutil.copytree(INCLUDE, root / "include")
    shutil.copytree(INCLUDE.parent / "dags", root / "dags")
    shutil.copy(INCLUDE.parent / ".airflowignore", root)
    file = root / "include" / "trains" / "threefold.weekly.yaml"
    before = file.read_text()
    files_for(root / "include", PLACE, tmp_path / "home")
    assert file.read_text() == before


class Clearing(FakeAirflow):
    """Keeps what was cleared."""

    def __init__(self) -> None:
        super().__init__()
        self.cleared: list[dict[str, Any]] = []

    def _call(self, method, path, *, query=None, body=None, login=True):  # type: ignore[no-untyped-def]
        if path.endswith("/clearTaskInstances"):
            self.cleared.append(body)
            self.run_states[DAG, body["dag_run_id"]] = "queued"
            return {"task_instances": []}
        if path.endswith("/taskInstances"):
            run = path.split("/")[4]
            listed = {"dag_ids": [DAG], "dag_run_ids": [run], "page_offset": 0, "page_limit": 100}
            rows = super()._call("POST", "/dags/~/dagRuns/~/taskInstances/list", body=listed)["task_instances"]
            return {"task_instances": rows, "total_entries": len(rows)}
        if path.endswith("/dagRuns"):
            rows = [self._run(dag, run) for dag, run in self.tasks]
            return {"dag_runs": rows, "total_entries": len(rows)}
        return super()._call(method, path, query=query, body=body, login=login)


def test_f67_what_failed_is_cleared_and_what_follows_it() -> None:
    airflow = Clearing()
    airflow.put(DAG, "r1", "failed", first="failed")
    airflow.put(DAG, "r2", "failed", first="success", second="failed", third="upstream_failed")
    airflow.put(DAG, "r3", "success", first="success")
    run = bring_the_rest(airflow, DAG)
    assert (run.dag_run_id, run.state) == ("r2", "queued")
    (body,) = airflow.cleared
    assert (body["dag_run_id"], body["task_ids"], body["include_downstream"]) == ("r2", ["second"], True)


def test_f67_where_nothing_failed_there_is_nothing_to_bring() -> None:
    airflow = Clearing()
    airflow.put(DAG, "r1", "success", first="success")
    with pytest.raises(NothingFailed, match=r"no run of threefold\.weekly\.promote has failed"):
        bring_the_rest(airflow, DAG)
