"""What a question is, when it is late, whose it is, and whether it was asked before (D-20, D-21, C-26, N-14)."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stationmaster.core.instants import Weekday
from stationmaster.core.questions import (
    Question,
    Response,
    Route,
    alike,
    asked_before,
    is_answered,
    is_question,
    routed,
    unanswered_at,
    words_of,
)
from stationmaster.core.rotations.windows import Window

WORKDAYS = tuple(day for day in Weekday if day not in (Weekday.SATURDAY, Weekday.SUNDAY))
OFFICE = (Window(days=WORKDAYS, start=time(9), end=time(18), zone="America/Los_Angeles"),)


@pytest.mark.parametrize(
    ("text", "asks"),
    [
        ("Is staging down?", True),
        ("hi all, how do I rotate the token", True),
        ("Can somebody look at the portal", True),
        ("the upload fails, any idea?", True),
        ("deployed to staging", False),
        ("see <https://example.org/q?page=2>", False),
        ("the code is `a ? b : c`", False),
        ("```\nwhy?\n```", False),
        ("", False),
    ],
)
def test_d20_a_question_is_told_from_talk(text: str, asks: bool) -> None:
    assert is_question(text) is asks


@pytest.mark.parametrize(
    ("repliers", "marks", "answered"),
    [
        (set(), set(), False),
        ({"UASKER"}, set(), False),
        ({"USTRANGER"}, set(), False),
        ({"UTEAM"}, set(), True),
        (set(), {"eyes"}, False),
        (set(), {"white_check_mark"}, True),
    ],
)
def test_c26_an_answer_comes_from_the_team_or_from_a_mark(repliers: set, marks: set, answered: bool) -> None:
    response = Response(frozenset(repliers), frozenset(marks))
    found = is_answered(response, team={"UTEAM", "UASKER"}, asker="UASKER", done="white_check_mark")
    assert found is answered


@pytest.mark.parametrize(
    ("asked", "due"),
    [
        ("2021-10-20T17:00:00+00:00", "2021-10-20T17:30:00+00:00"),  # Wednesday 10:00
        ("2021-10-23T00:50:00+00:00", "2021-10-25T16:20:00+00:00"),  # Friday 17:50: ten minutes then, twenty on Monday
        ("2021-10-23T20:00:00+00:00", "2021-10-25T16:30:00+00:00"),  # Saturday
        ("2021-11-06T00:50:00+00:00", "2021-11-08T17:20:00+00:00"),  # the clocks go back on that weekend
    ],
)
def test_c26_only_working_hours_count(asked: str, due: str) -> None:
    found = unanswered_at(datetime.fromisoformat(asked), timedelta(minutes=30), OFFICE)
    assert found == datetime.fromisoformat(due)


@given(st.integers(0, 60 * 24 * 14), st.integers(1, 600))
def test_c26_a_later_question_is_never_due_earlier(minute: int, length: int) -> None:
    at = datetime(2021, 10, 18, tzinfo=UTC) + timedelta(minutes=minute)
    within = timedelta(minutes=length)
    due = unanswered_at(at, within, OFFICE)
    assert due >= at + within
    assert unanswered_at(at + timedelta(minutes=1), within, OFFICE) >= due


def test_d21_a_topic_goes_to_its_owner_and_the_first_route_wins() -> None:
    routes = (
        Route(topic="releases", words=("release", "hot fix"), owner="enzo"),
        Route(topic="observability", words=("grafana", "release"), owner="dilara"),
    )
    assert routed(routes, "When is the next Release?").owner == "enzo"
    assert routed(routes, "who does a hot-fix, hot fix even").owner == "enzo"
    assert routed(routes, "grafana shows nothing").owner == "dilara"
    assert routed(routes, "released yesterday") is None


def _question(text: str, hour: int, stamp: str = "") -> Question:
    at = datetime(2024, 3, 11, hour, tzinfo=UTC)
    return Question(id=stamp or f"C1/{hour}", asker="U1", at=at, words=words_of(text))


def test_n14_the_same_question_in_other_words_is_found() -> None:
    first = _question("How do I get access to the data lake?", 8)
    second = _question("hey, who can give me access to the data lakes", 9)
    other = _question("How do I restart the scheduler?", 10)
    third = _question("getting access to data lake, please?", 11)
    assert asked_before(third, [third, other, second, first]) == (first, second)
    assert asked_before(other, [first, second, third]) == ()


def test_n14_small_talk_is_never_the_same_question() -> None:
    assert not alike(words_of("can you help me?"), words_of("could you help us?"))
    assert not alike(words_of("staging?"), words_of("staging?"))
