"""Older pull requests of the workflow are closed once; a person's work never is (D-24)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from stationmaster.upgrades.superseding import supersede
from tests.upgrades.test_finding import person_opens
from tests.upgrades.yard import MONDAY, REPO


@pytest.fixture
def two(yard):
    """Last week's pull request, and this week's, each on a branch of its own."""
    yard.edit(pull=yard.desk().entry.pull.model_copy(update={"branch": "bot-update-deps*"}))
    yard.script(branch="bot-update-deps-1")
    older = yard.found()
    yard.clock.to(MONDAY + timedelta(days=7))
    yard.script(branch="bot-update-deps-2")
    return yard, older, yard.found()


def comments(yard, number):
    return [one.body for one in yard.github.repository(REPO).record.comments.values() if one.number == number]


def test_d24_the_older_one_is_closed_with_a_word_and_once(two):
    yard, older, newer = two
    for _ in range(2):
        assert supersede(yard.desk(), yard.upgrade, newer.number) == ((older.number,), ())
    assert (older.state, newer.state) == ("closed", "open")
    (said,) = comments(yard, older.number)
    assert said.startswith(f"#{newer.number} takes the place")


@pytest.mark.parametrize("path", ["/comments", "/pulls/"])
def test_f03_a_lost_answer_repeats_nothing(two, path):
    yard, older, newer = two
    yard.fault("dropped_after", path, method="POST" if "comments" in path else "PATCH")
    assert supersede(yard.desk(), yard.upgrade, newer.number)[0] == (older.number,)
    assert len(comments(yard, older.number)) == 1


def test_d24_one_with_a_persons_commits_is_left_open(two):
    yard, older, newer = two
    yard.github.push(REPO, branch="bot-update-deps-1", title="mend the build", author="dre-anouk")
    assert supersede(yard.desk(), yard.upgrade, newer.number) == ((), (older.number,))
    assert older.state == "open"
    assert comments(yard, older.number) == []


def test_d24_a_persons_own_and_a_newer_one_are_not_touched(two):
    yard, older, newer = two
    mine = person_opens(yard, head_ref="bot-update-deps-3")
    supersede(yard.desk(), yard.upgrade, newer.number)
    supersede(yard.desk(), yard.upgrade, older.number)
    assert (mine.state, newer.state) == ("open", "open")
