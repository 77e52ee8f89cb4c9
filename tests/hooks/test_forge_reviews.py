"""Pull requests of somebody else: listed, read, commented, closed; against the stand-in's upgrade workflow (D-24)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from stationmaster.core.checks import CheckRules, merge_checks
from stationmaster.core.upgrade_diffs import ChangedFile
from stationmaster.hooks.errors import ForgeUnreadable
from stationmaster.rehearsal.github.specs import RepositorySpec, UpgradeSpec, WorkflowSpec
from tests.rehearsal.github_fixtures import stage

REPO = "dfinity/dre-tests"
FILES = (("Cargo.lock", '@@ -1 +1 @@\n-version = "1.0.1"\n+version = "1.0.2"\n'),)
WORKFLOW = WorkflowSpec(file="update.yaml", name="Update", upgrade=UpgradeSpec(files=FILES, labels=("dependencies",)))


@pytest.fixture
def yard():
    with stage(RepositorySpec(name=REPO, workflows=(WORKFLOW,))) as found:
        yield found


def start(yard, key="a/b/1"):
    yard.forge().dispatch(REPO, "update.yaml", "main", {}, key)
    yard.clock.move(minutes=10)
    yard.world.settle()


def test_d24_the_workflow_opens_a_pull_request_when_its_run_is_done(yard):
    yard.forge().dispatch(REPO, "update.yaml", "main", {}, "a/b/1")
    assert yard.forge().open_pulls(REPO, "main") == []
    yard.clock.move(minutes=10)
    (pull,) = yard.forge().open_pulls(REPO, "main")
    assert (pull.head_ref, pull.labels, pull.bot, pull.head_repository) == (
        "bot-update-deps",
        ("dependencies",),
        True,
        REPO,
    )
    assert pull.created_at is not None
    assert pull.created_at > yard.clock() - timedelta(minutes=10)
    assert yard.forge().pull(REPO, pull.number).mergeable is True
    assert yard.forge().pull_files(REPO, pull.number) == [ChangedFile(name=FILES[0][0], patch=FILES[0][1])]
    assert [commit.author for commit in yard.forge().pull_commits(REPO, pull.number)] == ["upgrade-bot[bot]"]
    assert yard.forge().open_pulls(REPO, "release") == []


def test_d24_a_second_run_moves_the_pull_request_that_is_there(yard):
    start(yard)
    (before,) = yard.forge().open_pulls(REPO, "main")
    start(yard, "a/b/2")
    (after,) = yard.forge().open_pulls(REPO, "main")
    assert after.number == before.number
    assert after.head_sha != before.head_sha


@pytest.mark.parametrize(("outcome", "state"), [("green", "green"), ("red", "red")])
def test_d24_its_checks_are_scripted(yard, outcome, state):
    yard.world.script_upgrade(REPO, "update.yaml", outcome=outcome)
    start(yard)
    yard.clock.move(minutes=30)
    (pull,) = yard.forge().open_pulls(REPO, "main")
    assert merge_checks(yard.forge().check_results(REPO, pull.head_sha), CheckRules()).state == state


def test_d24_nothing_to_upgrade_opens_nothing_and_a_conflict_shows(yard):
    yard.world.script_upgrade(REPO, "update.yaml", outcome="nothing")
    start(yard)
    assert yard.forge().open_pulls(REPO, "main") == []
    yard.world.script_upgrade(REPO, "update.yaml", outcome="conflict")
    start(yard, "a/b/2")
    (pull,) = yard.forge().open_pulls(REPO, "main")
    assert yard.forge().pull(REPO, pull.number).mergeable is False


def test_d24_a_pull_request_is_closed_with_a_comment_that_is_found_again(yard):
    start(yard)
    (pull,) = yard.forge().open_pulls(REPO, "main")
    assert not yard.forge().has_comment(REPO, pull.number, "a/b/1")
    yard.forge().comment(REPO, pull.number, "There is a newer one.", "a/b/1")
    assert yard.forge().has_comment(REPO, pull.number, "a/b/1")
    assert not yard.forge().has_comment(REPO, pull.number, "a/b/10")
    assert yard.forge().close_pull(REPO, pull.number).state == "closed"
    assert yard.forge().close_pull(REPO, pull.number).state == "closed"
    assert not yard.forge().pull(REPO, pull.number).merged


def test_f26_a_list_of_commits_that_may_be_cut_is_not_read(yard):
    start(yard)
    for number in range(250):
        yard.world.push(REPO, branch="bot-update-deps", title=f"change {number}")
    (pull,) = yard.forge().open_pulls(REPO, "main")
    with pytest.raises(ForgeUnreadable):
        yard.forge().pull_commits(REPO, pull.number)
