"""Gaps, fairness, quality, moves and picks, each against a small world in which the answer is plain."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from hypothesis import given
from hypothesis import strategies as st

from stationmaster.core.instants import Weekday
from stationmaster.core.rotations.changes import Cover
from stationmaster.core.rotations.picking import assign, pick, suggest
from stationmaster.core.rotations.reports import (
    Absence,
    crowds,
    gaps,
    loads,
    moves,
    quality,
    strangers,
    uncovered,
)
from stationmaster.core.rotations.schedule import Layer, Schedule, Turnout
from stationmaster.core.rotations.windows import Span, Window
from tests.core.rotations.making import rotation

MONDAY = datetime(2024, 3, 4, tzinfo=UTC)
DAY = timedelta(days=1)
WEEK = timedelta(weeks=1)
WORK = Window(days=tuple(Weekday)[:5], start=time(9), end=time(17), zone="UTC")


def day(number: float) -> datetime:
    return MONDAY + number * DAY


def test_r39_a_gap_is_where_something_is_promised_and_nobody_is_there() -> None:
    timeline = Schedule(layers=(Layer(people=("a",), windows=(WORK,)),)).timeline(MONDAY, MONDAY + WEEK)
    assert gaps(timeline, (WORK,)) == ()
    longer = Window(days=(Weekday.MONDAY,), start=time(8), end=time(18), zone="UTC")
    assert [(span.start.hour, span.end.hour) for span in gaps(timeline, (longer,))] == [(8, 9), (17, 18)]
    assert sum(((span.end - span.start) for span in gaps(timeline)), timedelta(0)) == WEEK - timedelta(hours=40)


def test_r40_r41_strangers_and_crowds() -> None:
    timeline = (Turnout(day(0), day(1), ("a", "b")), Turnout(day(1), day(2), ("x",)), Turnout(day(2), day(3), ("a",)))
    assert [found.start for found in strangers(timeline, {"a", "b"})] == [day(1)]
    assert [found.people for found in crowds(timeline)] == [("a", "b")]


def test_r34_a_shift_of_somebody_who_is_away_is_reported_and_stays_theirs() -> None:
    schedule = rotation("a b", kind="daily", zone="UTC", anchor=datetime(2024, 3, 4)).schedule("primary")
    absence = Absence(person="a", start=day(0.5), end=day(3))
    found = uncovered(schedule.timeline(MONDAY, MONDAY + WEEK), [absence])
    assert [each.span for each in found] == [Span(day(0.5), day(1)), Span(day(2), day(3))]
    assert schedule.people_at(day(2)) == ("a",)


def test_r37_hours_nights_weekends_and_holidays_are_weighed() -> None:
    schedule = rotation("a b", kind="weekly", zone="UTC", anchor=datetime(2024, 3, 4)).schedule("primary")
    found = {
        load.person: load for load in loads(schedule, ["a", "b"], MONDAY, MONDAY + WEEK, "UTC", [date(2024, 3, 5)])
    }
    assert found["a"][1:6] == (1, 168, 63, 48, 24)
    assert found["b"].hours == 0


def test_r37_hours_are_elapsed_in_a_week_with_a_clock_change() -> None:
    week = datetime(2024, 3, 4, 17, tzinfo=UTC)
    schedule = rotation("a b", anchor=datetime(2024, 3, 4, 9)).schedule("primary")
    (load, _) = loads(schedule, ["a", "b"], week, week + WEEK - timedelta(hours=1), "America/Los_Angeles")
    assert load.hours == 167


def test_swaps_are_counted_for_both() -> None:
    cover = Cover(giver="a", taker="b", start=day(0), end=day(1))
    schedule = rotation("a b", zone="UTC", anchor=datetime(2024, 3, 4)).schedule("primary")
    schedule = schedule.model_copy(update={"covers": (cover,)})
    found = {load.person: load for load in loads(schedule, ["a", "b"], MONDAY, MONDAY + WEEK, "UTC")}
    assert (found["a"].swaps_given, found["b"].swaps_taken) == (1, 1)
    assert (found["a"].hours, found["b"].hours) == (144, 24)


def test_r37_quality_is_the_mean_of_coverage_and_balance() -> None:
    half = (Turnout(day(0), day(1), ("a",)), Turnout(day(1), day(2), ()))
    assert quality(half)[:3] == (75, 50, 100)
    uneven = (Turnout(day(0), day(3), ("a",)), Turnout(day(3), day(4), ("b",)))
    found = quality(uneven)
    assert found[:3] == (67, 100, 33)
    assert found.overloaded == {"a": 50}
    assert quality(())[0] == 0


@given(
    st.lists(st.sampled_from("abcde"), max_size=5, unique=True),
    st.dictionaries(st.sampled_from("abcde"), st.floats(0, 9)),
)
def test_r36_whoever_never_had_a_shift_comes_first_then_whose_last_ended_first(
    busy: list[str], last_end: dict[str, float]
) -> None:
    found = pick("abcde", busy, last_end)
    free = [name for name in "abcde" if name not in busy]
    assert (found is None) == (not free)
    if found is not None:
        assert found in free
        assert all(last_end.get(found, -1) <= last_end.get(name, -1) for name in free)


def test_r36_spans_are_given_out_in_turn_to_whoever_can() -> None:
    spans = [Span(day(place), day(place + 1)) for place in range(6)]
    away = {"a": [Span(day(0), day(1.5))]}
    found = assign(spans, ["a", "b", "c"], away, {})
    assert [found[span] for span in spans] == ["b", "c", "a", "b", "c", "a"]


def test_r35_the_best_substitute_is_furthest_from_a_shift_of_their_own() -> None:
    shifts = {
        "near": [Span(day(6), day(7))],
        "far": [Span(day(0), day(1))],
        "never": [],
        "there": [Span(day(7), day(9))],
        "away": [],
    }
    found = suggest(Span(day(8), day(9)), shifts, {"away"})
    assert [each.person for each in found] == ["never", "far", "near"]


def test_r50_a_change_of_plan_shows_who_moves_and_when() -> None:
    old = rotation("a b c", kind="daily", zone="UTC", anchor=datetime(2024, 3, 4)).schedule("primary")
    new = rotation("a c b", kind="daily", zone="UTC", anchor=datetime(2024, 3, 4)).schedule("primary")
    found = moves(old, new, MONDAY, MONDAY + 4 * DAY)
    assert [(move.span.start, move.before, move.after) for move in found] == [
        (day(1), ("b",), ("c",)),
        (day(2), ("c",), ("b",)),
    ]
