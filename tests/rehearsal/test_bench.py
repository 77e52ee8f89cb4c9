"""The bench measures in turn, compares like with like, and says when a bound is exceeded; it judges no number here."""

from __future__ import annotations

import ast
import io
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from rich.console import Console

from stationmaster.rehearsal.bench import ParseFailed, Result, interleaved, parse, report
from stationmaster.rehearsal.bench_runs import Script, handover_of, in_tasks_of
from stationmaster.rehearsal.bench_shape import asks, shape_of, source_of
from stationmaster.rehearsal.bench_station import NotTheFileThatWasMeant, copy_bundle, hurry
from tests.rehearsal.good_week import INCLUDE

ROWS = [
    {
        "task_id": "open_departure",
        "trigger_rule": "all_success",
        "is_mapped": False,
        "downstream_task_ids": ["ask_for_votes"],
    },
    {
        "task_id": "ask_for_votes",
        "trigger_rule": "all_success",
        "is_mapped": False,
        "downstream_task_ids": ["ballot", "wait_for_the_quorum"],
    },
    {"task_id": "ballot", "trigger_rule": "all_success", "is_mapped": True, "downstream_task_ids": []},
    {
        "task_id": "wait_for_the_quorum",
        "trigger_rule": "all_success",
        "is_mapped": False,
        "downstream_task_ids": ["confirm_the_promotion"],
    },
    {
        "task_id": "confirm_the_promotion",
        "trigger_rule": "all_success",
        "is_mapped": True,
        "downstream_task_ids": ["portal.deploy_to_prod"],
    },
    {
        "task_id": "portal.deploy_to_prod",
        "trigger_rule": "none_failed",
        "is_mapped": False,
        "downstream_task_ids": None,
    },
]


def test_what_is_measured_alternates_between_ours_and_theirs() -> None:
    order: list[str] = []
    ours, theirs = interleaved(lambda: order.append("A"), lambda: order.append("B"), 3)
    assert order == ["A", "B", "B", "A", "A", "B"]
    assert len(ours) == len(theirs) == 3


@pytest.mark.parametrize(("ours", "code"), [(1.5, 0), (1.51, 1)])
def test_a_bound_that_is_exceeded_is_shown_and_returned(ours: float, code: int) -> None:
    console = Console(file=io.StringIO(), width=140)
    kept = Result("parse", 1.0, 1.0, 1.5)
    assert report([kept, Result("promote", ours, 1.0, 1.5)], console) == code
    shown = console.file.getvalue()
    assert ("✗" in shown) is bool(code)
    assert f"{ours:.2f} s" in shown


def test_the_idle_dag_has_the_tasks_the_rules_and_the_edges_of_the_real_one() -> None:
    shape = shape_of(ROWS)
    assert shape["ballot"].kind == "asks everybody"
    assert shape["confirm_the_promotion"].kind == "asks one"
    assert shape["wait_for_the_quorum"].kind == "asks"
    assert shape["portal__deploy_to_prod"] == ("nothing", "none_failed", ())
    assert shape["confirm_the_promotion"].followers == ("portal__deploy_to_prod",)
    assert shape.keys() == {row["task_id"].replace(".", "__") for row in ROWS}


def test_the_idle_dag_is_a_dag_that_airflow_builds(tmp_path: Path) -> None:
    file = tmp_path / "idle.py"
    file.write_text(source_of(shape_of(ROWS), ["amara", "ben"]))
    ast.parse(file.read_text())
    names: dict[str, object] = {}
    exec(compile(file.read_text(), str(file), "exec"), names)
    dag = names["dag"]
    for row in ROWS:
        task = dag.task_dict[row["task_id"].replace(".", "__")]
        followers = {follower.replace(".", "__") for follower in row["downstream_task_ids"] or ()}
        assert (task.trigger_rule, task.downstream_task_ids) == (row["trigger_rule"], followers)
        assert bool(task.is_mapped) is row["is_mapped"]


@pytest.mark.parametrize(
    ("task", "waits"),
    [("ballot", True), ("explorer.test_prod", True), ("explorer__test_prod", True), ("portal.verify_prod", False)],
)
def test_only_what_waits_for_people_asks_in_the_idle_dag(task: str, waits: bool) -> None:
    assert asks(task) is waits


def test_a_file_with_an_error_is_no_measurement(tmp_path: Path) -> None:
    file = tmp_path / "broken.py"
    file.write_text("airflow dag (")
    environment = {"AIRFLOW_HOME": str(tmp_path), "PATH": str(Path(sys.executable).parent), "HOME": str(tmp_path)}
    with pytest.raises(ParseFailed, match=r"broken\.py"):
        parse(file, tmp_path, environment)


def test_the_bundle_of_the_bench_is_the_real_one_in_a_hurry(tmp_path: Path) -> None:
    copy_bundle(INCLUDE, tmp_path / "b")
    path = tmp_path / "b" / "include" / "trains" / "cellxgene.weekly.yaml"
    hurry(path)
    assert "times: 1" in path.read_text()
    with pytest.raises(NotTheFileThatWasMeant, match="times: 3"):
        hurry(path)


def _ran(task_id: str, start: float, end: float, state: str = "success") -> SimpleNamespace:
    zero = datetime(2026, 1, 1, tzinfo=UTC)
    return SimpleNamespace(
        task_id=task_id,
        label=task_id,
        state=state,
        start_date=zero + timedelta(seconds=start),
        end_date=zero + timedelta(seconds=end),
    )


def test_the_handover_is_from_the_end_of_a_step_to_the_start_of_the_next() -> None:
    row = [_ran("portal.deploy_to_prod", 0, 2), _ran("portal.verify_prod", 3, 4), _ran("explorer.deploy_to_prod", 6, 7)]
    assert handover_of([*row, _ran("ballot", 0, 99)]) == 1.5


def test_what_waits_for_people_is_left_out_of_the_tasks() -> None:
    assert in_tasks_of([_ran("portal.verify_prod", 1, 3), _ran("ballot", 0, 99)]) == {"portal__verify_prod": 2.0}


class _Station:
    def __init__(self, actions) -> None:
        self.answers: list[str] = []
        self.ledger = SimpleNamespace(ballots=lambda departure: self.counted)
        self.counted: list[str] = []
        self.train = SimpleNamespace(gates=SimpleNamespace(quorum=SimpleNamespace(needed=2)))
        self.api = SimpleNamespace(required_actions=lambda **_: actions)

    def client(self, user: str):
        return SimpleNamespace(
            answer=lambda dag, run, task, options, **more: self.answers.append(f"{task}[{more['map_index']}]")
        )


def _asked(task: str, index: int, try_number: int = 1) -> SimpleNamespace:
    instance = SimpleNamespace(
        task_id=task, label=f"{task}[{index}]", map_index=index, try_number=try_number, dag_id="d", dag_run_id="r"
    )
    return SimpleNamespace(task_instance=instance, waits=True, options=("LGTM",), params={}, assigned_users=())


def _script(
    actions: list, deciding: str | None, monkeypatch: pytest.MonkeyPatch, *, standing: float = 0.0
) -> tuple[Script, _Station]:
    monkeypatch.setattr("stationmaster.rehearsal.bench_runs.BREATH", 0.0)
    monkeypatch.setattr("stationmaster.rehearsal.bench_runs.STANDING", standing)
    station = _Station(actions)
    return Script(station, "d", "r", departure="x", deciding=deciding), station  # type: ignore[arg-type]


def test_every_ballot_is_answered_once_and_the_gate_after_the_quorum(monkeypatch) -> None:
    actions = [_asked("wait_for_the_quorum", -1), *(_asked("ballot", n) for n in range(3))]
    script, station = _script(actions, None, monkeypatch)
    script.act()
    script.act()
    assert station.answers == ["ballot[0]", "ballot[1]", "ballot[2]", "wait_for_the_quorum[-1]"]
    assert script.decided_at is not None


def test_a_try_that_failed_over_its_answer_is_answered_again(monkeypatch) -> None:
    actions = [_asked("ballot", 0)]
    script, station = _script(actions, None, monkeypatch)
    script.act()
    actions[0] = _asked("ballot", 0, try_number=2)
    script.act()
    assert station.answers == ["ballot[0]", "ballot[0]"]
    assert script.ballots == 1


@pytest.mark.parametrize(("deciding", "given"), [("airflow", 2), ("slack", 1)])
def test_the_vote_that_decides_is_given_when_the_others_are_counted(monkeypatch, deciding, given) -> None:
    script, station = _script([_asked("ballot", n) for n in range(4)], deciding, monkeypatch)
    script.act()
    assert (len(station.answers), script.decided_at) == (1, None)
    station.counted.append("amara")
    script.act()
    assert len(station.answers) == given
    assert (script.decided_at is not None) is (deciding == "airflow")


def test_the_vote_that_decides_waits_until_the_gate_has_stood_for_a_while(monkeypatch) -> None:
    script, station = _script([_asked("ballot", n) for n in range(4)], "airflow", monkeypatch, standing=60.0)
    station.counted.append("amara")
    script.act()
    script.act()
    assert (len(station.answers), script.decided_at) == (1, None)


def test_a_ballot_whose_try_failed_is_answered_again_while_the_deciding_one_waits(monkeypatch) -> None:
    actions = [_asked("ballot", n) for n in range(4)]
    script, station = _script(actions, "airflow", monkeypatch)
    script.act()
    assert station.answers == ["ballot[0]"]
    actions[0] = _asked("ballot", 0, try_number=2)
    script.act()
    assert station.answers == ["ballot[0]", "ballot[0]"]
    assert script.decided_at is None
