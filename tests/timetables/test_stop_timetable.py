"""Airflow's view of a stop, over clock changes, outages and a rehearsal's clock."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pendulum
import pytest
from airflow.timetables.base import DataInterval, TimeRestriction

from stationmaster import clock
from stationmaster.core.calendar import StopTimetable
from stationmaster.timetables.stop_timetable import WeeklyStopTimetable

LIVE = TimeRestriction(earliest=pendulum.datetime(2020, 1, 1), latest=None, catchup=False)
ZONES = ("America/Los_Angeles", "Europe/Berlin", "Australia/Lord_Howe")
# What the wall shows at each earliest start, computed by hand: UTC offsets change where the clocks do.
TABLE = [
    # zone, day, wall, the day, UTC
    ("America/Los_Angeles", "thursday", "09:00", date(2021, 11, 4), "2021-11-04T16:00"),
    ("America/Los_Angeles", "thursday", "09:00", date(2021, 11, 11), "2021-11-11T17:00"),
    (
        "America/Los_Angeles",
        "sunday",
        "02:30",
        date(2022, 3, 13),
        "2022-03-13T10:00",
    ),  # in the gap: after it
    ("America/Los_Angeles", "sunday", "01:30", date(2021, 11, 7), "2021-11-07T08:30"),  # twice: the first one
    ("Europe/Berlin", "thursday", "09:00", date(2026, 3, 26), "2026-03-26T08:00"),
    ("Europe/Berlin", "thursday", "09:00", date(2026, 4, 2), "2026-04-02T07:00"),
    ("Europe/Berlin", "sunday", "02:30", date(2026, 10, 25), "2026-10-25T00:30"),
    ("Australia/Lord_Howe", "sunday", "02:15", date(2026, 10, 4), "2026-10-03T15:30"),  # half an hour is skipped
    ("Australia/Lord_Howe", "sunday", "01:45", date(2026, 4, 5), "2026-04-04T14:45"),
    ("Australia/Lord_Howe", "thursday", "09:00", date(2026, 4, 9), "2026-04-08T22:30"),
]


def timetable(zone="America/Los_Angeles", day="thursday", earliest="09:00"):
    at = time.fromisoformat(earliest)
    stop = StopTimetable(day=day, earliest=at, target=at, latest_start=time(23, 0), zone=zone)
    return WeeklyStopTimetable(stop=stop)


def utc(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def ran(start):
    return DataInterval.exact(pendulum.instance(start))


@pytest.fixture
def now(monkeypatch):
    class Present:
        instant = utc("2021-10-20T12:00")

    monkeypatch.delenv(clock.CLOCK_FILE_VARIABLE, raising=False)
    monkeypatch.setattr(clock, "now", lambda: Present.instant)
    return Present


def upcoming(table, last, restriction=LIVE):
    return table.next_dagrun_info(last_automated_data_interval=last, restriction=restriction)


@pytest.mark.parametrize("zone, day, wall, on, expected", TABLE)
def test_f35_each_start_over_the_clock_changes(now, zone, day, wall, on, expected):
    now.instant = utc(expected) - timedelta(days=3)
    info = upcoming(timetable(zone, day, wall), None)
    assert info.run_after == info.data_interval.start == info.data_interval.end == utc(expected)
    assert info.logical_date == utc(expected)
    local = info.run_after.astimezone(ZoneInfo(zone))
    assert local.date() == on


@pytest.mark.parametrize("zone", ZONES)
def test_f35_no_week_is_lost_or_doubled_in_ten_years(now, zone):
    """Each run follows the last by one week of the zone's calendar; the wall never shifts."""
    table, last = timetable(zone), None
    now.instant = utc("2019-12-31T00:00")
    days = []
    for _ in range(522):
        info = upcoming(table, last)
        local = info.run_after.astimezone(ZoneInfo(zone))
        assert (local.weekday(), local.hour, local.minute) == (3, 9, 0)
        days.append(local.date())
        last, now.instant = info.data_interval, info.run_after + timedelta(minutes=1)
    assert all(after - before == timedelta(days=7) for before, after in pairwise(days))


def test_the_first_sight_promises_only_what_is_to_come(now):
    assert upcoming(timetable(), None).run_after == utc("2021-10-21T16:00")
    now.instant = utc("2021-10-21T16:00")
    assert upcoming(timetable(), None).run_after == utc("2021-10-28T16:00")


def test_f37_after_an_outage_only_the_newest_start_is_run_late(now):
    """Five weeks down: one run, for this week; then the next week as ever."""
    last = ran(utc("2021-09-16T16:00"))
    now.instant = utc("2021-10-21T18:30")
    runs = []
    for _ in range(3):
        info = upcoming(timetable(), last)
        runs.append(info.run_after)
        last = info.data_interval
    assert runs == [utc("2021-10-21T16:00"), utc("2021-10-28T16:00"), utc("2021-11-04T16:00")]


@pytest.mark.parametrize("minutes", [-60 * 24 * 30, -61, -1, 0, 1, 59, 60 * 24 * 8, 60 * 24 * 400])
def test_a_start_is_never_given_twice_whatever_the_clock_does(now, minutes):
    """The scheduler asks again and again; a clock that went back gives no start that was given before."""
    table, last, seen = timetable(), ran(utc("2021-10-21T16:00")), set()
    for step in range(20):
        now.instant = utc("2021-10-28T16:00") + timedelta(minutes=minutes * (step % 3))
        info = upcoming(table, last)
        assert info.logical_date > last.start
        assert info.logical_date not in seen
        seen.add(info.logical_date)
        last = info.data_interval


def test_nothing_is_promised_after_the_end_date(now):
    until = LIVE._replace(latest=pendulum.datetime(2021, 10, 28))
    assert upcoming(timetable(), None, until).run_after == utc("2021-10-21T16:00")
    assert upcoming(timetable(), ran(utc("2021-10-21T16:00")), until) is None


def test_nothing_is_promised_before_the_start_date(now):
    later = LIVE._replace(earliest=pendulum.datetime(2021, 11, 11, 17))
    assert upcoming(timetable(), None, later).run_after == utc("2021-11-11T17:00")


def test_fact22_a_run_by_hand_covers_its_own_moment(now):
    at = pendulum.datetime(2021, 11, 7, 9, 30)
    assert timetable().infer_manual_data_interval(run_after=at) == DataInterval(at, at)


@pytest.mark.parametrize("zone", ZONES)
def test_f69_it_comes_back_from_airflows_database_as_it_was(zone):
    table = timetable(zone)
    kept = json.loads(json.dumps(table.serialize()))
    back = WeeklyStopTimetable.deserialize(kept)
    assert (back.stop, back.summary, back.description) == (table.stop, table.summary, table.description)
    assert back.serialize() == table.serialize()


def test_the_summary_says_when_in_the_zone():
    assert timetable().summary == "Thu 09:00 America/Los_Angeles"
    assert timetable().description == "Thursday 09:00 America/Los_Angeles"


# A rehearsal's clock.


@pytest.fixture
def face(tmp_path, monkeypatch):
    path = tmp_path / "clock.json"
    monkeypatch.setenv(clock.CLOCK_FILE_VARIABLE, str(path))
    return path


def test_a_clock_that_stands_still_starts_nothing_by_itself(face):
    clock.set_virtual(face, utc("2021-10-20T12:00"))
    assert upcoming(timetable(), None) is None
    assert upcoming(timetable(), ran(utc("2021-10-14T16:00"))) is None


def test_a_clock_that_runs_is_mapped_to_the_machines(face):
    """The data interval is the train's instant, the run starts when the machine's clock gets there."""
    clock.set_virtual(face, utc("2021-10-21T15:00"), rate=60)
    real = json.loads(face.read_text())["real"]
    info = upcoming(timetable(), None)
    assert info.data_interval.start == utc("2021-10-21T16:00")
    assert info.run_after.timestamp() == pytest.approx(real + 60, abs=1)


# Airflow's own helpers.


@pytest.fixture(scope="module")
def scheduled():
    """The cut as the scheduler sees it."""
    from airflow.serialization.serialized_objects import DagSerialization

    from tests.operators.runs import dags

    return DagSerialization.from_dict(json.loads(json.dumps(DagSerialization.to_dict(dags()["cut"]))))


def test_the_scheduler_takes_it_from_the_serialized_dag(scheduled, now):
    from airflow.timetables.base import DagRunInfo

    first = scheduled.next_dagrun_info(last_automated_run_info=None)
    assert first.run_after == utc("2021-10-21T16:00")
    now.instant = utc("2021-10-21T16:00:30")
    second = scheduled.next_dagrun_info(last_automated_run_info=DagRunInfo(first.run_after, first.data_interval))
    assert second.run_after == utc("2021-10-28T16:00")


def test_the_scheduler_lists_what_is_to_come_and_backfills_nothing(scheduled, now):
    """A release of the past is not repeated: a backfill of past weeks finds no start at all."""
    ahead = scheduled.iter_dagrun_infos_between(utc("2021-10-20T00:00"), utc("2021-11-12T00:00"))
    starts = ["2021-10-21T16:00", "2021-10-28T16:00", "2021-11-04T16:00", "2021-11-11T17:00"]
    assert [info.run_after for info in ahead] == [utc(start) for start in starts]
    assert list(scheduled.iter_dagrun_infos_between(utc("2021-01-01T00:00"), utc("2021-10-19T00:00"))) == []
