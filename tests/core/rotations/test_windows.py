"""Windows against a walk along the wall clock, through weeks in which the clocks change."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from stationmaster.core.instants import Weekday, to_local
from stationmaster.core.rotations.windows import Span, WeekWindow, Window, is_open, merged, next_open, spans

QUARTER = timedelta(minutes=15)
ZONES = ["America/Los_Angeles", "Europe/Brussels", "UTC"]
clock_times = st.builds(time, st.integers(0, 23), st.sampled_from([0, 30]))
# Away from the two hours of the changes themselves, whose rules are those of first_instant and last_instant.
safe_times = st.builds(time, st.integers(4, 23), st.sampled_from([0, 30]))
starts = st.sampled_from([datetime(2024, 3, 4), datetime(2024, 3, 25), datetime(2024, 10, 21), datetime(2024, 10, 28)])


def quarters(start: datetime) -> list[datetime]:
    first = start.replace(tzinfo=UTC)
    return [first + QUARTER * step for step in range(12 * 96)]


@settings(deadline=None, max_examples=30)
@given(st.sets(st.sampled_from(Weekday), min_size=1), safe_times, safe_times, st.sampled_from(ZONES), starts)
def test_a_window_is_open_by_the_wall_clock(
    days: set[Weekday], opens: time, closes: time, zone: str, start: datetime
) -> None:
    window = Window(days=tuple(sorted(days)), start=opens, end=closes, zone=zone)
    indexes = {day.index for day in days}

    def by_hand(at: datetime) -> bool:
        wall = to_local(at, zone).replace(tzinfo=None)
        if opens < closes:
            return wall.weekday() in indexes and opens <= wall.time() < closes
        yesterday = (wall - timedelta(days=1)).weekday()
        return (wall.weekday() in indexes and wall.time() >= opens) or (yesterday in indexes and wall.time() < closes)

    assert [is_open((window,), at) for at in quarters(start)] == [by_hand(at) for at in quarters(start)]


@settings(deadline=None, max_examples=30)
@given(st.sampled_from(Weekday), safe_times, st.sampled_from(Weekday), safe_times, st.sampled_from(ZONES), starts)
def test_a_window_of_a_week_is_open_by_the_wall_clock(
    first: Weekday, opens: time, last: Weekday, closes: time, zone: str, start: datetime
) -> None:
    if (first, opens) == (last, closes):
        return
    window = WeekWindow(start_day=first, start=opens, end_day=last, end=closes, zone=zone)

    def by_hand(at: datetime) -> bool:
        wall = to_local(at, zone).replace(tzinfo=None)
        now, begin, end = (wall.weekday(), wall.time()), (first.index, opens), (last.index, closes)
        return begin <= now < end if begin < end else now >= begin or now < end

    assert [is_open((window,), at) for at in quarters(start)] == [by_hand(at) for at in quarters(start)]


@settings(deadline=None, max_examples=30)
@given(st.lists(st.tuples(clock_times, clock_times), min_size=1, max_size=3), st.sampled_from(ZONES), starts)
def test_spans_say_the_same_as_single_instants(pairs: list[tuple[time, time]], zone: str, start: datetime) -> None:
    windows = tuple(Window(start=opens, end=closes, zone=zone) for opens, closes in pairs)
    at = quarters(start)
    found = spans(windows, at[0], at[-1])
    assert found == merged(found)
    assert [any(span.start <= each < span.end for span in found) for each in at[:-1]] == [
        is_open(windows, each) for each in at[:-1]
    ]
    for each in at[:96]:
        opens = next_open(windows, each)
        assert opens is not None
        assert opens >= each
        assert is_open(windows, opens)
        assert not any(is_open(windows, each + QUARTER * step) for step in range((opens - each) // QUARTER))


def test_a_repeated_hour_stays_covered() -> None:
    window = Window(start=time(0, 30), end=time(1, 30), zone="America/Chicago")
    start, end = datetime(2018, 11, 4, 4, tzinfo=UTC), datetime(2018, 11, 4, 12, tzinfo=UTC)
    assert spans((window,), start, end) == (
        Span(datetime(2018, 11, 4, 5, 30, tzinfo=UTC), datetime(2018, 11, 4, 7, 30, tzinfo=UTC)),
    )


def test_whole_days_are_one_run() -> None:
    days = tuple(Weekday)[:5]
    window = Window(days=days, start=time(8), end=time(8), zone="Europe/Zurich")
    start = datetime(2024, 3, 25, tzinfo=UTC)
    assert spans((window,), start, start + timedelta(days=6)) == (
        Span(datetime(2024, 3, 25, 7, tzinfo=UTC), datetime(2024, 3, 30, 7, tzinfo=UTC)),
    )


def test_what_never_closes_is_no_window() -> None:
    with pytest.raises(ValidationError, match="ends when it starts"):
        WeekWindow(start_day=Weekday.MONDAY, start=time(9), end_day=Weekday.MONDAY, end=time(9), zone="UTC")
    with pytest.raises(ValidationError, match="wall times"):
        Window(start=time(9, tzinfo=UTC), end=time(10), zone="UTC")


def test_no_window_never_opens() -> None:
    assert next_open((), datetime(2024, 1, 1, tzinfo=UTC)) is None
