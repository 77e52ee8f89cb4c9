"""ThreeFold's week through its tasks, by its own files: from Sunday's cut to the tags of Wednesday."""

from __future__ import annotations

import json
import tomllib
from datetime import UTC, datetime, timedelta

import pytest

from stationmaster.assemble.trains import train_dags
from stationmaster.config.loader import load
from stationmaster.ledger.records import DepartureState
from stationmaster.rehearsal import standins
from stationmaster.rehearsal.github import standin as github_standin
from stationmaster.rehearsal.github.world import GithubWorld
from stationmaster.rehearsal.slack import standin as slack_standin
from tests.departures.ruled import comments, issues
from tests.departures.week import INCLUDE, HandClock, Week
from tests.operators.runs import DAG_FILE, Run, answer

SUNDAY = datetime(2024, 10, 20, 7, 0, tzinfo=UTC)
"""10:00 in Cairo."""
WEDNESDAY = SUNDAY + timedelta(days=3)
OPS_REPO, TFCHAIN = "threefoldtech/tf_operations", "threefoldtech/tfchain"
COMPONENTS = ("tfchain", "sdk")
ME = {"role": "conductor"}


@pytest.fixture
def week(boards, ledger, monkeypatch) -> Week:
    clock = HandClock(SUNDAY)
    monkeypatch.setattr("stationmaster.clock.now", clock)
    include = load(INCLUDE, teams=["threefold"])
    repositories = list(standins.repositories(include, run=timedelta(seconds=60), queue=timedelta()))
    github, slack = GithubWorld(clock=clock, repositories=repositories), standins.slack_world(include)
    boards[0].app, boards[1].app = github_standin.create_app(github), slack_standin.create_app(slack)
    return Week(
        clock=clock,
        github=github,
        slack=slack,
        team=include.team("threefold"),
        ledger=ledger,
        github_url=boards[0].base,
        slack_url=boards[1].base,
        departure="threefold.weekly/2024-W42",
    )


def assembled(runs, week, stop) -> Run:
    run = runs(stop)
    train = week.team.trains["weekly"]
    (run.made,) = train_dags(INCLUDE, week.team, train, dag_file=DAG_FILE, only=f"{train.key}.{stop}")
    return run


def ask(run, task_id, choice, by, **fields):
    """Answer a task's question as the person who is asked."""
    asked = run.start(task_id, **ME)
    assert asked.kind == "deferred", asked
    assert by in [user["id"] for user in run.asked[-1]["assigned_users"]]
    return run.wake(asked, task_id, answer(choice, by, **fields), **ME)


def deploy(run, environment):
    for component in COMPONENTS:
        assert run.drive(f"{component}.deploy_to_{environment}").kind == "done"
        assert run.drive(f"{component}.verify_{environment}").kind == "done"
        if component == "tfchain":
            task_id = f"{component}.test_{environment}"
            items = run.operator(task_id, **ME)._items()
            ticked = dict.fromkeys((item.id for item in items), True)
            assert ask(run, task_id, "All passed", conductor(run.week), **ticked).kind == "done"
    assert run.start("tell_the_outcome").kind == "done"


def conductor(week):
    return week.station().conductor.id


def cut(runs, week) -> Run:
    run = assembled(runs, week, "cut")
    assert run.start("open_departure").value["departure"] == week.departure
    assert run.drive("wait_for_the_window").kind == "done"
    assert ask(run, "ask_whom_to_wait_for", "Board now", conductor(week)).kind == "done"
    assert run.drive("pin_the_manifest").kind == "done"
    deploy(run, "testnet")
    return run


def gate(runs, week) -> Run:
    """Wednesday, voted."""
    week.clock.to(WEDNESDAY)
    run = assembled(runs, week, "promote")
    assert run.start("open_departure").kind == "done"
    assert run.start("ask_for_votes").kind == "done"
    for voter in ("bea", "dina"):
        week.vote(voter)
    for sensor in ("wait_for_the_soak", "wait_for_the_window", "wait_for_the_quorum"):
        assert run.drive(sensor).kind == "done"
    return run


def tags(week, repository):
    return {name for name in week.github.repository(repository).record.refs if name.startswith("tags/v2024")}


def test_t01_t02_t04_t08_t11_t20_a_good_week(runs, week):
    first = cut(runs, week)
    (issue,) = (each for each in issues(week, OPS_REPO) if "release" in each.labels)
    assert (issue.state, issue.labels) == ("open", ["release", "priority_minor"])
    assert [each["tag"] for each in first.start("publish_the_releases").value["releases"]] == ["v2024.42.0-rc"] * 2
    run = gate(runs, week)
    assert ask(run, "confirm_the_promotion", "Go", conductor(week), issue="").kind == "done"
    assert "owen" not in json.dumps(run.asked[-1]["assigned_users"])
    deploy(run, "mainnet")
    assert week.ledger.departure(week.departure).state is DepartureState.DONE
    assert run.start("publish_the_releases").kind == "done"
    assert tags(week, TFCHAIN) == {"tags/v2024.42.0", "tags/v2024.42.0-rc"}
    assert issue.state == "closed"
    assert [("is on testnet" in text, "is on mainnet" in text) for text in comments(week, issue.number, OPS_REPO)] == [
        (True, False),
        (False, True),
    ]
    told = comments(week, issue.number, OPS_REPO)[-1]
    versions = tomllib.loads(told.partition("```toml\n")[2].partition("```")[0])
    commits = {each.component: each.sha for each in week.ledger.manifest_of(week.departure).passengers}
    assert versions == {
        name: {"version": "2024.42.0", "tag": "v2024.42.0", "commit": commits[name]} for name in COMPONENTS
    }
    assert week.ledger.blockers(week.departure) == {}


def test_t02_after_wednesday_nothing_goes_to_mainnet(runs, week):
    cut(runs, week)
    run = gate(runs, week)
    assert ask(run, "confirm_the_promotion", "Go", conductor(week), issue="").kind == "done"
    week.clock.to(datetime(2024, 10, 23, 21, 0, tzinfo=UTC))  # Thursday begins in Cairo
    sent = len(week.dispatches())
    assert run.start("tfchain.deploy_to_mainnet").kind == "failed"
    assert set(run.blockers("tfchain.deploy_to_mainnet")) == {"MISSED_WINDOW", "FROZEN"}
    assert len(week.dispatches()) == sent


def test_t08_t20_a_blocker_on_testnet_keeps_it_from_mainnet(runs, week):
    cut(runs, week)
    run = gate(runs, week)
    week.forge().open_issue(TFCHAIN, "Nodes lose their power", "", "by-hand/1", labels=["release_blocker"])
    assert ask(run, "confirm_the_promotion", "Go", conductor(week), issue="").kind == "done"
    assert run.start("tfchain.deploy_to_mainnet").kind == "deferred"
    assert run.blockers("tfchain.deploy_to_mainnet") == ["RELEASE_BLOCKED"]


def test_t01_the_owner_of_the_circle_does_not_push(runs, week):
    cut(runs, week)
    run = gate(runs, week)
    asked = run.start("confirm_the_promotion", **ME)
    assert run.wake(asked, "confirm_the_promotion", answer("Go", "owen"), **ME).kind == "retried"
    week.confirm("owen")
    assert run.start("tfchain.deploy_to_mainnet").kind == "deferred"
    assert run.blockers("tfchain.deploy_to_mainnet") == ["ACTOR_NOT_ALLOWED"]
