"""Turns of every kind against their laws, and against a walk along the calendar."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pydantic import ValidationError

from stationmaster.core.instants import Weekday, first_instant, to_local
from stationmaster.core.rotations.turns import Cadence, Kind, months_after
from stationmaster.core.rotations.workdays import NoWorkingDays, Workdays

ZONES = ["America/Los_Angeles", "America/Chicago", "Europe/Zurich", "Australia/Lord_Howe", "Pacific/Apia", "UTC"]
DAY = timedelta(days=1)
MICROSECOND = timedelta(microseconds=1)

anchors = st.datetimes(datetime(1990, 1, 1), datetime(2035, 1, 1)).map(lambda at: at.replace(second=0, microsecond=0))
instants = st.datetimes(datetime(1985, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC))
days_off = st.lists(st.dates(date(2020, 1, 1), date(2023, 1, 1)), max_size=40).map(tuple)


@st.composite
def cadences(draw: st.DrawFn) -> Cadence:
    kind = draw(st.sampled_from(Kind))
    works = kind is Kind.WORKING_DAY
    return Cadence(
        kind=kind,
        length=draw(st.sampled_from([1, 2, 3, 5, 6, 7, 8, 12, 24, 48])),
        zone=draw(st.sampled_from(ZONES)),
        anchor=draw(anchors),
        clock=draw(st.sampled_from([None, "wall", "elapsed"])) if kind is Kind.HOURLY else None,
        working_days=draw(st.sets(st.sampled_from(Weekday), min_size=1).map(sorted)) if works else tuple(Weekday)[:5],
        holidays=draw(days_off) if works else (),
        off_days=draw(st.sampled_from(["gap", "hold"])) if works else "gap",
    )


@given(cadences(), instants)
def test_turns_touch_each_other_and_none_overlaps(cadence: Cadence, at: datetime) -> None:
    turn = cadence.turn_at(at)
    following = cadence.turn_at(turn.end)
    assert turn.start <= at < turn.end
    assert cadence.turn_at(turn.start) == turn == cadence.turn_at(turn.end - MICROSECOND)
    assert following.start == turn.end
    assert following.number in (turn.number, turn.number + 1)
    if following.number == turn.number:
        assert turn.off or following.off  # a turn goes on after days off, or its days off follow it


@given(cadences(), instants)
def test_a_span_is_filled_with_turns(cadence: Cadence, at: datetime) -> None:
    end = at + timedelta(days=3)
    found = list(cadence.turns(at, end))
    assert found[0].start <= at
    assert found[-1].start < end <= found[-1].end
    assert all(one.end == other.start for one, other in pairwise(found))


@given(cadences())
def test_turn_0_begins_at_the_anchor(cadence: Cadence) -> None:
    assume(cadence.kind is not Kind.WORKING_DAY)
    begins = first_instant(cadence.anchor, cadence.zone)
    # Where clocks repeat the anchor's hour, or skip it, the turns around it may be of no length.
    assert cadence.boundary(0) == begins
    assert cadence.turn_at(begins).number >= 0


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("length", [1, 3])
@pytest.mark.parametrize("off_days", ["gap", "hold"])
def test_working_days_pass_as_on_a_calendar(zone: str, length: int, off_days: str) -> None:
    holidays = (date(2024, 3, 11), date(2024, 3, 29), date(2024, 4, 1), date(2024, 3, 16))
    cadence = Cadence(
        kind=Kind.WORKING_DAY,
        length=length,
        zone=zone,
        anchor=datetime(2024, 3, 4, 9),
        holidays=holidays,
        off_days=off_days,
    )
    day, count, worked = date(2024, 3, 4), -1, False
    while day < date(2024, 4, 20):
        worked = day.weekday() < 5 and day not in holidays
        count += worked
        at = first_instant(datetime.combine(day, time(9)), zone)
        for later in (timedelta(0), timedelta(hours=20)):
            turn = cadence.turn_at(at + later)
            assert turn.number == count // length, day
            assert turn.off == (not worked and off_days == "gap"), day
        day += DAY


@given(
    st.sets(st.integers(0, 6), min_size=1).map(sorted),
    days_off,
    st.dates(date(2019, 6, 1), date(2023, 6, 1)),
    st.integers(-400, 400),
)
def test_rank_and_unrank_agree(weekdays: list[int], holidays: tuple[date, ...], since: date, number: int) -> None:
    days = Workdays(weekdays, sorted(set(holidays)), since)
    day = days.day(number)
    assert days.is_worked(day)
    assert days.index(day) == number
    following = days.day(number + 1)
    between = [day + DAY * step for step in range(1, (following - day).days)]
    assert following > day
    assert not any(days.is_worked(each) for each in between)
    assert {days.index(each) for each in between} <= {number}


def test_nobody_ever_works() -> None:
    mondays = [date.fromordinal(number) for number in range(1, date.max.toordinal(), 7)]
    with pytest.raises(NoWorkingDays):
        Workdays([0], mondays, date(2024, 1, 1)).day(0)


@pytest.mark.parametrize(
    ("months", "day"), [(0, "2024-01-31"), (1, "2024-02-29"), (2, "2024-03-31"), (13, "2025-02-28"), (-2, "2023-11-30")]
)
def test_a_month_ends_when_it_ends(months: int, day: str) -> None:
    assert months_after(datetime(2024, 1, 31, 9), months) == datetime.fromisoformat(f"{day}T09:00")


def test_hours_along_the_wall_clock_and_by_elapsed_time() -> None:
    """On the day that has 23 hours, four-hour turns keep their wall times; five-hour turns keep their length (R1)."""

    def walls(length: int) -> list[str]:
        cadence = Cadence(kind=Kind.HOURLY, length=length, zone="America/Chicago", anchor=datetime(2024, 3, 9))
        span = first_instant(datetime(2024, 3, 10), cadence.zone), first_instant(datetime(2024, 3, 11), cadence.zone)
        return [f"{to_local(turn.start, cadence.zone):%d %H:%M}" for turn in cadence.turns(*span)]

    assert walls(4) == ["10 00:00", "10 04:00", "10 08:00", "10 12:00", "10 16:00", "10 20:00"]
    assert walls(5) == ["09 20:00", "10 01:00", "10 07:00", "10 12:00", "10 17:00", "10 22:00"]


def test_a_clock_is_for_hours_only() -> None:
    with pytest.raises(ValidationError, match="take clock out"):
        Cadence(kind=Kind.DAILY, zone="UTC", anchor=datetime(2024, 1, 1), clock="elapsed")
