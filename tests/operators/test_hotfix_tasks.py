"""The hotfix's DAG, task by task: it says, it asks, it goes, it comes home (D-14, D-15, F32, F39, F40)."""

from __future__ import annotations

import pytest
from airflow.sdk.definitions.mappedoperator import MappedOperator

from stationmaster.core.transitions import Act
from stationmaster.departures import bringing_home, gating
from stationmaster.ledger.records import DepartureState
from tests.departures.test_hotfixes import on_main, running
from tests.departures.week import EXPLORER, WEDNESDAY
from tests.golden_files import assert_golden, shape
from tests.operators.runs import Run, answer


@pytest.fixture
def run(week, monkeypatch):
    monkeypatch.setattr("stationmaster.departures.station.Station", lambda **fields: week.station())
    monkeypatch.setattr("stationmaster.clock.now", week.clock)
    asked = []
    monkeypatch.setattr("airflow.sdk.execution_time.hitl.upsert_hitl_detail", lambda **request: asked.append(request))
    week.clock.move(minutes=30)
    return Run(week=week, stop="hotfix", asked=asked, user="hana")


def fill_in(run: Run, *commits: str, **form: object) -> None:
    run.params = {
        "dry_run": False,
        "component": "explorer",
        "commits": list(commits or (on_main(run.week),)),
        "branch": None,
        "reason": "the canvas stays white",
        "issue": None,
        **form,
    }


def prepared(run: Run) -> str:
    """A commit of a branch from what production runs: it must come home by a pull request."""
    run.week.station().forge.move_branch(EXPLORER, "mend", running(run.week))
    return run.week.github.push(EXPLORER, branch="mend", title="Mend the canvas").sha


def leave(run: Run, voter: str = "amara") -> str:
    """Up to production."""
    for task in ("say_what_will_happen", "open_departure", "put_the_commits_on_top"):
        assert run.start(task).kind == "done", task
    run.week.departure = run.xcoms["open_departure", "departure"]
    run.start("ask_for_votes")
    run.week.vote(voter)
    for task in ("wait_for_the_checks", "wait_for_the_quorum", "explorer.deploy_to_prod", "explorer.verify_prod"):
        assert run.drive(task).kind == "done", task
    return run.week.departure


def test_a_dry_run_says_it_all_and_opens_nothing(run):
    fill_in(run, dry_run=True)
    told = run.start("say_what_will_happen")
    assert told.kind == "done"
    assert any("put on top of" in sentence for sentence in told.value["sentences"])
    assert_golden("dag_hotfix_xcom", shape(told.value))
    for task in run.dag.topological_sort():
        if task.task_id != "say_what_will_happen" and not isinstance(task, MappedOperator):
            assert run.start(task.task_id).kind == "skipped", task.task_id
    assert run.week.ledger.departures(kinds=("hotfix",)) == ()
    assert run.week.dispatches() == []


@pytest.mark.parametrize(
    ("form", "says"),
    [
        ({"reason": None}, "Why"),
        ({"commits": []}, "Which commits"),
        ({"branch": "nowhere"}, "has no branch"),
        ({"commits": ["f" * 40]}, "has no commit"),
    ],
)
def test_f66_a_form_that_cannot_be_carried_out_fails_before_anything_is_opened(run, form, says):
    fill_in(run, **form)
    failed = run.start("say_what_will_happen")
    assert failed.kind == "failed"
    assert says in failed.text
    assert run.week.ledger.departures(kinds=("hotfix",)) == ()


def test_a_stranger_starts_no_hotfix(run):
    fill_in(run)
    run.user = "somebody"
    assert "is not in the people" in run.start("say_what_will_happen").text
    assert "is not in the people" in run.start("open_departure").text


def test_d14_from_the_form_to_production_and_home(run):
    fill_in(run, prepared(run), branch="mend")
    departure = leave(run)
    assert running(run.week) == run.params["commits"][0]
    assert run.start("tell_that_it_runs").kind == "done"
    waits = run.start("bring_it_to_the_branch")
    assert (waits.kind, waits.watch) == ("deferred", "home")
    assert run.why("bring_it_to_the_branch") == ()  # its blockers stand under the stop's name
    codes = [found.code for found in run.week.ledger.blockers(departure)[f"{departure}/promote/bring_it_to_the_branch"]]
    assert codes == ["HOTFIX_NOT_ON_MAIN"]
    forge = run.week.station().forge
    number = run.week.ledger.effect(f"{departure}/home/explorer").receipt["number"]
    forge.merge_pull(EXPLORER, number, forge.pull(EXPLORER, number).head_sha)
    home = run.wake(waits, "bring_it_to_the_branch")
    assert (home.kind, home.value["branch"]) == ("done", "main")
    assert run.start("bring_it_onto_the_train").kind == "skipped"
    assert run.start("explorer_on_the_train.deploy_to_staging").kind == "skipped"
    done = run.start("tell_the_outcome")
    assert (done.kind, done.value["state"]) == ("done", DepartureState.DONE)


def test_nobody_is_asked_who_may_not_answer(run):
    fill_in(run)
    for task in ("open_departure", "put_the_commits_on_top"):
        run.start(task)
    asked = run.start("ask_for_votes").value
    assert "hana" not in asked
    assert len(asked) >= 5


def test_f71_a_cleared_run_knows_its_hotfix_from_the_ledger_and_never_takes_the_trains(run):
    fill_in(run)
    for task in ("open_departure", "put_the_commits_on_top"):
        run.start(task)
    run.xcoms.clear()
    assert run.start("put_the_commits_on_top").kind == "done"
    run.id = "another-run"
    failed = run.start("explorer.deploy_to_prod")
    assert (failed.kind, "has opened nothing yet" in failed.text) == ("failed", True)


def test_f32_marking_the_quorum_as_success_opens_nothing(run):
    fill_in(run)
    for task in ("open_departure", "put_the_commits_on_top", "ask_for_votes"):
        run.start(task)
    run.week.clock.move(minutes=30)
    held = run.start("explorer.deploy_to_prod")
    assert held.kind == "deferred"
    assert run.week.dispatches() == []


def test_f40_the_train_under_way_is_deployed_to_staging_again(run):
    run.week.staged()
    train = run.week.departure
    run.week.clock.to(WEDNESDAY)
    run.week.open_promote()
    fill_in(run, prepared(run), branch="mend")
    leave(run)
    boarded = run.start("bring_it_onto_the_train")
    assert (boarded.kind, boarded.value["departure"]) == ("done", train)
    for component in ("portal", "explorer"):
        assert run.drive(f"{component}_on_the_train.deploy_to_staging").kind == "done"
    assert run.drive("explorer_on_the_train.verify_staging").kind == "done"
    staging = run.week.station().forge.deployed_sha(EXPLORER, "staging").sha
    assert staging == run.week.ledger.manifest_of(train).sha_of("explorer")

    # What is aboard is another commit: it is tested anew, or the promotion would wait for its list until it misses.
    standing = gating.checklist_standing(run.week.station(), train, "staging")
    assert [found.code for found in standing.blockers] == ["CHECKLIST_OPEN"]
    test = "explorer_on_the_train.test_staging"
    asked = run.start(test, role="primary")
    assert asked.kind == "deferred"
    ticks = dict.fromkeys((name for name in run.asked[-1]["params"] if name not in ("note", "on_commit")), True)
    done = run.wake(asked, test, answer("All passed", asked.arguments["people"][0], **ticks), role="primary")
    assert done.value["passed"]
    assert gating.checklist_standing(run.week.station(), train, "staging").opens


def test_f32_what_nobody_approved_is_not_told_and_comes_neither_home_nor_onto_the_train(run):
    """Quorum, checks, deploy and verification were marked as success: nobody has voted, and nothing was sent."""
    week = run.week
    week.staged()
    train = week.departure
    week.clock.to(WEDNESDAY)
    week.open_promote()
    week.quorum()
    before = week.ledger.manifest_of(train).hash
    fill_in(run, prepared(run), branch="mend")
    for task in ("say_what_will_happen", "open_departure", "put_the_commits_on_top", "ask_for_votes"):
        assert run.start(task).kind == "done", task
    hotfix = run.xcoms["open_departure", "departure"]
    said, writes, runs = len(week.texts()), len(week.github.writes(applied=True)), len(week.dispatches())
    for task in ("tell_that_it_runs", "bring_it_to_the_branch", "bring_it_onto_the_train"):
        found = run.start(task)
        assert (found.kind, f"{hotfix} has not arrived" in found.text) == ("failed", True), task
        assert "Clear the task that deploys it" in found.text
    assert run.start("explorer_on_the_train.deploy_to_staging").kind == "skipped"
    assert (len(week.texts()), len(week.github.writes(applied=True)), len(week.dispatches())) == (said, writes, runs)
    assert week.ledger.manifest_of(train).hash == before
    assert week.ledger.fact(hotfix, bringing_home.ON_TRAIN) is None
    assert week.ledger.departure(hotfix).state is DepartureState.GATED


def test_f32_the_effects_themselves_ask_for_the_arrival(run):
    week = run.week
    week.staged()
    train = week.departure
    fill_in(run, prepared(run), branch="mend")
    for task in ("open_departure", "put_the_commits_on_top"):
        run.start(task)
    hotfix = run.xcoms["open_departure", "departure"]
    with pytest.raises(bringing_home.NotArrived):
        bringing_home._BoardingGuard(week.station(), train, hotfix).count()
    week.departure = hotfix
    run.start("ask_for_votes")
    week.vote("amara")
    for task in ("wait_for_the_checks", "wait_for_the_quorum", "explorer.deploy_to_prod"):
        assert run.drive(task).kind == "done", task
    with pytest.raises(bringing_home.NotArrived):  # sent, and never seen there
        bringing_home._HomeGuard(week.station(), hotfix, Act.BRING_HOME).ask()
    assert "has not arrived" in run.start("bring_it_to_the_branch").text


def test_the_trains_test_list_ends_with_its_window(run):
    run.week.staged()
    run.week.clock.to(WEDNESDAY)
    run.week.open_promote()
    fill_in(run, prepared(run), branch="mend")
    leave(run)
    run.start("bring_it_onto_the_train")
    for task in ("deploy_to_staging", "verify_staging"):
        run.drive(f"explorer_on_the_train.{task}")
    asked = run.start("explorer_on_the_train.test_staging", role="primary")
    run.week.clock.move(hours=12)
    assert run.wake(asked, "explorer_on_the_train.test_staging", role="primary").kind == "failed"


def test_d15_a_security_hotfix_runs_through_the_same_tasks(run):
    run.stop = "security_hotfix"
    fill_in(run)
    for task in ("say_what_will_happen", "open_departure", "put_the_commits_on_top", "ask_for_votes"):
        assert run.start(task).kind == "done", task
    run.week.departure = run.xcoms["open_departure", "departure"]
    assert run.week.departure.endswith(".security-hotfix-1")
    run.week.vote("amara")
    assert run.start("wait_for_the_quorum").kind == "deferred"
    run.week.vote("ben")
    assert run.start("wait_for_the_quorum").kind == "done"


def test_a_hotfix_whose_deploy_fails_is_taken_back(run):
    before = running(run.week)
    fill_in(run)
    for task in ("open_departure", "put_the_commits_on_top", "ask_for_votes"):
        run.start(task)
    run.week.departure = run.xcoms["open_departure", "departure"]
    run.week.vote("amara")
    run.week.clock.move(minutes=30)
    run.week.github.script_runs(EXPLORER, "deploy.yml", conclusion="failure")
    assert run.drive("explorer.deploy_to_prod").kind == "failed"
    run.week.github.script_runs(EXPLORER, "deploy.yml", conclusion="success")
    assert run.drive("roll_back").kind == "done"
    assert running(run.week) == before
