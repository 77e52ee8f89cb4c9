"""Stops, windows and the soak, by named weekdays of the cellxgene train."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from stationmaster.core.calendar import (
    Soak,
    StopTimetable,
    Timing,
    latest_departure,
    next_departure,
    promote_week,
    soak_ends,
    stop_times,
    timing,
)
from stationmaster.core.instants import IsoWeek, NaiveInstant, Weekday
from tests.core.clock_walk import START, WEEKS, quarter_hours

PACIFIC = "America/Los_Angeles"
MICROSECOND = timedelta(microseconds=1)
ZONES = (PACIFIC, "Europe/Berlin", "Australia/Lord_Howe")


def stop(day: str, zone: str = PACIFIC, **times: str) -> StopTimetable:
    hours = {"earliest": "09:00", "target": "10:00", "latest_start": "16:00"} | times
    return StopTimetable.model_validate({"day": day, "zone": zone, **hours})


CUT = stop("thursday")
PROMOTE = stop("wednesday")


def pacific(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(PACIFIC)).astimezone(UTC)


@pytest.mark.parametrize(
    ("week", "earliest"),
    [
        ("2021-W43", "2021-10-28T16:00Z"),  # Thursday 28 October, PDT
        ("2021-W44", "2021-11-04T16:00Z"),  # Thursday 4 November, PDT
        ("2021-W45", "2021-11-11T17:00Z"),  # Thursday 11 November, PST
        ("2020-W53", "2020-12-31T17:00Z"),  # Thursday, New Year's Eve
        ("2021-W01", "2021-01-07T17:00Z"),
    ],
)
def test_c11_the_cut_is_on_thursday_by_the_wall_clock(week: str, earliest: str) -> None:
    times = stop_times(CUT, IsoWeek.parse(week))
    assert times.earliest == datetime.fromisoformat(earliest)
    assert times.target == times.earliest + timedelta(hours=1)
    assert times.latest_start == times.earliest + timedelta(hours=7)


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("2021-11-03T08:59:59.999999", Timing.EARLY),
        ("2021-11-03T09:00", Timing.ON_TIME),
        ("2021-11-03T10:00", Timing.ON_TIME),
        ("2021-11-03T10:00:00.000001", Timing.LATE),
        ("2021-11-03T16:00", Timing.LATE),
        ("2021-11-03T16:00:00.000001", Timing.MISSED),
        ("2021-11-10T09:00", Timing.MISSED),
    ],
)
def test_c12_after_the_target_is_late_and_after_the_window_missed(now: str, expected: Timing) -> None:
    assert timing(stop_times(PROMOTE, IsoWeek.parse("2021-W44")), pacific(now)) is expected


def test_c12_ten_in_the_west_is_one_in_the_east() -> None:
    for week in (IsoWeek.parse("2021-W01").plus(weeks) for weeks in range(104)):
        assert stop_times(CUT, week).target.astimezone(ZoneInfo("America/New_York")).time() == time(13)


def test_a_window_may_end_on_a_later_day_and_takes_the_last_repeated_hour() -> None:
    weekend = stop("saturday", earliest="23:00", target="23:30", latest_start="01:30", latest_day="sunday")
    times = stop_times(weekend, IsoWeek.parse("2021-W44"))
    assert times.latest_start == datetime.fromisoformat("2021-11-07T01:30-08:00")
    in_the_gap = stop("sunday", earliest="02:30", target="02:30", latest_start="02:45")
    times = stop_times(in_the_gap, IsoWeek.parse("2026-W10"))
    assert {times.earliest, times.target, times.latest_start} == {datetime.fromisoformat("2026-03-08T03:00-07:00")}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"target": "08:00"}, "target 08:00 is before earliest 09:00"),
        ({"latest_start": "09:30"}, "latest_start 09:30 is before target 10:00"),
        ({"latest_day": "monday"}, "latest_day monday is before day thursday"),
        ({"zone": "Mars/Olympus"}, "not a time zone"),
        ({"earliest": 540}, "540 is a number"),
        ({"earliest": "09:00+01:00"}, "has an offset"),
        ({"day": "thurs"}, "'monday', 'tuesday'"),
        ({"noon": "12:00"}, "Extra inputs"),
    ],
)
def test_a_timetable_that_cannot_hold_is_refused(change: dict[str, object], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        StopTimetable.model_validate(CUT.model_dump() | change)


def departures_by_walking(timetable: StopTimetable) -> list[datetime]:
    """Return the departures, found by looking at a wall clock every quarter of an hour."""
    found: list[datetime] = []
    due = datetime.combine(START.date(), timetable.earliest)
    while due.weekday() != timetable.day.index:
        due += timedelta(days=1)
    for instant, wall in quarter_hours(timetable.zone):
        if wall >= due:
            found.append(instant)
            due += timedelta(weeks=1)
    return found


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize(("day", "earliest"), [("thursday", "09:00"), ("sunday", "02:30"), ("sunday", "01:30")])
def test_f35_no_departure_shifts_in_104_weeks(zone: str, day: str, earliest: str) -> None:
    timetable = stop(day, zone, earliest=earliest)
    walked = departures_by_walking(timetable)
    asked = [next_departure(timetable, START)]
    while len(asked) < len(walked):
        asked.append(next_departure(timetable, asked[-1]))
    assert asked == walked
    assert len(walked) == WEEKS
    for departure in walked:
        assert next_departure(timetable, departure - MICROSECOND) == departure
        assert latest_departure(timetable, departure) == departure
        assert latest_departure(timetable, departure - MICROSECOND) < departure


@given(
    st.datetimes(datetime(2000, 1, 1), datetime(2060, 1, 1), timezones=st.just(UTC)),
    st.sampled_from(list(Weekday)),
    st.times(),
    st.sampled_from((*ZONES, "America/Sao_Paulo", "Asia/Kolkata")),
)
def test_every_instant_lies_between_two_departures(at: datetime, day: Weekday, earliest: time, zone: str) -> None:
    timetable = StopTimetable(day=day, earliest=earliest, target=time.max, latest_start=time.max, zone=zone)
    before, after = latest_departure(timetable, at), next_departure(timetable, at)
    assert before <= at < after
    assert next_departure(timetable, before) == after
    assert timedelta(days=6) < after - before < timedelta(days=8)


def test_f37_after_an_outage_only_the_newest_departure_is_due() -> None:
    assert latest_departure(CUT, pacific("2021-12-09T11:00")) == pacific("2021-12-09T09:00")
    assert latest_departure(CUT, pacific("2021-12-09T08:00")) == pacific("2021-12-02T09:00")


@pytest.mark.parametrize(
    ("staged", "ends"),
    [
        ("2021-10-28T11:00", "2021-11-03T00:00"),  # Thursday to Wednesday
        ("2021-10-28T00:00", "2021-11-03T00:00"),
        ("2021-10-28T23:59", "2021-11-03T00:00"),
        ("2021-11-04T11:00", "2021-11-10T00:00"),  # the clocks go back on Sunday 7 November
        ("2022-03-10T11:00", "2022-03-16T00:00"),  # the clocks go forward on Sunday 13 March
        ("2021-12-30T11:00", "2022-01-05T00:00"),
    ],
)
def test_c10_six_days_after_thursday_is_wednesday(staged: str, ends: str) -> None:
    assert soak_ends(Soak(days=6), pacific(staged), PACIFIC) == pacific(ends)


def test_c10_elapsed_days_differ_where_the_clocks_change() -> None:
    elapsed = Soak(days=6, count="elapsed")
    assert soak_ends(elapsed, pacific("2021-10-28T11:00"), PACIFIC) == pacific("2021-11-03T11:00")
    assert soak_ends(elapsed, pacific("2021-11-04T11:00"), PACIFIC) == pacific("2021-11-10T10:00")
    assert soak_ends(elapsed, pacific("2022-03-10T11:00"), PACIFIC) == pacific("2022-03-16T12:00")


def test_the_soak_counts_days_of_the_zone_and_of_no_other() -> None:
    staged = datetime(2021, 10, 29, 5, tzinfo=UTC)  # Thursday evening in the west, Friday in Berlin
    assert soak_ends(Soak(days=6), staged, PACIFIC) == pacific("2021-11-03T00:00")
    assert soak_ends(Soak(days=6), staged, "Europe/Berlin") == datetime(2021, 11, 3, 23, tzinfo=UTC)


def test_a_midnight_that_is_skipped_ends_the_soak_after_the_gap() -> None:
    staged = datetime(2018, 11, 1, 15, tzinfo=UTC)
    assert soak_ends(Soak(days=3), staged, "America/Sao_Paulo") == datetime.fromisoformat("2018-11-04T01:00-02:00")


@given(
    st.datetimes(datetime(2000, 1, 1), datetime(2060, 1, 1), timezones=st.just(UTC)),
    st.integers(0, 30),
    st.sampled_from(["calendar_days", "elapsed"]),
    st.sampled_from(ZONES),
)
def test_a_soak_never_ends_before_it_begins_and_longer_soaks_end_later(
    staged: datetime, days: int, count: str, zone: str
) -> None:
    soak = Soak.model_validate({"days": days, "count": count})
    longer = Soak.model_validate({"days": days + 1, "count": count})
    assert staged <= soak_ends(soak, staged, zone) < soak_ends(longer, staged, zone)


def test_c09_what_is_cut_on_thursday_is_promoted_on_the_next_wednesday() -> None:
    assert str(promote_week(CUT, PROMOTE, IsoWeek.parse("2021-W44"))) == "2021-W45"
    assert str(promote_week(CUT, PROMOTE, IsoWeek.parse("2026-W53"))) == "2027-W01"
    assert str(promote_week(CUT, stop("friday"), IsoWeek.parse("2021-W44"))) == "2021-W44"
    assert str(promote_week(CUT, stop("thursday"), IsoWeek.parse("2021-W44"))) == "2021-W45"


def test_c10_the_soak_is_over_when_the_promotion_opens_for_104_weeks() -> None:
    for week in (IsoWeek.parse("2021-W01").plus(weeks) for weeks in range(104)):
        cut, promote = stop_times(CUT, week), stop_times(PROMOTE, promote_week(CUT, PROMOTE, week))
        assert soak_ends(Soak(days=6), cut.latest_start, PACIFIC) <= promote.earliest
        assert soak_ends(Soak(days=7), cut.earliest, PACIFIC) > promote.latest_start


def test_naive_instants_are_refused() -> None:
    with pytest.raises(NaiveInstant):
        next_departure(CUT, datetime(2026, 1, 1))
    with pytest.raises(NaiveInstant):
        soak_ends(Soak(days=1), datetime(2026, 1, 1), PACIFIC)


@pytest.mark.parametrize("later", [0, 1, 2, 5])
@pytest.mark.parametrize(
    ("cut_day", "promote_day"),
    [("thursday", "wednesday"), ("sunday", "wednesday"), ("monday", "friday"), ("monday", "monday")],
)
@pytest.mark.parametrize("zone", [PACIFIC, "Africa/Cairo", "Australia/Lord_Howe"])
def test_t20_a_promotion_comes_whole_weeks_later_on_the_wall_clock(
    cut_day: str, promote_day: str, later: int, zone: str
) -> None:
    """By walking day by day from each cut of six years: over clock changes, New Years and a week 53 (F28, F35)."""
    cut, promote = stop(cut_day, zone), stop(promote_day, zone)
    week = IsoWeek.parse("2020-W40")
    for _ in range(6 * 53):
        day = week.day(cut.day) + timedelta(days=1)
        while day.weekday() != promote.day.index:
            day += timedelta(days=1)
        expected = datetime.combine(day + timedelta(weeks=later), promote.earliest, ZoneInfo(zone))
        due = promote_week(cut, promote, week, later)
        assert stop_times(promote, due).earliest == expected.astimezone(UTC)
        week = week.plus(1)
