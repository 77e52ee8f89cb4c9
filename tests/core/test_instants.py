"""Wall times, instants, zones and ISO weeks."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pendulum
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from stationmaster.core.instants import (
    AwareWallTime,
    Instant,
    InvalidIsoWeek,
    IsoWeek,
    NaiveInstant,
    OutOfTime,
    UnknownZone,
    Weekday,
    day_of,
    first_instant,
    last_instant,
    local_text,
    moment_of,
    to_local,
    utc,
    zone_of,
)

ZONES = ("America/Los_Angeles", "America/Chicago", "Europe/Berlin", "Australia/Lord_Howe", "Asia/Kolkata", "UTC")
STEP = timedelta(minutes=15)


def aware(text: str) -> datetime:
    return datetime.fromisoformat(text)


@pytest.mark.parametrize(
    ("wall", "zone", "first", "last"),
    [
        # An ordinary day.
        ("2018-03-09T01:00", "America/Chicago", "2018-03-09T01:00-06:00", "2018-03-09T01:00-06:00"),
        # The skipped hour 02:00 to 03:00.
        ("2018-03-11T01:59", "America/Chicago", "2018-03-11T01:59-06:00", "2018-03-11T01:59-06:00"),
        ("2018-03-11T02:00", "America/Chicago", "2018-03-11T03:00-05:00", "2018-03-11T03:00-05:00"),
        ("2018-03-11T02:30", "America/Chicago", "2018-03-11T03:00-05:00", "2018-03-11T03:00-05:00"),
        ("2018-03-11T03:00", "America/Chicago", "2018-03-11T03:00-05:00", "2018-03-11T03:00-05:00"),
        # The repeated hour 01:00 to 02:00.
        ("2018-11-04T00:59", "America/Chicago", "2018-11-04T00:59-05:00", "2018-11-04T00:59-05:00"),
        ("2018-11-04T01:00", "America/Chicago", "2018-11-04T01:00-05:00", "2018-11-04T01:00-06:00"),
        ("2018-11-04T01:30", "America/Chicago", "2018-11-04T01:30-05:00", "2018-11-04T01:30-06:00"),
        ("2018-11-04T02:00", "America/Chicago", "2018-11-04T02:00-06:00", "2018-11-04T02:00-06:00"),
        # The clocks change before an ordinary morning.
        ("2021-11-08T09:00", "America/Los_Angeles", "2021-11-08T09:00-08:00", "2021-11-08T09:00-08:00"),
        ("2021-11-01T09:00", "America/Los_Angeles", "2021-11-01T09:00-07:00", "2021-11-01T09:00-07:00"),
        # Half an hour is skipped, and half an hour repeated.
        ("2026-10-04T02:15", "Australia/Lord_Howe", "2026-10-04T02:30+11:00", "2026-10-04T02:30+11:00"),
        ("2026-04-05T01:45", "Australia/Lord_Howe", "2026-04-05T01:45+11:00", "2026-04-05T01:45+10:30"),
        # Midnight itself is skipped, and once a whole day was.
        ("2018-11-04T00:00", "America/Sao_Paulo", "2018-11-04T01:00-02:00", "2018-11-04T01:00-02:00"),
        ("2011-12-30T12:00", "Pacific/Apia", "2011-12-31T00:00+14:00", "2011-12-31T00:00+14:00"),
        # Far beyond the tables of the zone file.
        ("2060-03-28T02:30", "Europe/Berlin", "2060-03-28T03:00+02:00", "2060-03-28T03:00+02:00"),
    ],
)
def test_f35_a_wall_time_becomes_one_instant(wall: str, zone: str, first: str, last: str) -> None:
    assert first_instant(datetime.fromisoformat(wall), zone) == aware(first)
    assert last_instant(datetime.fromisoformat(wall), zone) == aware(last)


def quarter_hours(zone: str, start: datetime, days: int) -> list[tuple[datetime, datetime]]:
    """Return (instant, wall time) of every quarter of an hour, by asking the zone for the local time only."""
    clocks = ZoneInfo(zone)
    instants = (start + STEP * step for step in range(days * 96))
    return [(instant, instant.astimezone(clocks).replace(tzinfo=None)) for instant in instants]


@pytest.mark.parametrize(
    ("zone", "sunday"),
    [
        ("America/Los_Angeles", datetime(2026, 3, 8)),
        ("America/Los_Angeles", datetime(2026, 11, 1)),
        ("Europe/Berlin", datetime(2026, 3, 29)),
        ("Europe/Berlin", datetime(2026, 10, 25)),
        ("Australia/Lord_Howe", datetime(2026, 4, 5)),
        ("Australia/Lord_Howe", datetime(2026, 10, 4)),
    ],
)
def test_f35_both_readings_agree_with_a_walk_along_the_clock(zone: str, sunday: datetime) -> None:
    walk = quarter_hours(zone, sunday.replace(tzinfo=UTC) - timedelta(days=2), 5)
    for quarter in range(96):
        wall = sunday + STEP * quarter
        first = next(instant for instant, shown in walk if shown >= wall)
        same = [instant for instant, shown in walk if shown == wall]
        assert first_instant(wall, zone) == first, wall
        assert last_instant(wall, zone) == (same[-1] if same else first), wall


@given(
    st.datetimes(datetime(1980, 1, 1), datetime(2080, 1, 1)),
    st.datetimes(datetime(1980, 1, 1), datetime(2080, 1, 1)),
    st.sampled_from(ZONES),
)
def test_later_walls_are_never_earlier_instants(one: datetime, other: datetime, zone: str) -> None:
    early, late = sorted((one, other))
    assert first_instant(early, zone) <= first_instant(late, zone)
    assert last_instant(early, zone) <= last_instant(late, zone)
    assert first_instant(early, zone) <= last_instant(early, zone)


@given(st.datetimes(datetime(1980, 1, 1), datetime(2080, 1, 1), timezones=st.just(UTC)), st.sampled_from(ZONES))
def test_an_instant_is_one_of_the_two_readings_of_its_own_wall_time(instant: datetime, zone: str) -> None:
    wall = to_local(instant, zone).replace(tzinfo=None, fold=0)
    assert instant in (first_instant(wall, zone), last_instant(wall, zone))


@pytest.mark.parametrize(
    "zone", ["", "Mars/Olympus", "../UTC", "America", "PST", "localtime", "right/UTC", "/etc/passwd"]
)
def test_an_unknown_zone_is_refused_by_name(zone: str) -> None:
    with pytest.raises(UnknownZone, match="IANA"):
        zone_of(zone)


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59"])
def test_f66_an_instant_that_utc_does_not_have_is_refused_by_name(text: str) -> None:
    with pytest.raises(OutOfTime, match=r"is too far away\. Write a year from 1970 to 2200"):
        utc(datetime.fromisoformat(text))
    with pytest.raises(ValidationError, match="is too far away"):
        TypeAdapter(Instant).validate_python(text)


@pytest.mark.parametrize(
    ("wall", "zone"),
    [(datetime.max, "America/Los_Angeles"), (datetime.min, "Asia/Tokyo")],  # noqa: DTZ901
)
def test_f66_a_wall_time_that_utc_does_not_have_is_refused_by_name(wall: datetime, zone: str) -> None:
    for reading in (first_instant, last_instant):
        with pytest.raises(OutOfTime):
            reading(wall, zone)


@pytest.mark.parametrize("text", ["1969-12-31", "2201-01-01", "0001-01-01", "9999-12-31"])
def test_f66_nobody_means_a_year_that_no_calendar_of_ours_reaches(text: str) -> None:
    for read in (day_of, moment_of):
        with pytest.raises(OutOfTime, match=text):
            read(text)
    assert moment_of("2200-12-31T23:59:59-23:59").year == day_of("2200-12-31").year == 2200
    assert day_of("1970-01-01") == date(1970, 1, 1)
    for read in (day_of, moment_of):
        with pytest.raises(ValueError, match="Invalid isoformat"):
            read("soon")


def test_naive_instants_and_aware_walls_are_refused() -> None:
    with pytest.raises(NaiveInstant, match="2026-01-01T00:00:00"):
        utc(datetime(2026, 1, 1))
    with pytest.raises(NaiveInstant):
        to_local(datetime(2026, 1, 1), "UTC")
    with pytest.raises(AwareWallTime):
        first_instant(datetime(2026, 1, 1, tzinfo=UTC), "UTC")
    assert utc(datetime(2026, 1, 1, 2, tzinfo=timezone(timedelta(hours=2)))) == datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize("value", [540, 540.0, True, "2026-01-01T00:00:00"])
def test_a_field_for_an_instant_takes_no_number_and_no_naive_text(value: object) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(Instant).validate_python(value)


def test_a_text_for_people_names_the_zone_in_force() -> None:
    assert local_text(aware("2021-11-03T16:00Z"), "America/Los_Angeles") == "Wed 3 Nov 2021 09:00 PDT"
    assert local_text(aware("2021-11-10T17:00Z"), "America/Los_Angeles") == "Wed 10 Nov 2021 09:00 PST"


@pytest.mark.parametrize(
    ("day", "week"),
    [
        ("2020-12-31", "2020-W53"),
        ("2021-01-03", "2020-W53"),
        ("2021-01-04", "2021-W01"),
        ("2024-12-30", "2025-W01"),
        ("2026-12-31", "2026-W53"),
        ("2027-01-03", "2026-W53"),
        ("2027-01-04", "2027-W01"),
        ("2026-08-20", "2026-W34"),
    ],
)
def test_f28_the_week_carries_its_own_year(day: str, week: str) -> None:
    noon = datetime.combine(date.fromisoformat(day), datetime.min.time(), UTC) + timedelta(hours=12)
    assert str(IsoWeek.of(noon, "UTC")) == week


def test_f28_the_week_is_counted_in_the_given_zone() -> None:
    sunday_evening = aware("2021-01-04T03:00Z")
    assert str(IsoWeek.of(sunday_evening, "America/Los_Angeles")) == "2020-W53"
    assert str(IsoWeek.of(sunday_evening, "Europe/Berlin")) == "2021-W01"


def test_f28_weeks_go_on_over_new_year() -> None:
    assert str(IsoWeek.parse("2026-W52").plus(1)) == "2026-W53"
    assert str(IsoWeek.parse("2026-W53").plus(1)) == "2027-W01"
    assert str(IsoWeek.parse("2025-W52").plus(1)) == "2026-W01"
    assert str(IsoWeek.parse("2027-W01").plus(-1)) == "2026-W53"


@given(st.dates(date(1971, 1, 1), date(2200, 1, 1)), st.integers(-600, 600))
def test_weeks_read_back_and_count(day: date, weeks: int) -> None:
    week = IsoWeek.of_date(day)
    assert IsoWeek.parse(str(week)) == week
    assert IsoWeek.model_validate(str(week)) == week
    assert week.monday() <= day < week.plus(1).monday()
    assert week.plus(weeks).plus(-weeks) == week
    assert (week < week.plus(weeks)) == (weeks > 0)
    assert (week <= week.plus(weeks)) == (weeks >= 0)


@pytest.mark.parametrize(
    "text", ["2026-W54", "2025-W53", "2026-W00", "2026-34", "2026-W3", "26-W34", "2026-w34", "²026-W34", ""]
)
def test_what_is_no_week_is_refused_by_name(text: str) -> None:
    with pytest.raises(InvalidIsoWeek):
        IsoWeek.parse(text)


def test_weekdays_count_from_monday() -> None:
    assert [day.index for day in Weekday] == list(range(7))
    assert Weekday("thursday").index == 3
    assert IsoWeek.parse("2021-W44").day(Weekday.WEDNESDAY) == date(2021, 11, 3)


@pytest.mark.parametrize("zone", ["UTC", "America/Los_Angeles"])
def test_an_instant_of_pendulum_becomes_a_plain_one(zone):
    """Airflow hands pendulum's to timetables, and a difference of two of them cannot be divided by a timedelta."""
    found = utc(pendulum.datetime(2021, 11, 7, 1, 30, 0, 7, tz=zone))
    assert type(found) is datetime
    assert type(to_local(found, zone)) is datetime
    assert found.timestamp() == pendulum.datetime(2021, 11, 7, 1, 30, 0, 7, tz=zone).timestamp()
