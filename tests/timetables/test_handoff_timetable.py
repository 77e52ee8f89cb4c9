"""Airflow's view of a rotation: exactly at each handoff, over clock changes, outages and a rehearsal's clock (C-06)."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pendulum
import pytest
from airflow.timetables.base import DataInterval, TimeRestriction

from stationmaster import clock
from stationmaster.timetables.handoff_timetable import HandoffTimetable
from tests.core.rotations import making

LIVE = TimeRestriction(earliest=pendulum.datetime(2020, 1, 1), latest=None, catchup=False)
# Mondays 09:00 in California, in UTC, by hand: the clocks go back on 7 November 2021 and forward on 13 March 2022.
MONDAYS = [
    ("2021-10-25T15:59", "2021-10-25T16:00"),
    ("2021-10-25T16:00", "2021-11-01T16:00"),
    ("2021-11-01T16:00", "2021-11-08T17:00"),
    ("2022-03-07T17:00", "2022-03-14T16:00"),
    ("2022-03-14T16:00", "2022-03-21T16:00"),
]


def rotation(zone="America/Los_Angeles", anchor="2021-10-04T09:00", weeks=1):
    return making.rotation("a b", zone=zone, anchor=datetime.fromisoformat(anchor), length=weeks)


def utc(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.fixture
def now(monkeypatch):
    class Present:
        instant = utc("2021-10-20T12:00")

    monkeypatch.delenv(clock.CLOCK_FILE_VARIABLE, raising=False)
    monkeypatch.setattr(clock, "now", lambda: Present.instant)
    return Present


def upcoming(table, last=None):
    return table.next_dagrun_info(last_automated_data_interval=last, restriction=LIVE)


@pytest.mark.parametrize(("after", "expected"), MONDAYS)
def test_c06_each_handoff_over_the_clock_changes(now, after, expected):
    now.instant = utc(after)
    info = upcoming(HandoffTimetable(rotation=rotation()))
    assert info.run_after == info.logical_date == info.data_interval.end == utc(expected)


@pytest.mark.parametrize("zone", ["America/Los_Angeles", "Europe/Berlin", "Australia/Lord_Howe"])
@pytest.mark.parametrize("weeks", [1, 2])
def test_c02_no_handoff_is_lost_or_doubled_in_ten_years(now, zone, weeks):
    rule = rotation(zone, weeks=weeks)
    table, last, before = HandoffTimetable(rotation=rule), None, None
    now.instant = utc("2019-12-31T00:00")
    for _ in range(520 // weeks):
        info = upcoming(table, last)
        local = info.run_after.astimezone(ZoneInfo(zone))
        assert (local.weekday(), local.hour, local.minute) == (0, 9, 0)
        if before is not None:
            assert local.date() - before == timedelta(weeks=weeks)
        assert rule.on_call("primary", info.run_after).start == info.run_after
        before, last, now.instant = local.date(), info.data_interval, info.run_after + timedelta(minutes=1)


def test_f37_after_an_outage_only_the_present_shift_is_told(now):
    now.instant = utc("2021-10-27T12:00")
    info = upcoming(HandoffTimetable(rotation=rotation()), DataInterval.exact(pendulum.datetime(2021, 9, 6, 16)))
    assert info.run_after == utc("2021-10-25T16:00")
    assert upcoming(HandoffTimetable(rotation=rotation()), info.data_interval).run_after == utc("2021-11-01T16:00")


def test_the_core_names_the_handoffs_around_an_instant():
    rule, monday = rotation(), utc("2021-10-25T16:00")
    assert rule.latest_handoff(monday) == monday
    assert rule.latest_handoff(monday - timedelta(microseconds=1)) == monday - timedelta(weeks=1)
    assert rule.next_handoff(monday - timedelta(microseconds=1)) == monday
    assert rule.next_handoff(monday) == monday + timedelta(weeks=1)


@pytest.mark.parametrize("hour", range(0, 24 * 21, 5))
def test_the_handoffs_are_where_the_shifts_begin_and_end(hour):
    rule = rotation()
    at = utc("2021-10-28T00:00") + timedelta(hours=hour)
    shift = rule.on_call("primary", at)
    assert (rule.latest_handoff(at), rule.next_handoff(at)) == (shift.start, shift.end)


def test_a_rehearsals_clock_that_stands_still_starts_nothing(tmp_path, monkeypatch):
    face = tmp_path / "clock.json"
    monkeypatch.setenv(clock.CLOCK_FILE_VARIABLE, str(face))
    clock.set_virtual(face, utc("2021-10-25T15:00"))
    assert upcoming(HandoffTimetable(rotation=rotation())) is None
    clock.set_virtual(face, utc("2021-10-25T15:00"), rate=60)
    info = upcoming(HandoffTimetable(rotation=rotation()))
    assert info.logical_date == utc("2021-10-25T16:00")
    real = datetime.now(UTC)
    assert timedelta(0) < info.run_after - real <= timedelta(minutes=1)


def test_airflow_keeps_the_timetable_as_json():
    table = HandoffTimetable(rotation=rotation(weeks=2))
    again = HandoffTimetable.deserialize(json.loads(json.dumps(table.serialize())))
    assert again.rotation == table.rotation
    assert again.summary == table.summary == "every 2 weeks Mon 09:00 America/Los_Angeles"
    assert HandoffTimetable(rotation=rotation()).description == "Each handoff of oncall: Mon 09:00 America/Los_Angeles"


def test_a_run_by_hand_covers_its_own_moment():
    at = pendulum.datetime(2021, 10, 27, 12)
    assert HandoffTimetable(rotation=rotation()).infer_manual_data_interval(run_after=at) == DataInterval.exact(at)
