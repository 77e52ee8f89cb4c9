"""Whose work is aboard, as far as pull requests and picked commits tell: V14 and V15 of the votes (F26)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from github import Auth, Github

from stationmaster.core.authors import Authors
from stationmaster.departures import bringing_home, changes, picking, voting
from stationmaster.hooks.forge import Forge
from tests.departures.test_hotfixes import running, ship, start
from tests.departures.test_votes import caught_up, codes, gated, looked, others, put_aboard, with_quorum
from tests.departures.week import EXPLORER

__all__ = ["gated"]

EMIL, STRANGER = "dev-30", "dev-99"
"""The second one wrote nothing of what else is aboard."""


def forge_of(week, login):
    """GitHub, as an account speaks to it."""
    week.github.grant(f"token-of-{login}", login)
    client = Github(auth=Auth.Token(f"token-of-{login}"), base_url=f"{week.github_url}/api/v3")
    pace, patience = timedelta(0), timedelta(seconds=5)
    return Forge.from_client(client, pace=pace, patience=patience, now=week.clock, sleep=week.slept.append)


def opened(week, opener, author="dev-90"):
    """A pull request that somebody opened with somebody else's commit."""
    week.github.push(EXPLORER, branch="fix", title="Fix", author=author)
    return forge_of(week, opener).open_pull(EXPLORER, "fix", "main", "Fix it", "body", "of-a-test")


def proposed(week, opener, author="dev-90", method="merge"):
    """Such a pull request, merged; return what it became on main."""
    pull = opened(week, opener, author)
    return forge_of(week, "dev-91").merge_pull(EXPLORER, pull.number, pull.head_sha, method=method).sha


@pytest.mark.parametrize("opener", ["renovate[bot]", "dev-90"])
def test_v15_what_a_robot_opened_itself_is_its_own(gated, opener):
    """A commit without a signature, from a pull request of its own or of somebody else's."""
    with_quorum(gated, authors_may_vote=False)
    caught_up(gated)
    proposed(gated, opener, author="renovate[bot]")
    put_aboard(gated)
    others(gated)
    assert looked(gated).opens is (opener == "renovate[bot]")


@pytest.mark.parametrize("method", ["merge", "squash", "rebase"])
def test_v14_who_opened_the_pull_request_is_an_author_of_each_of_its_commits(gated, method):
    with_quorum(gated, authors_may_vote=False, needed=1)
    caught_up(gated)
    gated.github.push(EXPLORER, branch="fix", title="One", author="dev-90")
    proposed(gated, EMIL, method=method)
    put_aboard(gated)
    gated.vote("emil")
    assert codes(looked(gated)) == ["QUORUM_MISSING"]
    gated.vote("amara")
    assert looked(gated).opens


def opened_by_emil(week, commits):
    """A hotfix of some commits, whose pull request emil opened and he alone approves."""
    week.clock.move(minutes=30)
    start(week, *commits)
    assert week.ledger.manifest_of(week.departure).sha_of("explorer") not in commits
    voting.open_round(week.station(), week.departure)
    week.vote("emil")
    return voting.standing(week.station(), week.departure)


@pytest.mark.parametrize("method", ["squash", "rebase"])
def test_v14_who_opened_the_pull_request_of_what_is_picked_is_an_author(week, method):
    """The copy stands in no pull request; what it was picked from does."""
    merged = proposed(week, EMIL, method=method)
    assert codes(opened_by_emil(week, [merged])) == ["QUORUM_MISSING"]
    week.vote("amara")
    assert voting.standing(week.station(), week.departure).opens


def test_v14_so_is_who_opened_what_a_merge_commit_brought(week):
    week.github.push(EXPLORER, branch="fix", title="One", author="dev-90")
    first = week.github.repository(EXPLORER).record.refs["heads/fix"]
    proposed(week, EMIL, method="merge")
    assert codes(opened_by_emil(week, [first])) == ["QUORUM_MISSING"]


def test_v14_so_is_who_opened_what_another_hotfix_was_picked_from(week):
    """Picked twice: the second hotfix takes a commit of the first one's branch, and not its last."""
    merged = proposed(week, STRANGER, method="rebase")
    week.clock.move(minutes=30)
    first = start(week, merged, week.github.push(EXPLORER, title="Two", author="dev-90").sha)
    copy = week.station().forge.commit(EXPLORER, week.ledger.manifest_of(first).sha_of("explorer")).parent
    start(week, copy, branch=picking.branch_of(first), key="run-2")
    manifest = week.ledger.manifest_of(week.departure)
    assert STRANGER in changes.written_by(week.station(), week.departure, manifest).logins


def test_v14_so_is_who_opened_what_a_hotfix_put_onto_the_train_under_way(week):
    week.clock.move(minutes=30)
    week.staged()
    train = week.departure
    week.station().forge.move_branch(EXPLORER, "fix", running(week))
    departure = start(week, opened(week, STRANGER).head_sha, branch="fix")
    ship(week)
    assert bringing_home.onto_train(week.station(), departure).id == train
    manifest = week.ledger.manifest_of(train)
    assert STRANGER in changes.written_by(week.station(), train, manifest).logins


@pytest.mark.parametrize(("state", "opens"), [("open", False), ("closed", True)])
def test_v14_an_open_pull_request_has_an_opener_and_one_closed_unmerged_brought_nothing(week, state, opens):
    forge = week.station().forge
    forge.move_branch(EXPLORER, "fix", running(week))
    pull = opened(week, EMIL)
    if state == "closed":
        forge.close_pull(EXPLORER, pull.number)
    week.clock.move(minutes=30)
    start(week, pull.head_sha, branch="fix")
    assert week.ledger.manifest_of(week.departure).sha_of("explorer") == pull.head_sha
    voting.open_round(week.station(), week.departure)
    week.vote("emil")
    assert voting.standing(week.station(), week.departure).opens is opens


def test_v15_what_stands_in_an_open_pull_request_of_a_robot_may_be_anybodys(week):
    """Whoever may push may push onto a robot's branch, with its mail address."""
    week.station().forge.move_branch(EXPLORER, "fix", running(week))
    pull = opened(week, "renovate[bot]", author="renovate[bot]")
    week.clock.move(minutes=30)
    start(week, pull.head_sha, branch="fix")
    manifest = week.ledger.manifest_of(week.departure)
    assert len(changes.written_by(week.station(), week.departure, manifest).unproved) == 1


def test_v14_a_robots_own_commit_is_its_own_when_it_is_picked(week):
    """The copy bears no signature."""
    sha = week.github.push(EXPLORER, title="Bump it", author="dependabot[bot]", verified=True).sha
    week.clock.move(minutes=30)
    start(week, sha)
    manifest = week.ledger.manifest_of(week.departure)
    assert changes.written_by(week.station(), week.departure, manifest) == Authors()
