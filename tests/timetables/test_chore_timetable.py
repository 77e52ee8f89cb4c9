"""Airflow's view of a chore: its own clocks, the newest after an outage, none in a rehearsal that stands (F35, F37)."""

from __future__ import annotations

import json
from datetime import UTC, datetime, time, timedelta

import pendulum
import pytest
from airflow.timetables.base import DataInterval, TimeRestriction

from stationmaster import clock
from stationmaster.core.chore_schedules import CronSchedule, HandoffSchedule, ShiftDaySchedule
from stationmaster.timetables.chore_timetable import ChoreTimetable
from tests.chores.teams import rotation_of

LIVE = TimeRestriction(earliest=pendulum.datetime(2020, 1, 1), latest=None, catchup=False)
DAILY = CronSchedule(cron="0 9 * * *", zone="Europe/Zurich")
SCHEDULES = (
    DAILY,
    HandoffSchedule(rotation=rotation_of("hausmeister", "weekdays"), after=timedelta(minutes=30)),
    ShiftDaySchedule(
        rotation=rotation_of("operate-first", "oncall"), role="engineer", at=time(9, 30), zone="America/New_York"
    ),
)


@pytest.fixture
def now(monkeypatch):
    class Present:
        instant = datetime(2026, 3, 27, 12, tzinfo=UTC)

    monkeypatch.delenv(clock.CLOCK_FILE_VARIABLE, raising=False)
    monkeypatch.setattr(clock, "now", lambda: Present.instant)
    return Present


def upcoming(table, last=None):
    return table.next_dagrun_info(last_automated_data_interval=last, restriction=LIVE)


@pytest.mark.parametrize("schedule", SCHEDULES, ids=lambda schedule: schedule.kind)
def test_t16_what_the_scheduler_reads_back_fires_at_the_same_instants(now, schedule):
    table = ChoreTimetable(schedule=schedule)
    back = ChoreTimetable.deserialize(json.loads(json.dumps(table.serialize())))
    assert upcoming(back).run_after == upcoming(table).run_after == schedule.next_after(now.instant)
    assert (back.summary, back.description) == (schedule.words, schedule.words)


def test_f35_nine_stays_nine_over_the_clock_change(now):
    first = upcoming(ChoreTimetable(schedule=DAILY))
    assert first.run_after == datetime(2026, 3, 28, 8, tzinfo=UTC)
    now.instant = datetime(2026, 3, 28, 9, tzinfo=UTC)
    second = upcoming(ChoreTimetable(schedule=DAILY), DataInterval.exact(first.run_after))
    assert second.run_after == datetime(2026, 3, 29, 7, tzinfo=UTC)


def test_f37_after_an_outage_only_the_newest_is_opened(now):
    last = DataInterval.exact(pendulum.instance(datetime(2026, 3, 1, 8, tzinfo=UTC)))
    assert upcoming(ChoreTimetable(schedule=DAILY), last).run_after == datetime(2026, 3, 27, 8, tzinfo=UTC)


def test_while_a_rehearsals_clock_stands_still_nothing_starts_by_itself(monkeypatch, tmp_path):
    face = tmp_path / "clock.json"
    clock.set_virtual(face, datetime(2026, 3, 27, 12, tzinfo=UTC))
    monkeypatch.setenv(clock.CLOCK_FILE_VARIABLE, str(face))
    assert upcoming(ChoreTimetable(schedule=DAILY)) is None
