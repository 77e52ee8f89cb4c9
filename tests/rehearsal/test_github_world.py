"""The world behind the stand-in GitHub, as its clock goes on; no server is needed."""

from datetime import UTC, datetime, timedelta

import pytest

from stationmaster.rehearsal.github.checks import state_of
from stationmaster.rehearsal.github.history import load
from stationmaster.rehearsal.github.specs import CheckSpec, EnvironmentSpec, RepositorySpec
from stationmaster.rehearsal.github.world import GithubWorld, UnknownRepository
from tests.rehearsal.github_fixtures import EXPLORER, HEAD, THURSDAY, HandClock, explorer


def build(clock: HandClock | None = None, **changes: object) -> GithubWorld:
    return GithubWorld(repositories=[explorer(**changes)], clock=clock or HandClock())


def main(world: GithubWorld) -> str:
    world.settle()
    repository = world.repository(EXPLORER)
    return repository.record.refs[repository.main]


def test_commits_land_as_the_clock_jumps_a_week() -> None:
    clock = HandClock()
    world = build(clock)
    assert main(world) == HEAD
    clock.move(weeks=1)
    expected = load("single-cell-explorer").head(clock())
    assert expected is not None
    assert main(world) == expected.sha
    assert world.repository(EXPLORER).commit(expected.sha).parents == (expected.parent,)


def test_a_clock_that_goes_back_changes_nothing() -> None:
    clock = HandClock()
    world = build(clock)
    clock.move(weeks=-4)
    assert main(world) == HEAD


def test_a_shift_lets_a_lively_week_of_2021_land_on_another() -> None:
    clock = HandClock(THURSDAY + timedelta(weeks=252))
    assert main(build(clock, shift=timedelta(weeks=252))) == HEAD


def test_history_lands_on_top_of_what_people_pushed() -> None:
    clock = HandClock()
    world = build(clock)
    pushed = world.push(EXPLORER, title="A fix by hand")
    clock.move(weeks=1)
    expected = load("single-cell-explorer").head(clock())
    assert expected is not None
    assert main(world) == expected.sha
    first = next(one for one in world.repository(EXPLORER).record.commits.values() if one.parents == (pushed.sha,))
    assert first.sha == load("single-cell-explorer").commits[load("single-cell-explorer").landed(THURSDAY)].sha


def test_f27_a_forced_push_drops_commits_and_history_goes_on() -> None:
    clock = HandClock()
    world = build(clock)
    rewritten = world.force_push(EXPLORER, drop=2)
    repository = world.repository(EXPLORER)
    assert main(world) == rewritten.sha
    assert not repository.is_fast_forward(HEAD, rewritten.sha)
    clock.move(weeks=1)
    assert repository.is_fast_forward(rewritten.sha, main(world))


def test_pull_requests_are_open_before_they_land() -> None:
    clock = HandClock()
    world = build(clock)
    history = load("single-cell-explorer")
    known = {one.pull_request for one in history.commits[: history.landed(THURSDAY)]}
    coming = next(one for one in history.commits[history.landed(THURSDAY) :] if one.pull_request not in known)
    assert coming.pull_request is not None
    clock.instant = coming.landed_at - timedelta(hours=1)
    world.settle()
    pull = world.repository(EXPLORER).record.pulls[coming.pull_request]
    assert (pull.state, pull.merged_at) == ("open", None)
    clock.instant = coming.landed_at
    world.settle()
    assert (pull.state, pull.merged_at, pull.merge_sha) == ("closed", coming.landed_at, coming.sha)


def test_a_followed_branch_is_deployed_after_each_commit() -> None:
    """Continuous deployment, computed when it is asked for, however far the clock jumped."""
    clock = HandClock()
    after = timedelta(minutes=30)
    world = build(clock, environments=(EnvironmentSpec(name="dev", follows="main", after=after),))
    assert world.deployed(EXPLORER, "dev") == HEAD
    history = load("single-cell-explorer")
    coming = history.commits[history.landed(THURSDAY) :][:3]
    clock.instant = coming[-1].landed_at + after - timedelta(seconds=1)
    assert world.deployed(EXPLORER, "dev") == coming[-2].sha
    clock.move(seconds=1)
    assert world.deployed(EXPLORER, "dev") == coming[-1].sha
    assert [state for _, state in world.deployments(EXPLORER, "dev")] == ["success", *["inactive"] * 3]


def test_an_environment_begins_as_of_an_instant() -> None:
    world = build()
    expected = load("single-cell-explorer").head(datetime(2021, 10, 20, 18, 0, tzinfo=UTC))
    assert expected is not None
    assert world.deployed(EXPLORER, "prod") == expected.sha
    assert world.deployments(EXPLORER, "prod")[0][0].created_at == datetime(2021, 10, 20, 18, 0, tzinfo=UTC)


def test_checks_turn_green_as_time_passes() -> None:
    spec, commit = CheckSpec(after=timedelta(minutes=12)), build().repository(EXPLORER).commit(HEAD)
    assert state_of(spec, {}, commit, commit.landed_at + timedelta(minutes=11)) == "pending"
    assert state_of(spec, {}, commit, commit.landed_at + timedelta(minutes=12)) == "green"
    assert state_of(spec, {HEAD: "red"}, commit, commit.landed_at) == "red"
    assert state_of(CheckSpec(names=()), {}, commit, commit.landed_at) == "absent"


def test_the_share_of_red_commits_is_kept_and_repeats() -> None:
    repository = build().repository(EXPLORER)

    def red(seed: int) -> set[str]:
        spec = CheckSpec(red_share=0.2, seed=seed)
        return {
            one.sha
            for one in repository.record.commits.values()
            if state_of(spec, {}, one, THURSDAY + timedelta(days=1)) == "red"
        }

    share = len(red(7)) / len(repository.record.commits)
    assert 0.15 < share < 0.25
    assert red(7) == red(7)
    assert red(7) != red(8)


def test_a_repository_without_history_has_one_commit() -> None:
    world = GithubWorld(repositories=[RepositorySpec(name="acme/site")], clock=HandClock())
    assert len(world.repository("acme/site").record.commits) == 1
    with pytest.raises(UnknownRepository, match="acme/none"):
        world.repository("acme/none")
