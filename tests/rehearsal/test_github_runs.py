"""Workflow runs and deployments of the stand-in GitHub: every way a dispatch can go."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from stationmaster.rehearsal.github.faults import Fault
from stationmaster.rehearsal.github.specs import EnvironmentSpec, WorkflowSpec
from tests.rehearsal.github_fixtures import EXPLORER, HEAD, Stage, explorer, stage

AT = f"/repos/{EXPLORER}"
DISPATCH = f"{AT}/actions/workflows/deploy.yml/dispatches"


@pytest.fixture
def scene() -> Iterator[Stage]:
    with stage() as one:
        yield one


def start(scene: Stage, key: str = "k", *, environment: str = "prod", **fields: Any) -> int:
    inputs = {"environment": environment, "key": key}
    answer = scene.request(
        "POST", DISPATCH, json={"ref": "main", "inputs": inputs, "return_run_details": True, **fields}
    )
    assert answer.status_code == 200, answer.text
    return int(answer.json()["workflow_run_id"])


def run(scene: Stage, number: int) -> dict[str, Any]:
    return dict(scene.request("GET", f"{AT}/actions/runs/{number}").json())


def listed(scene: Stage) -> list[str]:
    return [one["display_title"] for one in scene.request("GET", f"{AT}/actions/runs").json()["workflow_runs"]]


@pytest.mark.parametrize(
    ("mode", "version", "asks", "status"),
    [
        ("details", "2022-11-28", False, 204),
        ("details", "2022-11-28", True, 200),
        ("details", "2026-03-10", False, 200),
        ("no_details", "2022-11-28", True, 204),
        ("refuses_parameter", "2022-11-28", True, 400),
        ("refuses_parameter", "2022-11-28", False, 204),
    ],
)
def test_f51_a_dispatch_answers_in_each_servers_way(mode: Any, version: str, asks: bool, status: int) -> None:
    with stage(dispatch_mode=mode) as scene:
        body = {"ref": "main", "inputs": {"key": "k"}, **({"return_run_details": True} if asks else {})}
        answer = scene.request("POST", DISPATCH, json=body, headers={"x-github-api-version": version})
        assert answer.status_code == status
        assert len(listed(scene)) == (0 if status == 400 else 1)


@pytest.mark.parametrize(
    ("body", "status", "message"),
    [
        ({"ref": HEAD}, 422, "No ref found for"),
        ({"ref": "main", "inputs": {"color": "red"}}, 422, 'Unexpected inputs provided: ["color"]'),
        ({"ref": "main", "inputs": {}}, 422, "Required input 'key' not provided"),
        ({"ref": "main", "surprise": 1}, 422, "not a permitted key"),
        ({"ref": "main", "inputs": {f"i{n}": "x" for n in range(26)}}, 422, "up to 25"),
        ({}, 422, "Validation Failed"),
    ],
)
def test_a_dispatch_is_checked(body: dict[str, Any], status: int, message: str) -> None:
    with stage(explorer(workflows=(WorkflowSpec(inputs=("key",), required=("key",)),))) as scene:
        answer = scene.request("POST", DISPATCH, json=body)
        assert answer.status_code == status
        assert message in answer.json()["message"]


def test_a_workflow_without_the_trigger_and_one_that_is_not_there() -> None:
    with stage(explorer(workflows=(WorkflowSpec(dispatchable=False),))) as scene:
        answer = scene.request("POST", DISPATCH, json={"ref": "main"})
        assert "workflow_dispatch" in answer.json()["message"]
        other = scene.request("POST", f"{AT}/actions/workflows/none.yml/dispatches", json={"ref": "main"})
        assert other.status_code == 404


def test_a_run_goes_on_with_the_clock_and_deploys_its_head(scene: Stage) -> None:
    number = start(scene)
    assert run(scene, number)["status"] == "queued"
    assert scene.world.deployed(EXPLORER, "prod") != HEAD
    scene.clock.move(seconds=20)
    assert run(scene, number)["status"] == "in_progress"
    assert scene.world.deployments(EXPLORER, "prod")[0][1] == "in_progress"
    scene.clock.move(minutes=6)
    assert (run(scene, number)["status"], run(scene, number)["conclusion"]) == ("completed", "success")
    assert scene.world.deployed(EXPLORER, "prod") == HEAD


def test_a_clock_that_jumps_a_week_ends_a_run_at_its_own_instant(scene: Stage) -> None:
    number, began = start(scene), scene.clock()
    scene.clock.move(weeks=1)
    assert run(scene, number)["updated_at"] == (began + timedelta(minutes=6, seconds=20)).strftime("%Y-%m-%dT%H:%M:%SZ")


@pytest.mark.parametrize(("conclusion", "told"), [("failure", "failure"), ("timed_out", "error")])
def test_a_failed_run_leaves_the_environment_as_it_was(scene: Stage, conclusion: str, told: str) -> None:
    before = scene.world.deployed(EXPLORER, "prod")
    scene.world.script_runs(EXPLORER, "deploy.yml", conclusion=conclusion)
    number = start(scene)
    scene.clock.move(minutes=7)
    assert run(scene, number)["conclusion"] == conclusion
    assert scene.world.deployments(EXPLORER, "prod")[0][1] == told
    assert scene.world.deployed(EXPLORER, "prod") == before


def test_the_end_of_a_run_that_goes_on_can_be_rescripted(scene: Stage) -> None:
    number = start(scene)
    scene.clock.move(minutes=1)
    scene.world.script_runs(EXPLORER, "deploy.yml", conclusion="failure", duration=timedelta(minutes=1))
    scene.clock.move(minutes=1)
    assert run(scene, number)["conclusion"] == "failure"


def test_f51_a_late_run_is_seen_when_its_time_has_come(scene: Stage) -> None:
    scene.world.script(Fault(kind="late_run", seconds=90))
    number = start(scene)
    assert listed(scene) == []
    assert scene.request("GET", f"{AT}/actions/runs/{number}").status_code == 404
    scene.clock.move(seconds=90)
    assert listed(scene) == ["Deploy prod k"]


def test_f03_one_dispatch_may_make_two_runs(scene: Stage) -> None:
    scene.world.script(Fault(kind="duplicate_run"))
    start(scene)
    assert listed(scene) == ["Deploy prod k", "Deploy prod k"]


def test_f52_a_waiting_run_is_replaced_by_a_newer_one_of_its_group(scene: Stage) -> None:
    first, elsewhere = start(scene, "a"), start(scene, "x", environment="qa")
    scene.clock.move(seconds=30)
    second = start(scene, "b")
    third = start(scene, "c")
    assert run(scene, second)["conclusion"] == "cancelled"
    scene.clock.move(minutes=6)
    assert (run(scene, first)["conclusion"], run(scene, third)["status"]) == ("success", "in_progress")
    scene.clock.move(minutes=7)
    assert (run(scene, third)["conclusion"], run(scene, elsewhere)["conclusion"]) == ("success", "success")


def test_a_run_is_cancelled_once_and_a_stubborn_one_only_by_force(scene: Stage) -> None:
    number = start(scene)
    scene.world.script_runs(EXPLORER, "deploy.yml", stubborn=True)
    assert scene.request("POST", f"{AT}/actions/runs/{number}/cancel").status_code == 202
    assert run(scene, number)["conclusion"] is None
    assert scene.request("POST", f"{AT}/actions/runs/{number}/force-cancel").status_code == 202
    assert run(scene, number)["conclusion"] == "cancelled"
    assert scene.request("POST", f"{AT}/actions/runs/{number}/cancel").status_code == 409


def test_f53_a_second_attempt_keeps_the_id_and_may_end_otherwise(scene: Stage) -> None:
    scene.world.script_runs(EXPLORER, "deploy.yml", conclusion="failure")
    number = start(scene)
    assert scene.request("POST", f"{AT}/actions/runs/{number}/rerun").status_code == 403
    scene.clock.move(minutes=7)
    scene.request("POST", f"{AT}/actions/runs/{number}/rerun")
    scene.world.script_runs(EXPLORER, "deploy.yml", conclusion="success")
    assert run(scene, number)["run_attempt"] == 2
    scene.clock.move(minutes=7)
    assert run(scene, number)["conclusion"] == "success"


@pytest.mark.parametrize(
    ("created", "found"),
    [
        (">=2021-10-28T18:00:00Z", 1),
        (">2021-10-28T18:00:00Z", 0),
        ("<=2021-10-28T17:59:59Z", 0),
        ("<2021-10-28", 0),
        ("2021-10-28", 1),
        ("2021-10-01..2021-10-29", 1),
    ],
)
def test_runs_are_listed_by_the_instant_they_were_made(scene: Stage, created: str, found: int) -> None:
    start(scene)
    answer = scene.request("GET", f"{AT}/actions/runs", params={"created": created})
    assert answer.json()["total_count"] == found


def test_f55_a_deployment_merges_main_first_unless_told_not_to(scene: Stage) -> None:
    parent = scene.world.repository(EXPLORER).commit(HEAD).parents[0]
    scene.request("POST", f"{AT}/git/refs", json={"ref": "refs/heads/late", "sha": parent})
    scene.world.push(EXPLORER, branch="late", title="x")
    merged = scene.request("POST", f"{AT}/deployments", json={"ref": "late", "environment": "qa"})
    assert (merged.status_code, "id" in merged.json()) == (202, False)
    assert scene.world.deployments(EXPLORER, "qa") == []


def test_f55_contexts_that_are_open_or_red_refuse_a_deployment(scene: Stage) -> None:
    scene.world.script_checks(EXPLORER, HEAD, "red")
    answer = scene.request("POST", f"{AT}/deployments", json={"ref": HEAD, "auto_merge": False})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (409, "required_contexts")
    body = {"ref": HEAD, "auto_merge": False, "required_contexts": []}
    assert scene.request("POST", f"{AT}/deployments", json=body).status_code == 201


def test_a_success_retires_earlier_deployments_but_not_those_of_production() -> None:
    environments = (
        EnvironmentSpec(name="qa", follows="main"),
        EnvironmentSpec(name="prod", follows="main", production=True),
    )
    with stage(explorer(environments=environments)) as scene:
        for environment in ("qa", "prod"):
            start(scene, environment=environment)
        scene.clock.move(minutes=10)
        assert [state for _, state in scene.world.deployments(EXPLORER, "qa")] == ["success", "inactive"]
        assert [state for _, state in scene.world.deployments(EXPLORER, "prod")] == ["success", "success"]
