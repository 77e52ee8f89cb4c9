"""The packaged histories, and what of them stands on main at an instant."""

import re
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stationmaster.rehearsal.github.history import RECORDED, UnknownHistory, load, of
from stationmaster.rehearsal.github.repository import Repository
from stationmaster.rehearsal.github.specs import RepositorySpec

SIZES = {"single-cell-data-portal": 1260, "single-cell-explorer": 1818, "single-cell-curation": 757, "dre": 2209}
ANY_INSTANT = st.datetimes(datetime(2017, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC))


@pytest.mark.parametrize("name", RECORDED.values())
def test_a_history_is_a_chain_of_real_commits(name: str) -> None:
    commits = load(name).commits
    assert len(commits) == SIZES[name]
    assert commits[0].parent is None
    assert all(one.parent == before.sha for before, one in pairwise(commits))
    assert all(re.fullmatch(r"[0-9a-f]{40}", one.sha) for one in commits)
    assert all(re.fullmatch(r"(dev|bot)-\d+", one.author) for one in commits)


@settings(max_examples=40, deadline=None)
@given(at=ANY_INSTANT, name=st.sampled_from(sorted(SIZES)))
def test_main_is_the_longest_prefix_that_had_landed(at: datetime, name: str) -> None:
    """The cut of a past Thursday takes the commits of that instant: held against a count by hand."""
    history = load(name)
    landed, newest = 0, datetime.min.replace(tzinfo=UTC)
    for commit in history.commits:
        newest = max(newest, commit.committed_at)
        if newest > at:
            break
        landed += 1
    assert history.landed(at) == landed
    head = history.head(at)
    assert head == (history.commits[landed - 1] if landed else None)


def test_the_explorers_main_on_a_thursday_in_2021() -> None:
    head = load("single-cell-explorer").head(datetime(2021, 10, 28, 18, 0, tzinfo=UTC))
    assert head is not None
    assert (head.sha, head.pull_request) == ("a0beac87792903837b0f9db9ee9c85c177493f11", 172)


@settings(max_examples=15, deadline=None)
@given(weeks=st.integers(-300, 300), at=ANY_INSTANT)
def test_a_shift_by_weeks_moves_every_instant_and_no_weekday(weeks: int, at: datetime) -> None:
    shift, plain = timedelta(weeks=weeks), load("single-cell-curation")
    shifted = load("single-cell-curation", shift=shift)
    assert shifted.landed(at + shift) == plain.landed(at)
    assert shifted.commits[-1].committed_at.weekday() == plain.commits[-1].committed_at.weekday()
    assert shifted.tags[0].tagged_at == plain.tags[0].tagged_at + shift


def test_an_unknown_history_names_those_there_are() -> None:
    with pytest.raises(UnknownHistory, match="single-cell-explorer"):
        load("nothing")


def test_a_repository_without_a_packaged_history_has_a_commit_each_working_day() -> None:
    """A sixth team's train has something aboard every week, whenever it is rehearsed."""
    history = of("orchid-lab/orchid")
    assert history == of("orchid-lab/orchid")
    assert not {commit.sha for commit in history.commits} & {commit.sha for commit in of("orchid-lab/other").commits}
    assert all(one.parent == before.sha for before, one in pairwise(history.commits))
    for monday in (datetime(2021, 10, 25, tzinfo=UTC), datetime(2026, 11, 23, tzinfo=UTC)):
        assert history.landed(monday + timedelta(weeks=1)) - history.landed(monday) == 5
    assert of("dfinity/dre") == load("dre")


def test_the_stand_in_has_the_history_by_which_a_rehearsal_is_judged() -> None:
    begins = datetime(2026, 11, 23, tzinfo=UTC)
    spec = RepositorySpec(name="orchid-lab/orchid", lively=True)
    repository = Repository(spec=spec, identifier=1, begins=begins, next_id=iter(range(9)).__next__)
    repository.settle(begins)
    assert repository.resolve("main") == of("orchid-lab/orchid").head(begins).sha
    empty = Repository(
        spec=RepositorySpec(name="orchid-lab/notes"), identifier=2, begins=begins, next_id=iter(range(9)).__next__
    )
    assert empty.history.commits == ()
